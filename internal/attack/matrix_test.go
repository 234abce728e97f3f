package attack

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// What this test believes, apart from the product: who holds what, what is
// guarded (design decision 7), and what each operation is.

// ranks are whom an operation is done to; the first is the actor himself.
var ranks = []string{"himself", "agent", "editor", "admin"}

// insiders hold a session of the instance; what they may depends on what they
// hold. Emergency access may everything there.
var insiders = []string{"agent", "viewer", "editor", "profile editor", "manager", "admin", "emergency"}

// outsiders have no session of the instance, or one that is good for nothing.
var outsiders = []string{"nobody", "another instance's admin", "a disabled admin", "an ended emergency", "a principal"}

func powersOf(who string) []aikagi.Permission {
	manager := []aikagi.Permission{
		"Users.View", "Users.Edit", "Users.Create", "Users.Delete", "Users.EnableAndDisable",
		"AgentGrouping.View", "AgentGrouping.Edit", "AgentGrouping.Create", "AgentGrouping.EnableAndDisable",
		"SecurityProfiles.View", "HistoricalChanges.View",
	}
	profiles := []aikagi.Permission{"SecurityProfiles.View", "SecurityProfiles.Edit", "SecurityProfiles.Create", "SecurityProfiles.Delete"}
	switch who {
	case "viewer":
		return []aikagi.Permission{"Users.View"}
	case "editor":
		return []aikagi.Permission{"Users.View", "Users.Edit"}
	case "profile editor":
		return profiles
	case "manager":
		return manager
	case "admin":
		return append(append(slices.Clone(manager), profiles...), "Users.EditPermission")
	}
	return nil
}

// guarded are the powers that nobody gives away without holding them.
func guarded(held []aikagi.Permission) []aikagi.Permission {
	var all []aikagi.Permission
	for _, p := range held {
		resource, action := p.Resource(), p.Action()
		if action != "View" && (resource == "Users" || resource == "AgentGrouping" || resource == "SecurityProfiles") {
			all = append(all, p)
		}
	}
	return all
}

// weaker reports whether a lacks a guarded power of b.
func weaker(a, b []aikagi.Permission) bool {
	return slices.ContainsFunc(guarded(b), func(p aikagi.Permission) bool { return !slices.Contains(a, p) })
}

// deed is one thing that a route of the administration does.
type deed struct {
	name    string // beside the route, where it does several
	on      string // what {id} is: "user", "request", "profile", "group"; "" for nothing
	waysIn  bool   // nobody does it to somebody stronger (S26)
	notSelf bool   // nor to himself (S19, F24)
	gives   string // whose powers somebody gets by it
	noEmail bool   // the target has no address yet
	upload  bool   // of a file
	form    func(c *deedCase) url.Values
}

