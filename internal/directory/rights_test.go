package directory_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/criteria"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// What this test believes, written down apart from the product: who holds what,
// what is guarded (design decision 7), and what each operation asks for.

func powers(names ...aikagi.Permission) []aikagi.Permission { return names }

func holdings() map[string][]aikagi.Permission {
	manager := powers("Users.View", "Users.Edit", "Users.Create", "Users.Delete", "Users.EnableAndDisable",
		"AgentGrouping.View", "AgentGrouping.Edit", "AgentGrouping.Create", "AgentGrouping.EnableAndDisable",
		"SecurityProfiles.View", "HistoricalChanges.View")
	admin := append(slices.Clone(manager), "Users.EditPermission",
		"SecurityProfiles.Create", "SecurityProfiles.Edit", "SecurityProfiles.Delete")
	return map[string][]aikagi.Permission{
		"Agent": nil, "Viewer": powers("Users.View"), "Editor": powers("Users.View", "Users.Edit"),
		"CallCenterManager": manager, "Admin": admin,
	}
}

func guardedPowers() []aikagi.Permission {
	return powers("Users.Create", "Users.Edit", "Users.Delete", "Users.EditPermission", "Users.EnableAndDisable",
		"SecurityProfiles.Create", "SecurityProfiles.Edit", "SecurityProfiles.Delete",
		"AgentGrouping.Create", "AgentGrouping.Edit", "AgentGrouping.EnableAndDisable")
}

// outranks reports whether b holds a guarded power that a lacks.
func outranks(a, b []aikagi.Permission) bool {
	for _, p := range guardedPowers() {
		if slices.Contains(b, p) && !slices.Contains(a, p) {
			return true
		}
	}
	return false
}

type operation struct {
	name     string
	needs    []aikagi.Permission
	onUser   bool   // acts on a target
	waysIn   bool   // S26 protects the target
	notSelf  bool   // refused on oneself
	gives    string // profile given to somebody
	readOnly bool
	run      func(c testCase) error
}

type testCase struct {
	*world
	t      *testing.T
	ctx    context.Context //nolint:containedctx // one case of a table
	target aikagi.User
}

func (c testCase) update(change func(*directory.Draft)) error {
	f := directory.DraftOf(c.target)
	change(&f)
	_, err := c.rules.Update(c.ctx, c.here.ID, c.target.ID, c.target.Version, f)
	return err
}

func (c testCase) amend(a directory.Amendment) error {
	return c.rules.Amend(c.ctx, c.here.ID, c.target.ID, a)
}

func text(s string) *string { return &s }

func (c testCase) ids(names ...string) []aikagi.SecurityProfileID {
	var ids []aikagi.SecurityProfileID
	for _, n := range names {
		ids = append(ids, c.profile[n])
	}
	return ids
}

func (c testCase) create(profile string) error {
	c.count++
	f := directory.DraftOf(c.target)
	f.Username, f.Email = "new-"+aikagi.NewID()[:8], ""
	_, _, err := c.rules.Create(c.ctx, c.here.ID, directory.NewUser{Draft: f, Profiles: c.ids(profile)})
	return err
}

// session gives the target a session to end.
func (c testCase) session() aikagi.SessionID {
	id := aikagi.SessionID(aikagi.NewID())
	must(c.t, c.store.Update(c.t.Context(), func(tx *store.Tx) error {
		return tx.InsertSession(c.t.Context(), aikagi.Session{
			InstanceID: c.here.ID, ID: id, Digest: []byte(id), UserID: c.target.ID, CreatedAt: start, ExpiresAt: start.Add(time.Hour),
		})
	}))
	return id
}

// group makes a group past the rules.
func (c testCase) group() aikagi.HierarchyGroupID {
	g := aikagi.HierarchyGroup{InstanceID: c.here.ID, ID: aikagi.HierarchyGroupID(aikagi.NewID()), Level: 1, Name: aikagi.NewID()}
	must(c.t, c.store.Update(c.t.Context(), func(tx *store.Tx) error { return tx.InsertHierarchyGroup(c.t.Context(), g) }))
	return g.ID
}

