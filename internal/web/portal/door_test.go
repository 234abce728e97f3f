package portal_test

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

func digest(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// TestS15SessionsAreTheServersOwn: new at each login, dead after logout, never
// adopted (C09, C10).
func TestS15SessionsAreTheServersOwn(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.User(t, "sato")
	name := "aikagi-session-" + string(s.Instance.ID)
	b := s.browser(t)
	b.takes(name, strings.Repeat("A", 43))
	if p := b.opens("/me"); p.StatusCode != http.StatusSeeOther {
		t.Fatalf("a session somebody made up: %s", p.Status)
	}
	b.logsIn("sato", resettest.Password)
	first := b.cookie("session-").Value
	if first == strings.Repeat("A", 43) {
		t.Fatal("the made-up session was adopted")
	}
	b.logsIn("sato", resettest.Password)
	second := b.cookie("session-").Value
	old := s.browser(t)
	old.takes(name, first)
	if p := old.opens("/me"); first == second || p.StatusCode != http.StatusSeeOther {
		t.Errorf("the session before the second login: %s", p.Status)
	}
	b.logsIn("sato", "wrong")
	if p := b.opens("/me"); p.StatusCode != http.StatusOK {
		t.Errorf("a failed login ended the session: %s", p.Status)
	}
	b.sends("/logout")
	old.takes(name, second)
	if p := old.opens("/me"); p.StatusCode != http.StatusSeeOther || b.cookie("session-") != nil {
		t.Errorf("after logging out: %s", p.Status)
	}
	if got := s.Actions(t); got != "session.login session.login session.logout session.logout" {
		t.Errorf("the record says %s", got)
	}
	s.Clock.Move(time.Minute)
	b.logsIn("sato", resettest.Password)
	s.Clock.Move(aikagi.SessionIdleTTL + time.Second)
	p := b.opens("/me")
	if at, err := url.Parse(p.location()); err != nil || at.Query().Get("why") != "timed_out" || at.Query().Get("next") != "/i/sakura/me" {
		t.Errorf("idle for too long: %s to %s", p.Status, p.location())
	}
}

// TestS15TheLoginPageSaysThatTheNetworkIsWrong: the password is right, and a
// login page without a word would be asked for ever.
func TestS15TheLoginPageSaysThatTheNetworkIsWrong(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.User(t, "sato")
	b := s.browser(t)
	b.logsIn("sato", resettest.Password)
	storetest.Update(t, s.Store, func(tx *store.Tx) error {
		i, err := tx.FindInstance(t.Context(), s.Instance.ID)
		if err != nil {
			return err
		}
		i.Access.AllowedIPs = []string{"203.0.113.0/24"}
		return tx.UpdateInstanceAccess(t.Context(), i)
	})
	p := b.opens("/me")
	at, err := url.Parse(p.location())
	if err != nil || at.Query().Get("why") != "network" {
		t.Fatalf("outside: %s to %s", p.Status, p.location())
	}
	page := b.opens("/login?why=network")
	if want := i18n.T(aikagi.Japanese, "login.outside.title"); !strings.Contains(page.body, want) {
		t.Errorf("the page does not say %q", want)
	}
}

// TestS15WhoIsNoLongerThereIsOutside: disabled, deleted; at the next request (C13).
func TestS15WhoIsNoLongerThereIsOutside(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, tx *store.Tx, u aikagi.User) error{
		"disabled": func(t *testing.T, tx *store.Tx, u aikagi.User) error {
			off := u
			off.Enabled = false
			return tx.UpdateUser(t.Context(), u, off)
		},
		"deleted": func(t *testing.T, tx *store.Tx, u aikagi.User) error { return tx.DeleteUser(t.Context(), u) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			u := s.User(t, "sato")
			b := s.browser(t)
			b.logsIn("sato", resettest.Password)
			storetest.Update(t, s.Store, func(tx *store.Tx) error { return change(t, tx, u) }) // past the rules: his session row stays
			if p := b.opens("/me"); p.StatusCode != http.StatusSeeOther || !strings.HasPrefix(p.location(), "/i/sakura/login") {
				t.Errorf("his page: %s", p.Status)
			}
			if p := b.opens("/login"); p.StatusCode != http.StatusOK {
				t.Errorf("the login page: %s", p.Status)
			}
		})
	}
}