// deeds are all that the routes do which change something. A route without one
// fails TestF01S25EveryRouteByEverybodyToEveryRank.
func deeds() map[string][]deed {
	none := func(*deedCase) url.Values { return nil }
	profiles := func(name string) func(c *deedCase) url.Values {
		return func(c *deedCase) url.Values {
			return url.Values{"security_profiles": {string(c.profiles[name])}, "version": {fmt.Sprint(c.target.Version)}}
		}
	}
	mend := func(remedy, email string) func(c *deedCase) url.Values {
		return func(*deedCase) url.Values {
			return url.Values{"remedy": {remedy}, "recognised": {"in_person"}, "email": {email}}
		}
	}
	edit := func(change ...string) func(c *deedCase) url.Values {
		return func(c *deedCase) url.Values { return userForm(c.target, change...) }
	}
	create := func(name string) func(c *deedCase) url.Values {
		return func(c *deedCase) url.Values {
			f := userForm(c.target, "username", "new-"+aikagi.NewID()[:8], "email", "")
			f.Set("security_profiles", string(c.profiles[name]))
			return f
		}
	}
	powers := func(who string) func(c *deedCase) url.Values {
		return func(*deedCase) url.Values {
			f := url.Values{"profile_name": {"new-" + aikagi.NewID()[:8]}, "version": {"1"}, "save": {"yes"}, "permission": {"BasicAgentAccess"}}
			for _, p := range powersOf(who) {
				f.Add("permission", string(p))
			}
			return f
		}
	}
	const user, request = "/i/{alias}/admin/users/{id}", "/i/{alias}/admin/requests/{id}"
	return map[string][]deed{
		"POST /i/{alias}/admin/users/new": {
			{name: "an agent", form: create("agent")},
			{name: "an editor", gives: "editor", form: create("editor")},
			{name: "an administrator", gives: "admin", form: create("admin")},
		},
		"POST " + user: {
			{name: "the name", on: "user", form: edit("first_name", "花子")},
			{name: "the address", on: "user", waysIn: true, notSelf: true, form: edit("email", "other@example.jp")},
			{name: "no address", on: "user", waysIn: true, notSelf: true, form: edit("email", "")},
			{name: "the second address", on: "user", waysIn: true, notSelf: true, form: edit("secondary_email", "other@example.jp")},
		},
		"POST " + user + "/profiles": {
			{name: "Agent", on: "user", waysIn: true, form: profiles("agent")},
			{name: "Admin", on: "user", waysIn: true, gives: "admin", form: profiles("admin")},
		},
		"POST " + user + "/tags": {{on: "user", form: func(*deedCase) url.Values { return url.Values{"tags": {"a=b"}} }}},
		"POST " + user + "/proficiencies": {{on: "user", form: func(c *deedCase) url.Values {
			return url.Values{"proficiencies": {"a=b=1"}, "version": {fmt.Sprint(c.target.Version)}}
		}}},
		"POST " + user + "/send":      {{on: "user", waysIn: true, form: none}},
		"POST " + user + "/card":      {{on: "user", waysIn: true, notSelf: true, form: none}},
		"POST " + user + "/temporary": {{on: "user", waysIn: true, notSelf: true, form: none}},
		"POST " + user + "/enable":    {{on: "disabled user", waysIn: true, notSelf: true, form: none}},
		"POST " + user + "/disable":   {{on: "user", waysIn: true, notSelf: true, form: none}},
		"POST " + user + "/delete": {{on: "user", waysIn: true, notSelf: true, form: func(c *deedCase) url.Values {
			return url.Values{"confirm": {string(c.target.Username)}}
		}}},
		"POST " + user + "/sessions": {{on: "user", waysIn: true, form: none}},
		"POST " + user + "/waits":    {{on: "user", waysIn: true, form: none}},
		"POST " + request: {
			{name: "an address", on: "request", waysIn: true, notSelf: true, noEmail: true, form: mend("email", "new@example.jp")},
			{name: "send on", on: "request", waysIn: true, form: mend("send", "")},
			{name: "a card", on: "request", waysIn: true, notSelf: true, form: mend("card", "")},
			{name: "dismiss", on: "request", waysIn: true, form: mend("dismiss", "")},
		},
		"POST /i/{alias}/admin/profiles/new": {
			{name: "without powers", form: powers("agent")}, {name: "with an administrator's", gives: "admin", form: powers("admin")},
		},
		"POST /i/{alias}/admin/profiles/{id}": {
			{name: "description", on: "profile", form: powers("agent")},
			{name: "widen", on: "profile", gives: "admin", form: powers("admin")},
			{name: "narrow a strong one", on: "strong profile", gives: "admin", form: powers("agent")},
		},
		"POST /i/{alias}/admin/profiles/{id}/delete": {
			{name: "without powers", on: "profile", form: none}, {name: "a strong one", on: "strong profile", gives: "admin", form: none},
		},
		"POST /i/{alias}/admin/import":      {{upload: true, form: none}},
		"POST /i/{alias}/admin/import/{id}": {{on: "own import", form: none}},
		"POST /i/{alias}/admin/hierarchy":   {{form: func(*deedCase) url.Values { return url.Values{"group_name": {aikagi.NewID()}} }}},
		"POST /i/{alias}/admin/hierarchy/{id}": {{on: "group", form: func(*deedCase) url.Values {
			return url.Values{"group_name": {aikagi.NewID()}}
		}}},
		"POST /i/{alias}/admin/hierarchy/{id}/delete": {{on: "group", form: none}},
		"POST /i/{alias}/admin/settings": {{form: func(c *deedCase) url.Values {
			return url.Values{
				"display_name": {aikagi.NewID()[:8]}, "contact": {""}, "locale": {"ja"}, "time_zone": {"Asia/Tokyo"}, "no_email": {"request"},
				"reset_ttl": {"30"}, "password_min": {"12"}, "way": {"image", "sound"}, "version": {fmt.Sprint(c.settingsVersion())},
			}
		}}},
	}
}

// board is a place where everybody tries everything. Whomever something was done
// to is replaced, and whoever did it to himself, so that no case disturbs another.
type board struct {
	*siege
	*place
	profiles map[string]aikagi.SecurityProfileID
	actors   map[string]actor
	grant    visitor
	access   aikagi.GrantID // of grant
	console  visitor
	stranger visitor
}

// actor is whoever tries, with his browser.
type actor struct {
	visitor
	self aikagi.User
}

// deedCase is one deed to somebody.
type deedCase struct {
	*board
	target aikagi.User
	path   string
}

func (s *siege) board() *board {
	s.t.Helper()
	b := &board{siege: s, place: s.place("ume", itself), profiles: map[string]aikagi.SecurityProfileID{}, actors: map[string]actor{}}
	for _, who := range insiders[:len(insiders)-1] {
		b.profiles[who] = b.newProfile(powersOf(who)...)
	}
	b.grant, b.console = s.inEmergency(b.place), s.owner()
	b.access = b.place.grant
	b.stranger = s.as("", s.place("momo", itself).user["admin"])
	return b
}

