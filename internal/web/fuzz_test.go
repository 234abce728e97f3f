package web

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
)

// FuzzClientAddr: an address that counters and records use is one address in one
// spelling; whoever is no trusted proxy cannot choose it, and who speaks through
// one cannot choose an address to the left of what the proxy says (S9, C30).
func FuzzClientAddr(f *testing.F) {
	f.Add("192.0.2.7:1234", "127.0.0.1")
	f.Add("10.0.0.1:1", "127.0.0.1, 198.51.100.9, 10.0.0.2")
	f.Add("[::ffff:10.0.0.1]:1", "::ffff:198.51.100.9")
	f.Add("10.0.0.1:1", "fe80::1%eth0, unknown, ,")
	f.Add("@", "for=192.0.2.1;by=x")
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = remote
		r.Header["X-Forwarded-For"] = []string{forwarded}
		r.Header["Forwarded"] = []string{forwarded}
		got := clientAddr(r, trusted)
		if !got.IsValid() {
			return
		}
		if got.Zone() != "" || got.Is4In6() || got != got.Unmap() || strings.ContainsAny(got.String(), "\r\n ") {
			t.Errorf("%q by %q is %v", forwarded, remote, got)
		}
		peer, ok := parseAddr(portless(remote))
		if !ok || !contains(trusted, peer) && got != peer {
			t.Errorf("%q chose %v for %q", forwarded, got, remote)
		}
		if !ok || !contains(trusted, peer) {
			return
		}
		r.Header["X-Forwarded-For"] = []string{"203.0.113.99", forwarded} // a forged one, further left
		if again := clientAddr(r, trusted); !contains(trusted, got) && again != got {
			t.Errorf("a forged hop made %v of %v", again, got)
		}
	})
}

// FuzzCookies: whatever a Cookie header holds, a value comes from a cookie of
// exactly our name that is there once (C23).
func FuzzCookies(f *testing.F) {
	f.Add("__Host-aikagi-s=a; aikagi-s=b")
	f.Add("__Host-aikagi-s=a; __Host-aikagi-s=b")
	f.Add(`__Host-aikagi-s="a b"; =x; ;;`)
	f.Add("__HOST-aikagi-s=a")
	urls, err := ParseURLs("https://id.example.jp", "")
	if err != nil {
		f.Fatal(err)
	}
	e, err := NewEngine(Options{
		URLs: urls, Clock: clock.NewSet(testTime), Ring: secret.NewRing([secret.KeyBytes]byte{1}), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Cookie"] = []string{header}
		value, err := e.ReadCookie(r, "s")
		named := strings.Count(header, securePrefix+"s")
		switch {
		case err != nil && named < 2:
			t.Errorf("%q: %v", header, err)
		case value != "" && (named == 0 || !strings.Contains(header, value)):
			t.Errorf("%q says %q", header, value)
		case strings.ContainsAny(value, "\r\n\x00;"):
			t.Errorf("%q gives %q", header, value)
		}
		if got := e.flashOf(r); got != nil {
			t.Errorf("%q was taken for ours: %v", header, got)
		}
	})
}

// FuzzHost: a server answers to its own hosts, and what it takes for an instance
// is one label before the suffix (S9, B15).
func FuzzHost(f *testing.F) {
	for _, host := range []string{
		"id.example.jp", "ID.EXAMPLE.JP:443", "sakura.my.example.jp", "a.b.my.example.jp", ".my.example.jp", "my.example.jp",
		"sakura.my.example.jp:443:443", "sakura.my.example.jp.", "xn--a.my.example.jp", "\u212a.my.example.jp", "-a.my.example.jp",
	} {
		f.Add(host)
	}
	own := regexp.MustCompile(`(?i)^id\.example\.jp(:443)?$`)
	instance := regexp.MustCompile(`(?i)^([a-z0-9]([a-z0-9-]*[a-z0-9])?)\.my\.example\.jp(:443)?$`)
	u, err := ParseURLs("https://id.example.jp", "*.my.example.jp")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, host string) {
		alias, ok := u.answers(host)
		plain := strings.IndexFunc(host, func(c rune) bool { return c >= utf8.RuneSelf }) < 0
		switch {
		case ok && !plain:
			t.Errorf("answers to %q as %q", host, alias)
		case ok && alias == "" && !own.MatchString(host), ok && alias != "" && !instance.MatchString(host):
			t.Errorf("answers to %q as %q", host, alias)
		case ok && alias != strings.ToLower(alias), ok && strings.Contains(alias, "."):
			t.Errorf("%q is instance %q", host, alias)
		}
	})
}

// FuzzVisible: nothing that acts is left, what is left is text, and it grows by
// no more than a mark for each character (S22, E11).
func FuzzVisible(f *testing.F) {
	f.Add("田中\u202e\u2066x\u200b\u00ad\ufeff\t\n\x00\x1b[31m\xff")
	f.Add("a\u034f\u3164\ufe0f葛\U000e0100")
	f.Fuzz(func(t *testing.T, s string) {
		got := visible(s)
		if strings.ContainsFunc(got, acts) || !utf8.ValidString(got) {
			t.Errorf("%q is shown as %q", s, got)
		}
		if again := visible(got); again != got {
			t.Errorf("%q is shown as %q and then %q", s, got, again)
		}
		if len(got) > 16*utf8.RuneCountInString(s) {
			t.Errorf("%d characters became %d bytes", utf8.RuneCountInString(s), len(got))
		}
	})
}

// FuzzQuery: ParseQuery and ParseForm read the same text in the same way, and a
// known field has one value of text (S5, A09).
func FuzzQuery(f *testing.F) {
	f.Add("username=tanaka&password=a")
	f.Add("username=a&username=b")
	f.Add("username=%ff&x=%zz;username=b")
	f.Add("username[]=a&username=&=b")
	f.Fuzz(func(t *testing.T, text string) {
		get := httptest.NewRequest(http.MethodGet, "/", nil)
		get.URL.RawQuery = text
		asked, err := ParseQuery(get, "username", "id*")
		post := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(text))
		post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		sent, errSent := ParseForm(post, SmallForm, "username", "id*")
		if len(text) <= SmallForm && (err == nil) != (errSent == nil) {
			t.Errorf("%q: %v as query, %v as form", text, err, errSent)
		}
		if err != nil || errSent != nil {
			return
		}
		if asked.Get("username") != sent.Get("username") || notText(sent.Get("username")) || len(sent.All("username")) > 1 {
			t.Errorf("%q: %q and %q", text, asked.Get("username"), sent.All("username"))
		}
		if both := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(text)); sent.Has("username") {
			both.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			both.URL.RawQuery = text
			if _, err := ParseForm(both, SmallForm, "username"); err == nil {
				t.Errorf("%q was taken from body and query at once", text)
			}
		}
	})
}
