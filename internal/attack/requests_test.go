package attack

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aikagi/aikagi/internal/store"
)

// TestC17NothingIsPostedFromElsewhere sends every POST that exists as a page of
// somebody else would, with the cookies of those who may do it.
func TestC17NothingIsPostedFromElsewhere(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	victim := s.as("admin", p.user["admin"]).both(s.owner())
	var attempts []attempt
	for _, r := range routes(t) {
		if r.method != http.MethodPost {
			continue
		}
		for _, from := range []struct{ name, header, value string }{
			{"another site", "Sec-Fetch-Site", "cross-site"},
			{"a neighbour host", "Sec-Fetch-Site", "same-site"},
			{"an old browser", "Origin", "https://evil.example"},
			{"a sandbox", "Origin", "null"},
			{"another port", "Origin", "http://127.0.0.1:1"},
			{"a longer host", "Origin", s.URLs.Base() + ".evil.example"},
		} {
			path := p.address(t, r)
			attempts = append(attempts, attempt{r.String() + " from " + from.name, func() {
				ask := victim.request(http.MethodPost, path, url.Values{"save": {"yes"}, "confirm": {string(p.target.Username)}})
				ask.Header.Set(from.header, from.value)
				if w := victim.do(ask); w.Code != http.StatusForbidden {
					t.Errorf("%s from %s: status %d, want 403", r, from.name, w.Code)
				}
			}})
		}
	}
	s.untouched(attempts)
}

// TestC17MethodsAreWhatTheySay tries to reach a POST by another door: a link, a
// method written elsewhere, a form that is none.
func TestC17MethodsAreWhatTheySay(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	victim := s.as("admin", p.user["admin"]).both(s.owner())
	var attempts []attempt
	for _, r := range routes(t) {
		if r.method != http.MethodPost {
			continue
		}
		path := p.address(t, r)
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, "post"} {
			attempts = append(attempts, attempt{method + " " + r.path, func() {
				ask := victim.request(method, path+"?_method=POST", nil)
				ask.Header.Set("X-HTTP-Method-Override", http.MethodPost)
				w := victim.do(ask)
				reads := method == http.MethodGet || method == http.MethodHead // may find a page of their own there
				if !reads && w.Code < http.StatusBadRequest || w.Code >= http.StatusInternalServerError {
					t.Errorf("%s %s: status %d", method, r.path, w.Code)
				}
			}})
		}
	}
	s.untouched(attempts)
}

// TestS16GetsChangeNothing looks at every page as everybody (P19). What the
// comment of a route says decides who sees it.
func TestS16GetsChangeNothing(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p, other := s.place("ume", itself), s.place("momo", itself)
	visitors := []visitor{
		s.anonymous(), s.inEmergency(p), s.owner(), {s, "neighbour", s.as("", other.user["admin"]).cookies},
	}
	for name := range strengths() {
		visitors = append(visitors, s.as(name, p.user[name]))
	}
	for _, v := range visitors {
		var attempts []attempt
		for _, r := range routes(t) {
			if r.method != http.MethodGet {
				continue
			}
			path := p.address(t, r)
			attempts = append(attempts, attempt{v.name + ": " + r.String(), func() {
				w := v.get(path)
				if w.Code >= http.StatusInternalServerError {
					t.Errorf("%s: %s: status %d", v.name, r, w.Code)
				}
				if want := expected(r, v.name); want != "" && class(w) != want {
					t.Errorf("%s: %s: %s, want %s", v.name, r, class(w), want)
				}
			}})
		}
		s.untouched(attempts)
	}
}

// class is an answer as a person would tell it.
func class(w *httptest.ResponseRecorder) string {
	switch to := w.Header().Get("Location"); {
	case w.Code == http.StatusSeeOther && strings.Contains(to, "/login"):
		return "led to log in"
	case w.Code == http.StatusSeeOther:
		return "led on"
	case w.Code == http.StatusOK:
		return "shown"
	case w.Code == http.StatusForbidden:
		return "refused"
	}
	return http.StatusText(w.Code)
}

