package web

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/web/webtest"
)

// request is one request in a table; the zero parts are a plain GET of the base.
type request struct {
	method, url, body string
	header            http.Header
	remote            string
}

func (q request) do(t *testing.T, h http.Handler) *http.Response {
	t.Helper()
	if q.method == "" {
		q.method = http.MethodGet
	}
	r := httptest.NewRequest(q.method, q.url, strings.NewReader(q.body))
	for k, v := range q.header {
		r.Header[k] = v
	}
	if q.remote != "" {
		r.RemoteAddr = q.remote
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func bodyOf(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// plainHandler serves a few routes that answer in plain text, for the door.
func plainHandler(e *Engine) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /i/{alias}/who", e.Handle(func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, r.PathValue("alias")+" "+Path(r, "/who")+" "+VisitOf(r.Context()).Client.String())
		return err
	}))
	mux.Handle("POST /i/{alias}/do", e.Handle(func(w http.ResponseWriter, r *http.Request) error {
		if _, err := ParseForm(r, 100, "a"); err != nil {
			return err
		}
		return SeeOther(w, r, Path(r, "/who"))
	}))
	mux.Handle("GET /panic/{token}", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a secret cause") }))
	return e.Wrap(mux)
}

func TestS16HeadersAreOnEveryAnswer(t *testing.T) {
	t.Parallel()
	e := newEngine(t, mustURLs(t, "https://id.example.jp", ""))
	h := plainHandler(e)
	css, err := e.assets.path("aikagi.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"/i/sakura/who", "/nothing", "/panic/x", css, "https://evil.example/"} {
		if strings.HasPrefix(url, "/") {
			url = "https://id.example.jp" + url
		}
		head := request{url: url}.do(t, h).Header
		for key, want := range map[string]string{
			"X-Content-Type-Options":    "nosniff",
			"Referrer-Policy":           "no-referrer",
			"Strict-Transport-Security": "max-age=31536000",
		} {
			if got := head.Get(key); got != want {
				t.Errorf("%s: %s = %q, want %q", url, key, got, want)
			}
		}
		csp := head.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: policy lacks %s", url, part)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy allows inline code", url)
		}
		wantCache := "no-store"
		if strings.HasSuffix(url, css) {
			wantCache = "public, max-age=31536000, immutable"
		}
		if got := head.Get("Cache-Control"); got != wantCache {
			t.Errorf("%s: Cache-Control = %q, want %q", url, got, wantCache)
		}
		// I18, C18: nothing about the product, no other origin let in.
		for _, absent := range []string{"Server", "X-Powered-By", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"} {
			if got := head.Get(absent); got != "" {
				t.Errorf("%s: %s = %q, want none", url, absent, got)
			}
		}
	}
}

func TestNoHSTSOverHTTP(t *testing.T) {
	t.Parallel()
	h := plainHandler(newEngine(t, mustURLs(t, "http://127.0.0.1:8080", "")))
	res := request{url: "http://127.0.0.1:8080/i/sakura/who"}.do(t, h)
	if got := res.Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("HSTS over http: %q", got)
	}
}

func TestS9UnknownHostsAreRefused(t *testing.T) {
	t.Parallel()
	h := plainHandler(newEngine(t, mustURLs(t, "https://id.example.jp", "*.my.example.jp", "api.example.jp")))
	for _, tt := range []struct {
		host string
		want int
	}{
		{"id.example.jp", 404},
		{"ID.Example.JP", 404},
		{"id.example.jp:443", 404},
		{"api.example.jp", 404},
		{"sakura.my.example.jp", 404},
		{"SAKURA.my.example.jp", 404},
		{"id.example.jp:8443", 421},
		{"evil.example", 421},
		{"id.example.jp.evil.example", 421},
		{"", 421},
		{"my.example.jp", 421},
		{".my.example.jp", 421},
		{"a.b.my.example.jp", 421},
		{"-a.my.example.jp", 421},
		{"a_b.my.example.jp", 421},
		{"sakura.my.example.jp.", 421},
		{"evilmy.example.jp", 421},
		{"sakura%00.my.example.jp", 421},
		{"127.0.0.1", 421},
	} {
		r := httptest.NewRequest(http.MethodGet, "/nothing", nil)
		r.Host = tt.host
		r.Header.Set("X-Forwarded-Host", "id.example.jp")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("host %q: %d, want %d", tt.host, w.Code, tt.want)
		}
		if tt.host != "" && strings.Contains(w.Body.String(), "evil") {
			t.Errorf("host %q is on the page", tt.host)
		}
	}
}