// newProfile makes a profile past the rules.
func (c testCase) newProfile(permissions ...aikagi.Permission) aikagi.SecurityProfileID {
	p := aikagi.SecurityProfile{
		InstanceID: c.here.ID, ID: aikagi.SecurityProfileID(aikagi.NewID()), Name: aikagi.NewID(), Permissions: permissions,
	}
	must(c.t, c.store.Update(c.t.Context(), func(tx *store.Tx) error { return tx.InsertSecurityProfile(c.t.Context(), p) }))
	return p.ID
}

func (c testCase) tag(kind aikagi.ResourceKind, id string) error {
	tags := []aikagi.Tag{{Key: "Department", Value: aikagi.NewID()}}
	return c.rules.SetTags(c.ctx, c.here.ID, aikagi.Resource{Kind: kind, ID: id}, tags)
}

func second[A any](_ A, err error) error { return err }

func userOperations() []operation {
	return []operation{
		{name: "find", needs: powers("Users.View"), onUser: true, readOnly: true, run: func(c testCase) error {
			return second(c.rules.Find(c.ctx, c.here.ID, c.target.ID))
		}},
		{name: "rename", needs: powers("Users.Edit"), onUser: true, run: func(c testCase) error {
			return c.update(func(f *directory.Draft) { f.FirstName = "花子" })
		}},
		{name: "change address", needs: powers("Users.Edit"), onUser: true, waysIn: true, notSelf: true, run: func(c testCase) error {
			return c.update(func(f *directory.Draft) { f.Email = "new@example.jp" })
		}},
		{name: "remove address", needs: powers("Users.Edit"), onUser: true, waysIn: true, notSelf: true, run: func(c testCase) error {
			return c.update(func(f *directory.Draft) { f.Email = "" })
		}},
		{name: "change second address", needs: powers("Users.Edit"), onUser: true, waysIn: true, notSelf: true, run: func(c testCase) error {
			return c.update(func(f *directory.Draft) { f.SecondaryEmail = "new@example.jp" })
		}},
		{name: "disable", needs: powers("Users.EnableAndDisable"), onUser: true, waysIn: true, notSelf: true, run: func(c testCase) error {
			return c.rules.SetEnabled(c.ctx, c.here.ID, c.target.ID, false)
		}},
		{name: "delete", needs: powers("Users.Delete"), onUser: true, waysIn: true, notSelf: true, run: func(c testCase) error {
			return c.rules.Delete(c.ctx, c.here.ID, c.target.ID)
		}},
		{name: "give Agent", needs: powers("Users.EditPermission"), onUser: true, waysIn: true, run: func(c testCase) error {
			return c.rules.ReplaceProfiles(c.ctx, c.here.ID, c.target.ID, c.target.Version, c.ids("Agent"))
		}},
		{name: "give Admin", needs: powers("Users.EditPermission"), onUser: true, waysIn: true, gives: "Admin", run: func(c testCase) error {
			return c.rules.ReplaceProfiles(c.ctx, c.here.ID, c.target.ID, c.target.Version, c.ids("Admin"))
		}},
		{name: "end sessions", needs: powers("Users.Edit"), onUser: true, waysIn: true, run: func(c testCase) error {
			return second(c.rules.EndSessions(c.ctx, c.here.ID, c.target.ID))
		}},
		{name: "end one session", needs: powers("Users.Edit"), onUser: true, waysIn: true, run: func(c testCase) error {
			return c.rules.EndSession(c.ctx, c.here.ID, c.target.ID, c.session())
		}},
		{name: "tag", needs: powers("Users.Edit"), onUser: true, run: func(c testCase) error {
			return c.tag(aikagi.ResourceUser, string(c.target.ID))
		}},
		{name: "add a tag", needs: powers("Users.Edit"), onUser: true, run: func(c testCase) error {
			of := aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(c.target.ID)}
			return c.rules.AddTags(c.ctx, c.here.ID, of, []aikagi.Tag{{Key: "a"}})
		}},
		{name: "remove a tag", needs: powers("Users.Edit"), onUser: true, run: func(c testCase) error {
			return c.rules.RemoveTags(c.ctx, c.here.ID, aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(c.target.ID)}, []string{"a"})
		}},
		{name: "list tags", needs: powers("Users.View"), onUser: true, readOnly: true, run: func(c testCase) error {
			return second(c.rules.ListTags(c.ctx, c.here.ID, aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(c.target.ID)}))
		}},
		{name: "set proficiencies", needs: powers("Users.Edit"), onUser: true, run: func(c testCase) error {
			return c.rules.SetProficiencies(c.ctx, c.here.ID, c.target.ID, c.target.Version,
				[]aikagi.Proficiency{{Attribute: "connect:Language", Value: "connect:Japanese", Level: 5}})
		}},
		{name: "amend the name", needs: powers("Users.Edit"), onUser: true, run: func(c testCase) error {
			return c.amend(directory.Identity{FirstName: text("花子")})
		}},
		{name: "amend the address", needs: powers("Users.Edit"), onUser: true, waysIn: true, notSelf: true, run: func(c testCase) error {
			return c.amend(directory.Identity{Email: text("new@example.jp")})
		}},
		{name: "amend the second address", needs: powers("Users.Edit"), onUser: true, waysIn: true, notSelf: true, run: func(c testCase) error {
			return c.amend(directory.Identity{SecondaryEmail: text("new@example.jp")})
		}},
		{name: "amend the phone", needs: powers("Users.Edit"), onUser: true, run: func(c testCase) error {
			return c.amend(directory.Phone{AutoAccept: true})
		}},
		{name: "amend a channel", needs: powers("Users.Edit"), onUser: true, run: func(c testCase) error {
			return c.amend(directory.ChannelSettings{AutoAccept: []aikagi.ChannelConfig{{Channel: aikagi.ChannelChat, AutoAccept: new(bool)}}})
		}},
		{name: "amend the place", needs: powers("Users.Edit"), onUser: true, run: func(c testCase) error {
			return c.amend(directory.Placement{In: c.group()})
		}},
		{name: "add proficiencies", needs: powers("Users.Edit"), onUser: true, run: func(c testCase) error {
			return c.rules.AddProficiencies(c.ctx, c.here.ID, c.target.ID, []aikagi.Proficiency{{Attribute: "a", Value: "b", Level: 1}})
		}},
		{name: "remove proficiencies", needs: powers("Users.Edit"), onUser: true, run: func(c testCase) error {
			return c.rules.RemoveProficiencies(c.ctx, c.here.ID, c.target.ID, []aikagi.Proficiency{{Attribute: "a", Value: "b"}})
		}},
		{name: "list proficiencies", needs: powers("Users.View"), onUser: true, readOnly: true, run: func(c testCase) error {
			_, _, err := c.rules.ListProficiencies(c.ctx, c.here.ID, c.target.ID)
			return err
		}},
		{name: "give Agent as he stands", needs: powers("Users.EditPermission"), onUser: true, waysIn: true, run: func(c testCase) error {
			return c.rules.ReplaceProfiles(c.ctx, c.here.ID, c.target.ID, directory.AsItStands, c.ids("Agent"))
		}},
		{name: "lift waits", needs: powers("Users.Edit"), onUser: true, waysIn: true, run: func(c testCase) error {
			return c.rules.LiftWaits(c.ctx, c.here.ID, c.target.ID)
		}},
	}
}

