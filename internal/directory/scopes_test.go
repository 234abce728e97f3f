package directory_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// tagged is what leaders of these tests look after.
var tagged = aikagi.Tag{Key: "課", Value: "1"}

// leads makes a profile past the rules and somebody who holds it.
func (w *world) leads(t *testing.T, p aikagi.SecurityProfile) aikagi.User {
	t.Helper()
	p.InstanceID, p.ID, p.Name = w.here.ID, aikagi.SecurityProfileID(aikagi.NewID()), aikagi.NewID()
	must(t, w.store.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertSecurityProfile(t.Context(), p) }))
	w.profile[p.Name] = p.ID
	return w.has(t, w.here.ID, p.Name)
}

// leader may do everything to whoever carries the tag.
func (w *world) leader(t *testing.T) aikagi.User {
	t.Helper()
	return w.leads(t, aikagi.SecurityProfile{
		Permissions: holdings()["Admin"], ScopeTags: []aikagi.Tag{tagged}, TagScoped: []string{"User", "SecurityProfile"},
	})
}

// carries gives a user the tags of the test.
func (w *world) carries(t *testing.T, u aikagi.User, tags ...aikagi.Tag) aikagi.User {
	t.Helper()
	must(t, w.rules.SetTags(w.host(t), w.here.ID, aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(u.ID)}, tags))
	return u
}

// group puts a group into the hierarchy, past the rules.
func (w *world) group(t *testing.T, parent aikagi.HierarchyGroupID, level int) aikagi.HierarchyGroupID {
	t.Helper()
	g := aikagi.HierarchyGroup{
		InstanceID: w.here.ID, ID: aikagi.HierarchyGroupID(aikagi.NewID()), ParentID: parent, Level: level, Name: aikagi.NewID(),
	}
	must(t, w.store.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertHierarchyGroup(t.Context(), g) }))
	return g.ID
}

func (w *world) in(t *testing.T, group aikagi.HierarchyGroupID, profiles ...string) aikagi.User {
	t.Helper()
	u := w.has(t, w.here.ID, profiles...)
	must(t, w.rules.Amend(w.host(t), w.here.ID, u.ID, directory.Placement{In: group}))
	return w.read(t, u.ID)
}

// TestS25WhoLeadsSomeReachesNobodyElse runs every operation by somebody who may do
// everything to users and profiles with a tag. About others he gets the answer of
// somebody who does not exist, or is refused, and nothing changes.
func TestS25WhoLeadsSomeReachesNobodyElse(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		w.has(t, w.here.ID, "Admin")
		for _, o := range userOperations() {
			c := testCase{world: w, t: t, ctx: as(t, w.leader(t)), target: w.has(t, w.here.ID, "Agent")}
			w.nothing(t, o, c, aikagi.NotFound)
		}
		whole := map[string]aikagi.Code{ // what is about everybody, or about a profile without the tag
			"create an editor": aikagi.Forbidden, "create an admin": aikagi.Forbidden, "create strong profile": aikagi.Forbidden,
			"read mail record": aikagi.Forbidden, "read audit record": aikagi.Forbidden, "change settings": aikagi.Forbidden,
			"tag strong profile": aikagi.NotFound, "describe profile": aikagi.NotFound, "delete profile": aikagi.NotFound,
			"widen profile": aikagi.NotFound, "narrow profile": aikagi.NotFound, "widen profile, whatever it was": aikagi.NotFound,
		}
		for _, o := range otherOperations() {
			c := testCase{world: w, t: t, ctx: as(t, w.leader(t)), target: w.has(t, w.here.ID, "Agent")}
			if code, refused := whole[o.name]; refused {
				w.nothing(t, o, c, code)
			} else if err := o.run(c); err != nil {
				t.Errorf("%s: %v", o.name, err)
			}
		}
	})
}

// nothing runs an operation that must be refused, and looks whether anything was recorded.
func (w *world) nothing(t *testing.T, o operation, c testCase, want aikagi.Code) {
	t.Helper()
	before := w.newestEvents(t, 1)[0].ID
	if err := o.run(c); err == nil || aikagi.CodeOf(err) != want {
		t.Errorf("%s: %v, want %s", o.name, err, want)
	}
	if after := w.newestEvents(t, 1)[0]; after.ID != before {
		t.Errorf("%s: the record has %s", o.name, after.Action)
	}
}