// TestS15AForeignPasswordIsChangedFirst, however the alias is written.
func TestS15AForeignPasswordIsChangedFirst(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.User(t, "sato", func(u *aikagi.User) { u.MustChange = true })
	b := s.browser(t)
	if p := b.logsIn("sato", resettest.Password); p.location() != "/i/sakura/me/password" {
		t.Fatalf("login leads to %s", p.location())
	}
	for _, alias := range []string{"sakura", "SAKURA", "s%61kura"} {
		if p := b.opens("/i/" + alias + "/me"); p.StatusCode != http.StatusSeeOther || !strings.HasSuffix(p.location(), "/me/password") {
			t.Errorf("%s: %s to %s", alias, p.Status, p.location())
		}
		if p := b.opens("/i/" + alias + "/me/password"); p.StatusCode != http.StatusOK {
			t.Errorf("%s: %s to %s", alias, p.Status, p.location())
		}
	}
	if p := b.sends("/me/password", "current", "wrong", "password", chosen); p.StatusCode != http.StatusBadRequest {
		t.Errorf("without the current password: %s", p.Status)
	}
	if p := b.sends("/me/password", "current", resettest.Password, "password", chosen); p.location() != "/i/sakura/me" {
		t.Errorf("with it: %s to %s", p.Status, p.location())
	}
	if p := b.opens("/me"); p.StatusCode != http.StatusOK {
		t.Errorf("his page: %s", p.Status)
	}
}

// TestS16CookiesAndHeaders at an https address (C11, C20).
func TestS16CookiesAndHeaders(t *testing.T) {
	t.Parallel()
	s := build(t, "https://id.example.jp")
	u := s.User(t, "sato")
	jar := map[string]string{}
	send := func(method, path, body string) *http.Response {
		r := httptest.NewRequestWithContext(t.Context(), method, "https://id.example.jp"+path, strings.NewReader(body))
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for name, value := range jar {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		answer := w.Result()
		for _, c := range answer.Cookies() {
			jar[c.Name] = c.Value
			if !strings.HasPrefix(c.Name, "__Host-aikagi-") || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" ||
				c.SameSite != http.SameSiteLaxMode && c.SameSite != http.SameSiteStrictMode || len(c.String()) > 4096 {
				t.Errorf("%s sets %s", path, c.String())
			}
		}
		for header, want := range map[string]string{
			"Strict-Transport-Security": "max-age=31536000", "X-Content-Type-Options": "nosniff",
			"Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		} {
			if got := answer.Header.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", path, header, got, want)
			}
		}
		if policy := answer.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		return answer
	}
	send(http.MethodPost, "/i/sakura/login", "username=sato&password="+url.QueryEscape(resettest.Password))
	s.Asks(t, "sato")
	s.Work(t)
	send(http.MethodGet, strings.TrimPrefix(resettest.LinkIn(t, s.Received(t, u.Email).Text), "https://id.example.jp"), "")
	for _, name := range []string{"session-", "device-", "reset-"} {
		if jar["__Host-aikagi-"+name+string(s.Instance.ID)] == "" {
			t.Errorf("no %s cookie was set", name)
		}
	}
	send(http.MethodGet, "/i/sakura/nothing", "")
}

// TestS16OtherSitesCannotAct: no POST of another site's page is taken, on any route (C16, C17).
func TestS16OtherSitesCannotAct(t *testing.T) {
	t.Parallel()
	s := open(t)
	u := s.User(t, "sato")
	b := s.browser(t)
	b.asks("sato")
	b.follows(b.receives(u))
	b.logsIn("sato", resettest.Password)
	before := s.rows(t)
	for _, route := range routes(t) {
		method, path, _ := strings.Cut(route, " ")
		if method != http.MethodPost {
			continue
		}
		for name, header := range map[string][]string{
			"another site":      {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
			"a sibling":         {"Sec-Fetch-Site", "same-site", "Origin", "https://other.example.jp"},
			"an old browser":    {"Origin", "https://evil.example"},
			"no origin to name": {"Origin", "null"},
			"almost our origin": {"Origin", s.url + ".evil.example"},
		} {
			p := b.do(method, path, "username=sato&password=x&current=x", append(header, "Content-Type", "application/x-www-form-urlencoded")...)
			if p.StatusCode != http.StatusForbidden {
				t.Errorf("%s from %s: %s", route, name, p.Status)
			}
		}
		for _, override := range []string{"X-HTTP-Method-Override", "X-Method-Override"} {
			if p := b.do(http.MethodGet, path+"?_method=POST", "", override, "POST"); p.StatusCode == http.StatusSeeOther && strings.Contains(p.location(), "done") {
				t.Errorf("%s by %s: %s", route, override, p.Status)
			}
		}
	}
	if s.rows(t) != before {
		t.Error("something changed")
	}
	if p := b.opens("/me"); p.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another origin may read the pages")
	}
}

