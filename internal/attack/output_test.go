package attack

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
)

// TestI03ScriptsBuildNoPages: our scripts write no markup, run no text, and go
// nowhere that the page did not say.
func TestI03ScriptsBuildNoPages(t *testing.T) {
	t.Parallel()
	sinks := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setTimeout\(\s*["'\x60]|setInterval\(\s*["'\x60]|` +
		`location\.(hash|search)|document\.cookie|window\.(?:onmessage|addEventListener\("message)|javascript:|importScripts|srcdoc|createContextualFragment|parseFromString|https?://`)
	files, err := filepath.Glob("../web/static/*.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := sinks.FindString(string(text)); found != "" {
			t.Errorf("%s has %s", filepath.Base(file), found)
		}
	}
}

// TestI05MessagesAreCodes: no text of an address or of a cookie gets onto a page
// as a message.
func TestI05MessagesAreCodes(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	const text = "Your-account-is-locked-call-0120"
	v := s.as("admin", p.user["admin"]).both(s.owner())
	for _, name := range []string{"flash", "asked-" + string(p.instance.ID), "done-" + string(p.instance.ID), "lang", "theme"} {
		v.cookies = append(v.cookies, &http.Cookie{Name: plain + name, Value: text})
	}
	query := url.Values{}
	for _, name := range []string{"why", "error", "message", "msg", "flash", "notice", "reason", "text", "title"} {
		query.Set(name, text)
	}
	stranger := visitor{s, "stranger", v.cookies[2:]}
	for _, r := range routes(t) {
		if r.method != http.MethodGet || strings.HasPrefix(r.path, "/dev/mail") {
			continue
		}
		for _, who := range []visitor{v, stranger} {
			for _, found := range seen(t, who.get(p.address(t, r)+"?"+query.Encode()).Body.String()) {
				if strings.Contains(found, text) {
					t.Errorf("%s says %q", r, found)
				}
			}
		}
	}
}

// seen are the texts that a page shows.
func seen(t *testing.T, page string) []string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for n := range doc.Descendants() {
		if n.Type == html.TextNode {
			all = append(all, n.Data)
		}
	}
	return all
}

// TestI15I16I18AnswersAreWhatTheySay: every route answers in a type that is
// known, with nosniff; what is somebody's is kept nowhere, also below a made-up
// file name; and no header names a product.
func TestI15I16I18AnswersAreWhatTheySay(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	types := []string{
		"text/html; charset=utf-8", "application/json", "image/png", "audio/wav", "text/css; charset=utf-8", "text/javascript; charset=utf-8",
		"text/plain; charset=utf-8", "message/rfc822", "image/svg+xml", "text/csv; charset=utf-8",
	}
	v := s.as("admin", p.user["admin"]).both(s.owner())
	for _, r := range routes(t) {
		if r.method != http.MethodGet {
			continue
		}
		path := p.address(t, r)
		for _, at := range []string{path, path + "/x.css", path + "/x.png", path + ".js", path + "%2fx.css", path + ";x.css", path + "?x.css"} {
			w := v.get(at)
			if w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("I15: %s may be sniffed", at)
			}
			if kind := w.Header().Get("Content-Type"); w.Body.Len() > 0 && !slices.Contains(types, kind) {
				t.Errorf("I15: %s is %q", at, kind)
			}
			if keeps := w.Header().Get("Cache-Control"); keeps != "no-store" && !strings.HasPrefix(at, "/static/") {
				t.Errorf("I16: %s may be kept: %q", at, keeps)
			}
			if named := strings.Contains(at, "/x."); named && w.Code == http.StatusOK {
				t.Errorf("I16: %s is shown", at)
			}
			for _, name := range []string{"Server", "X-Powered-By", "X-Aspnet-Version", "X-Generator", "Via"} {
				if w.Header().Get(name) != "" {
					t.Errorf("I18: %s says %s: %s", at, name, w.Header().Get(name))
				}
			}
		}
	}
}

// TestI19PagesLoadNothingFromElsewhere: no element of any page, in any language
// or state, fetches from another host, and the policy of the page forbids it.
func TestI19PagesLoadNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	for _, who := range []string{"admin", "emergency"} {
		for _, r := range routes(t) {
			if r.method != http.MethodGet || strings.HasPrefix(r.path, "/dev/mail") {
				continue
			}
			w := s.person(p, who).get(p.address(t, r))
			for _, directive := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
				if !strings.Contains(w.Header().Get("Content-Security-Policy"), directive) {
					t.Errorf("%s: the policy lacks %s", r, directive)
				}
			}
			if policy := w.Header().Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || strings.Contains(policy, "*") {
				t.Errorf("%s: the policy is %s", r, policy)
			}
			loadsOwn(t, r.String(), w.Body.String())
		}
	}
}

