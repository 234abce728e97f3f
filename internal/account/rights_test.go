package account_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/iam"
)

// operations are all that the account plane can do to others, with the action
// that each asks for.
func (w *world) operations(victim aikagi.Principal, own aikagi.Policy) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"iam:CreateUser":         func(ctx context.Context) error { _, _, err := w.CreatePrincipal(ctx, "made"); return err },
		"iam:UpdateLoginProfile": func(ctx context.Context) error { _, err := w.InvitePrincipal(ctx, victim.ID); return err },
		"iam:UpdateUser":         func(ctx context.Context) error { return w.DisablePrincipal(ctx, victim.ID) },
		"iam:DeleteUser":         func(ctx context.Context) error { return w.DeletePrincipal(ctx, victim.ID) },
		"iam:ListUsers":          func(ctx context.Context) error { _, err := w.ListPrincipals(ctx, "", 10); return err },
		"iam:GetUser":            func(ctx context.Context) error { _, err := w.FindPrincipal(ctx, victim.ID); return err },
		"iam:CreateAccessKey":    func(ctx context.Context) error { _, _, err := w.CreateAccessKey(ctx, victim.ID); return err },
		"iam:UpdateAccessKey": func(ctx context.Context) error {
			return w.SetAccessKeyEnabled(ctx, victim.ID, "AKIAAAAAAAAAAAAAAAAA", false)
		},
		"iam:DeleteAccessKey":     func(ctx context.Context) error { return w.DeleteAccessKey(ctx, victim.ID, "AKIAAAAAAAAAAAAAAAAA") },
		"iam:CreatePolicy":        func(ctx context.Context) error { _, err := w.CreatePolicy(ctx, "mine", allowAll); return err },
		"iam:CreatePolicyVersion": func(ctx context.Context) error { return w.UpdatePolicy(ctx, own.ID, own.Version, allowAll) },
		"iam:DeletePolicy":        func(ctx context.Context) error { return w.DeletePolicy(ctx, own.ID) },
		"iam:ListPolicies":        func(ctx context.Context) error { _, err := w.ListPolicies(ctx, "", 10); return err },
		"iam:GetPolicy":           func(ctx context.Context) error { _, _, err := w.FindPolicy(ctx, own.ID); return err },
		"iam:AttachUserPolicy":    func(ctx context.Context) error { return w.AttachPolicy(ctx, victim.ID, administrate) },
		"iam:DetachUserPolicy":    func(ctx context.Context) error { return w.DetachPolicy(ctx, victim.ID, readOnly) },
		"iam:SimulateCustomPolicy": func(ctx context.Context) error {
			_, err := w.Simulate(ctx, account.Question{Document: allowAll, Action: "connect:CreateUser", Resource: "*"})
			return err
		},
		"iam:SimulatePrincipalPolicy": func(ctx context.Context) error {
			_, err := w.Simulate(ctx, account.Question{Principal: victim.ID, Action: "connect:CreateUser", Resource: "*"})
			return err
		},
		"account:GetAlternateContact": func(ctx context.Context) error { _, err := w.Contact(ctx); return err },
		"account:PutAlternateContact": func(ctx context.Context) error { return w.SetContact(ctx, "new@example.jp") },
		"cloudtrail:LookupEvents":     func(ctx context.Context) error { _, err := w.Record(ctx, "~", 10); return err },
		"connect:ListInstances":       func(ctx context.Context) error { _, err := w.ListInstances(ctx, "", 10); return err },
		"connect:CreateInstance":      w.MayCreateInstance,
		"connect:DescribeInstance":    func(ctx context.Context) error { _, err := w.Overview(ctx, "unknown"); return err },
	}
}

const allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// TestS25G11EachOperationAsksForItsAction walks operations × principals: without
// policies, with every other action, with that action alone, and people of an
// instance, who are nobody here (G11).
func TestS25G11EachOperationAsksForItsAction(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		victim := w.principal("victim", readOnly)
		own, err := w.CreatePolicy(w.as(w.root), "own", allowAll)
		w.must(err)
		none, denied := w.principal("none"), w.principal("denied", administrate)
		user := aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorUser, UserID: "u", InstanceID: "i"})
		emergency := aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorEmergency, PrincipalID: w.root.ID, GrantID: "g"})
		for action, do := range w.operations(victim, own) {
			w.wants(do(w.as(none)), aikagi.Forbidden, action)
			deny := w.policy("deny", `{"Effect":"Deny","Action":"`+action+`","Resource":"*"}`)
			w.must(w.AttachPolicy(w.as(w.root), denied.ID, deny))
			w.wants(do(w.as(denied)), aikagi.Forbidden, action) // deny wins
			w.must(w.DetachPolicy(w.as(w.root), denied.ID, deny))
			w.must(w.DeletePolicy(w.as(w.root), deny))
			for _, ctx := range []context.Context{user, emergency, w.nobody()} {
				w.wants(do(ctx), aikagi.Unauthenticated, "")
			}
		}
		if d, err := w.FindPrincipal(w.as(none), none.ID); err != nil || d.Principal.Name != "none" {
			t.Errorf("nobody may look at himself: %v", err)
		}
	})
}