// TestP19SafeMethodsWriteNothing: every GET, of anybody and of a member, leaves
// every row as it was (S16, J07).
func TestP19SafeMethodsWriteNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	u := s.User(t, "sato")
	stranger, member := s.browser(t), s.browser(t)
	member.asks("sato")
	link := member.receives(u)
	token := resettest.TokenIn(t, link).Reveal()
	member.logsIn("sato", resettest.Password)
	challenge := hiddenToken(t, stranger.opens("/forgot"))
	s.Clock.Move(6 * time.Minute) // a use worth noting, but not by the request
	before := s.rows(t)
	for _, route := range routes(t) {
		method, path, _ := strings.Cut(route, " ")
		if method != http.MethodGet {
			continue
		}
		for _, file := range []string{challenge + ".png", challenge + ".ja.wav"} {
			for _, b := range []*browser{stranger, member} {
				for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
					if p := b.do(method, filled(path, token, file), ""); p.StatusCode >= 500 {
						t.Errorf("%s: %s", route, p.Status)
					}
				}
			}
		}
	}
	if after := s.rows(t); after != before {
		t.Errorf("rows before\n%s\nand after\n%s", before, after)
	}
}

// TestC19LoginLeadsToOwnPathsOnly.
func TestC19LoginLeadsToOwnPathsOnly(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.User(t, "sato")
	for next, want := range map[string]string{
		"/i/sakura/me/password": "/i/sakura/me/password", "/i/sakura/admin/users?q=%E7%94%B0": "/i/sakura/admin/users?q=%E7%94%B0",
		"//evil.example": "", `/\evil.example`: "", "https://evil.example": "", "https:evil.example": "", "%2f%2fevil.example": "",
		"/%2f%2fevil.example": "", "/%252f%252fevil.example": "", "/\t/evil.example": "", "\\\\evil.example": "", "/.//evil.example": "",
		"@evil.example": "", "javascript:alert(1)": "", "/a\r\nSet-Cookie: x=y": "", "": "", strings.Repeat("/a", 5000): "",
	} {
		if want == "" {
			want = "/i/sakura/me"
		}
		if p := s.browser(t).sends("/login", "username", "sato", "password", resettest.Password, "next", next); p.location() != want {
			t.Errorf("%.40q leads to %q, want %q", next, p.location(), want)
		}
		s.Clock.Move(time.Minute)
	}
}

// TestC23CookiesThatSomebodyElsePutThere.
func TestC23CookiesThatSomebodyElsePutThere(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.User(t, "sato")
	b := s.browser(t)
	b.logsIn("sato", resettest.Password)
	c := b.cookie("session-")
	twice := s.browser(t)
	if p := twice.do(http.MethodGet, "/me", "", "Cookie", c.Name+"="+c.Value+"; "+c.Name+"=x"); p.StatusCode != http.StatusBadRequest {
		t.Errorf("two sessions: %s", p.Status)
	}
	if p := twice.do(http.MethodGet, "/login", "", "Cookie", strings.Repeat("a=b; ", 5000)); p.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("5,000 cookies: %s", p.Status)
	}
}

// TestC22OwnSessionsAreListedAndEnded.
func TestC22OwnSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.User(t, "sato")
	s.User(t, "ito")
	b, other, neighbour := s.browser(t), s.browser(t), s.browser(t)
	b.header.Set("User-Agent", "here\u202e<script>alert")
	b.logsIn("sato", resettest.Password)
	other.logsIn("sato", resettest.Password)
	neighbour.logsIn("ito", resettest.Password)
	list := b.opens("/me")
	if strings.Count(list.body, `name="session"`) != 1 || strings.Contains(list.body, "<script>alert") || strings.Contains(list.body, "\u202e") {
		t.Errorf("the list is\n%s", list.body)
	}
	b.sends("/me/sessions")
	for name, c := range map[string]struct {
		who  *browser
		want int
	}{"this browser": {b, 200}, "the other": {other, 303}, "a neighbour": {neighbour, 200}} {
		if p := c.who.opens("/me"); p.StatusCode != c.want {
			t.Errorf("%s: %s, want %d", name, p.Status, c.want)
		}
	}
}
