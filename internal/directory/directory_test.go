package directory_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

func draft(u aikagi.User, change func(*directory.Draft)) directory.Draft {
	f := directory.DraftOf(u)
	change(&f)
	return f
}

func (w *world) address(t *testing.T, actor, target aikagi.User, email string) error {
	t.Helper()
	now := w.read(t, target.ID)
	_, err := w.rules.Update(as(t, actor), w.here.ID, target.ID, now.Version,
		draft(now, func(f *directory.Draft) { f.Email = email }))
	return err
}

func TestNewInstanceHasWhatAmazonsHave(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	c, err := w.rules.Choices(w.host(t), w.next.ID)
	must(t, err)
	var names []string
	for _, p := range c.Profiles {
		names = append(names, p.Name)
	}
	if got, want := strings.Join(names, " "), "Admin Agent CallCenterManager QualityAnalyst"; got != want {
		t.Errorf("profiles %q, want %q", got, want)
	}
	if len(c.Routing) != 1 || c.Routing[0].Name != instance.BasicRoutingProfile {
		t.Errorf("routing profiles %v", c.Routing)
	}
	tree, err := w.rules.Tree(w.host(t), w.next.ID)
	must(t, err)
	if len(tree.Levels) != directory.MaxLevels {
		t.Errorf("levels %v", tree.Levels)
	}
	_, err = w.whole.Create(w.host(t), newInstance("SAKURA"))
	wants(t, err, aikagi.Conflict, "taken")
}

func TestOnlyTheAccountCreatesInstances(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for actor, want := range map[string]aikagi.Code{
		"anonymous": aikagi.Unauthenticated, "Admin": aikagi.Forbidden, "emergency": aikagi.Forbidden,
		"principal": aikagi.Unauthenticated, // of whom nobody knows a policy (S30)
		"host":      "", "system": "",
	} {
		ctx, _ := w.actor(t, actor)
		_, err := w.whole.Create(ctx, newInstance("new-"+actor))
		if got := aikagi.CodeOf(err); err != nil && got != want || err == nil && want != "" {
			t.Errorf("%s: got %v, want %q", actor, err, want)
		}
	}
}

// The article: View + Edit is enough to register an agent's address.
func TestEditorRegistersTheAddressOfAnAgent(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	editor, agent := w.has(t, w.here.ID, "Editor"), w.has(t, w.here.ID, "Agent")
	must(t, w.address(t, w.has(t, w.here.ID, "Admin"), agent, ""))
	w.clock.Move(time.Hour)
	before := len(w.mailTo(t, agent))
	must(t, w.address(t, editor, agent, "hanako@example.jp"))
	got := w.read(t, agent.ID)
	if got.Email != "hanako@example.jp" || got.EmailSetBy != string(editor.Username) || !got.EmailSetAt.Equal(start.Add(time.Hour)) {
		t.Errorf("got %q set by %q at %v", got.Email, got.EmailSetBy, got.EmailSetAt)
	}
	if mails := w.mailTo(t, agent); len(mails) != before+1 || mails[0].To != "hanako@example.jp" {
		t.Errorf("mails %v", mails)
	}
}

func TestS6ChangeOfAddressEndsResetSecrets(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	admin, agent := w.has(t, w.here.ID, "Admin"), w.has(t, w.here.ID, "Agent")
	for name, change := range map[string]func() error{
		"address": func() error { return w.address(t, admin, agent, "new@example.jp") },
		"removed": func() error { return w.address(t, admin, agent, "") },
		"disable": func() error { return w.rules.SetEnabled(as(t, admin), w.here.ID, agent.ID, false) },
		"enable":  func() error { return w.rules.SetEnabled(as(t, admin), w.here.ID, agent.ID, true) },
		"profiles": func() error {
			return w.rules.ReplaceProfiles(as(t, admin), w.here.ID, agent.ID, w.read(t, agent.ID).Version,
				[]aikagi.SecurityProfileID{w.profile["Viewer"]})
		},
	} {
		if name == "enable" {
			must(t, w.store.Update(t.Context(), func(tx *store.Tx) error {
				u, err := tx.FindUser(t.Context(), w.here.ID, agent.ID)
				off := u
				off.Enabled = false
				if err != nil || !u.Enabled {
					return err
				}
				return tx.UpdateUser(t.Context(), u, off)
			}))
		} else if u := w.read(t, agent.ID); !u.Enabled {
			must(t, w.rules.SetEnabled(as(t, admin), w.here.ID, agent.ID, true))
		}
		before := w.read(t, agent.ID).SecretEpoch
		must(t, change())
		if after := w.read(t, agent.ID).SecretEpoch; after != before+1 {
			t.Errorf("%s: epoch %d → %d, want one more", name, before, after)
		}
	}
}