func TestG09PolicyEditorGainsNothingByItself(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		id := w.policy("editor", `{"Effect":"Allow","Action":["iam:CreatePolicy","iam:GetPolicy"],"Resource":"*"}`)
		editor := w.principal("editor", id)
		mine, err := w.CreatePolicy(w.as(editor), "mine", allowAll)
		w.must(err)
		for _, policy := range []aikagi.PolicyID{mine.ID, administrate} {
			w.wants(w.AttachPolicy(w.as(editor), editor.ID, policy), aikagi.Forbidden, "iam:AttachUserPolicy")
		}
		p, _, err := w.FindPolicy(w.as(editor), id)
		w.must(err)
		w.wants(w.UpdatePolicy(w.as(editor), id, p.Version, allowAll), aikagi.Forbidden, "iam:CreatePolicyVersion")

		only := w.policy("only", `{"Effect":"Allow","Action":"iam:AttachUserPolicy","Resource":"*",
			"Condition":{"ArnEquals":{"iam:PolicyARN":"`+string(readOnly)+`"}}}`)
		w.must(w.AttachPolicy(w.as(w.root), editor.ID, only))
		w.must(w.AttachPolicy(w.as(editor), editor.ID, readOnly))
		w.wants(w.AttachPolicy(w.as(editor), editor.ID, administrate), aikagi.Forbidden, "iam:AttachUserPolicy")
	})
}

func TestManagedPoliciesAreNotEdited(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		w.wants(w.UpdatePolicy(w.as(w.root), administrate, 1, allowAll), aikagi.Conflict, "managed")
		w.wants(w.DeletePolicy(w.as(w.root), readOnly), aikagi.Conflict, "managed")
	})
}

func TestG05PolicyErrorSaysTheLine(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		_, err := w.CreatePolicy(w.as(w.root), "broken", "{\n\"Statement\": [\n{\"Effect\": \"Permit\"}]}")
		var bad *iam.SyntaxError
		if !errors.As(err, &bad) || bad.Line != 3 || bad.Reason != "bad_effect" {
			t.Errorf("got %v, want line 3 and bad_effect", err)
		}
		_, err = w.CreatePolicy(w.as(w.root), "huge", strings.Repeat(" ", 1<<20))
		w.wants(err, aikagi.Invalid, "too_large")
		first := w.policy("own", `{"Effect":"Allow","Action":"*","Resource":"*"}`)
		w.wants(w.UpdatePolicy(w.as(w.root), first, 7, allowAll), aikagi.Conflict, "changed")
	})
}