func TestHostModeHidesThePrefix(t *testing.T) {
	t.Parallel()
	h := plainHandler(newEngine(t, mustURLs(t, "https://id.example.jp", "*.my.example.jp")))
	for _, tt := range []struct {
		url  string
		code int
		body string
	}{
		{"https://sakura.my.example.jp/who", 200, "sakura /who 192.0.2.1"},
		{"https://Sakura.MY.example.jp/who", 200, "sakura /who 192.0.2.1"},
		{"https://sakura.my.example.jp/i/momiji/who", 404, ""},
		{"https://sakura.my.example.jp/i/sakura/who", 404, ""},
		{"https://sakura.my.example.jp/../../i/momiji/who", 404, ""},
		{"https://sakura.my.example.jp//who", 404, ""},
		{"https://sakura.my.example.jp/%2e%2e/momiji/who", 404, ""},
		{"https://id.example.jp/i/sakura/who", 404, ""},
	} {
		res := request{url: tt.url}.do(t, h)
		body := bodyOf(t, res)
		if res.StatusCode != tt.code || tt.body != "" && body != tt.body {
			t.Errorf("%s: %d %.80q, want %d %q", tt.url, res.StatusCode, body, tt.code, tt.body)
		}
	}
}

func TestC17OtherOriginsCannotPost(t *testing.T) {
	t.Parallel()
	h := plainHandler(newEngine(t, mustURLs(t, "https://id.example.jp", "")))
	form := "application/x-www-form-urlencoded"
	for _, tt := range []struct {
		name, method, kind string
		header             map[string]string
		want               int
	}{
		{"own page", "POST", form, map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "https://id.example.jp"}, 303},
		{"no browser", "POST", form, nil, 303},
		{"other site", "POST", form, map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403},
		{"sister host", "POST", form, map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "https://www.example.jp"}, 403},
		{"old browser, other origin", "POST", form, map[string]string{"Origin": "https://evil.example"}, 403},
		{"sandboxed frame", "POST", form, map[string]string{"Origin": "null"}, 403},
		{"suffix origin", "POST", form, map[string]string{"Origin": "https://id.example.jp.evil.example"}, 403},
		{"JSON as text", "POST", "text/plain", nil, 415},
		{"JSON", "POST", "application/json", nil, 415},
		{"no type", "POST", "", nil, 415},
		{"other charset", "POST", form + "; charset=shift_jis", nil, 415},
		{"UTF-8 said", "POST", form + "; charset=UTF-8", nil, 303},
		{"GET does nothing", "GET", "", map[string]string{"Sec-Fetch-Site": "cross-site"}, 405},
		{"HEAD does nothing", "HEAD", "", nil, 405},
		{"override header", "GET", form, map[string]string{"X-Http-Method-Override": "POST"}, 405},
		{"unknown method", "BREW", form, map[string]string{"Sec-Fetch-Site": "same-origin"}, 405},
		{"preflight", "OPTIONS", "", map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}, 405},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			head := http.Header{}
			if tt.kind != "" {
				head.Set("Content-Type", tt.kind)
			}
			for k, v := range tt.header {
				head.Set(k, v)
			}
			res := request{method: tt.method, url: "https://id.example.jp/i/sakura/do", body: "a=1", header: head}.do(t, h)
			if res.StatusCode != tt.want {
				t.Errorf("%d, want %d", res.StatusCode, tt.want)
			}
			if res.StatusCode == 405 && res.Header.Get("Allow") != "POST" {
				t.Errorf("Allow = %q, want POST", res.Header.Get("Allow"))
			}
		})
	}
}

func TestHeadIsAnswered(t *testing.T) {
	t.Parallel()
	h := plainHandler(newEngine(t, mustURLs(t, "https://id.example.jp", "")))
	if res := (request{method: "HEAD", url: "https://id.example.jp/i/sakura/who"}).do(t, h); res.StatusCode != 200 {
		t.Errorf("HEAD: %d", res.StatusCode)
	}
}

func TestLargeBodiesAreRefused(t *testing.T) {
	t.Parallel()
	h := plainHandler(newEngine(t, mustURLs(t, "https://id.example.jp", ""), func(o *Options) { o.MaxBody = 1000 }))
	head := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for _, size := range []int{101, 2000} {
		for _, known := range []bool{true, false} {
			r := httptest.NewRequest(http.MethodPost, "https://id.example.jp/i/sakura/do", strings.NewReader("a="+strings.Repeat("x", size)))
			r.Header = head.Clone()
			if !known {
				r.ContentLength = -1
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusRequestEntityTooLarge {
				t.Errorf("%d bytes, length known %v: %d, want 413", size, known, w.Code)
			}
		}
	}
}

func TestJ14APanicIsOnePage(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	e := newEngine(t, mustURLs(t, "https://id.example.jp", ""), func(o *Options) {
		o.Log = slog.New(slog.NewJSONHandler(&log, nil))
	})
	res := request{url: "https://id.example.jp/panic/tokentoken"}.do(t, plainHandler(e))
	page := bodyOf(t, res)
	if res.StatusCode != 500 {
		t.Errorf("status %d, want 500", res.StatusCode)
	}
	webtest.Check(t, aikagi.Japanese, page)
	if strings.Contains(page, "secret cause") || strings.Contains(page, "goroutine") {
		t.Error("the cause is on the page")
	}
	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("want one line of log: %v\n%s", err, log.Bytes())
	}
	id, _ := line["request_id"].(string)
	if !strings.Contains(page, Reference(id)) {
		t.Errorf("reference %s of the log is not on the page", Reference(id))
	}
	if line["level"] != "ERROR" || line["code"] != "internal" || line["op"] != "GET /panic/{token}" {
		t.Errorf("log line: %s", log.Bytes())
	}
	for key := range line {
		if !strings.Contains(" time level msg request_id instance_id user_id actor op code dur_ms err ", " "+key+" ") {
			t.Errorf("log line has the unknown key %q", key)
		}
	}
}