// TestS25WhoLeadsSomeDoesEverythingToThem, but for somebody stronger, and for what
// would take them out of his sight.
func TestS25WhoLeadsSomeDoesEverythingToThem(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.has(t, w.here.ID, "Admin")
	refused := map[string]bool{"give Admin": true, "tag": true}
	for _, o := range userOperations() {
		leader := w.leader(t)
		c := testCase{world: w, t: t, ctx: as(t, leader), target: w.carries(t, w.has(t, w.here.ID, "Agent"), tagged)}
		if err := o.run(c); (err != nil) != refused[o.name] {
			t.Errorf("%s: %v", o.name, err)
		}
		for _, stronger := range []string{"Editor", "Admin"} {
			c.target = w.carries(t, w.has(t, w.here.ID, stronger), tagged)
			if err := o.run(c); o.waysIn && aikagi.CodeOf(err) != aikagi.Forbidden {
				t.Errorf("%s of %s: %v", o.name, stronger, err)
			}
		}
	}
}

// sees lists whom an actor finds, by the list and by a search for what all are called.
func (w *world) sees(ctx context.Context, t *testing.T) []aikagi.UserID {
	t.Helper()
	var all [2][]aikagi.UserID
	for i, q := range []directory.Query{{Size: 25}, {Search: "田中", Size: 25}} {
		for {
			p, err := w.rules.List(ctx, w.here.ID, q)
			must(t, err)
			for _, u := range p.Users {
				all[i] = append(all[i], u.ID)
			}
			if q.Cursor = p.Next; q.Cursor == "" {
				break
			}
		}
		slices.Sort(all[i])
		all[i] = slices.Compact(all[i])
	}
	if !slices.Equal(all[0], all[1]) {
		t.Errorf("the list has %v, the search %v", all[0], all[1])
	}
	return all[0]
}

// TestWhomAScopeIsAbout is the table of scopes: tags, the hierarchy, both in one
// profile, and profiles side by side.
func TestWhomAScopeIsAbout(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	tokyo := w.group(t, "", 1)
	night := w.group(t, tokyo, 2)
	osaka := w.group(t, "", 1)
	second := aikagi.Tag{Key: "班", Value: "A"}
	people := map[string]aikagi.User{
		"plain": w.has(t, w.here.ID, "Agent"), "tagged": w.carries(t, w.has(t, w.here.ID, "Agent"), tagged),
		"both":  w.carries(t, w.has(t, w.here.ID, "Agent"), tagged, second),
		"tokyo": w.in(t, tokyo, "Agent"), "night": w.in(t, night, "Agent"), "osaka": w.in(t, osaka, "Agent"),
		"tagged in tokyo": w.carries(t, w.in(t, tokyo, "Agent"), tagged),
		"other value":     w.carries(t, w.has(t, w.here.ID, "Agent"), aikagi.Tag{Key: "課", Value: "2"}),
	}
	view := powers("Users.View")
	tag := func(tags ...aikagi.Tag) aikagi.SecurityProfile {
		return aikagi.SecurityProfile{Permissions: view, ScopeTags: tags, TagScoped: []string{"User"}}
	}
	branch := func(g aikagi.HierarchyGroupID) aikagi.SecurityProfile {
		return aikagi.SecurityProfile{Permissions: view, HierarchyScoped: []string{"User"}, ScopeGroupID: g}
	}
	and := branch(tokyo)
	and.ScopeTags, and.TagScoped = []aikagi.Tag{tagged}, []string{"User"}
	for _, c := range []struct {
		name  string
		holds []aikagi.SecurityProfile
		from  aikagi.HierarchyGroupID // where the holder is
		sees  []string
	}{
		{"a tag", []aikagi.SecurityProfile{tag(tagged)}, "", []string{"tagged", "both", "tagged in tokyo"}},
		{"two tags are and", []aikagi.SecurityProfile{tag(tagged, second)}, "", []string{"both"}},
		{"two profiles are or", []aikagi.SecurityProfile{tag(second), branch(osaka)}, "", []string{"both", "osaka"}},
		{"a group and those below", []aikagi.SecurityProfile{branch(tokyo)}, "", []string{"tokyo", "night", "tagged in tokyo"}},
		{"a group below", []aikagi.SecurityProfile{branch(night)}, "", []string{"night"}},
		{"the own branch", []aikagi.SecurityProfile{branch("")}, osaka, []string{"osaka", "himself"}},
		{"no branch of one's own", []aikagi.SecurityProfile{branch("")}, "", nil},
		{"tag and group in one are and", []aikagi.SecurityProfile{and}, "", []string{"tagged in tokyo"}},
		{"a scope without tags is about nobody", []aikagi.SecurityProfile{tag()}, "", nil},
		{"a kind without pages limits nothing here", []aikagi.SecurityProfile{{
			Permissions: view, ScopeTags: []aikagi.Tag{tagged}, TagScoped: []string{"Queue"},
		}}, "", []string{"everybody"}},
		{"one without a limit wins", []aikagi.SecurityProfile{tag(second), {Permissions: view}}, "", []string{"everybody"}},
		{"one that says nothing of users does not", []aikagi.SecurityProfile{tag(second), {Permissions: powers("BasicAgentAccess")}}, "", []string{"both"}},
	} {
		var names []string
		for _, p := range c.holds {
			p.InstanceID, p.ID, p.Name = w.here.ID, aikagi.SecurityProfileID(aikagi.NewID()), aikagi.NewID()
			must(t, w.store.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertSecurityProfile(t.Context(), p) }))
			w.profile[p.Name] = p.ID
			names = append(names, p.Name)
		}
		holder := w.in(t, c.from, names...)
		var want []aikagi.UserID
		for _, name := range c.sees {
			switch name {
			case "himself":
				want = append(want, holder.ID)
			case "everybody":
				want = w.sees(w.host(t), t)
			default:
				want = append(want, people[name].ID)
			}
		}
		slices.Sort(want)
		if got := w.sees(as(t, holder), t); !slices.Equal(got, want) {
			t.Errorf("%s: sees %v, want %v", c.name, got, want)
		}
		must(t, w.rules.Delete(w.host(t), w.here.ID, holder.ID))
	}
}

