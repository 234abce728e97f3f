package directory_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// twoNodes is a world and the rules of a second node on its database.
func twoNodes(t *testing.T) (w *world, other *directory.Directory) {
	t.Helper()
	url := storetest.Postgres(t)
	w = newWorld(t, url)
	second := *w.rules
	second.Store = storetest.Connect(t, url)
	return w, &second
}

// TestF11TwoNodesNeverRemoveTheLastAdministrator, whichever way each of two
// administrators takes to shut the other out at the same moment (S28, R8).
func TestF11TwoNodesNeverRemoveTheLastAdministrator(t *testing.T) {
	t.Parallel()
	w, other := twoNodes(t)
	agent := []aikagi.SecurityProfileID{w.profile["Agent"]}
	moves := []func(d *directory.Directory, actor, target aikagi.User) error{
		func(d *directory.Directory, actor, target aikagi.User) error {
			return d.SetEnabled(as(t, actor), w.here.ID, target.ID, false)
		},
		func(d *directory.Directory, actor, target aikagi.User) error {
			return d.Delete(as(t, actor), w.here.ID, target.ID)
		},
		func(d *directory.Directory, actor, target aikagi.User) error {
			return d.ReplaceProfiles(as(t, actor), w.here.ID, target.ID, 1, agent)
		},
		func(d *directory.Directory, actor, _ aikagi.User) error { // steps down himself
			return d.ReplaceProfiles(as(t, actor), w.here.ID, actor.ID, 1, agent)
		},
	}
	for round := range len(moves) * len(moves) {
		a, b := w.has(t, w.here.ID, "Admin"), w.has(t, w.here.ID, "Admin")
		var all sync.WaitGroup
		all.Go(func() { _ = moves[round%len(moves)](w.rules, a, b) })
		all.Go(func() { _ = moves[round/len(moves)](other, b, a) })
		all.Wait()
		left, err := w.rules.CountRepairers(w.host(t), w.here.ID, 10)
		must(t, err)
		if left < 1 {
			t.Fatalf("round %d: nobody is left", round)
		}
		for _, u := range []aikagi.User{a, b} {
			if err := w.rules.Delete(w.host(t), w.here.ID, u.ID); err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
				t.Fatal(err)
			}
		}
	}
}

// TestF12WhoIsBeingDemotedActsWhollyOrNotAtAll: an editor goes on at one node
// while he loses his profile at the other. What he began afterwards is refused,
// and what was refused changed nothing (S30).
func TestF12WhoIsBeingDemotedActsWhollyOrNotAtAll(t *testing.T) {
	t.Parallel()
	w, other := twoNodes(t)
	admin := w.has(t, w.here.ID, "Admin")
	for round := range 8 {
		editor, agent := w.has(t, w.here.ID, "Editor"), w.has(t, w.here.ID, "Agent")
		rename := func(name string) error {
			f := directory.DraftOf(w.read(t, agent.ID))
			f.FirstName = name
			_, err := other.Update(as(t, editor), w.here.ID, agent.ID, w.read(t, agent.ID).Version, f)
			return err
		}
		var during error
		var all sync.WaitGroup
		all.Go(func() { during = rename("during") })
		all.Go(func() {
			must(t, w.rules.ReplaceProfiles(as(t, admin), w.here.ID, editor.ID, 1, []aikagi.SecurityProfileID{w.profile["Agent"]}))
		})
		all.Wait()
		if code := codeOf(during); code != "" && code != aikagi.Forbidden {
			t.Errorf("round %d: meanwhile: %v", round, during)
		}
		if got := w.read(t, agent.ID).FirstName; (got == "during") != (during == nil) {
			t.Errorf("round %d: the name is %s after %v", round, got, during)
		}
		wants(t, rename("afterwards"), aikagi.Forbidden, string(aikagi.UsersEdit))
	}
}

