package iam

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// Call is what a signed request asks for, as its door read it. It travels in the
// context beside the actor; each rule that the request leads to judges it in its
// own transaction (S30).
type Call struct {
	Action   string // "connect:CreateUser"
	Region   string
	Instance aikagi.InstanceID // empty: the call is about no instance yet
	// Resources are what it touches; none is the instance itself, or "*" without
	// one. An id of "*" stands for what does not exist yet.
	Resources []aikagi.Resource
	// Context holds the keys that the request itself settles: aws:RequestTag/…,
	// aws:TagKeys, connect:SearchTag/….
	Context map[string][]string
}

type callKey struct{}

// WithCall returns a context that carries what is asked for.
func WithCall(ctx context.Context, c Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// RequireCall refuses the principal of ctx unless its policies, as they stand in
// this transaction, allow the call of ctx on every resource that it touches.
// Nothing about the resources has been read before, so who may not know gets the
// same answer whether they exist or not (S35). A context without a call, or with
// one about another instance, allows nothing.
func RequireCall(ctx context.Context, tx *store.Tx, now time.Time, instance aikagi.InstanceID) error {
	actor := aikagi.ActorFrom(ctx)
	call, ok := ctx.Value(callKey{}).(Call)
	if !ok || actor.Kind != aikagi.ActorPrincipal || call.Instance != instance {
		return aikagi.E(aikagi.Unauthenticated, "principal", nil)
	}
	j, err := newJudgement(ctx, tx, now, actor.PrincipalID)
	if err != nil {
		return err
	}
	scope := aikagi.Scope{Region: call.Region, Account: j.account, Instance: instance}
	if len(call.Resources) == 0 {
		r := aikagi.Resource{Kind: aikagi.ResourceInstance, ID: string(instance)}
		if instance == "" {
			return j.require(Request{Action: call.Action, Resource: "*", Context: call.Context})
		}
		call.Resources = []aikagi.Resource{r}
	}
	for _, r := range call.Resources {
		keys, err := j.about(ctx, tx, instance, r)
		if err != nil {
			return err
		}
		for key, values := range call.Context {
			keys[key] = values
		}
		if err := j.require(Request{Action: call.Action, Resource: string(scope.ARN(r)), Context: keys}); err != nil {
			return err
		}
	}
	return nil
}

// about returns the context keys that follow from a resource: its tags, its
// instance, and of a user the groups above him.
func (j judgement) about(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, r aikagi.Resource) (map[string][]string, error) {
	keys := map[string][]string{"connect:InstanceId": {string(instance)}}
	if r.ID == "*" {
		return keys, nil
	}
	if j.asksFor("aws:resourcetag/") {
		tags, err := tx.ListTags(ctx, instance, r)
		if err != nil {
			return nil, err
		}
		for _, t := range tags {
			keys["aws:ResourceTag/"+t.Key] = []string{t.Value}
		}
	}
	if r.Kind != aikagi.ResourceUser || !j.asksFor("connect:hierarchygroupl") {
		return keys, nil
	}
	u, err := tx.FindUser(ctx, instance, aikagi.UserID(r.ID))
	for id := u.HierarchyGroupID; err == nil && id != ""; {
		var g aikagi.HierarchyGroup
		if g, err = tx.FindHierarchyGroup(ctx, instance, id); err == nil {
			keys["connect:HierarchyGroupL"+strconv.Itoa(g.Level)+"Id"] = []string{string(g.ID)}
			id = g.ParentID
		}
	}
	if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
		return nil, err
	}
	return keys, nil
}

// asksFor reports whether some document depends on a context key that begins
// like this, in a condition or as a variable; what nobody asks for is not read.
func (j judgement) asksFor(prefix string) bool {
	within := func(texts []string) bool {
		return slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(strings.ToLower(s), "${"+prefix) })
	}
	for _, d := range j.documents {
		for i := range d.Statements {
			s := &d.Statements[i]
			if within(s.Resource) || within(s.NotResource) {
				return true
			}
			for _, c := range s.Conditions {
				if strings.HasPrefix(strings.ToLower(c.Key), prefix) || within(c.Values) {
					return true
				}
			}
		}
	}
	return false
}