// TestPagesOfSomeAreFull walks the list forwards and back over many whom the leader
// does not see.
func TestPagesOfSomeAreFull(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	leader := w.leader(t)
	var mine []aikagi.Username
	for n := range 260 {
		if u := w.has(t, w.here.ID, "Agent"); n%4 == 0 {
			mine = append(mine, w.carries(t, u, tagged).Username)
		}
	}
	read := func(cursor string) (directory.Page, []aikagi.Username) {
		p, err := w.rules.List(as(t, leader), w.here.ID, directory.Query{Cursor: cursor})
		must(t, err)
		var names []aikagi.Username
		for _, u := range p.Users {
			names = append(names, u.Username)
		}
		return p, names
	}
	first, one := read("")
	middle, two := read(first.Next)
	last, three := read(middle.Next)
	if all := slices.Concat(one, two, three); !slices.Equal(all, mine) || len(one) != 25 || len(two) != 25 || last.Next != "" || first.Prev != "" {
		t.Errorf("pages of %d, %d, %d of %d; next %q, before %q", len(one), len(two), len(three), len(mine), last.Next, first.Prev)
	}
	if back, names := read(last.Prev); !slices.Equal(names, two) || back.Next == "" || back.Prev == "" {
		t.Errorf("back from the last page: %v, want %v", names, two)
	}
	if back, names := read(middle.Prev); !slices.Equal(names, one) || back.Prev != "" {
		t.Errorf("back from the middle: %v, want %v", names, one)
	}
	o, err := w.rules.Overview(as(t, leader), w.here.ID, directory.Query{})
	if must(t, err); o.Counts != (directory.Counts{Withheld: true}) || len(o.Users) != len(first.Users) {
		t.Errorf("an overview counts %+v and has %d users", o.Counts, len(o.Users))
	}
}

