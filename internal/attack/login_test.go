package attack

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/store"
)

// TestC01AFailedLoginShowsNobody: every state of an account, with a wrong
// password and with the right one where it must not help, in both languages, at
// the first try and while the name waits.
func TestC01AFailedLoginShowsNobody(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"ja", "en"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			s := besiege(t)
			s.state("known--0", func(*aikagi.User) {})
			s.state("without1", func(u *aikagi.User) { u.Email = "" })
			s.state("disable2", func(u *aikagi.User) { u.Enabled = false })
			s.state("passles3", func(u *aikagi.User) { u.PasswordHash = "" })
			s.state("change-4", func(u *aikagi.User) { u.MustChange = true })
			password := s.Login("agent").Password
			want := map[string]string{}
			for n, name := range []string{"unknown9", "known--0", "without1", "disable2", "passles3", "change-4"} {
				tries := []string{"wrong", "", strings.Repeat("x", 5000), "\x00", "not text \xff"}
				if n >= 3 && name != "change-4" || n == 0 {
					tries[0] = password
				}
				g := s.guest(fmt.Sprint("192.0.2.", n))
				g.header.Set("Accept-Language", language)
				for at, try := range tries {
					s.alike(want, fmt.Sprint("try ", at), g.logsIn(name, try), name)
				}
				for range 10 {
					g.logsIn(name, "wrong")
				}
				s.alike(want, "while the name waits", g.logsIn(name, password), name)
			}
			for where, prefix := range map[string]string{"try 0": "401", "while the name waits": "429"} {
				if !strings.HasPrefix(want[where], prefix) {
					t.Errorf("%s: %.3s, want %s", where, want[where], prefix)
				}
			}
		})
	}
}

// state makes a user like the agent of the sample, with his password, in a state.
func (s *siege) state(name string, change func(u *aikagi.User)) {
	s.t.Helper()
	u := s.User("agent")
	u.ID, u.Username, u.Email = aikagi.UserID(aikagi.NewID()), aikagi.Username(name), aikagi.Email(name+"@sakura.example")
	change(&u)
	s.update(func(tx *store.Tx) error { return tx.InsertUser(s.t.Context(), u) })
}

// alike compares an answer with the first of its kind.
func (s *siege) alike(want map[string]string, kind string, p page, name string) {
	s.t.Helper()
	got := bare(p, name)
	if want[kind] == "" {
		want[kind] = got
	}
	if got != want[kind] {
		s.t.Errorf("%s, %s is shown\n%s\nand the first was shown\n%s", kind, name, got, want[kind])
	}
}

// TestC09AChosenSessionIsNeverTakenUp: not by logging in, setting a password, or
// becoming somebody else.
func TestC09AChosenSessionIsNeverTakenUp(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	l := s.Login("agent")
	name := plain + "session-" + string(s.Centre.Instance.ID)
	mallory, victim := s.guest("192.0.2.66"), s.guest("192.0.2.1")
	m := s.Login("viewer")
	mallory.logsIn(m.Username, m.Password)
	malloryOwn := mallory.cookie("session-").Value
	for what, planted := range map[string]string{
		"made up": strings.Repeat("A", 43), "mallory's own": malloryOwn, "empty": "", "long": strings.Repeat("A", 5000),
	} {
		victim.takes(name, planted)
		if p := victim.logsIn(l.Username, l.Password); p.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: login answers %s", what, p.Status)
		}
		got := victim.cookie("session-").Value
		if got == planted || len(got) < 43 {
			t.Errorf("%s: the planted id was taken up", what)
		}
		thief := s.guest("192.0.2.66")
		thief.takes(name, planted)
		if p := thief.opens("/me"); p.StatusCode == http.StatusOK && strings.Contains(p.body, l.Username) {
			t.Errorf("%s: who planted the id is in the victim's session", what)
		}
		s.Clock.Move(time.Minute)
	}
	first := victim.cookie("session-").Value
	link := s.link(l.Username, l.Email, 1)
	victim.sets(victim.follows(link), chosen)
	victim.logsIn(l.Username, chosen)
	second := victim.cookie("session-").Value
	victim.sends("/me/password", "current", chosen, "password", "tsuyu no ajisai 31")
	if second == first || !victim.inside() {
		t.Errorf("the id after a reset is new: %t", second != first)
	}
}