// expected is what somebody gets to see, or "" where it depends on more.
func expected(r route, who string) string {
	stranger := who == "anonymous" || who == "neighbour"
	switch {
	case r.console() && who == "owner" && !strings.Contains(r.path, "{token}") && !strings.HasSuffix(r.path, "/setup") && !strings.HasSuffix(r.path, "/link"):
		return "shown"
	case r.console() && who != "owner" && !strings.Contains(r.path, "/setup") && !strings.Contains(r.path, "/link") && r.path != "/account/login":
		return "led to log in"
	case !r.admin():
		return ""
	case stranger || who == "owner":
		return "led to log in"
	case strings.Contains(r.comment, "leads"):
		return "led on"
	case r.own():
		return ""
	case who == "emergency":
		return "shown"
	}
	if !r.allows(strengths()[who]) {
		return "refused"
	}
	return "shown"
}

// TestS25PostsAskForWhatTheySay posts every form of the administration as those
// who lack what its route names.
func TestS25PostsAskForWhatTheySay(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p, other := s.place("ume", itself), s.place("momo", itself)
	for _, v := range []visitor{
		s.anonymous(),
		{s, "neighbour", s.as("", other.user["admin"]).cookies},
		s.owner(),
		s.as("nobody", p.user["nobody"]), s.as("agent", p.user["agent"]), s.as("viewer", p.user["viewer"]),
	} {
		var attempts []attempt
		for _, r := range routes(t) {
			if !r.admin() || r.method != http.MethodPost {
				continue
			}
			path := p.address(t, r)
			attempts = append(attempts, attempt{v.name + ": " + r.String(), func() {
				w := v.post(path, filled(p))
				got, want := class(w), expected(r, v.name)
				if want != "led to log in" && got != "refused" && !(r.own() && w.Code == http.StatusNotFound) && w.Code != http.StatusUnsupportedMediaType || want == "led to log in" && got != want {
					t.Errorf("%s: %s: %s %d", v.name, r, got, w.Code)
				}
			}})
		}
		s.untouched(attempts)
	}
}

// filled is a form with every field that a form of the administration has.
func filled(p *place) url.Values {
	return url.Values{
		"username": {"mallory"}, "first_name": {"M"}, "last_name": {"M"}, "email": {"mallory@evil.example"},
		"phone_type": {"SOFT_PHONE"}, "after_contact_work": {"0"}, "routing_profile": {string(p.routing)}, "version": {"1"},
		"security_profiles": {string(p.profile["admin"])}, "confirm": {string(p.target.Username)}, "save": {"yes"},
		"remedy": {"card"}, "recognised": {"in_person"}, "group_name": {"new"}, "profile_name": {"new"}, "start": {"temporary"},
		"permission": {"Users.View", "Users.Edit"}, "tags": {"a=b"}, "proficiencies": {"a=b=1"},
		"locale": {"ja"}, "time_zone": {"Asia/Tokyo"}, "no_email": {"explain"}, "reset_ttl": {"30"}, "password_min": {"8"},
	}
}

// TestF14OddPathsOpenNothing writes the address of the list of users in ways
// that some parsers read as it, and some guards do not.
func TestF14OddPathsOpenNothing(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	seen := string(p.user["editor"].Email)
	for _, path := range []string{
		"/i/ume/admin/users", "/i/ume/admin/users/", "/i/ume/admin//users", "/i/ume//admin/users", "/i/ume/admin/./users",
		"/i/ume/login/../admin/users", "/i/ume/login/..;/admin/users", "/i/ume/login/%2e%2e/admin/users",
		"/i/ume/login%2f..%2fadmin%2fusers", "/i/ume/admin%2fusers", "/i/ume/ADMIN/users", "/I/ume/admin/users",
		"/i/ume/admin/users;a=b", "/i/ume/admin/users%00", "/i/ume/admin/users%20", "/i/ume/admin/users?next=/i/ume/login",
		"/i/UME/admin/users", "/i/%75me/admin/users", "/i/momo/../ume/admin/users", "/i/ume/me/password/../../admin/users",
		"/i/ume/admin/users/%2e%2e/users", `/i/ume/admin\users`, "/static/../i/ume/admin/users", "/account/../i/ume/admin/users",
	} {
		for _, v := range []visitor{s.anonymous(), s.as("agent", p.user["agent"])} {
			r := v.request(http.MethodGet, "/", nil)
			u, err := url.ParseRequestURI(path)
			if err != nil {
				continue
			}
			r.URL.Path, r.URL.RawPath, r.URL.RawQuery, r.RequestURI = u.Path, u.RawPath, u.RawQuery, path
			for _, header := range []string{"X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Prefix"} {
				r.Header.Set(header, "/i/ume/login")
			}
			w := v.do(r)
			if w.Code == http.StatusOK || w.Code >= http.StatusInternalServerError || strings.Contains(w.Body.String(), seen) {
				t.Errorf("%s: %s: status %d", v.name, path, w.Code)
			}
			if to := w.Header().Get("Location"); to != "" && (strings.HasPrefix(to, "//") || !strings.HasPrefix(to, "/")) {
				t.Errorf("%s: %s leads to %s", v.name, path, to)
			}
		}
	}
}