// TestF09F26WhatIsShownIsAllowed: whatever filter, search word, cursor and size
// are put together, forged cursors and ids of the neighbour among them, nobody of
// another instance comes up, each comes up once, and the filter holds.
func TestF09F26WhatIsShownIsAllowed(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		held := map[aikagi.UserID]aikagi.User{}
		ids := []string{string(w.profile["Agent"]), string(w.profile["other Agent"]), "", "x' OR 1=1 --"}
		for n := range 30 {
			u := w.has(t, w.here.ID, []string{"Agent", "Viewer", "Editor"}[n%3])
			neighbour := w.has(t, w.next.ID, "other Agent")
			ids = append(ids, string(u.ID), string(neighbour.ID))
			if n%4 == 0 {
				must(t, w.rules.SetEnabled(w.host(t), w.here.ID, u.ID, false))
			}
			held[u.ID] = w.read(t, u.ID)
		}
		cursors := []string{"", "YQ", "YXVzZXIwMDA1", "YnVzZXIwMDQw", "c3VzZXIAeA", "////", "YQA"}
		words := append([]string{"", "user", "田中", "%", "_", "user%", "\\", "example.jp", "ｕｓｅｒ"}, ids...)
		rapid.Check(t, func(rt *rapid.T) {
			q := directory.Query{
				Search: rapid.SampledFrom(words).Draw(rt, "search"), Of: rapid.SampledFrom(ids).Draw(rt, "of"),
				Filter: rapid.SampledFrom([]directory.Filter{
					directory.FilterAll, directory.FilterNoEmail, directory.FilterDisabled, directory.FilterTemporary, directory.FilterGroup, directory.FilterProfile, "x",
				}).Draw(rt, "filter"),
				Cursor: rapid.SampledFrom(cursors).Draw(rt, "cursor"), Size: rapid.IntRange(-1, 1000).Draw(rt, "size"),
			}
			p, err := w.rules.List(w.host(t), w.here.ID, q)
			if err != nil {
				rt.Fatalf("%+v: %v", q, err)
			}
			seen := map[aikagi.UserID]bool{}
			for _, u := range p.Users {
				was, ours := held[u.ID]
				if !ours || u.InstanceID != w.here.ID || seen[u.ID] {
					rt.Fatalf("%+v shows %s of %s", q, u.Username, u.InstanceID)
				}
				seen[u.ID] = true
				if q.Search == "" && !passes(q, was) || q.Search != "" && !found(q.Search, was) {
					rt.Fatalf("%+v shows %s, who does not pass", q, u.Username)
				}
			}
			for _, c := range []string{p.Next, p.Prev} {
				if c != "" && !slices.Contains(cursors, c) && len(cursors) < 200 {
					cursors = append(cursors, c)
				}
			}
		})
		o, err := w.rules.Overview(w.host(t), w.here.ID, directory.Query{})
		c := o.Counts
		must(t, err)
		if c.All != int64(len(held)) || c.Disabled != 8 {
			t.Errorf("counted %+v of %d", c, len(held))
		}
	})
}

// found tells whether a word is the id, or the beginning of something, of a user.
func found(word string, u aikagi.User) bool {
	if word == string(u.ID) {
		return true
	}
	key := store.SearchKey(word)
	return slices.ContainsFunc([]string{string(u.Username), string(u.Email), u.LastName + u.FirstName, u.FirstName + u.LastName}, func(s string) bool {
		return strings.HasPrefix(store.SearchKey(s), key)
	})
}

func passes(q directory.Query, u aikagi.User) bool {
	switch q.Filter {
	case directory.FilterNoEmail:
		return u.Email == "" && u.Enabled
	case directory.FilterDisabled:
		return !u.Enabled
	case directory.FilterTemporary:
		return u.MustChange
	case directory.FilterGroup:
		return string(u.HierarchyGroupID) == q.Of
	case directory.FilterProfile:
		return slices.Contains(u.SecurityProfileIDs, aikagi.SecurityProfileID(q.Of))
	}
	return true
}

