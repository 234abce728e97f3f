package web

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
)

func TestA09FieldsHaveOneTypeAndOneValue(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, query, body string
		want              string // of username; "!" if refused
	}{
		{"plain", "", "username=tanaka", "tanaka"},
		{"unknown fields are ignored (A10)", "", "username=tanaka&email=x@evil.example&to=a&to=b", "tanaka"},
		{"twice", "", "username=tanaka&username=sato", "!"},
		{"twice the same", "", "username=tanaka&username=tanaka", "!"},
		{"query and body", "username=sato", "username=tanaka", "!"},
		{"query alone does not count", "username=sato", "", "!"},
		{"other query", "lang=ja", "username=tanaka", "tanaka"},
		{"array name is another field", "", "username[]=tanaka", ""},
		{"empty", "", "username=", ""},
		{"broken escape", "", "username=%zz", "!"},
		{"semicolon", "", "a=1;username=tanaka", "!"},
		{"broken query", "a=1;b=2", "username=tanaka", "!"},
		{"not UTF-8", "", "username=%ff%fe", "!"},
		{"NUL", "", "username=a%00b", "!"},
		{"Japanese", "", "username=%E7%94%B0%E4%B8%AD", "田中"},
		{"JSON", "", `{"username":"tanaka"}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/?"+tt.query, strings.NewReader(tt.body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			form, err := ParseForm(r, SmallForm, "username")
			if (err != nil) != (tt.want == "!") {
				t.Fatalf("err = %v, want refused: %v", err, tt.want == "!")
			}
			if err != nil {
				if aikagi.CodeOf(err) != aikagi.Invalid {
					t.Errorf("code %q, want invalid", aikagi.CodeOf(err))
				}
				return
			}
			if got := form.Get("username"); got != tt.want {
				t.Errorf("username = %q, want %q", got, tt.want)
			}
			if form.Has("email") || form.Get("to") != "" {
				t.Error("an unknown field can be read")
			}
		})
	}
}

func TestRepeatedFieldsAreNamed(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/?id=a&id=b&q=x", nil)
	form, err := ParseQuery(r, "id*", "q")
	if err != nil {
		t.Fatal(err)
	}
	if got := form.All("id"); len(got) != 2 || got[1] != "b" {
		t.Errorf("id = %v", got)
	}
	if got := form.Secret("q"); got.Reveal() != "x" || got.String() == "x" {
		t.Error("Secret does not hide its text")
	}
	if _, err := ParseQuery(r, "id"); err == nil {
		t.Error("a repeated field was taken")
	}
}

func FuzzParseForm(f *testing.F) {
	f.Add("username=tanaka&username=%ff")
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		form, err := ParseForm(r, 1000, "username")
		if err == nil && notText(form.Get("username")) {
			t.Errorf("took %q", form.Get("username"))
		}
	})
}

func TestC19OnlyOwnPathsAreFollowed(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"/", "/i/sakura/login", "/i/sakura/admin/users?q=%E7%94%B0&f=a,b", "/a-b_c.d~e/@x:1", "/x?u=https://evil.example/",
		"/x?a=%5C%2F%2F", "/%E3%80%82",
	} {
		if got, ok := SafePath(s); !ok || got != s {
			t.Errorf("SafePath(%q) = %q, %v; want it unchanged", s, got, ok)
		}
	}
	for _, s := range []string{
		"", "x", "//evil.example", "///evil.example", `/\evil.example`, `\/evil.example`, `\\evil.example`, "https://evil.example",
		"https:evil.example", "https:/evil.example", "javascript:alert(1)", "data:text/html,x", "@evil.example", "/@\\evil.example",
		"%2f%2fevil.example", "/%2fevil.example", "/%2Fevil.example", "/%5cevil.example", "/%252fevil.example", "/%25252fevil.example",
		"/%25%32%66evil.example", "/\tevil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b", "\t//evil.example", " //evil.example",
		"/%09/evil.example", "/%0d%0aSet-Cookie:a=b", "/%00", "/%2500", "//evil。example", "/。/evil", "/a/../b", "/a/%2e%2e/b", "/./a", "/a//b",
		"/a#b", "/%", "/%zz", "/\x7f", "/\u202eevil", "/" + strings.Repeat("a", maxPath), "/" + strings.Repeat("%25", 9) + "2f",
		"/x?a=\nb", "/<script>", `/"`, "?next=/", "/i/s/..%2f..%2fx",
	} {
		if got, ok := SafePath(s); ok {
			t.Errorf("SafePath(%q) = %q; want it refused", s, got)
		}
	}
}

func FuzzSafePath(f *testing.F) {
	f.Add("/i/sakura/login?x=1")
	f.Add("/%252f%5c")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := SafePath(s)
		if !ok {
			return
		}
		base := httptest.NewRequest(http.MethodGet, "https://id.example.jp/a/b", nil).URL
		u, err := base.Parse(got)
		if err != nil || u.Host != "id.example.jp" || u.Scheme != "https" {
			t.Errorf("SafePath(%q) leads to %v, %v", s, u, err)
		}
	})
}