// TestF14UncleanPathsToNowhereAreUnknown: the mux would lead to a cleaner
// address, where nothing is either.
func TestF14UncleanPathsToNowhereAreUnknown(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	for _, path := range []string{"/i/ume/../../etc/passwd", "//evil.example/x", "/a//b", "/./x"} {
		r := s.anonymous().request(http.MethodGet, "/", nil)
		r.URL.Path = path
		if w := s.anonymous().do(r); w.Code != http.StatusNotFound || w.Header().Get("Location") != "" {
			t.Errorf("%s: status %d to %q, want 404", path, w.Code, w.Header().Get("Location"))
		}
	}
}

// TestI04WhatIsNoTextIsUnknown: an id in an address may hold any bytes, and
// PostgreSQL refuses those that are no text.
func TestI04WhatIsNoTextIsUnknown(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := besiegeOn(t, engine)
			p := s.place("ume", itself)
			admin := s.as("admin", p.user["admin"]).both(s.owner())
			for _, r := range routes(t) {
				at := strings.LastIndex(r.path, "{")
				if r.method != http.MethodGet || at < 0 || strings.HasSuffix(r.path, "{$}") {
					continue
				}
				for _, id := range []string{"%ff%fe", "a%00b", "%ed%a0%80", "a%0Ab"} {
					odd := r
					odd.path = r.path[:at] + id + r.path[strings.LastIndex(r.path, "}")+1:]
					if w := admin.get(p.address(t, odd)); w.Code != http.StatusNotFound {
						t.Errorf("%s: status %d, want 404", odd, w.Code)
					}
				}
			}
			for _, cursor := range []string{"a\xff\xfe", "aa\x00b", "b\x00", "sa\x00b\x00c", "s\xff\x00", "\x00\x00"} {
				page := base64.RawURLEncoding.EncodeToString([]byte(cursor))
				for _, search := range []string{"", "&q=a"} {
					if w := admin.get("/i/ume/admin/users?page=" + page + search); w.Code != http.StatusOK {
						t.Errorf("cursor %q%s: status %d, want 200", cursor, search, w.Code)
					}
				}
			}
		})
	}
}

// TestS9HostsAreNotBelieved: nothing that a request says about where it went
// gets into an answer.
func TestS9HostsAreNotBelieved(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	s.place("ume", itself)
	for _, host := range []string{
		"evil.example", "", "127.0.0.1", "127.0.0.1:1", s.host + ".evil.example", "evil.example:80", "user@" + s.host,
		s.host + ":80", "[::1", "localhost", s.host + "/", "127.0.0.1\\@" + s.host,
	} {
		r := s.anonymous().request(http.MethodGet, "/i/ume/login", nil)
		r.Host = host
		if w := s.anonymous().do(r); w.Code != http.StatusMisdirectedRequest {
			t.Errorf("Host %q: status %d, want 421", host, w.Code)
		}
	}
	for _, header := range []string{"X-Forwarded-Host", "X-Host", "Forwarded", "X-Forwarded-Server", "X-Original-Host", "X-Forwarded-Proto"} {
		for _, path := range []string{"/i/ume/login", "/i/ume/me", "/account", "/i/ume/forgot"} {
			r := s.anonymous().request(http.MethodGet, path, nil)
			r.Header.Set(header, "host=evil.example")
			w := s.anonymous().do(r)
			if strings.Contains(w.Body.String()+w.Header().Get("Location"), "evil.example") {
				t.Errorf("%s gets into %s", header, path)
			}
		}
	}
}