func otherOperations() []operation {
	return []operation{
		{name: "create an agent", needs: powers("Users.Create"), run: func(c testCase) error { return c.create("Agent") }},
		{name: "create an editor", needs: powers("Users.Create"), gives: "Editor", run: func(c testCase) error { return c.create("Editor") }},
		{name: "create an admin", needs: powers("Users.Create"), gives: "Admin", run: func(c testCase) error { return c.create("Admin") }},
		{name: "list", needs: powers("Users.View"), readOnly: true, run: func(c testCase) error {
			return second(c.rules.List(c.ctx, c.here.ID, directory.Query{}))
		}},
		{name: "search", needs: powers("Users.View"), readOnly: true, run: func(c testCase) error {
			return second(c.rules.List(c.ctx, c.here.ID, directory.Query{Search: "田中"}))
		}},
		{name: "overview", needs: powers("Users.View"), readOnly: true, run: func(c testCase) error {
			return second(c.rules.Overview(c.ctx, c.here.ID, directory.Query{}))
		}},
		{name: "read mail record", needs: powers("Users.Edit"), readOnly: true, run: func(c testCase) error {
			return second(c.rules.ListMail(c.ctx, c.here.ID, "", 25))
		}},
		{name: "read audit record", needs: powers("HistoricalChanges.View", "Users.View"), readOnly: true, run: func(c testCase) error {
			return second(c.rules.ListAudit(c.ctx, c.here.ID, directory.AuditQuery{Size: 25}))
		}},
		{name: "read tree", needs: powers("AgentGrouping.View"), readOnly: true, run: func(c testCase) error {
			return second(c.rules.Tree(c.ctx, c.here.ID))
		}},
		{name: "describe group", needs: powers("AgentGrouping.View"), readOnly: true, run: func(c testCase) error {
			return second(c.rules.DescribeGroup(c.ctx, c.here.ID, c.group()))
		}},
		{name: "search groups", needs: powers("AgentGrouping.View"), readOnly: true, run: func(c testCase) error {
			return second(c.rules.SearchGroups(c.ctx, c.here.ID, criteria.Query{}))
		}},
		{name: "update structure", needs: powers("AgentGrouping.Edit"), run: func(c testCase) error {
			return c.rules.UpdateStructure(c.ctx, c.here.ID, []string{"支社", aikagi.NewID()})
		}},
		{name: "list tags of a group", needs: powers("AgentGrouping.View"), readOnly: true, run: func(c testCase) error {
			return second(c.rules.ListTags(c.ctx, c.here.ID, aikagi.Resource{Kind: aikagi.ResourceHierarchyGroup, ID: string(c.group())}))
		}},
		{name: "create group", needs: powers("AgentGrouping.Create"), run: func(c testCase) error {
			return second(c.rules.CreateGroup(c.ctx, c.here.ID, "", aikagi.NewID()))
		}},
		{name: "rename group", needs: powers("AgentGrouping.Edit"), run: func(c testCase) error {
			return c.rules.RenameGroup(c.ctx, c.here.ID, c.group(), aikagi.NewID())
		}},
		{name: "tag group", needs: powers("AgentGrouping.Edit"), run: func(c testCase) error {
			return c.tag(aikagi.ResourceHierarchyGroup, string(c.group()))
		}},
		{name: "tag strong profile", needs: powers("SecurityProfiles.Edit"), run: func(c testCase) error {
			return c.tag(aikagi.ResourceSecurityProfile, string(c.newProfile(guardedPowers()...)))
		}},
		{name: "delete group", needs: powers("AgentGrouping.EnableAndDisable"), run: func(c testCase) error {
			return c.rules.DeleteGroup(c.ctx, c.here.ID, c.group())
		}},
		{name: "change settings", needs: guardedPowers(), run: func(c testCase) error {
			i := c.instance(c.t)
			i.Settings.Contact = aikagi.NewID()
			return c.whole.UpdateSettings(c.ctx, c.here.ID, i.Version, i.Settings)
		}},
		{name: "list profiles", needs: powers("SecurityProfiles.View"), readOnly: true, run: func(c testCase) error {
			return second(c.profiles.List(c.ctx, c.here.ID))
		}},
		{name: "describe profile", needs: powers("SecurityProfiles.View"), readOnly: true, run: func(c testCase) error {
			return second(c.profiles.Describe(c.ctx, c.here.ID, c.newProfile()))
		}},
		{name: "search profiles", needs: powers("SecurityProfiles.View"), readOnly: true, run: func(c testCase) error {
			return second(c.profiles.Search(c.ctx, c.here.ID, criteria.Query{}))
		}},
		{name: "widen profile, whatever it was", needs: powers("SecurityProfiles.Edit"), gives: "Admin", run: func(c testCase) error {
			all := guardedPowers()
			return c.profiles.Amend(c.ctx, c.here.ID, c.newProfile("BasicAgentAccess"), securityprofile.Change{Permissions: &all})
		}},
		{name: "create plain profile", needs: powers("SecurityProfiles.Create"), run: func(c testCase) error {
			return second(c.profiles.Create(c.ctx, aikagi.SecurityProfile{InstanceID: c.here.ID, Name: aikagi.NewID(), Permissions: powers("BasicAgentAccess")}))
		}},
		{name: "create strong profile", needs: powers("SecurityProfiles.Create"), gives: "Admin", run: func(c testCase) error {
			return second(c.profiles.Create(c.ctx, aikagi.SecurityProfile{InstanceID: c.here.ID, Name: aikagi.NewID(), Permissions: guardedPowers()}))
		}},
		{name: "widen profile", needs: powers("SecurityProfiles.Edit"), gives: "Admin", run: func(c testCase) error {
			return c.profiles.Update(c.ctx, c.here.ID, c.newProfile("BasicAgentAccess"), 1, becomes("", guardedPowers()...))
		}},
		{name: "narrow profile", needs: powers("SecurityProfiles.Edit"), gives: "Admin", run: func(c testCase) error {
			return c.profiles.Update(c.ctx, c.here.ID, c.newProfile(guardedPowers()...), 1, becomes("", "BasicAgentAccess"))
		}},
		{name: "delete profile", needs: powers("SecurityProfiles.Delete"), run: func(c testCase) error {
			return c.profiles.Delete(c.ctx, c.here.ID, c.newProfile("BasicAgentAccess"))
		}},
	}
}

