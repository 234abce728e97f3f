package attack

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/store"
)

// unasked are the rules that ask for no right, and why. A new rule is either in
// this list or refuses everybody of TestS25EveryRuleRefusesWhoMayNothing.
func unasked() map[string]string {
	const secret, door, job = "the secret in its hands is the right", "the door itself needs it", "work in the background"
	return map[string]string{
		"Sheets.WorkImports": job, "Instances.Clear": job, "Resets.Answer": job, "Resets.Ask": "anybody may ask", "Resets.Again": "anybody may ask", "Resets.Confirm": secret, "Resets.Look": secret,
		"Resets.TryCode": secret, "Resets.ChangeOwn": "the current password is the right",
		"Accounts.Account": door, "Accounts.Bootstrap": "the first start", "Accounts.Claim": secret, "Accounts.LookAtSetup": secret,
		"Accounts.LookAtLink": secret, "Accounts.SignIn": secret, "Accounts.SignInByLink": secret, "Accounts.Find": secret,
		"Accounts.SignOut": "one's own session", "Accounts.OfferTOTP": "one's own factor",
		"Accounts.ReofferTOTP": "one's own factor", "Accounts.ConsoleLink": "one's own sign-in",
		"Emergency.Look": secret, "Emergency.Start": secret, "Accounts.ChangePassword": "the current password is the right",
		"Emergency.Begin": "refuses on the record: TestG01EmergencyAccessNeedsItsRight",
	}
}

// TestS25EveryRuleRefusesWhoMayNothing calls every rule there is, as nobody, as
// principals without policies, as users without permissions, who were disabled or
// belong elsewhere. Nothing is answered, and nothing is stored: who is not let in
// by a rule is kept out by default.
func TestS25EveryRuleRefusesWhoMayNothing(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p, other := s.place("ume", itself), s.place("momo", itself)
	none, _ := s.appoint("none", "")
	s.update(func(tx *store.Tx) error {
		off := p.user["almost"]
		off.Enabled = false
		return tx.UpdateUser(t.Context(), p.user["almost"], off)
	})
	as := func(u aikagi.User) context.Context {
		return aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorUser, InstanceID: u.InstanceID, UserID: u.ID, Name: string(u.Username)})
	}
	actors := map[string]context.Context{
		"nobody": t.Context(), "a principal without policies": s.principal(none), "an agent": as(p.user["agent"]),
		"a disabled administrator": as(p.user["almost"]), "another instance's administrator": as(other.user["admin"]),
		"an emergency that never was": aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorEmergency, InstanceID: p.instance.ID, GrantID: "none"}),
	}
	excepted := unasked()
	var attempts []attempt
	for _, rules := range []any{s.Instances, s.Routing, s.Directory, s.Sheets, s.Profiles, s.Resets, s.Accounts, s.Emergency, s.Search} {
		for n := range reflect.TypeOf(rules).NumMethod() {
			m := reflect.TypeOf(rules).Method(n)
			name := reflect.TypeOf(rules).Elem().Name() + "." + m.Name
			if !asksSomebody(m.Type) {
				continue
			}
			if excepted[name] != "" {
				delete(excepted, name)
				continue
			}
			for who, ctx := range actors {
				attempts = append(attempts, attempt{name + " by " + who, func() {
					if err := called(reflect.ValueOf(rules).Method(n), ctx, p); err == nil || aikagi.CodeOf(err) == aikagi.Internal {
						t.Errorf("%s by %s: %v", name, who, err)
					}
				}})
			}
		}
	}
	for left := range excepted {
		t.Errorf("%s is excepted and is no rule", left)
	}
	s.untouched(attempts)
	if len(attempts) < 50*len(actors) {
		t.Errorf("%d attempts only", len(attempts))
	}
}

// asksSomebody reports whether a method is a rule: a context comes first, after
// the receiver, and an error last.
func asksSomebody(m reflect.Type) bool {
	return m.NumIn() > 1 && m.In(1) == reflect.TypeFor[context.Context]() && m.NumOut() > 0 && m.Out(m.NumOut()-1) == reflect.TypeFor[error]()
}

// called calls a rule with things of the place, so that it is the right that is
// missing and not the thing.
func called(m reflect.Value, ctx context.Context, p *place) error {
	known := []any{
		ctx, p.instance, p.instance.ID, p.target.ID, p.profile["nobody"],
		[]aikagi.SecurityProfileID{p.profile["agent"]},
		p.routing,
		aikagi.HierarchyGroupID(p.ids["/admin/hierarchy/"]), aikagi.ResetRequestID(p.ids["/admin/requests/"]), aikagi.MessageID(p.ids["/admin/mail/"]),
		aikagi.AuditEventID(p.ids["/admin/audit/"]), aikagi.PrincipalID(p.ids["/account/principals/"]), aikagi.PolicyID(p.ids["/account/policies/"]),
		aikagi.AccessKeyID(p.ids["{key}"]), aikagi.NewSecret("a secret that nobody has"), aikagi.Email("x@example.jp"), int64(1), 10,
		p.instance.Settings,
		aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(p.target.ID)},
		aikagi.ConnectManaged, aikagi.ContactLens, why,
		instance.New{Alias: "new", Identity: aikagi.ConnectManaged, Settings: p.instance.Settings},
		[]aikagi.Permission{aikagi.UsersView},
		aikagi.ImportID(p.ids["/admin/import/"]), []byte("username\nx\n"),
	}
	var in []reflect.Value
	for n := range m.Type().NumIn() {
		if m.Type().IsVariadic() && n == m.Type().NumIn()-1 {
			break // may be left out
		}
		want := m.Type().In(n)
		i := slices.IndexFunc(known, func(x any) bool { return reflect.TypeOf(x).AssignableTo(want) })
		if i < 0 {
			in = append(in, reflect.Zero(want))
			continue
		}
		in = append(in, reflect.ValueOf(known[i]))
	}
	out := m.Call(in)
	err, ok := out[len(out)-1].Interface().(error)
	if !ok {
		return nil
	}
	return fmt.Errorf("%T: %w", err, err)
}
