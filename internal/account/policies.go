package account

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/store"
)

// ParsePolicyName checks the name of a policy by IAM's pattern
// [\w+=,.@-]{1,128}.
func ParsePolicyName(s string) (string, error) { return parseName("policy_name", s, maxPolicyName) }

// CreatePolicy keeps a policy of one's own. An error in the document is a
// *iam.SyntaxError, which says the line.
func (a *Accounts) CreatePolicy(ctx context.Context, name, document string) (aikagi.Policy, error) {
	name, err := ParsePolicyName(name)
	if err != nil {
		return aikagi.Policy{}, err
	}
	if _, err := iam.Parse([]byte(document)); err != nil {
		return aikagi.Policy{}, err
	}
	p := aikagi.Policy{
		ID: aikagi.PolicyID(aikagi.NewID()), Name: name, Document: document, Version: 1, CreatedAt: a.Clock.Now(),
	}
	return p, a.changePolicy(ctx, p, "iam:CreatePolicy", policyEvent("policy.create", "", document),
		func(tx *store.Tx) error { return tx.InsertPolicy(ctx, p) })
}

func policyEvent(action, before, after string) audit.Event {
	return audit.Event{Action: action, Changes: audit.Changed([3]string{"document", before, after})}
}

// changePolicy is one change of a policy: the right, what is done, the record.
func (a *Accounts) changePolicy(ctx context.Context, p aikagi.Policy, action string, e audit.Event, do func(tx *store.Tx) error) error {
	now := a.Clock.Now()
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		if err := requireOnPolicy(ctx, tx, now, p, action); err != nil {
			return err
		}
		if p.Managed {
			return aikagi.Because(aikagi.Conflict, "policy", "managed")
		}
		if err := do(tx); err != nil {
			return err
		}
		e.TargetKind, e.TargetID, e.TargetName = "policy", string(p.ID), p.Name
		return audit.Record(ctx, tx, now, e)
	})
}

func requireOnPolicy(ctx context.Context, tx *store.Tx, now time.Time, p aikagi.Policy, action string) error {
	account, err := tx.FindAccount(ctx)
	if err != nil {
		return err
	}
	return iam.Require(ctx, tx, now, iam.Request{Action: action, Resource: iam.PolicyARN(account.ID, p)})
}

// UpdatePolicy replaces the document of a policy whose version is still the one
// that was shown. Whoever has the policy attached has other rights at once.
func (a *Accounts) UpdatePolicy(ctx context.Context, id aikagi.PolicyID, version int64, document string) error {
	if _, err := iam.Parse([]byte(document)); err != nil {
		return err
	}
	p, err := a.readPolicy(ctx, id)
	if err != nil {
		return err
	}
	before := p.Document
	p.Version, p.Document = version, document
	return a.changePolicy(ctx, p, "iam:CreatePolicyVersion", policyEvent("policy.update", before, document),
		func(tx *store.Tx) error {
			err := keepAdministrator(ctx, tx, func() error { return tx.UpdatePolicy(ctx, p) })
			if err != nil {
				return err
			}
			attached, err := tx.ListAttached(ctx, id)
			if err != nil {
				return err
			}
			return a.recall(ctx, tx, a.Clock.Now(), attached...)
		})
}

// DeletePolicy removes a policy that is attached to nobody.
func (a *Accounts) DeletePolicy(ctx context.Context, id aikagi.PolicyID) error {
	p, err := a.readPolicy(ctx, id)
	if err != nil {
		return err
	}
	return a.changePolicy(ctx, p, "iam:DeletePolicy", policyEvent("policy.delete", p.Document, ""),
		func(tx *store.Tx) error { return tx.DeletePolicy(ctx, id) })
}

func (a *Accounts) readPolicy(ctx context.Context, id aikagi.PolicyID) (aikagi.Policy, error) {
	var p aikagi.Policy
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) {
		p, err = tx.FindPolicy(ctx, id)
		return err
	})
	return p, err
}

// ListPolicies reads a page of policies after a name.
func (a *Accounts) ListPolicies(ctx context.Context, after string, limit int) ([]aikagi.Policy, error) {
	var all []aikagi.Policy
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) {
		if err = iam.Require(ctx, tx, a.Clock.Now(), iam.Request{Action: "iam:ListPolicies", Resource: "*"}); err != nil {
			return err
		}
		all, err = tx.ListPolicies(ctx, after, limit)
		return err
	})
	return all, err
}