// TestWhatALeaderMakesIsHis: it carries his tags, and another part of the hierarchy
// is not his to give.
func TestWhatALeaderMakesIsHis(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	leader := w.leader(t)
	make := func(actor aikagi.User, group aikagi.HierarchyGroupID) (aikagi.User, error) {
		f := directory.DraftOf(w.has(t, w.here.ID, "Agent"))
		f.Username, f.Email, f.HierarchyGroup = "new-"+aikagi.NewID()[:8], "", string(group)
		u, _, err := w.rules.Create(as(t, actor), w.here.ID, directory.NewUser{Draft: f, Profiles: []aikagi.SecurityProfileID{w.profile["Agent"]}})
		return u, err
	}
	u, err := make(leader, "")
	must(t, err)
	if p, err := w.rules.Find(as(t, leader), w.here.ID, u.ID); err != nil || !slices.Equal(p.Tags, []aikagi.Tag{tagged}) {
		t.Errorf("made %+v, %v", p.Tags, err)
	}
	tokyo, osaka := w.group(t, "", 1), w.group(t, "", 1)
	inTokyo := w.leads(t, aikagi.SecurityProfile{Permissions: holdings()["Admin"], HierarchyScoped: []string{"User"}, ScopeGroupID: tokyo})
	u, err = make(inTokyo, tokyo)
	must(t, err)
	_, err = make(inTokyo, osaka)
	wants(t, err, aikagi.Forbidden, "out_of_reach")
	_, err = make(inTokyo, "")
	wants(t, err, aikagi.Forbidden, "out_of_reach")
	wants(t, w.rules.Amend(as(t, inTokyo), w.here.ID, u.ID, directory.Placement{In: osaka}), aikagi.Forbidden, "out_of_reach")
	must(t, w.rules.Amend(as(t, inTokyo), w.here.ID, u.ID, directory.Placement{In: w.group(t, tokyo, 2)}))
	wants(t, w.rules.DeleteGroup(w.host(t), w.here.ID, tokyo), aikagi.Conflict, "in_use")
}

