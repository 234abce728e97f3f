package iam

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"strconv"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// UserARN names a principal of the account.
func UserARN(account aikagi.AccountID, name string) string {
	return "arn:aws:iam::" + string(account) + ":user/" + name
}

// PolicyARN names a policy: Amazon's own have their ARN for an id, those of the
// account are named by it.
func PolicyARN(account aikagi.AccountID, p aikagi.Policy) string {
	if p.Managed {
		return string(p.ID)
	}
	return "arn:aws:iam::" + string(account) + ":policy/" + p.Name
}

// Require refuses the actor of ctx unless the policies attached to it, as they
// stand in this transaction (S30), allow the request. The door says action,
// resource and what it knows of the context; the caller, the address, the time and
// what a signed request for the action settles are filled in. The error is Forbidden
// about "action", and its reason is the action that is missing. Host commands and
// background jobs may everything; people of an instance, emergency access included,
// nothing.
func Require(ctx context.Context, tx *store.Tx, now time.Time, r Request) error {
	actor := aikagi.ActorFrom(ctx)
	switch actor.Kind {
	case aikagi.ActorHost, aikagi.ActorSystem:
		return nil
	case aikagi.ActorPrincipal:
		j, err := newJudgement(ctx, tx, now, actor.PrincipalID)
		if err != nil {
			return err
		}
		if call, ok := ctx.Value(callKey{}).(Call); ok && call.Action == r.Action {
			keys := maps.Clone(r.Context)
			if keys == nil {
				keys = map[string][]string{}
			}
			maps.Copy(keys, call.Context)
			r.Context = keys
		}
		return j.require(r)
	case aikagi.ActorAnonymous, aikagi.ActorUser, aikagi.ActorEmergency:
	}
	return aikagi.E(aikagi.Unauthenticated, "principal", nil)
}

// Judge decides a request of any principal, whoever acts. A principal that is
// disabled or gone is Unauthenticated.
func Judge(ctx context.Context, tx *store.Tx, now time.Time, id aikagi.PrincipalID, r Request) (Decision, error) {
	j, err := newJudgement(ctx, tx, now, id)
	if err != nil {
		return Decision{}, err
	}
	return j.decide(r), nil
}

// judgement is a principal with all that its requests are judged by.
type judgement struct {
	account   aikagi.AccountID
	arn       string
	documents []Document
	actor     aikagi.Actor
	now       time.Time
}

func newJudgement(ctx context.Context, tx *store.Tx, now time.Time, id aikagi.PrincipalID) (judgement, error) {
	j := judgement{actor: aikagi.ActorFrom(ctx), now: now}
	principal, err := tx.FindPrincipal(ctx, id)
	if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
		return j, err
	}
	if err != nil || !principal.Enabled {
		return j, aikagi.E(aikagi.Unauthenticated, "principal", nil)
	}
	account, err := tx.FindAccount(ctx)
	if err != nil {
		return j, err
	}
	j.account, j.arn = account.ID, UserARN(account.ID, principal.Name)
	j.documents, err = Documents(ctx, tx, id)
	return j, err
}

func (j judgement) decide(r Request) Decision {
	r.Principal = j.arn
	r.Context = circumstances(j.actor, j.now, r.Context)
	return Evaluate(j.documents, r)
}

func (j judgement) require(r Request) error {
	if d := j.decide(r); !d.Allowed {
		return aikagi.Because(aikagi.Forbidden, "action", d.Missing)
	}
	return nil
}

// Documents reads the policies attached to a principal.
func Documents(ctx context.Context, tx *store.Tx, id aikagi.PrincipalID) ([]Document, error) {
	policies, err := tx.ListPoliciesOf(ctx, id)
	if err != nil {
		return nil, err
	}
	documents := make([]Document, len(policies))
	for i, p := range policies {
		// A document that cannot be read might hold a Deny: nothing is allowed then.
		if documents[i], err = Parse([]byte(p.Document)); err != nil {
			return nil, aikagi.E(aikagi.Internal, "policy", fmt.Errorf("read policy %s: %w", p.ID, err))
		}
	}
	return documents, nil
}

// circumstances adds the context keys that nobody can choose: address and time.
func circumstances(actor aikagi.Actor, now time.Time, given map[string][]string) map[string][]string {
	keys := make(map[string][]string, len(given)+3)
	for key, values := range given {
		keys[key] = values
	}
	keys["aws:CurrentTime"] = []string{now.UTC().Format(time.RFC3339)}
	keys["aws:EpochTime"] = []string{strconv.FormatInt(now.Unix(), 10)}
	if _, err := netip.ParseAddr(actor.Address); err == nil {
		keys["aws:SourceIp"] = []string{actor.Address}
	}
	return keys
}