func TestSeeOtherFallsBack(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"/i/sakura/login": "/i/sakura/login", "//evil.example": "/", "": "/"} {
		w := httptest.NewRecorder()
		if err := SeeOther(w, httptest.NewRequest(http.MethodPost, "/", nil), path); err != nil {
			t.Fatal(err)
		}
		if got := w.Header().Get("Location"); w.Code != 303 || got != want {
			t.Errorf("%q: %d to %q, want %q", path, w.Code, got, want)
		}
	}
}

func TestS9ClientAddress(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, tt := range []struct {
		name, remote string
		forwarded    []string
		want         string // "" is nobody knows
	}{
		{"direct", "192.0.2.7:1234", nil, "192.0.2.7"},
		{"direct, header forged", "192.0.2.7:1234", []string{"127.0.0.1"}, "192.0.2.7"},
		{"by proxy", "10.0.0.1:1", []string{"198.51.100.9"}, "198.51.100.9"},
		{"forged part is left of the proxy's", "10.0.0.1:1", []string{"127.0.0.1, 198.51.100.9"}, "198.51.100.9"},
		{"two proxies", "10.0.0.1:1", []string{"127.0.0.1, 198.51.100.9, 10.0.0.2"}, "198.51.100.9"},
		{"two lines", "10.0.0.1:1", []string{"127.0.0.1", "198.51.100.9"}, "198.51.100.9"},
		{"only proxies", "10.0.0.1:1", []string{"10.0.0.3"}, "10.0.0.3"},
		{"proxy itself", "10.0.0.1:1", nil, "10.0.0.1"},
		{"garbage from the proxy", "10.0.0.1:1", []string{"198.51.100.9, unknown"}, ""},
		{"empty hop", "10.0.0.1:1", []string{"198.51.100.9,"}, ""},
		{"garbage that is not reached", "10.0.0.1:1", []string{"unknown, 198.51.100.9"}, "198.51.100.9"},
		{"zone", "10.0.0.1:1", []string{"fe80::1%eth0"}, ""},
		{"IPv6 proxy", "[fd00::1]:1", []string{"2001:db8::5"}, "2001:db8::5"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.9"}, "198.51.100.9"},
		{"no peer", "@", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = tt.remote
			r.Header["X-Forwarded-For"] = tt.forwarded
			got := clientAddr(r, trusted)
			if !got.IsValid() && tt.want == "" {
				return
			}
			if got.String() != tt.want {
				t.Errorf("client %v, want %q", got, tt.want)
			}
		})
	}
}

func TestParseURLs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		base, pattern, base2, page, path string
		ok                               bool
	}{
		{"https://id.example.jp", "", "https://id.example.jp", "https://id.example.jp/i/sakura/login", "/i/sakura/login", true},
		{"https://ID.example.jp:443/", "", "https://id.example.jp", "https://id.example.jp/i/sakura/login", "/i/sakura/login", true},
		{"http://127.0.0.1:8080", "", "http://127.0.0.1:8080", "http://127.0.0.1:8080/i/sakura/login", "/i/sakura/login", true},
		{"https://id.example.jp", "*.my.example.jp", "https://id.example.jp", "https://sakura.my.example.jp/login", "/login", true},
		{base: "id.example.jp"},
		{base: "ftp://id.example.jp"},
		{base: "https://"},
		{base: "https://id.example.jp/aikagi"},
		{base: "https://u:p@id.example.jp"},
		{base: "https://id.example.jp?x"},
		{base: "https://id.example.jp", pattern: "my.example.jp"},
		{base: "https://id.example.jp", pattern: "*."},
		{base: "https://id.example.jp", pattern: "*.*.example.jp"},
	} {
		u, err := ParseURLs(tt.base, tt.pattern)
		if (err == nil) != tt.ok {
			t.Errorf("%q %q: %v", tt.base, tt.pattern, err)
		}
		if err != nil {
			continue
		}
		v := &Visit{urls: u, Alias: "sakura"}
		if u.Base() != tt.base2 || u.Instance("sakura", "/login") != tt.page || v.Path("/login") != tt.path {
			t.Errorf("%q %q: %q %q %q", tt.base, tt.pattern, u.Base(), u.Instance("sakura", "/login"), v.Path("/login"))
		}
	}
	loopback := mustURLs(t, "http://127.0.0.1:8080", "")
	for host, want := range map[string]bool{"localhost:8080": true, "[::1]:8080": true, "127.0.0.1:8080": true, "127.0.0.1": false, "evil.example:8080": false} {
		if _, ok := loopback.answers(host); ok != want {
			t.Errorf("loopback answers to %q: %v, want %v", host, ok, want)
		}
	}
}
