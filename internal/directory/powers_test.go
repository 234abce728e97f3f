package directory_test

import (
	"context"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/store"
)

const recordings = aikagi.Permission("CallRecordings.Unredacted.Access")

// TestS26GuardingAPowerEndsResetSecretsOfItsHolders: what an editor made for an
// agent must not open an account that has become too strong for him.
func TestS26GuardingAPowerEndsResetSecretsOfItsHolders(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		made, err := w.profiles.Create(w.host(t), aikagi.SecurityProfile{InstanceID: w.here.ID, Name: "Listener", Permissions: []aikagi.Permission{recordings}})
		must(t, err)
		w.profile["Listener"] = made.ID
		listener, agent := w.has(t, w.here.ID, "Listener"), w.has(t, w.here.ID, "Agent")
		change := func(extra ...aikagi.Permission) {
			i := w.instance(t)
			i.Settings.ExtraGuarded = extra
			must(t, w.whole.UpdateSettings(w.host(t), w.here.ID, i.Version, i.Settings))
		}
		change() // nothing new is guarded
		if got := w.read(t, listener.ID).SecretEpoch; got != listener.SecretEpoch {
			t.Errorf("a change of nothing moved the epoch to %d", got)
		}
		change(recordings)
		if got := w.read(t, listener.ID).SecretEpoch; got == listener.SecretEpoch {
			t.Error("the secrets of a holder live on")
		}
		if got := w.read(t, agent.ID).SecretEpoch; got != agent.SecretEpoch {
			t.Error("the secrets of somebody else ended")
		}
		after := w.read(t, listener.ID).SecretEpoch
		change(recordings)
		change()
		if got := w.read(t, listener.ID).SecretEpoch; got != after {
			t.Error("what was guarded already, or is no more, moved the epoch")
		}
	})
}

// TestS25TagsOfAnInstanceAreJudgedByPolicies: being a principal is no right.
func TestS25TagsOfAnInstanceAreJudgedByPolicies(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		must(t, w.store.Update(t.Context(), func(tx *store.Tx) error {
			return tx.InsertAccount(t.Context(), aikagi.Account{ID: "123456789012", CreatedAt: start})
		}))
		arn := "arn:aws:connect:ap-northeast-1:123456789012:instance/"
		allow := func(action, resource string) string {
			return `{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}`
		}
		for name, c := range map[string]struct {
			statements string
			want       aikagi.Code
		}{
			"none":     {``, aikagi.Forbidden},
			"reader":   {allow("connect:Describe*", "*"), aikagi.Forbidden},
			"next":     {allow("connect:TagResource", arn+string(w.next.ID)), aikagi.Forbidden},
			"denied":   {allow("*", "*") + `,{"Effect":"Deny","Action":"connect:Tag*","Resource":"*"}`, aikagi.Forbidden},
			"here":     {allow("connect:TagResource", arn+string(w.here.ID)), ""},
			"everyone": {allow("connect:*", "*"), ""},
		} {
			ctx := iam.WithCall(w.principal(t, name, c.statements), iam.Call{
				Action: "connect:TagResource", Region: "ap-northeast-1", Instance: w.here.ID,
				Resources: []aikagi.Resource{{Kind: aikagi.ResourceInstance, ID: string(w.here.ID)}},
			})
			c2 := testCase{world: w, t: t, ctx: ctx}
			err := c2.tag(aikagi.ResourceInstance, string(w.here.ID))
			if got := codeOf(err); got != c.want {
				t.Errorf("%s: got %v, want %q", name, err, c.want)
			}
		}
	})
}

func codeOf(err error) aikagi.Code {
	if err == nil {
		return ""
	}
	return aikagi.CodeOf(err)
}

