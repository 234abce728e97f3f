package attack

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// cluster is two nodes of the product on one PostgreSQL database. What somebody
// does at the first has to hold at the next request to the second.
type cluster struct {
	*siege
	first, second func(from string) *guest
}

func pair(t *testing.T) cluster {
	t.Helper()
	database := storetest.URL(t, store.Postgres)
	s := &siege{t: t, Site: apptest.Start(t, apptest.Options{Database: database})}
	other := s.secondNode(database)
	return cluster{s, s.guest, func(from string) *guest { return s.guestOf(other, from) }}
}

// both is a browser in which somebody of the sample has logged in at the first
// node, and one with the same cookies whose requests reach the second.
func (c cluster) both(role, from string) (first, second *guest) {
	c.t.Helper()
	l := c.Login(role)
	first, second = c.first(from), c.second(from)
	if p := first.logsIn(l.Username, l.Password); p.StatusCode != http.StatusSeeOther {
		c.t.Fatalf("%s logs in: %s", role, p.Status)
	}
	second.client.Jar = first.client.Jar
	if !first.inside() || !second.inside() {
		c.t.Fatalf("%s is not logged in on both nodes", role)
	}
	return first, second
}

// TestB20AResetEndsSessionsOnEveryNode, those of the user and no other's.
func TestB20AResetEndsSessionsOnEveryNode(t *testing.T) {
	t.Parallel()
	c := pair(t)
	_, his := c.both("agent", "192.0.2.1")
	first, _ := c.both("agent", "192.0.2.2")
	_, other := c.both("viewer", "192.0.2.3")
	l := c.Login("agent")
	link := c.link(l.Username, l.Email, 1)
	g := c.second("192.0.2.4")
	if p := g.sets(g.follows(link), chosen); !p.accepted() {
		t.Fatalf("a new password: %s", p.Status)
	}
	if first.inside() || his.inside() {
		t.Errorf("he is inside at the first node: %t, at the second: %t", first.inside(), his.inside())
	}
	if !other.inside() {
		t.Error("somebody else was logged out")
	}
	if p := c.first("192.0.2.5").follows(link); p.StatusCode != http.StatusGone {
		t.Errorf("the link at the first node: %s", p.Status)
	}
}

// TestC10ACookieIsNoneAfterLoggingOut, on no node.
func TestC10ACookieIsNoneAfterLoggingOut(t *testing.T) {
	t.Parallel()
	c := pair(t)
	first, second := c.both("agent", "192.0.2.1")
	kept := first.cookie("session-")
	second.sends("/logout")
	for name, g := range map[string]*guest{"first": c.first("192.0.2.1"), "second": c.second("192.0.2.1")} {
		g.takes(kept.Name, kept.Value)
		if g.inside() {
			t.Errorf("the cookie from before opens the %s node", name)
		}
		if p := g.opens("/auth/authorize"); p.StatusCode != http.StatusUnauthorized {
			t.Errorf("a program asks the %s node: %s", name, p.Status)
		}
	}
}

// TestC13TheDisabledAndTheDeletedAreOutside on every node at the next request,
// and cannot come back by themselves.
func TestC13TheDisabledAndTheDeletedAreOutside(t *testing.T) {
	t.Parallel()
	for _, act := range []string{"disable", "delete"} {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			c := pair(t)
			agent, l := c.User("agent"), c.Login("agent")
			first, second := c.both("agent", "192.0.2.1")
			admin, _ := c.both("administrator", "203.0.113.1")
			link := c.link(l.Username, l.Email, 1)
			p := admin.posts("/admin/users/"+string(agent.ID)+"/"+act, url.Values{"confirm": {l.Username}})
			if p.StatusCode != http.StatusSeeOther {
				t.Fatalf("%s: %s", act, p.Status)
			}
			if first.inside() || second.inside() {
				t.Error("he is still inside")
			}
			for name, g := range map[string]*guest{"first": c.first("192.0.2.2"), "second": c.second("192.0.2.3")} {
				if p := g.logsIn(l.Username, l.Password); p.StatusCode != http.StatusUnauthorized {
					t.Errorf("he logs in at the %s node: %s", name, p.Status)
				}
				if p := g.follows(link); p.StatusCode != http.StatusGone {
					t.Errorf("his link at the %s node: %s", name, p.Status)
				}
				if p := g.asks(l.Username); p.StatusCode != http.StatusSeeOther {
					t.Errorf("he asks at the %s node: %s", name, p.Status)
				}
			}
			c.settled()
			if got := len(c.posted()); got != 1 {
				t.Errorf("%d mails were written, want the one from before", got)
			}
		})
	}
}

// TestC14F19RightsHoldAtTheNextRequestOnEveryNode: a profile taken from a user,
// permissions taken from a profile, and given back.
func TestC14F19RightsHoldAtTheNextRequestOnEveryNode(t *testing.T) {
	t.Parallel()
	c := pair(t)
	admin, _ := c.both("administrator", "203.0.113.1")
	_, editor := c.both("editor", "203.0.113.2")
	sees := func() bool {
		p := editor.opens("/admin/users")
		if p.StatusCode >= 500 {
			t.Fatalf("the list of users: %s", p.Status)
		}
		return p.StatusCode == http.StatusOK // else refused, or led to log in again
	}
	if !sees() {
		t.Fatal("the editor does not see the users")
	}
	agents := c.User("agent").SecurityProfileIDs
	give := func(profiles []aikagi.SecurityProfileID) {
		u := c.User("editor")
		form := url.Values{"version": {userForm(u).Get("version")}}
		for _, id := range profiles {
			form.Add("security_profiles", string(id))
		}
		if p := admin.posts("/admin/users/"+string(u.ID)+"/profiles", form); p.StatusCode != http.StatusSeeOther {
			t.Fatalf("giving profiles: %s", p.Status)
		}
	}
	own := c.User("editor").SecurityProfileIDs
	give(agents)
	if sees() {
		t.Error("the profile was taken, and the second node did not notice")
	}
	give(own)
	l := c.Login("editor")
	editor.logsIn(l.Username, l.Password) // whose rights changed logs in again
	if !sees() {
		t.Error("the profile was given back, and the second node did not notice")
	}
	c.permit(admin, own[0])
	if sees() {
		t.Error("the profile lost its permissions, and the second node did not notice")
	}
	c.permit(admin, own[0], "Users.View")
	editor.logsIn(l.Username, l.Password)
	if !sees() {
		t.Error("the profile got a permission, and the second node did not notice")
	}
}

// permit makes these the permissions of a profile.
func (c cluster) permit(admin *guest, id aikagi.SecurityProfileID, permissions ...string) {
	c.t.Helper()
	var p aikagi.SecurityProfile
	c.must(c.Store.View(c.t.Context(), func(tx *store.Tx) (err error) {
		p, err = tx.FindSecurityProfile(c.t.Context(), c.Centre.Instance.ID, id)
		return err
	}))
	form := userForm(aikagi.User{Version: p.Version})
	answer := admin.posts("/admin/profiles/"+string(id), url.Values{
		"version": {form.Get("version")}, "description": {p.Description}, "permission": permissions, "save": {"yes"},
	})
	if answer.StatusCode != http.StatusSeeOther {
		c.t.Fatalf("changing the profile: %s", answer.Status)
	}
}