// TestF20WithoutAProfileThereAreNoRights, not all of them.
func TestF20WithoutAProfileThereAreNoRights(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		w.has(t, w.here.ID, "Admin")
		none := w.has(t, w.here.ID)
		for _, o := range append(userOperations(), otherOperations()...) {
			c := testCase{world: w, t: t, ctx: as(t, none), target: w.has(t, w.here.ID, "Agent")}
			if err := o.run(c); codeOf(err) != aikagi.Forbidden {
				t.Errorf("%s: %v", o.name, err)
			}
		}
		made, err := w.profiles.Create(w.host(t), aikagi.SecurityProfile{InstanceID: w.here.ID, Name: "Short", Permissions: []aikagi.Permission{aikagi.UsersView, aikagi.UsersEdit}})
		must(t, err)
		w.profile["Short"] = made.ID
		holder := w.has(t, w.here.ID, "Short")
		wants(t, w.profiles.Delete(w.host(t), w.here.ID, made.ID), aikagi.Conflict, "in_use")
		must(t, w.rules.ReplaceProfiles(w.host(t), w.here.ID, holder.ID, 1, []aikagi.SecurityProfileID{w.profile["Agent"]}))
		must(t, w.profiles.Delete(w.host(t), w.here.ID, made.ID))
		_, err = w.rules.Find(as(t, holder), w.here.ID, holder.ID)
		wants(t, err, aikagi.Forbidden, string(aikagi.UsersView))
	})
}

// TestE12E13AnAddressIsNobody: several may share one, and having one gives
// nothing; nobody makes his own another's.
func TestE12E13AnAddressIsNobody(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		admin, editor := w.has(t, w.here.ID, "Admin"), w.has(t, w.here.ID, "Editor")
		one, two := w.has(t, w.here.ID, "Agent"), w.has(t, w.here.ID, "Agent")
		for _, u := range []aikagi.User{one, two} {
			must(t, w.address(t, editor, u, "team@example.jp"))
		}
		if a, b := w.read(t, one.ID), w.read(t, two.ID); a.Email != b.Email || a.ID == b.ID {
			t.Errorf("%s and %s", a.Email, b.Email)
		}
		wants(t, w.address(t, editor, editor, string(admin.Email)), aikagi.Forbidden, "own_address")
		wants(t, w.address(t, admin, admin, string(editor.Email)), aikagi.Forbidden, "own_address")
		must(t, w.address(t, admin, editor, string(one.Email))) // the same mailbox gives an editor nothing more
		_, err := w.rules.Find(as(t, w.read(t, two.ID)), w.here.ID, admin.ID)
		wants(t, err, aikagi.Forbidden, string(aikagi.UsersView))
	})
}

// TestSharedAddressesAreKnown on the list and on the user's page, however the letters
// are written; those of a disabled user are nobody's.
func TestSharedAddressesAreKnown(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		admin := w.has(t, w.here.ID, "Admin")
		with := func(email string) aikagi.User {
			u := w.has(t, w.here.ID)
			must(t, w.rules.Amend(w.host(t), w.here.ID, u.ID, directory.Identity{Email: &email}))
			return u
		}
		neighbours := string(w.has(t, w.next.ID).Email)
		one, two := with("desk@example.jp"), with("Desk@Example.JP")
		alone, gone := with(neighbours), with("gone@example.jp")
		last := with("gone@example.jp")
		must(t, w.rules.SetEnabled(w.host(t), w.here.ID, gone.ID, false))
		alone = w.read(t, alone.ID)
		o, err := w.rules.Overview(as(t, admin), w.here.ID, directory.Query{})
		must(t, err)
		if !o.Shared["desk@example.jp"] || !o.Shared["Desk@Example.JP"] || o.Shared[alone.Email] || o.Shared["gone@example.jp"] {
			t.Errorf("shared on the list: %v", o.Shared)
		}
		for _, c := range []struct {
			u    aikagi.User
			want bool
		}{{one, true}, {two, true}, {alone, false}, {last, false}} {
			p, err := w.rules.Find(as(t, admin), w.here.ID, c.u.ID)
			if must(t, err); p.Shared != c.want {
				t.Errorf("%s: shared is %v", p.User.Email, p.Shared)
			}
		}
	})
}