// TestS26NobodySeesThroughSomebodyElse: whoever leads some gives nobody a profile that
// is about others, with another scope or with none.
func TestS26NobodySeesThroughSomebodyElse(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	leader := w.leader(t)
	led := w.carries(t, w.has(t, w.here.ID, "Agent"), tagged)
	others := w.leads(t, aikagi.SecurityProfile{
		Permissions: powers("Users.View"), ScopeTags: []aikagi.Tag{{Key: "課", Value: "2"}}, TagScoped: []string{"User"},
	}).SecurityProfileIDs[0]
	for name, id := range map[string]aikagi.SecurityProfileID{"about everybody": w.profile["Viewer"], "about others": others} {
		err := w.rules.ReplaceProfiles(as(t, leader), w.here.ID, led.ID, directory.AsItStands, []aikagi.SecurityProfileID{id})
		if aikagi.CodeOf(err) != aikagi.Forbidden || aikagi.ReasonOf(err) != "out_of_reach" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := w.profiles.Create(as(t, leader), aikagi.SecurityProfile{InstanceID: w.here.ID, Name: "Eyes", Permissions: powers("Users.View")})
	wants(t, err, aikagi.Forbidden, "out_of_reach")
	must(t, w.rules.ReplaceProfiles(as(t, leader), w.here.ID, led.ID, directory.AsItStands, []aikagi.SecurityProfileID{w.profile["Agent"]}))
	must(t, w.rules.ReplaceProfiles(as(t, w.has(t, w.here.ID, "Admin")), w.here.ID, led.ID, directory.AsItStands, []aikagi.SecurityProfileID{others}))
}

// TestS25NobodyTriesAddressesOfOthers: the mark of a shared address is about those whom
// the actor sees.
func TestS25NobodyTriesAddressesOfOthers(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	leader := w.leader(t)
	mine, second, other := w.carries(t, w.has(t, w.here.ID, "Agent"), tagged), w.carries(t, w.has(t, w.here.ID, "Agent"), tagged), w.has(t, w.here.ID, "Agent")
	marked := func(actor aikagi.User, try aikagi.Email) bool {
		t.Helper()
		address := string(try)
		must(t, w.rules.Amend(as(t, leader), w.here.ID, mine.ID, directory.Identity{Email: &address}))
		p, err := w.rules.Find(as(t, actor), w.here.ID, mine.ID)
		must(t, err)
		o, err := w.rules.Overview(as(t, actor), w.here.ID, directory.Query{})
		if must(t, err); o.Shared[try] != p.Shared {
			t.Errorf("%s: the list says %v, the page %v", try, o.Shared[try], p.Shared)
		}
		return p.Shared
	}
	admin := w.has(t, w.here.ID, "Admin")
	if marked(leader, other.Email) || !marked(admin, other.Email) || !marked(leader, second.Email) {
		t.Error("the mark tells of somebody out of sight, or of nobody at all")
	}
}

// TestNobodyWidensTheScopeOfWhatHeHolds, and whoever sees some only does not keep an
// instance in order (S26, S28, F05).
func TestNobodyWidensTheScopeOfWhatHeHolds(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	admin := w.has(t, w.here.ID, "Admin")
	scope := func(tags []aikagi.Tag, kinds []string) securityprofile.Change {
		return securityprofile.Change{ScopeChange: securityprofile.ScopeChange{ScopeTags: &tags, TagScoped: &kinds}}
	}
	// Somebody with a power about all profiles, and another about some users.
	held := w.leads(t, aikagi.SecurityProfile{
		Permissions: powers("Users.View", "SecurityProfiles.Edit"), ScopeTags: []aikagi.Tag{tagged}, TagScoped: []string{"User"},
	}).SecurityProfileIDs[0]
	holder := w.has(t, w.here.ID)
	must(t, w.rules.ReplaceProfiles(w.host(t), w.here.ID, holder.ID, directory.AsItStands, []aikagi.SecurityProfileID{held}))
	for name, c := range map[string]securityprofile.Change{
		"to everybody": scope(nil, nil), "to others": scope([]aikagi.Tag{{Key: "課", Value: "2"}}, []string{"User"}),
	} {
		if err := w.profiles.Amend(as(t, holder), w.here.ID, held, c); aikagi.CodeOf(err) != aikagi.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	epoch := w.read(t, holder.ID).SecretEpoch
	must(t, w.profiles.Amend(as(t, admin), w.here.ID, held, scope(nil, nil)))
	if got := w.read(t, holder.ID).SecretEpoch; got != epoch+1 {
		t.Errorf("secrets that were made before the profile was widened live on: epoch %d, was %d", got, epoch)
	}
	err := w.profiles.Amend(as(t, admin), w.here.ID, w.profile["Admin"], scope([]aikagi.Tag{tagged}, []string{"User"}))
	wants(t, err, aikagi.Conflict, "last_administrator")
}

func TestScopesThatCannotBe(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	tags := func(n int) (all []aikagi.Tag) {
		for i := range n {
			all = append(all, aikagi.Tag{Key: string(rune('a' + i))})
		}
		return all
	}
	for want, p := range map[string]aikagi.SecurityProfile{
		"scope_tags too_many":       {ScopeTags: tags(5), TagScoped: []string{"User"}},
		"scope_tags required":       {TagScoped: []string{"User"}},
		"scope_tags reserved":       {ScopeTags: []aikagi.Tag{{Key: "aws:x"}}, TagScoped: []string{"User"}},
		"tag_scoped required":       {ScopeTags: tags(1)},
		"tag_scoped unknown":        {ScopeTags: tags(1), TagScoped: []string{"a b"}},
		"tag_scoped too_many":       {ScopeTags: tags(1), TagScoped: slices.Repeat([]string{"User"}, 11)},
		"hierarchy_scoped unknown":  {HierarchyScoped: []string{"Queue"}},
		"hierarchy_scoped required": {ScopeGroupID: w.group(t, "", 1)},
		"scope_group unknown":       {HierarchyScoped: []string{"User"}, ScopeGroupID: aikagi.HierarchyGroupID(aikagi.NewID())},
		"":                          {ScopeTags: tags(4), TagScoped: []string{"User", "Queue"}, HierarchyScoped: []string{"User"}},
	} {
		p.InstanceID, p.Name = w.here.ID, aikagi.NewID()
		made, err := w.profiles.Create(w.host(t), p)
		got := ""
		var all aikagi.Invalids
		var one *aikagi.Error
		if errors.As(err, &all) {
			one = all[0]
		}
		if one != nil || errors.As(err, &one) {
			got = one.Subject + " " + one.Reason
		}
		if got != want {
			t.Errorf("%q: got %v", want, err)
		}
		if err == nil {
			found, err := w.profiles.Find(w.host(t), w.here.ID, made.ID)
			if must(t, err); !slices.Equal(found.ScopeTags, p.ScopeTags) || !slices.Equal(found.TagScoped, p.TagScoped) || len(found.HierarchyScoped) != 1 {
				t.Errorf("stored %+v", found)
			}
		}
	}
}