// TestC12TheServersClockEndsSessions, however the browser keeps its cookies.
func TestC12TheServersClockEndsSessions(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	l := s.Login("agent")
	g := s.guest("192.0.2.1")
	g.logsIn(l.Username, l.Password)
	kept := *g.cookie("session-")
	kept.MaxAge, kept.Expires = 0, time.Time{}
	keeps := func() *guest {
		other := s.guest("192.0.2.1")
		other.header.Set("Date", "Thu, 01 Jan 1970 00:00:00 GMT")
		other.takes(kept.Name, kept.Value)
		return other
	}
	s.Clock.Move(aikagi.SessionIdleTTL + time.Second)
	if keeps().inside() {
		t.Error("idle for too long, and still inside")
	}
	g.logsIn(l.Username, l.Password)
	kept = *g.cookie("session-")
	for range int(aikagi.SessionTTL/aikagi.SessionIdleTTL) * 2 {
		if !keeps().inside() {
			t.Fatal("outside, although in use")
		}
		_, err := s.Sessions.Flush(t.Context())
		s.must(err)
		s.Clock.Move(aikagi.SessionIdleTTL / 2)
	}
	s.Clock.Move(time.Second)
	if keeps().inside() {
		t.Error("older than a session may be, and still inside")
	}
}

// TestC18NoOriginMayReadPages: no answer of any route allows another origin.
func TestC18NoOriginMayReadPages(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	member := s.as("admin", p.user["admin"]).both(s.owner())
	for _, r := range routes(t) {
		path := p.address(t, r)
		for _, origin := range []string{
			"https://evil.example", "null", s.URLs.Base() + ".evil.example", "http://evil" + s.host, s.URLs.Base(), "file://",
		} {
			for _, method := range []string{http.MethodGet, http.MethodOptions, http.MethodHead} {
				ask := member.request(method, path, nil)
				ask.Header.Set("Origin", origin)
				ask.Header.Set("Access-Control-Request-Method", http.MethodPost)
				ask.Header.Set("Access-Control-Request-Headers", "content-type, authorization")
				ask.Header.Set("Access-Control-Request-Private-Network", "true")
				for header := range member.do(ask).Header() {
					if strings.HasPrefix(header, "Access-Control-") {
						t.Errorf("%s %s answers %s with %s", method, path, origin, header)
					}
				}
			}
		}
	}
}

