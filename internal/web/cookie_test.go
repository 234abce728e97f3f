package web

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
)

func TestC11CookieAttributes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ base, name, want string }{
		{"https://id.example.jp", "i-1-session", "__Host-aikagi-i-1-session=v; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax"},
		{"http://127.0.0.1:8080", "i-1-session", "aikagi-i-1-session=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"},
	} {
		e := newEngine(t, mustURLs(t, tt.base, ""))
		if got := e.Cookie(tt.name, "v", time.Minute, http.SameSiteLaxMode).String(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.base, got, tt.want)
		}
		if got := e.DropCookie(tt.name).String(); !strings.Contains(got, "Max-Age=0") || strings.Contains(tt.want, "Secure") != strings.Contains(got, "Secure") {
			t.Errorf("%s: drop: %q", tt.base, got)
		}
		if got := e.Cookie(tt.name, "v", 0, http.SameSiteStrictMode).String(); strings.Contains(got, "Max-Age") || !strings.Contains(got, "SameSite=Strict") {
			t.Errorf("%s: of the browser's life: %q", tt.base, got)
		}
	}
}

func TestC23RepeatedCookiesAreRefused(t *testing.T) {
	t.Parallel()
	e := newEngine(t, mustURLs(t, "https://id.example.jp", ""))
	for _, tt := range []struct {
		header, want string
		refused      bool
	}{
		{"", "", false},
		{"__Host-aikagi-s=a", "a", false},
		{"aikagi-s=a", "", false}, // what a sister host can set does not count
		{"__Host-aikagi-s=a; aikagi-s=b", "a", false},
		{"__Host-aikagi-s=a; __Host-aikagi-s=b", "", true},
		{"__Host-aikagi-s=a; __Host-aikagi-s=a", "", true},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", tt.header)
		got, err := e.ReadCookie(r, "s")
		if got != tt.want || (err != nil) != tt.refused {
			t.Errorf("%q: %q, %v", tt.header, got, err)
		}
	}
	head := http.Header{"Cookie": {strings.Repeat("a=b; ", 5000)}}
	res := request{url: "https://id.example.jp/i/sakura/who", header: head}.do(t, plainHandler(e))
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("5,000 cookies: %d, want 431", res.StatusCode)
	}
}

func TestFlashIsShownOnce(t *testing.T) {
	t.Parallel()
	now := clock.NewSet(testTime)
	e := newEngine(t, mustURLs(t, "https://id.example.jp", ""), func(o *Options) { o.Clock = now })
	h := galleryHandler(t, e)
	w := httptest.NewRecorder()
	e.Flash(w, "ok", "error.throttled.do_minutes", 3)
	cookie := w.Result().Cookies()[0]
	show := func(c *http.Cookie) (page string, dropped bool) {
		res := request{
			url:    "https://id.example.jp/i/sakura/desk",
			header: http.Header{"Cookie": {c.Name + "=" + c.Value}},
		}.do(t, h)
		dropped = slices.ContainsFunc(res.Cookies(), func(d *http.Cookie) bool { return d.Name == c.Name && d.MaxAge < 0 })
		return bodyOf(t, res), dropped
	}
	page, dropped := show(cookie)
	if !strings.Contains(page, `class="flash"`) || !strings.Contains(page, "3\u00a0分後に") {
		t.Error("the flash is not on the page")
	}
	if !dropped {
		t.Error("the flash stays")
	}
	// I05: nobody else can make a page say something.
	forged := *cookie
	for _, value := range []string{
		base64.RawURLEncoding.EncodeToString([]byte(`{"k":"ok","t":"shell.menu","u":9999999999}`)),
		cookie.Value[:len(cookie.Value)-2] + "AA", "x", strings.Repeat("A", 3000),
	} {
		forged.Value = value
		if page, _ := show(&forged); strings.Contains(page, `class="flash"`) {
			t.Errorf("forged flash %.40q is shown", value)
		}
	}
	now.Move(2 * time.Minute)
	if page, _ := show(cookie); strings.Contains(page, `class="flash"`) {
		t.Error("an old flash is shown")
	}
}

func TestS22ActingCharactersAreVisible(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"田中 一郎":              "田中 一郎",
		"a\u202eb":           "a⟨U+202E⟩b",
		"a\u2066\u2069":      "a⟨U+2066⟩⟨U+2069⟩",
		"\u200b\u200d":       "⟨U+200B⟩⟨U+200D⟩",
		"\ufeffx":            "⟨U+FEFF⟩x",
		"\x00\x1b[31m":       "⟨U+0000⟩⟨U+001B⟩[31m",
		"a\r\nb\tc":          "a  b c",
		"\u2028":             "⟨U+2028⟩",
		"\u3164":             "⟨U+3164⟩",
		"\U000e0041":         "⟨U+E0041⟩",
		"葛\U000e0100城":       "葛\U000e0100城", // a variation selector is part of the name
		"bad\xff":            "bad⟨U+FFFD⟩",
		"<b>&\"'</b>":        "<b>&\"'</b>", // html/template's work
		"\u0085\u009f\u00ad": "⟨U+0085⟩⟨U+009F⟩⟨U+00AD⟩",
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestStaticFilesAreSmallAndKept(t *testing.T) {
	t.Parallel()
	files, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	scripts := 0
	for name, address := range files.paths {
		f := files.files[address]
		switch {
		case strings.HasSuffix(name, ".css") && len(f.data) > 14<<10:
			t.Errorf("%s has %d bytes; 14 KiB are allowed", name, len(f.data))
		case strings.HasSuffix(name, ".js"):
			scripts += len(f.data)
		}
		res := request{url: "https://id.example.jp" + address}.do(t, plainHandler(newEngine(t, mustURLs(t, "https://id.example.jp", ""))))
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != f.kind || bodyOf(t, res) != string(f.data) {
			t.Errorf("%s: %d %q", address, res.StatusCode, res.Header.Get("Content-Type"))
		}
	}
	if scripts > 5<<10 {
		t.Errorf("scripts have %d bytes; 5 KiB are allowed", scripts)
	}
	if _, err := files.path("nothing.css"); err == nil {
		t.Error("a file that is not there has an address")
	}
	for _, path := range []string{"/static/aikagi.css", "/static/", "/static/../wrap.go"} {
		res := request{url: "https://id.example.jp" + path}.do(t, plainHandler(newEngine(t, mustURLs(t, "https://id.example.jp", ""))))
		if res.StatusCode == 200 {
			t.Errorf("%s is served", path)
		}
	}
}

func TestEngineNeedsItsParts(t *testing.T) {
	t.Parallel()
	if _, err := NewEngine(Options{Locale: aikagi.English}); err == nil {
		t.Error("an engine of nothing")
	}
}