func becomes(description string, permissions ...aikagi.Permission) securityprofile.Change {
	return securityprofile.Change{Description: &description, Permissions: &permissions}
}

// A card made for an agent must not open the account after it became an
// administrator's.
func TestS26WideningAProfileEndsResetSecretsOfItsHolders(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	agent, admin := w.has(t, w.here.ID, "Agent"), w.has(t, w.here.ID, "Admin")
	p, err := w.profiles.Find(as(t, admin), w.here.ID, w.profile["Agent"])
	must(t, err)
	must(t, w.profiles.Update(as(t, admin), w.here.ID, p.ID, p.Version, becomes("harmless", append(p.Permissions, "ContactSearch.View")...)))
	if got := w.read(t, agent.ID).SecretEpoch; got != 1 {
		t.Errorf("harmless: epoch %d, want 1", got)
	}
	must(t, w.profiles.Update(as(t, admin), w.here.ID, p.ID, p.Version+1, becomes("", append(p.Permissions, aikagi.UsersEdit)...)))
	if got := w.read(t, agent.ID).SecretEpoch; got != 2 {
		t.Errorf("guarded: epoch %d, want 2", got)
	}
}

func TestS26NobodyGivesOthersHisOwnAddress(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	agent := w.has(t, w.here.ID, "Agent")
	for _, rank := range []string{"Editor", "Admin"} {
		actor := w.has(t, w.here.ID, rank)
		for _, own := range []string{
			string(actor.Email), strings.ToUpper(string(actor.Email)),
			strings.Replace(string(actor.Email), "@", "+x@", 1),
		} {
			wants(t, w.address(t, actor, agent, own), aikagi.Invalid, "yours")
		}
	}
	admin := w.has(t, w.here.ID, "Admin")
	_, _, err := w.rules.Create(as(t, admin), w.here.ID, directory.NewUser{
		Draft:    draft(agent, func(f *directory.Draft) { f.Username, f.Email = "friend", string(admin.Email) }),
		Profiles: []aikagi.SecurityProfileID{w.profile["Agent"]},
	})
	wants(t, err, aikagi.Invalid, "yours")
}

func TestS19OwnAddressNeedsThePassword(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	admin := w.has(t, w.here.ID, "Admin")
	wants(t, w.address(t, admin, admin, "other@example.jp"), aikagi.Forbidden, "own_address")
}

func TestReplacedAddressTellsOldAndNew(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	agent := w.has(t, w.here.ID, "Agent")
	must(t, w.address(t, w.has(t, w.here.ID, "Admin"), agent, "new@example.jp"))
	told := map[aikagi.Email]bool{}
	for _, m := range w.mailTo(t, agent) {
		told[m.To] = true
	}
	if !told[agent.Email] || !told["new@example.jp"] || len(told) != 2 {
		t.Errorf("told %v", told)
	}
}

func TestF05NobodyWidensAProfileHeHolds(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	all := aikagi.GuardedPermissions().Sorted()
	p, err := w.profiles.Create(w.host(t), aikagi.SecurityProfile{InstanceID: w.here.ID, Name: "Desk", Permissions: all})
	must(t, err)
	w.profile["Desk"] = p.ID
	desk := w.has(t, w.here.ID, "Desk")
	err = w.profiles.Update(as(t, desk), w.here.ID, p.ID, 1, becomes("", append(all, "CallRecordings.Unredacted.Access")...))
	wants(t, err, aikagi.Forbidden, "own")
	must(t, w.profiles.Update(as(t, desk), w.here.ID, w.profile["Agent"], 1, becomes("", "CallRecordings.Unredacted.Access")))
}