func TestG10LastAdministratorStays(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		id := w.policy("admin", `{"Effect":"Allow","Action":"*","Resource":"*"}`)
		w.must(w.AttachPolicy(w.as(w.root), w.root.ID, id))
		w.must(w.DetachPolicy(w.as(w.root), w.root.ID, administrate)) // the own policy holds
		const last = "last_administrator"
		w.wants(w.DetachPolicy(w.as(w.root), w.root.ID, id), aikagi.Conflict, last)
		w.wants(w.DisablePrincipal(w.as(w.root), w.root.ID), aikagi.Conflict, last)
		w.wants(w.DeletePrincipal(w.as(w.root), w.root.ID), aikagi.Conflict, last)
		weak := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"connect:*","Resource":"*"}]}`
		w.wants(w.UpdatePolicy(w.as(w.root), id, 1, weak), aikagi.Conflict, last)
		w.must(w.DeletePrincipal(w.host(), w.root.ID))

		link, err := w.ResetPrincipal(w.host(), "root")
		w.must(err)
		_, err = w.ResetPrincipal(w.as(w.root), "root")
		w.wants(err, aikagi.Forbidden, "")
		opened, err := w.Claim(w.nobody(), link.Token, account.Claim{Password: aikagi.NewSecret(rootPassword)})
		w.must(err)
		_, err = w.ListPrincipals(w.as(opened.Principal), "", 10)
		w.must(err)
		found := false
		for _, e := range w.record() {
			found = found || e.Action == "principal.reset" && e.ActorKind == aikagi.ActorHost && e.TargetName == "root"
		}
		if !found {
			t.Error("the host's reset is not in the record")
		}
	})
}

func TestG10TwoAdministratorsRemoveEachOther(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		other := w.principal("other", administrate)
		var wg sync.WaitGroup
		wg.Go(func() { _ = w.DisablePrincipal(w.as(w.root), other.ID) })
		wg.Go(func() { _ = w.DisablePrincipal(w.as(other), w.root.ID) })
		wg.Wait()
		all, err := w.ListPrincipals(w.host(), "", 10)
		w.must(err)
		enabled := 0
		for _, p := range all {
			if p.Enabled {
				enabled++
			}
		}
		if enabled == 0 {
			t.Error("both are disabled")
		}
	})
}

func TestG07AccessKeyDiesAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		p := w.principal("robot", fullAccess)
		key, shown, err := w.CreateAccessKey(w.as(w.root), p.ID)
		w.must(err)
		if !strings.HasPrefix(string(key.ID), "AKIA") || len(key.ID) != 20 || len(shown.Reveal()) != 40 {
			t.Errorf("key %q with a secret of %d characters", key.ID, len(shown.Reveal()))
		}
		works := func() bool {
			t.Helper()
			secret, ok, err := w.Signer().Lookup(t.Context(), string(key.ID))
			w.must(err)
			if ok && secret.Reveal() != shown.Reveal() {
				t.Error("the secret is another one")
			}
			return ok
		}
		step := func(want bool, err error) {
			t.Helper()
			w.must(err)
			if got := works(); got != want {
				t.Errorf("the key works: %v, want %v", got, want)
			}
		}
		step(true, nil)
		step(false, w.SetAccessKeyEnabled(w.as(w.root), p.ID, key.ID, false))
		step(true, w.SetAccessKeyEnabled(w.as(w.root), p.ID, key.ID, true))
		step(false, w.DisablePrincipal(w.as(w.root), p.ID))
		step(true, w.EnablePrincipal(w.as(w.root), p.ID))
		w.wants(w.DeleteAccessKey(w.as(w.root), w.root.ID, key.ID), aikagi.NotFound, "") // not his
		_, _, err = w.CreateAccessKey(w.as(w.root), p.ID)
		w.must(err)
		_, _, err = w.CreateAccessKey(w.as(w.root), p.ID)
		w.wants(err, aikagi.Conflict, "too_many")
		step(false, w.DeleteAccessKey(w.as(w.root), p.ID, key.ID))
		if _, ok, err := w.Signer().Lookup(t.Context(), "AKIANOBODY"); ok || err != nil {
			t.Errorf("an unknown key: %v, %v", ok, err)
		}
	})
}

// TestS38EachChangeIsOneRow compares the record before and after each change.
func TestS38EachChangeIsOneRow(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		p := w.principal("hanako")
		own, err := w.CreatePolicy(w.as(w.root), "own", allowAll)
		w.must(err)
		var key aikagi.AccessKey
		var shown aikagi.Secret
		for _, c := range []struct {
			action string
			do     func() error
		}{
			{"access_key.create", func() (err error) { key, shown, err = w.CreateAccessKey(w.as(w.root), p.ID); return err }},
			{"access_key.disable", func() error { return w.SetAccessKeyEnabled(w.as(w.root), p.ID, key.ID, false) }},
			{"access_key.delete", func() error { return w.DeleteAccessKey(w.as(w.root), p.ID, key.ID) }},
			{"policy.attach", func() error { return w.AttachPolicy(w.as(w.root), p.ID, own.ID) }},
			{"policy.detach", func() error { return w.DetachPolicy(w.as(w.root), p.ID, own.ID) }},
			{"policy.update", func() error { return w.UpdatePolicy(w.as(w.root), own.ID, 1, allowAll+" ") }},
			{"policy.delete", func() error { return w.DeletePolicy(w.as(w.root), own.ID) }},
			{"principal.invite", func() error { _, err := w.InvitePrincipal(w.as(w.root), p.ID); return err }},
			{"principal.disable", func() error { return w.DisablePrincipal(w.as(w.root), p.ID) }},
			{"principal.enable", func() error { return w.EnablePrincipal(w.as(w.root), p.ID) }},
			{"principal.delete", func() error { return w.DeletePrincipal(w.as(w.root), p.ID) }},
			{"account.contact", func() error { return w.SetContact(w.as(w.root), "new@example.jp") }},
			{"console.link", func() error { _, err := w.ConsoleLink(w.as(w.root)); return err }},
			{"console.sign_in", func() error { _, err := w.signIn("root", rootPassword, ""); return err }},
		} {
			before := len(w.record())
			w.must(c.do())
			after := w.record()
			if len(after) != before+1 || after[0].Action != c.action || after[0].ActorName != "root" {
				t.Errorf("%s: %d rows became %d, newest %+v", c.action, before, len(after), after[0])
			}
			for _, e := range after {
				for _, change := range e.Changes {
					if !shown.Empty() && strings.Contains(change.After, shown.Reveal()) {
						t.Errorf("%s: a secret is in the record", e.Action)
					}
				}
			}
		}
	})
}

func TestSimulateNamesTheStatement(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		p := w.principal("viewer", fullAccess, readOnly)
		a, err := w.Simulate(w.as(w.root), account.Question{
			Principal: p.ID, Action: "connect:AdminGetEmergencyAccessToken", Resource: "arn:aws:connect:ap-northeast-1:1:instance/x",
		})
		w.must(err)
		if a.Allowed || !a.Explicit || a.By == nil || a.Policies[a.By.Policy] != "AmazonConnectReadOnlyAccess" {
			t.Errorf("got %+v, want the Deny of AmazonConnectReadOnlyAccess", a.Decision)
		}
	})
}