func (b *board) newProfile(held ...aikagi.Permission) aikagi.SecurityProfileID {
	b.t.Helper()
	p := aikagi.SecurityProfile{
		InstanceID: b.instance.ID, ID: aikagi.SecurityProfileID(aikagi.NewID()), Name: aikagi.NewID(), Permissions: held, CreatedAt: b.Clock.Now(),
	}
	b.update(func(tx *store.Tx) error { return tx.InsertSecurityProfile(b.t.Context(), p) })
	return p.ID
}

// somebody makes a user who holds what the word says.
func (b *board) somebody(who string, change func(*aikagi.User)) aikagi.User {
	b.t.Helper()
	name := aikagi.NewID()
	u := aikagi.User{
		InstanceID: b.instance.ID, ID: aikagi.UserID(name), Username: aikagi.Username("u-" + name), FirstName: "一郎", LastName: "田中",
		Email: aikagi.Email(name + "@example.jp"), Phone: aikagi.PhoneConfig{Type: aikagi.SoftPhone}, RoutingProfileID: b.routing,
		SecurityProfileIDs: []aikagi.SecurityProfileID{b.profiles[who]}, Enabled: true, PasswordHash: "$argon2id$none", CreatedAt: b.Clock.Now(),
	}
	if change != nil {
		change(&u)
	}
	b.update(func(tx *store.Tx) (err error) {
		if err = tx.InsertUser(b.t.Context(), u); err != nil {
			return err
		}
		u, err = tx.FindUser(b.t.Context(), u.InstanceID, u.ID)
		return err
	})
	return u
}

// actor is whoever tries; outsiders are nobody in the instance.
func (b *board) actor(who string) actor {
	b.t.Helper()
	if _, known := b.actors[who]; !known {
		v, self := b.enters(who)
		b.actors[who] = actor{v, self}
	}
	return b.actors[who]
}

func (b *board) enters(who string) (visitor, aikagi.User) {
	b.t.Helper()
	switch who {
	case "nobody":
		return b.anonymous(), aikagi.User{}
	case "another instance's admin":
		return b.stranger, aikagi.User{}
	case "a principal":
		return b.console, aikagi.User{}
	case "emergency":
		return b.grant, aikagi.User{}
	case "an ended emergency":
		v := b.inEmergency(b.place)
		v.post("/i/ume/emergency/end", nil)
		return v, aikagi.User{}
	case "a disabled admin":
		u := b.somebody("admin", nil)
		v := b.as(who, u)
		b.update(func(tx *store.Tx) error {
			off := u
			off.Enabled = false
			return tx.UpdateUser(b.t.Context(), u, off)
		})
		return v, u
	}
	u := b.somebody(who, nil)
	return b.as(who, u), u
}

// aim makes what the deed is done to, and returns the address to post to.
func (c *deedCase) aim(r route, d deed, self aikagi.User, rank string) string {
	c.t.Helper()
	switch {
	case rank == "himself":
		c.target = self
		if d.noEmail || d.on == "disabled user" {
			before := c.target
			if d.noEmail {
				c.target.Email = ""
			}
			c.update(func(tx *store.Tx) (err error) {
				if err = tx.UpdateUser(c.t.Context(), before, c.target); err != nil {
					return err
				}
				c.target, err = tx.FindUser(c.t.Context(), before.InstanceID, before.ID)
				return err
			})
		}
	default:
		c.target = c.somebody(rank, func(u *aikagi.User) {
			u.Enabled = d.on != "disabled user"
			if d.noEmail {
				u.Email = ""
			}
		})
	}
	id := ""
	switch d.on {
	case "user", "disabled user":
		id = string(c.target.ID)
	case "request":
		return c.waits(c.place, c.target)
	case "profile":
		id = string(c.newProfile("BasicAgentAccess"))
	case "strong profile":
		id = string(c.newProfile(powersOf("admin")...))
	case "own import":
		by := aikagi.Actor{Kind: aikagi.ActorUser, UserID: self.ID}
		if self.ID == "" {
			by = aikagi.Actor{Kind: aikagi.ActorEmergency, GrantID: c.access}
		}
		i := c.uploaded(by, "users.csv", "username,first_name\n"+string(c.target.Username)+",花子\n")
		c.update(func(tx *store.Tx) error { return tx.InsertImport(c.t.Context(), i) })
		id = string(i.ID)
	case "group":
		g := aikagi.HierarchyGroup{InstanceID: c.instance.ID, ID: aikagi.HierarchyGroupID(aikagi.NewID()), Level: 1, Name: aikagi.NewID(), CreatedAt: c.Clock.Now()}
		c.update(func(tx *store.Tx) error { return tx.InsertHierarchyGroup(c.t.Context(), g) })
		id = string(g.ID)
	}
	return strings.NewReplacer("{alias}", c.instance.Alias, "{id}", id).Replace(r.path)
}