func TestExtraGuardedPowersAreGuarded(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	i := w.instance(t)
	i.Settings.ExtraGuarded = []aikagi.Permission{"CallRecordings.Unredacted.Access"}
	must(t, w.whole.UpdateSettings(w.host(t), w.here.ID, i.Version, i.Settings))
	_, err := w.profiles.Create(w.host(t), aikagi.SecurityProfile{InstanceID: w.here.ID, Name: "Listener", Permissions: i.Settings.ExtraGuarded})
	must(t, err)
	c, err := w.rules.Choices(w.host(t), w.here.ID)
	must(t, err)
	for _, p := range c.Profiles {
		w.profile[p.Name] = p.ID
	}
	editor, listener := w.has(t, w.here.ID, "Editor"), w.has(t, w.here.ID, "Listener")
	wants(t, w.address(t, editor, listener, "x@example.jp"), aikagi.Forbidden, "guarded")
}

func TestProfileInUseIsAConflict(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		w.has(t, w.here.ID, "Agent")
		admin := w.has(t, w.here.ID, "Admin")
		wants(t, w.profiles.Delete(as(t, admin), w.here.ID, w.profile["Agent"]), aikagi.Conflict, "in_use")
		wants(t, w.profiles.Delete(as(t, admin), w.here.ID, w.profile["Admin"]), aikagi.Conflict, "in_use")
		must(t, w.profiles.Delete(as(t, admin), w.here.ID, w.profile["QualityAnalyst"]))
	})
}

func TestConcurrentEditIsAConflict(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	admin, agent := w.has(t, w.here.ID, "Admin"), w.has(t, w.here.ID, "Agent")
	must(t, w.address(t, admin, agent, "first@example.jp"))
	_, err := w.rules.Update(as(t, admin), w.here.ID, agent.ID, agent.Version,
		draft(agent, func(f *directory.Draft) { f.FirstName = "次郎" }))
	wants(t, err, aikagi.Conflict, "changed")
	err = w.rules.ReplaceProfiles(as(t, admin), w.here.ID, agent.ID, agent.Version, []aikagi.SecurityProfileID{w.profile["Viewer"]})
	wants(t, err, aikagi.Conflict, "changed")
}

func TestS28LastAdministratorStays(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	admin := w.has(t, w.here.ID, "Admin")
	ids := []aikagi.SecurityProfileID{w.profile["Agent"]}
	wants(t, w.rules.ReplaceProfiles(as(t, admin), w.here.ID, admin.ID, 1, ids), aikagi.Conflict, "last_administrator")
	wants(t, w.rules.SetEnabled(as(t, admin), w.here.ID, admin.ID, false), aikagi.Forbidden, "self")
	ctx, _ := w.actor(t, "emergency")
	wants(t, w.rules.SetEnabled(ctx, w.here.ID, admin.ID, false), aikagi.Conflict, "last_administrator")
	wants(t, w.rules.Delete(ctx, w.here.ID, admin.ID), aikagi.Conflict, "last_administrator")
	p, err := w.profiles.Find(ctx, w.here.ID, w.profile["Admin"])
	must(t, err)
	wants(t, w.profiles.Update(ctx, w.here.ID, p.ID, p.Version, becomes("", aikagi.UsersView)),
		aikagi.Conflict, "last_administrator")
	if got := w.read(t, admin.ID); !got.Enabled || got.SecretEpoch != 1 {
		t.Errorf("a refused change left traces: %+v", got)
	}
	must(t, w.rules.Delete(w.host(t), w.here.ID, admin.ID)) // the host command may
}