// principal makes one with a policy of these statements, and acts as it.
func (w *world) principal(t *testing.T, name, statements string) context.Context {
	t.Helper()
	p := aikagi.Principal{ID: aikagi.PrincipalID(aikagi.NewID()), Name: name, Enabled: true, CreatedAt: start}
	must(t, w.store.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertPrincipal(t.Context(), p); err != nil || statements == "" {
			return err
		}
		policy := aikagi.Policy{
			ID: aikagi.PolicyID(aikagi.NewID()), Name: name, Version: 1, CreatedAt: start,
			Document: `{"Version":"2012-10-17","Statement":[` + statements + `]}`,
		}
		if err := tx.InsertPolicy(t.Context(), policy); err != nil {
			return err
		}
		return tx.AttachPolicy(t.Context(), p.ID, policy.ID)
	}))
	return aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorPrincipal, PrincipalID: p.ID, Name: name})
}

// TestS25SettingsAreReadByWhoSeesProfiles: they say what is guarded.
func TestS25SettingsAreReadByWhoSeesProfiles(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for actor, want := range map[string]aikagi.Code{
		"anonymous": aikagi.Unauthenticated, "principal": aikagi.Unauthenticated, "disabled Admin": aikagi.Unauthenticated,
		"other instance's Admin": aikagi.NotFound, "Agent": aikagi.Forbidden, "Viewer": aikagi.Forbidden,
		"Editor": aikagi.Forbidden, "CallCenterManager": "", "Admin": "", "emergency": "",
	} {
		ctx, _ := w.actor(t, actor)
		if err := w.whole.MayReadSettings(ctx, w.here.ID); codeOf(err) != want {
			t.Errorf("%s: got %v, want %q", actor, err, want)
		}
	}
}

// TestE14ANameUsedAgainIsSomebodyElse: the record keeps the id, and nothing that
// belonged to the one who went away belongs to the one who came.
func TestE14ANameUsedAgainIsSomebodyElse(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		gone := w.has(t, w.here.ID, "Admin")
		w.has(t, w.here.ID, "Admin")
		c := testCase{world: w, t: t, ctx: w.host(t), target: gone}
		session := c.session()
		must(t, c.tag(aikagi.ResourceUser, string(gone.ID)))
		must(t, w.rules.Delete(w.host(t), w.here.ID, gone.ID))
		f := directory.DraftOf(gone)
		came, _, err := w.rules.Create(w.host(t), w.here.ID, directory.NewUser{Draft: f, Profiles: c.ids("Agent")})
		must(t, err)
		if came.ID == gone.ID || came.Username != gone.Username {
			t.Errorf("%s (%s) came after %s (%s)", came.Username, came.ID, gone.Username, gone.ID)
		}
		if left := w.tags(t, w.here.ID, aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(came.ID)}); len(left) > 0 {
			t.Errorf("inherited tags %v", left)
		}
		must(t, w.store.View(t.Context(), func(tx *store.Tx) error {
			open, err := tx.ListSessions(t.Context(), w.here.ID, came.ID)
			if len(open) > 0 {
				t.Errorf("inherited session %s, made for %s", open[0].ID, session)
			}
			return err
		}))
		_, err = w.rules.Find(as(t, gone), w.here.ID, came.ID)
		wants(t, err, aikagi.Unauthenticated, "")
		events := w.newestEvents(t, 2)
		if events[0].TargetID != string(came.ID) || events[1].TargetID != string(gone.ID) {
			t.Errorf("the record says %s and %s", events[0].TargetID, events[1].TargetID)
		}
	})
}

// TestF15NoRuleHandsOutAHash: pages, files and the wire get what these return.
func TestF15NoRuleHandsOutAHash(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	admin, agent := w.has(t, w.here.ID, "Admin"), w.has(t, w.here.ID, "Agent")
	p, err := w.rules.Find(as(t, admin), w.here.ID, agent.ID)
	must(t, err)
	found := []aikagi.User{p.User}
	for _, q := range []directory.Query{{}, {Search: "user"}, {Search: string(agent.ID)}, {Filter: directory.FilterProfile, Of: string(w.profile["Agent"])}} {
		page, err := w.rules.List(as(t, admin), w.here.ID, q)
		must(t, err)
		found = append(found, page.Users...)
	}
	if len(found) < 6 {
		t.Fatalf("%d users were found", len(found))
	}
	for _, u := range found {
		if u.PasswordHash != "set" {
			t.Errorf("%s is handed out with %q", u.Username, u.PasswordHash)
		}
	}
}