// FindPolicy reads a policy and the names of those it is attached to.
func (a *Accounts) FindPolicy(ctx context.Context, id aikagi.PolicyID) (aikagi.Policy, []aikagi.Principal, error) {
	var p aikagi.Policy
	var attached []aikagi.Principal
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) {
		if p, err = tx.FindPolicy(ctx, id); err != nil {
			return err
		}
		if err = requireOnPolicy(ctx, tx, a.Clock.Now(), p, "iam:GetPolicy"); err != nil {
			return err
		}
		ids, err := tx.ListAttached(ctx, id)
		if err != nil {
			return err
		}
		for _, principal := range ids {
			one, err := tx.FindPrincipal(ctx, principal)
			if err != nil {
				return err
			}
			attached = append(attached, one)
		}
		return nil
	})
	return p, attached, err
}

// AttachPolicy gives a policy to a principal. It asks for the right to attach
// this policy to this principal, himself included (G09): the condition key
// iam:PolicyARN says which.
func (a *Accounts) AttachPolicy(ctx context.Context, principal aikagi.PrincipalID, policy aikagi.PolicyID) error {
	return a.changeAttachment(ctx, principal, policy, "iam:AttachUserPolicy", "policy.attach",
		func(tx *store.Tx) error { return tx.AttachPolicy(ctx, principal, policy) })
}

// DetachPolicy takes a policy from a principal.
func (a *Accounts) DetachPolicy(ctx context.Context, principal aikagi.PrincipalID, policy aikagi.PolicyID) error {
	return a.changeAttachment(ctx, principal, policy, "iam:DetachUserPolicy", "policy.detach",
		func(tx *store.Tx) error {
			return keepAdministrator(ctx, tx, func() error { return tx.DetachPolicy(ctx, principal, policy) })
		})
}

func (a *Accounts) changeAttachment(ctx context.Context, principal aikagi.PrincipalID, policy aikagi.PolicyID,
	action, event string, do func(tx *store.Tx) error,
) error {
	now := a.Clock.Now()
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		p, err := tx.FindPrincipal(ctx, principal)
		if err != nil {
			return err
		}
		given, err := tx.FindPolicy(ctx, policy)
		if err != nil {
			return err
		}
		account, err := tx.FindAccount(ctx)
		if err != nil {
			return err
		}
		err = requireOn(ctx, tx, now, p, iam.Request{
			Action: action, Context: map[string][]string{"iam:PolicyARN": {iam.PolicyARN(account.ID, given)}},
		})
		if err != nil {
			return err
		}
		if err := do(tx); err != nil {
			return err
		}
		if err := a.recall(ctx, tx, now, principal); err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, audit.Event{
			Action: event, TargetKind: "principal", TargetID: string(p.ID), TargetName: p.Name,
			Changes: audit.Changed([3]string{"policy", "", given.Name}),
		})
	})
}

// Question is what the simulator decides. An empty Principal asks about the
// document alone; otherwise the document, if there is one, counts in addition
// to the policies attached.
type Question struct {
	Principal aikagi.PrincipalID
	Document  string
	Action    string
	Resource  string
	Context   map[string][]string
}

// Answer is a simulation with the names of the documents it looked at.
type Answer struct {
	iam.Simulation
	Policies []string // by iam.StatementRef.Policy; "" is the document of the question
}

// Simulate says how a request would be decided, and because of which statement.
func (a *Accounts) Simulate(ctx context.Context, q Question) (Answer, error) {
	var answer Answer
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		var documents []iam.Document
		request := iam.Request{Action: q.Action, Resource: q.Resource, Context: q.Context}
		if err := a.maySimulate(ctx, tx, q, &request); err != nil {
			return err
		}
		if q.Principal != "" {
			policies, err := tx.ListPoliciesOf(ctx, q.Principal)
			if err != nil {
				return err
			}
			if documents, err = iam.Documents(ctx, tx, q.Principal); err != nil {
				return err
			}
			for _, p := range policies {
				answer.Policies = append(answer.Policies, p.Name)
			}
		}
		if q.Document != "" {
			d, err := iam.Parse([]byte(q.Document))
			if err != nil {
				return err
			}
			documents, answer.Policies = append(documents, d), append(answer.Policies, "")
		}
		answer.Simulation = iam.Simulate(documents, request)
		return nil
	})
	return answer, err
}

func (a *Accounts) maySimulate(ctx context.Context, tx *store.Tx, q Question, request *iam.Request) error {
	now := a.Clock.Now()
	if q.Principal == "" {
		return iam.Require(ctx, tx, now, iam.Request{Action: "iam:SimulateCustomPolicy", Resource: "*"})
	}
	p, err := tx.FindPrincipal(ctx, q.Principal)
	if err != nil {
		return err
	}
	account, err := tx.FindAccount(ctx)
	if err != nil {
		return err
	}
	request.Principal = iam.UserARN(account.ID, p.Name)
	return requireOn(ctx, tx, now, p, iam.Request{Action: "iam:SimulatePrincipalPolicy"})
}