// Two administrators shut each other out at the same moment: one of them stays
// (F11, F12).
func TestS28AdministratorsRemoveEachOtherAtOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		moves := []func(actor, target aikagi.User) error{
			func(actor, target aikagi.User) error {
				return w.rules.SetEnabled(as(t, actor), w.here.ID, target.ID, false)
			},
			func(actor, target aikagi.User) error { return w.rules.Delete(as(t, actor), w.here.ID, target.ID) },
			func(actor, target aikagi.User) error {
				return w.rules.ReplaceProfiles(as(t, actor), w.here.ID, target.ID, 1, []aikagi.SecurityProfileID{w.profile["Agent"]})
			},
		}
		for i := range 9 {
			a, b := w.has(t, w.here.ID, "Admin"), w.has(t, w.here.ID, "Admin")
			var wg sync.WaitGroup
			for j, pair := range [][2]aikagi.User{{a, b}, {b, a}} {
				wg.Go(func() { _ = moves[(i+j)%3](pair[0], pair[1]) })
			}
			wg.Wait()
			left, err := w.rules.CountRepairers(w.host(t), w.here.ID, 10)
			must(t, err)
			if left != 1 {
				t.Fatalf("round %d: %d administrators left, want 1", i, left)
			}
			for _, u := range []aikagi.User{a, b} {
				if err := w.rules.Delete(w.host(t), w.here.ID, u.ID); err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestS15LostRightsEndSessions(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	admin := w.has(t, w.here.ID, "Admin")
	for name, change := range map[string]func(u aikagi.User) error{
		"profiles": func(u aikagi.User) error {
			return w.rules.ReplaceProfiles(as(t, admin), w.here.ID, u.ID, 1, []aikagi.SecurityProfileID{w.profile["Viewer"]})
		},
		"disable": func(u aikagi.User) error { return w.rules.SetEnabled(as(t, admin), w.here.ID, u.ID, false) },
		"delete":  func(u aikagi.User) error { return w.rules.Delete(as(t, admin), w.here.ID, u.ID) },
	} {
		c := testCase{world: w, t: t, target: w.has(t, w.here.ID, "Agent")}
		c.session()
		must(t, change(c.target))
		must(t, w.store.View(t.Context(), func(tx *store.Tx) error {
			open, err := tx.ListSessions(t.Context(), w.here.ID, c.target.ID)
			if len(open) > 0 {
				t.Errorf("%s: %d sessions left", name, len(open))
			}
			return err
		}))
	}
}

func TestCreateTellsEveryBrokenRule(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	_, _, err := w.rules.Create(w.host(t), w.here.ID, directory.NewUser{Draft: directory.Draft{
		Username: "a b", Email: "x", Mobile: "090", PhoneType: string(aikagi.DeskPhone), AfterContactWork: "-1",
	}})
	for _, want := range []string{
		"username.characters", "first_name.required", "last_name.required", "email.shape", "mobile.e164",
		"desk_phone.required", "after_contact_work.range",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
}

func TestTemporaryPasswordMustBeChanged(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	f := draft(aikagi.User{FirstName: "花", LastName: "佐藤", RoutingProfileID: w.routing}, func(f *directory.Draft) { f.Username = "sato" })
	n := directory.NewUser{Draft: f, Profiles: []aikagi.SecurityProfileID{w.profile["Agent"]}, Temporary: true}
	u, shown, err := w.rules.Create(w.host(t), w.here.ID, n)
	must(t, err)
	if got := w.read(t, u.ID); shown.Empty() || !got.MustChange || got.PasswordHash == "" {
		t.Errorf("shown %v, must change %v, hash %q", !shown.Empty(), got.MustChange, got.PasswordHash)
	}
	for _, e := range w.newestEvents(t, 1) {
		for _, c := range e.Changes {
			if strings.Contains(c.After, shown.Reveal()) {
				t.Errorf("the record holds the password: %v", c)
			}
		}
	}
	_, _, err = w.rules.Create(w.host(t), w.here.ID, n)
	wants(t, err, aikagi.Conflict, "taken")
}

func TestCountsFollowEveryWrite(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	admin, agent := w.has(t, w.here.ID, "Admin"), w.has(t, w.here.ID, "Agent")
	check := func(step string, all, noEmail int64) {
		t.Helper()
		o, err := w.rules.Overview(as(t, admin), w.here.ID, directory.Query{})
		c := o.Counts
		must(t, err)
		if c.All != all || c.NoEmail != noEmail {
			t.Errorf("%s: %d users, %d without address; want %d, %d", step, c.All, c.NoEmail, all, noEmail)
		}
	}
	check("start", 2, 0)
	must(t, w.address(t, admin, agent, ""))
	check("address removed", 2, 1)
	must(t, w.rules.SetEnabled(as(t, admin), w.here.ID, agent.ID, false))
	check("disabled", 2, 0)
	must(t, w.rules.SetEnabled(as(t, admin), w.here.ID, agent.ID, true))
	check("enabled", 2, 1)
	must(t, w.rules.Delete(as(t, admin), w.here.ID, agent.ID))
	check("deleted", 1, 0)
}

func TestListWalksForthAndBack(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		for range 60 {
			w.has(t, w.here.ID, "Agent")
		}
		w.has(t, w.next.ID, "other Agent")
		q := directory.Query{Filter: directory.FilterProfile, Of: string(w.profile["Agent"])}
		var seen []string
		for {
			p, err := w.rules.List(w.host(t), w.here.ID, q)
			must(t, err)
			for _, u := range p.Users {
				seen = append(seen, string(u.Username))
				if len(u.SecurityProfileIDs) != 1 {
					t.Fatalf("%s: profiles %v", u.Username, u.SecurityProfileIDs)
				}
			}
			if p.Next == "" {
				q.Cursor = p.Prev
				break
			}
			q.Cursor = p.Next
		}
		for i := range 60 {
			if want := fmt.Sprintf("user%04d", i+1); len(seen) != 60 || seen[i] != want {
				t.Fatalf("forth: %v", seen)
			}
		}
		p, err := w.rules.List(w.host(t), w.here.ID, q)
		must(t, err)
		if len(p.Users) != 25 || p.Users[0].Username != "user0026" || p.Prev == "" || p.Next == "" {
			t.Errorf("back: %d users from %v, prev %q next %q", len(p.Users), p.Users[0].Username, p.Prev, p.Next)
		}
	})
}

func TestFiltersShowTheirStateOnly(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		admin := w.has(t, w.here.ID, "Admin")
		noEmail, off, in := w.has(t, w.here.ID, "Agent"), w.has(t, w.here.ID, "Agent"), w.has(t, w.here.ID, "Agent")
		must(t, w.address(t, admin, noEmail, ""))
		must(t, w.rules.SetEnabled(as(t, admin), w.here.ID, off.ID, false))
		g, err := w.rules.CreateGroup(as(t, admin), w.here.ID, "", "東京")
		must(t, err)
		_, err = w.rules.Update(as(t, admin), w.here.ID, in.ID, 1, draft(in, func(f *directory.Draft) { f.HierarchyGroup = string(g.ID) }))
		must(t, err)
		wants(t, w.rules.DeleteGroup(as(t, admin), w.here.ID, g.ID), aikagi.Conflict, "in_use")
		for _, c := range []struct {
			q    directory.Query
			want aikagi.Username
		}{
			{directory.Query{Filter: directory.FilterNoEmail}, noEmail.Username},
			{directory.Query{Filter: directory.FilterDisabled}, off.Username},
			{directory.Query{Filter: directory.FilterGroup, Of: string(g.ID)}, in.Username},
			{directory.Query{Filter: directory.FilterProfile, Of: string(w.profile["Admin"])}, admin.Username},
			{directory.Query{Search: string(off.ID)}, off.Username},
			{directory.Query{Search: string(in.Email)}, in.Username},
			{directory.Query{Search: strings.ToUpper(string(in.Username))}, in.Username},
		} {
			p, err := w.rules.List(as(t, admin), w.here.ID, c.q)
			must(t, err)
			if len(p.Users) != 1 || p.Users[0].Username != c.want {
				t.Errorf("%+v: %d users, want %s", c.q, len(p.Users), c.want)
			}
		}
	})
}

func TestSearchFindsEachOnceInEitherNameOrder(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		for range 30 {
			w.has(t, w.here.ID, "Agent") // user name and address both begin with "user"
		}
		for _, word := range []string{"user", "ＵＳＥＲ", "田中", "田中 一", "一郎 田中"} {
			found := map[aikagi.UserID]int{}
			q := directory.Query{Search: word}
			for range 5 {
				p, err := w.rules.List(w.host(t), w.here.ID, q)
				must(t, err)
				for _, u := range p.Users {
					found[u.ID]++
				}
				if q.Cursor = p.Next; q.Cursor == "" {
					break
				}
			}
			for id, n := range found {
				if n != 1 {
					t.Errorf("%s: %s found %d times", word, id, n)
				}
			}
			if len(found) != 30 {
				t.Errorf("%s: found %d, want 30", word, len(found))
			}
		}
	})
}