// TestC19AReturnAddressStaysHere: the table of spellings that browsers and
// servers read differently.
func TestC19AReturnAddressStaysHere(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	l := s.Login("agent")
	g := s.guest("192.0.2.1")
	for _, next := range []string{
		"//evil.example", "///evil.example", "////evil.example/%2e%2e", `/\evil.example`, `\\evil.example`, `\/evil.example`, `/\/evil.example`,
		"https:evil.example", "https:/evil.example", "https://evil.example", "HTTPS://EVIL.EXAMPLE", "http:evil.example", "javascript:alert(1)",
		"%2f%2fevil.example", "/%2f%2fevil.example", "/%252f%252fevil.example", "/%5cevil.example", "/%255cevil.example", "%5c%5cevil.example",
		"@evil.example", "/@evil.example/../..//evil.example", s.URLs.Base() + "@evil.example", s.URLs.Base() + ".evil.example", s.URLs.Base() + "/i/sakura/me",
		"/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/ /evil.example", "/\r\nLocation: //evil.example",
		"//evil。example", "//evil．example", "/／evil.example", "／／evil.example", "/\u2025/evil.example", "/.//evil.example", "/..//evil.example",
		"/i/sakura/..//evil.example", "/i/sakura/%2e%2e//evil.example", "/;//evil.example", "//[::1]", "/i/sakura/me#//evil.example", "data:text/html,x",
		"/i/sakura/logout", "\x00//evil.example", "/\x00/evil.example", "?next=//evil.example", "",
	} {
		g.opens("/login?next=" + url.QueryEscape(next))
		p := g.sends("/login", "username", l.Username, "password", l.Password, "next", next)
		to := p.location()
		// A browser reads a backslash as a slash and drops tabs and line ends.
		read := strings.NewReplacer(`\`, "/", "\t", "", "\n", "", "\r", "").Replace(to)
		if p.StatusCode != http.StatusSeeOther && p.StatusCode != http.StatusBadRequest ||
			p.StatusCode == http.StatusSeeOther && (!strings.HasPrefix(read, "/i/sakura/") || strings.Contains(read, "//")) {
			t.Errorf("%q: %s to %q", next, p.Status, to)
		}
		s.Clock.Move(time.Minute)
	}
}

// TestC20NothingIsFramed, and no route may be read as something that it is not.
func TestC20NothingIsFramed(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	for _, v := range []visitor{s.anonymous(), s.as("admin", p.user["admin"]).both(s.owner())} {
		for _, r := range routes(t) {
			h := v.do(v.request(r.method, p.address(t, r), nil)).Header()
			if !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || h.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s as %s: policy %q, %q", r, v.name, h.Get("Content-Security-Policy"), h.Get("X-Content-Type-Options"))
			}
		}
	}
}

// TestC11C23CookiesOfNeighboursDoNotCount: over https a sibling host can set only
// names without __Host-, and more cookies than we set are refused cheaply.
func TestC11C23CookiesOfNeighboursDoNotCount(t *testing.T) {
	t.Parallel()
	s := &siege{t: t, Site: apptest.Start(t, apptest.Options{TLS: true})}
	l := s.Login("agent")
	g := s.guest("192.0.2.1")
	p := g.logsIn(l.Username, l.Password)
	for _, c := range p.Cookies() {
		if !strings.HasPrefix(c.Name, "__Host-"+plain) || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" ||
			c.SameSite != http.SameSiteLaxMode && c.SameSite != http.SameSiteStrictMode || len(c.String()) > 4096 {
			t.Errorf("the login sets %s", c.String())
		}
	}
	own := g.cookie("session-")
	if own == nil || !g.inside() {
		t.Fatalf("not logged in: %s", p.Status)
	}
	at := s.guest("192.0.2.1")
	for what, c := range map[string]struct {
		cookies string
		status  int
	}{
		"his own":              {own.Name + "=" + own.Value, http.StatusOK},
		"a sibling's":          {strings.TrimPrefix(own.Name, "__Host-") + "=" + own.Value, http.StatusSeeOther},
		"another case":         {strings.ToLower(own.Name) + "=" + own.Value, http.StatusSeeOther},
		"twice":                {own.Name + "=" + own.Value + "; " + own.Name + "=x", http.StatusBadRequest},
		"twice, the other":     {own.Name + "=x; " + own.Name + "=" + own.Value, http.StatusBadRequest},
		"beside a sibling's":   {own.Name + "=" + own.Value + "; " + strings.TrimPrefix(own.Name, "__Host-") + "=x", http.StatusOK},
		"3,000 of a neighbour": {strings.Repeat("a=bcdefg; ", 3000), http.StatusRequestHeaderFieldsTooLarge},
	} {
		if p := at.do(http.MethodGet, "/me", "", "Cookie", c.cookies); p.StatusCode != c.status {
			t.Errorf("%s: %s, want %d", what, p.Status, c.status)
		}
	}
}

// TestC25AStolenDeviceIsNoWayIn: the cookie of a known device opens nothing, and
// gives no more guesses than any other lane.
func TestC25AStolenDeviceIsNoWayIn(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	l := s.Login("agent")
	owner := s.guest("198.51.100.1")
	owner.logsIn(l.Username, l.Password)
	thief := s.guest("203.0.113.9")
	device := owner.cookie("device-")
	thief.takes(device.Name, device.Value)
	if thief.inside() {
		t.Fatal("the device alone is inside")
	}
	checked := 0
	for range 40 {
		if p := thief.logsIn(l.Username, "wrong"); p.StatusCode == http.StatusUnauthorized {
			checked++
		}
	}
	if checked != 10 {
		t.Errorf("%d guesses were checked, want 10", checked)
	}
	if p := thief.logsIn(l.Username, l.Password); p.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the thief who guessed right after them: %s", p.Status)
	}
	if p := s.guest("198.51.100.2").logsIn(l.Username, l.Password); p.StatusCode != http.StatusSeeOther {
		t.Errorf("the owner elsewhere meanwhile: %s", p.Status)
	}
}

// TestC26OnesOwnPasswordNeedsTheCurrentOne, and a thief of a session does not
// change the address either.
func TestC26OnesOwnPasswordNeedsTheCurrentOne(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	for _, role := range []string{"agent", "editor"} {
		l, u := s.Login(role), s.User(role)
		g := s.guest("192.0.2.1")
		g.logsIn(l.Username, l.Password)
		for what, fields := range map[string][]string{
			"without":         {"password", chosen},
			"empty":           {"current", "", "password", chosen},
			"wrong":           {"current", "wrong", "password", chosen},
			"the new one":     {"current", chosen, "password", chosen},
			"of another":      {"current", s.Login("viewer").Password, "password", chosen},
			"and a flag":      {"password", chosen, "must_change", "1", "force", "1"},
			"another's field": {"current", l.Password + "x", "password", chosen, "user", "x"},
		} {
			if p := g.sends("/me/password", fields...); p.StatusCode == http.StatusSeeOther {
				t.Errorf("%s, %s: %s to %s", role, what, p.Status, p.location())
			}
		}
		g.posts("/admin/users/"+string(u.ID), userForm(u, "email", "mine@evil.example"))
		g.posts("/admin/users/"+string(u.ID)+"/temporary", nil)
		g.posts("/admin/users/"+string(u.ID)+"/card", nil)
		if after := s.User(role); after.PasswordHash != u.PasswordHash || after.Email != u.Email {
			t.Errorf("%s: the password changed %t, the address is %s", role, after.PasswordHash != u.PasswordHash, after.Email)
		}
	}
}