func TestS10NoAddressesInTheLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	e := newEngine(t, mustURLs(t, "https://id.example.jp", ""), func(o *Options) {
		o.Log = slog.New(slog.NewJSONHandler(&log, nil))
	})
	h := plainHandler(e)
	for _, path := range []string{"/i/sakura/who?token=hunter2", "/panic/hunter2", "/hunter2", "/i/sakura/do?hunter2"} {
		request{url: "https://id.example.jp" + path}.do(t, h)
	}
	if strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log holds what an address said:\n%s", log.String())
	}
	if n := strings.Count(log.String(), "\n"); n != 4 {
		t.Errorf("%d lines for 4 requests", n)
	}
}

func TestRequestIDComesFromTrustedProxiesOnly(t *testing.T) {
	t.Parallel()
	e := newEngine(t, mustURLs(t, "https://id.example.jp", ""), func(o *Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	})
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	for _, tt := range []struct {
		name, remote, parent string
		taken                bool
	}{
		{"proxy", "10.1.2.3:4", "00-" + trace + "-00f067aa0ba902b7-01", true},
		{"stranger", "192.0.2.1:4", "00-" + trace + "-00f067aa0ba902b7-01", false},
		{"zeros", "10.1.2.3:4", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", false},
		{"upper case", "10.1.2.3:4", "00-" + strings.ToUpper(trace) + "-00f067aa0ba902b7-01", false},
		{"short", "10.1.2.3:4", "00-abc-def-01", false},
		{"none", "10.1.2.3:4", "", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tt.remote
		r.Header.Set("Traceparent", tt.parent)
		got := e.requestID(r)
		if (got == trace) != tt.taken || len(got) != 32 {
			t.Errorf("%s: request id %q, want the trace id: %v", tt.name, got, tt.taken)
		}
	}
}

func TestLanguageOrder(t *testing.T) {
	t.Parallel()
	e := newEngine(t, mustURLs(t, "https://id.example.jp", ""))
	mux := http.NewServeMux()
	mux.Handle("/i/{alias}/{setting}", e.Handle(func(w http.ResponseWriter, r *http.Request) error {
		v := VisitOf(r.Context())
		v.Viewer.Locale = aikagi.ParseLocale(r.PathValue("setting"))
		v.Site.Locale = aikagi.ParseLocale(r.URL.Query().Get("instance"))
		_, err := io.WriteString(w, string(v.Locale()))
		return err
	}))
	h := e.Wrap(mux)
	for _, tt := range []struct{ path, cookie, accept, want string }{
		{"none?lang=en", "ja", "ja", "en"},
		{"ja?lang=xx", "en", "ja", "en"},
		{"ja", "en", "en", "en"},
		{"ja", "", "en", "ja"},
		{"en", "xx", "ja", "en"},
		{"none", "", "en-US", "en"},
		{"none?instance=en", "", "fr", "en"},
		{"none?instance=en", "", "ja", "ja"},
		{"none", "", "", "ja"},
	} {
		head := http.Header{"Accept-Language": {tt.accept}}
		if tt.cookie != "" {
			head.Set("Cookie", "__Host-aikagi-lang="+tt.cookie)
		}
		res := request{url: "https://id.example.jp/i/sakura/" + tt.path, header: head}.do(t, h)
		if got := bodyOf(t, res); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
		set := len(res.Cookies()) == 1
		if want := tt.path == "none?lang=en"; set != want {
			t.Errorf("%+v: cookie set: %v, want %v", tt, set, want)
		}
	}
}

func TestThemeWorksWithoutScript(t *testing.T) {
	t.Parallel()
	h := plainHandler(newEngine(t, mustURLs(t, "https://id.example.jp", "")))
	post := func(body string) *http.Response {
		return request{
			method: "POST", url: "https://id.example.jp/theme", body: body,
			header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		}.do(t, h)
	}
	res := post("theme=dark&back=%2Fi%2Fsakura%2Fwho%3Fq%3D1")
	if res.StatusCode != 303 || res.Header.Get("Location") != "/i/sakura/who?q=1" {
		t.Errorf("%d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	if c := res.Cookies(); len(c) != 1 || c[0].Value != "dark" {
		t.Errorf("cookies %v", c)
	}
	if got := post("theme=dark&back=//evil.example").Header.Get("Location"); got != "/" {
		t.Errorf("led to %q, want /", got)
	}
	if got := post("theme=dark&theme=light").StatusCode; got != 400 {
		t.Errorf("two themes: %d, want 400", got)
	}
	if got := post("theme=%3Cscript%3E").StatusCode; got != 400 {
		t.Errorf("unknown theme: %d, want 400", got)
	}
	if got := (request{url: "https://id.example.jp/theme"}).do(t, h).StatusCode; got != 405 {
		t.Errorf("GET: %d, want 405", got)
	}
}