func (w *world) instance(t *testing.T) aikagi.Instance {
	t.Helper()
	var i aikagi.Instance
	must(t, w.store.View(t.Context(), func(tx *store.Tx) (err error) {
		i, err = tx.FindInstance(t.Context(), w.here.ID)
		return err
	}))
	return i
}

// actorKinds are everybody who may try.
func actorKinds() []string {
	return []string{
		"anonymous", "principal", "Agent", "Viewer", "Editor", "CallCenterManager", "Admin",
		"disabled Admin", "other instance's Admin", "emergency", "ended emergency", "host", "system",
	}
}

func targetRanks() []string { return []string{"Agent", "Editor", "Admin", "self", "other instance's"} }

// expected derives the answer from the rule text alone.
func expected(o operation, actor, target string) aikagi.Code {
	held := holdings()
	switch actor {
	case "anonymous", "principal", "disabled Admin", "ended emergency":
		return aikagi.Unauthenticated
	case "other instance's Admin":
		return aikagi.NotFound
	case "emergency", "host", "system":
		if o.onUser && target == "other instance's" {
			return aikagi.NotFound
		}
		return ""
	}
	for _, p := range o.needs {
		if !slices.Contains(held[actor], p) {
			return aikagi.Forbidden
		}
	}
	rank := target
	if target == "self" {
		rank = actor
	}
	switch {
	case o.onUser && target == "other instance's":
		return aikagi.NotFound
	case o.onUser && o.notSelf && target == "self",
		o.onUser && o.waysIn && outranks(held[actor], held[rank]),
		o.gives != "" && outranks(held[actor], held[o.gives]):
		return aikagi.Forbidden
	}
	return ""
}