func (b *board) settingsVersion() int64 {
	b.t.Helper()
	var i aikagi.Instance
	b.must(b.Store.View(b.t.Context(), func(tx *store.Tx) (err error) {
		i, err = tx.FindInstance(b.t.Context(), b.instance.ID)
		return err
	}))
	return i.Version
}

// believed is the answer by the text of the rules alone.
func believed(r route, d deed, who, rank string) string {
	if slices.Contains(outsiders, who) {
		return "led to log in"
	}
	if who == "emergency" {
		return "done"
	}
	held := powersOf(who)
	if strings.Contains(r.comment, "every guarded power") && weaker(held, powersOf("admin")) || !r.allows(held) {
		return "refused"
	}
	stronger := powersOf(rank)
	if rank == "himself" {
		stronger = held
	}
	if d.notSelf && rank == "himself" || d.waysIn && weaker(held, stronger) || d.gives != "" && weaker(held, powersOf(d.gives)) {
		return "refused"
	}
	return "done"
}

// TestF01S25EveryRouteByEverybodyToEveryRank posts every form of the
// administration, and opens every page of it, as everybody, to people of every
// rank, and compares with the text of the rules; then with docs/rights.md, so
// that the document stays true.
func TestF01S25EveryRouteByEverybodyToEveryRank(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("walks the whole administration as everybody")
	}
	b := besiege(t).board()
	known := deeds()
	var table [][]string
	for _, r := range routes(t) {
		if !r.admin() {
			continue
		}
		all, listed := known[r.String()]
		delete(known, r.String())
		switch {
		case r.method == http.MethodGet:
			all = []deed{{form: func(*deedCase) url.Values { return nil }}}
			if r.own() {
				all[0].on = "own import"
			}
		case !listed:
			t.Errorf("%s: nobody has written down what it does; add it to deeds", r)
		}
		for _, d := range all {
			table = append(table, b.walk(r, d))
		}
	}
	for left := range known {
		t.Errorf("%s is in deeds and is no route", left)
	}
	header := append([]string{"page", "asks for"}, insiders...)
	holds(t, "administration", header, table)
}

// walk is one row of the table.
func (b *board) walk(r route, d deed) []string {
	b.t.Helper()
	on := ranks
	if !d.waysIn && !d.notSelf && d.on != "user" {
		on = []string{"agent"}
	}
	cases := map[string]*deedCase{}
	row := []string{r.String(), strings.TrimSuffix(strings.TrimSpace(r.comment), ".")}
	if d.name != "" {
		row[0] += ": " + d.name
	}
	for _, who := range append(slices.Clone(outsiders), insiders...) {
		var done []string
		var tried int
		for _, rank := range on {
			if rank == "himself" && (slices.Contains(outsiders, who) || who == "emergency") {
				continue
			}
			tried++
			got, want := b.try(r, d, who, rank, cases), believed(r, d, who, rank)
			if got != want {
				b.t.Errorf("%s by %s to %s: %s, want %s", row[0], who, rank, got, want)
			}
			if got == "done" {
				done = append(done, rank)
			}
		}
		if slices.Contains(outsiders, who) {
			continue
		}
		switch {
		case len(done) == 0:
			row = append(row, "–")
		case len(done) == tried:
			row = append(row, "yes")
		default:
			row = append(row, strings.Join(done, ", "))
		}
	}
	return row
}

func (b *board) try(r route, d deed, who, rank string, cases map[string]*deedCase) string {
	b.t.Helper()
	a := b.actor(who)
	c := cases[rank]
	if c == nil || rank == "himself" || d.on == "own import" {
		c = &deedCase{board: b}
		if r.method == http.MethodGet && d.on == "" {
			c.path = b.address(b.t, r)
		} else {
			c.path = c.aim(r, d, a.self, rank)
		}
		cases[rank] = c
	}
	ask := a.request(r.method, c.path, d.form(c))
	if d.upload {
		const edge = "edge"
		body := "--" + edge + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"users.csv\"\r\n\r\nusername\r\nx\r\n--" + edge + "--\r\n"
		ask.Body, ask.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		ask.Header.Set("Content-Type", "multipart/form-data; boundary="+edge)
	}
	w := a.do(ask)
	got := class(w)
	if got == "shown" || got == "led on" {
		got = "done"
	}
	if r.method != http.MethodGet && (got == "done" || rank == "himself" && (d.noEmail || d.on == "disabled user")) {
		delete(cases, rank)
		if rank == "himself" {
			delete(b.actors, who)
		}
	}
	return got
}