func loadsOwn(t *testing.T, where, page string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		for _, a := range n.Attr {
			loads := a.Key == "src" || a.Key == "srcset" || a.Key == "poster" || a.Key == "action" || a.Key == "formaction" || a.Key == "href" && n.Data == "link"
			own := strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "//") || strings.HasPrefix(a.Val, "data:image/png;base64,") || a.Val == ""
			if loads && !own {
				t.Errorf("%s: <%s %s=%q>", where, n.Data, a.Key, a.Val)
			}
		}
	}
}

// TestS40TLS12AndLaterAndNothingElseOnThePublicPort.
func TestS40TLS12AndLaterAndNothingElseOnThePublicPort(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{TLS: true})
	host := strings.TrimPrefix(site.URLs.Base(), "https://")
	for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		err := shakesHands(t, host, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}) //nolint:gosec // what is refused is the test
		if (err == nil) != want {
			t.Errorf("TLS %x: %v", version, err)
		}
	}
	weak := []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}
	err := shakesHands(t, host, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: weak}) //nolint:gosec // likewise
	if err == nil {
		t.Error("a suite without forward secrecy is taken")
	}
	s := &siege{t: t, Site: site}
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/vars", "/server-status", "/.env", "/.git/config"} {
		if w := s.anonymous().get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s on the public port: %d", path, w.Code)
		}
	}
	w := s.anonymous().get("/i/sakura/login")
	if w.Header().Get("Strict-Transport-Security") == "" {
		t.Error("nothing keeps the browser at https")
	}
}

func shakesHands(t *testing.T, host string, config *tls.Config) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	dialer := tls.Dialer{NetDialer: &net.Dialer{}, Config: config}
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err == nil {
		_ = conn.Close() // nothing was said
	}
	return err
}

// TestS23FormsTakeOneTextAField: every form of every page, with a field twice, in
// the address as well, with bytes that are no text, of another type, and longer
// than forms are. None is an error of the server, and nothing is stored.
func TestS23FormsTakeOneTextAField(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	tried := map[string]bool{}
	var attempts []attempt
	for _, who := range []string{"admin", "emergency"} {
		for _, r := range routes(t) {
			if r.method != http.MethodGet || strings.HasPrefix(r.path, "/dev/mail") {
				continue
			}
			for _, f := range forms(t, looks(t, s, p, who, r, aikagi.English)) {
				if len(f.values) == 0 || tried[f.action] || strings.HasSuffix(f.action, "logout") || strings.HasSuffix(f.action, "/end") ||
					strings.HasSuffix(f.action, "/import") { // takes a file
					continue
				}
				tried[f.action] = true
				attempts = append(attempts, attempt{f.action, func() { s.malformed(p, who, f) }})
			}
		}
	}
	s.untouched(attempts)
	if len(tried) < 30 {
		t.Errorf("tried %d forms only: %v", len(tried), tried)
	}
}

// many are the fields that may come more than once: boxes to tick.
var many = []string{"permission", "security_profiles", "tag_scoped", "way", "id", "profiles"}

func (s *siege) malformed(p *place, who string, f form) {
	s.t.Helper()
	v := s.person(p, who)
	send := func(what, kind, body, query string, want ...int) {
		s.t.Helper()
		r := v.request(http.MethodPost, f.action+query, nil)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if w := v.do(r); !slices.Contains(want, w.Code) {
			s.t.Errorf("POST %s with %s: status %d, want %v", f.action, what, w.Code, want)
		}
	}
	for name := range f.values {
		if slices.Contains(many, name) {
			continue
		}
		twice := url.Values{name: {"a", "b"}}
		send(name+" twice", formType, twice.Encode(), "", http.StatusBadRequest)
		send(name+" in the address too", formType, name+"=a", "?"+name+"=a", http.StatusBadRequest)
		send(name+" of no text", formType, name+"=%ff%fe", "", http.StatusBadRequest)
		send(name+" with a zero", formType, name+"=a%00b", "", http.StatusBadRequest)
	}
	send("JSON", "application/json", `{"a":1}`, "", http.StatusUnsupportedMediaType)
	send("text", "text/plain", "a=b", "", http.StatusUnsupportedMediaType)
	send("XML", "application/xml", "<a/>", "", http.StatusUnsupportedMediaType)
	send("another charset", formType+"; charset=utf-16", "a=b", "", http.StatusUnsupportedMediaType)
	send("a broken escape", formType, "a=%zz", "", http.StatusBadRequest)
	send("eight megabytes", formType, "a="+strings.Repeat("b", 8<<20), "", http.StatusRequestEntityTooLarge)
}