// TestS25EveryOperationByEveryActorOnEveryRank walks all operations, all kinds
// of actors and all ranks of targets, and allows nothing that the rule text does
// not (S25, S26, S29, F01–F05, F10, F22). Each change writes one row of the
// record and each refusal none (S38).
func TestS25EveryOperationByEveryActorOnEveryRank(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		w.has(t, w.here.ID, "Admin") // so that nobody in the table is the last one
		for _, o := range userOperations() {
			for _, actor := range actorKinds() {
				for _, target := range targetRanks() {
					w.try(t, o, actor, target)
				}
			}
		}
		for _, o := range otherOperations() {
			for _, actor := range actorKinds() {
				w.try(t, o, actor, "Agent")
			}
		}
	})
}

func (w *world) try(t *testing.T, o operation, actor, target string) {
	t.Helper()
	c := testCase{world: w, t: t}
	var self aikagi.User
	c.ctx, self = w.actor(t, actor)
	switch target {
	case "self":
		if self.ID == "" || self.InstanceID != w.here.ID {
			return
		}
		c.target = self
	case "other instance's":
		c.target = w.has(t, w.next.ID, "other Agent")
	default:
		c.target = w.has(t, w.here.ID, target)
	}
	before := w.newestEvents(t, 1)[0].ID
	got := aikagi.Code("")
	err := o.run(c)
	if err != nil {
		got = aikagi.CodeOf(err)
	}
	if want := expected(o, actor, target); got != want {
		t.Errorf("%s by %s on %s: got %q (%v), want %q", o.name, actor, target, got, err, want)
		return
	}
	events := w.newestEvents(t, 2)
	changed := err == nil && !o.readOnly
	if wrote := events[0].ID != before; wrote != changed || wrote && events[1].ID != before {
		t.Errorf("%s by %s on %s: record has %v then %v, %v before", o.name, actor, target, events[0].Action, events[1].Action, before)
	}
}

// actor makes somebody who acts; users are fresh, so that no case disturbs another.
func (w *world) actor(t *testing.T, kind string) (context.Context, aikagi.User) {
	t.Helper()
	plain := func(a aikagi.Actor) (context.Context, aikagi.User) {
		return aikagi.WithActor(t.Context(), a), aikagi.User{}
	}
	switch kind {
	case "anonymous":
		return t.Context(), aikagi.User{}
	case "principal":
		return plain(aikagi.Actor{Kind: aikagi.ActorPrincipal, PrincipalID: "p", Name: "ops"})
	case "host":
		return plain(aikagi.Actor{Kind: aikagi.ActorHost})
	case "system":
		return plain(aikagi.Actor{Kind: aikagi.ActorSystem})
	case "emergency":
		return plain(aikagi.Actor{Kind: aikagi.ActorEmergency, InstanceID: w.here.ID, GrantID: w.grant(t, false), Name: "ops"})
	case "ended emergency":
		return plain(aikagi.Actor{Kind: aikagi.ActorEmergency, InstanceID: w.here.ID, GrantID: w.grant(t, true), Name: "ops"})
	case "other instance's Admin":
		u := w.has(t, w.next.ID, "other Admin")
		return as(t, u), u
	case "disabled Admin":
		u := w.has(t, w.here.ID, "Admin")
		must(t, w.rules.SetEnabled(w.host(t), w.here.ID, u.ID, false))
		return as(t, u), w.read(t, u.ID)
	}
	u := w.has(t, w.here.ID, kind)
	return as(t, u), u
}

func (w *world) grant(t *testing.T, ended bool) aikagi.GrantID {
	t.Helper()
	g := aikagi.EmergencyGrant{
		ID: aikagi.GrantID(aikagi.NewID()), InstanceID: w.here.ID, PrincipalID: "p", PrincipalName: "ops",
		Digest: []byte(aikagi.NewID()), CreatedAt: start, StartBefore: start.Add(time.Minute),
	}
	must(t, w.store.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertGrant(t.Context(), g); err != nil {
			return err
		}
		if err := tx.SpendGrant(t.Context(), g, start); err != nil || !ended {
			return err
		}
		return tx.EndGrant(t.Context(), g.ID, start)
	}))
	return g.ID
}
