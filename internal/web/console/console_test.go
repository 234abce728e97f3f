package console_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/pquerna/otp/totp"
	xhtml "golang.org/x/net/html"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/emergency"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/mail"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/session"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/console"
	"github.com/aikagi/aikagi/internal/web/door"
)

const (
	base      = "https://id.example.jp"
	password1 = "midori no densha 47"
	reason    = "管理者が全員退職したため"
)

// site is the console on a server that has just started.
type site struct {
	t        *testing.T
	clock    *clock.Set
	accounts *account.Accounts
	rules    *emergency.Emergency
	people   *directory.Directory
	whole    *instance.Instances
	sessions *session.Sessions
	handler  http.Handler
}

func newSite(t *testing.T, instanceHost string) *site {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+t.TempDir()+"/a.db")
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	set := clock.NewSet(time.Date(2026, 11, 22, 0, 2, 0, 0, time.UTC))
	ring := secret.NewRing([secret.KeyBytes]byte{1})
	urls, err := web.ParseURLs(base, instanceHost)
	must(t, err)
	engine, err := web.NewEngine(web.Options{
		URLs: urls, Clock: set, Ring: ring, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	must(t, err)
	composer, err := mail.NewComposer()
	must(t, err)
	hashes, limits := password.NewGate(2, 64), &throttle.Throttle{Ring: ring}
	post := &outbox.Post{Composer: composer, Ring: ring, From: "noreply@example.jp", Wake: func() {}}
	w := &site{t: t, clock: set, sessions: &session.Sessions{Store: s, Clock: set}}
	w.accounts = &account.Accounts{
		Store: s, Clock: set, Ring: ring, Hashes: hashes, Throttle: limits, Region: "ap-northeast-1",
	}
	w.rules = &emergency.Emergency{Store: s, Clock: set, Sessions: w.sessions, Post: post, Region: "ap-northeast-1"}
	w.whole = &instance.Instances{Store: s, Clock: set}
	w.people = &directory.Directory{Store: s, Clock: set, Post: post, Hashes: hashes, Throttle: limits}
	c, err := console.New(console.Options{
		Web: engine, Clock: set, Accounts: w.accounts, Emergency: w.rules, Instances: w.whole,
		Door: &door.Door{Web: engine, Store: s, Sessions: w.sessions, Clock: set},
	})
	must(t, err)
	mux := http.NewServeMux()
	c.Routes(mux)
	w.handler = engine.Wrap(mux)
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *site) host() context.Context {
	return aikagi.WithActor(s.t.Context(), aikagi.Actor{Kind: aikagi.ActorHost, Name: "host"})
}

// browser keeps cookies, host by host.
type browser struct {
	site    *site
	locale  aikagi.Locale
	cookies map[string]map[string]string
}

func (s *site) browser(l aikagi.Locale) *browser {
	return &browser{s, l, map[string]map[string]string{}}
}

// page is what came back.
type page struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

func (b *browser) send(r *http.Request) page {
	b.site.t.Helper()
	r.Header.Set("Accept-Language", string(b.locale))
	for name, value := range b.cookies[r.Host] {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.site.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if b.cookies[r.Host] == nil {
			b.cookies[r.Host] = map[string]string{}
		}
		if c.MaxAge < 0 {
			delete(b.cookies[r.Host], c.Name)
		} else {
			b.cookies[r.Host][c.Name] = c.Value
		}
		if !c.Secure || !c.HttpOnly || !strings.HasPrefix(c.Name, "__Host-") {
			b.site.t.Errorf("cookie %s is not host-only and secure", c.Name)
		}
	}
	return page{b.site.t, w.Code, w.Header(), w.Body.String()}
}

func (b *browser) get(path string) page {
	b.site.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = base + path
	}
	return b.send(httptest.NewRequest(http.MethodGet, path, nil))
}

func (b *browser) post(path string, fields ...string) page {
	b.site.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	if strings.HasPrefix(path, "/") {
		path = base + path
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.send(r)
}

func (p page) wants(status int, texts ...string) page {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("status %d, want %d; location %q\n%s", p.status, status, p.header.Get("Location"), p.body)
	}
	shown := strings.ReplaceAll(html.UnescapeString(p.body), "\u00a0", " ")
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			p.t.Errorf("the page lacks %q\n%s", text, p.body)
		}
	}
	if status != http.StatusSeeOther && strings.HasPrefix(p.header.Get("Content-Type"), "text/html") {
		p.checkHTML()
	}
	return p
}

// checkHTML looks for what every page owes: one h1, a label for each input, no
// script or style inside, and no text key that nobody wrote.
func (p page) checkHTML() {
	p.t.Helper()
	doc, err := xhtml.Parse(strings.NewReader(p.body))
	must(p.t, err)
	ids, labels, inputs, headings := map[string]bool{}, map[string]bool{}, []string{}, 0
	for n := range doc.Descendants() {
		at := map[string]string{}
		for _, a := range n.Attr {
			at[a.Key] = a.Val
		}
		if id := at["id"]; id != "" {
			if ids[id] {
				p.t.Errorf("id %q stands twice", id)
			}
			ids[id] = true
		}
		switch n.Data {
		case "h1":
			headings++
		case "label":
			labels[at["for"]] = true
		case "input", "textarea", "select":
			if at["type"] != "hidden" {
				inputs = append(inputs, at["id"])
			}
		case "style":
			p.t.Error("a style stands in the page")
		}
		if at["onclick"] != "" || at["style"] != "" {
			p.t.Error("code or style stands in an attribute")
		}
	}
	for _, id := range inputs {
		if !labels[id] {
			p.t.Errorf("input %q has no label", id)
		}
	}
	if headings != 1 {
		p.t.Errorf("%d headings h1", headings)
	}
	if m := keyLeft.FindString(p.body); m != "" {
		p.t.Errorf("text %q was never written", m)
	}
}

var keyLeft = regexp.MustCompile(`>(console|sign_in)\.[a-z_.]+<|\{(n|name|id|alias)\}`)

func (p page) leadsTo(path string) page {
	p.t.Helper()
	p.wants(http.StatusSeeOther)
	if got := p.header.Get("Location"); got != path {
		p.t.Fatalf("led to %q, want %q", got, path)
	}
	return p
}

// hidden reads a field that the form carries unseen.
func (p page) hidden(name string) string {
	p.t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(p.body)
	if m == nil {
		p.t.Fatalf("no hidden field %q\n%s", name, p.body)
	}
	return html.UnescapeString(m[1])
}

func (p page) find(pattern string) string {
	p.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(p.body)
	if m == nil {
		p.t.Fatalf("nothing like %q\n%s", pattern, p.body)
	}
	return html.UnescapeString(m[1])
}

// setUp claims the account through the pages and leaves b signed in.
func (s *site) setUp(l aikagi.Locale) *browser {
	s.t.Helper()
	link, err := s.accounts.Bootstrap(s.host())
	must(s.t, err)
	b := s.browser(l)
	b.get("/account/setup/" + link.Token.Reveal()).leadsTo("/account/setup")
	form := b.get("/account/setup").wants(http.StatusOK)
	b.post("/account/setup", "link", form.hidden("link"), "principal_name", "root", "email", "owner@example.jp",
		"password", password1).leadsTo("/account/me/totp")
	return b
}

// instance makes one and returns the path of its page.
func (b *browser) instance(alias string) string {
	b.site.t.Helper()
	made := b.post("/account/instances/new", "alias", alias, "display_name", "さくら <センター>", "time_zone", "Asia/Tokyo",
		"locale", "ja", "identity_type", "CONNECT_MANAGED").wants(http.StatusSeeOther)
	return made.header.Get("Location")
}

// repairs goes through emergency access to the repair panel.
func (b *browser) repairs(instance, alias string) page {
	b.site.t.Helper()
	link := b.post(instance+"/emergency", "reason", reason).wants(http.StatusOK).
		find(`href="` + base + `(/i/` + alias + `/emergency/[^"]+)"`)
	b.get(link).leadsTo("/i/" + alias + "/emergency")
	start := b.get("/i/"+alias+"/emergency").wants(http.StatusOK, reason)
	b.post("/i/"+alias+"/emergency", "grant", start.hidden("grant")).leadsTo("/i/" + alias + "/repair")
	return b.get("/i/"+alias+"/repair").wants(http.StatusOK, reason)
}

// TestS15SigningInAgainEndsTheOldSession signs in over a session that the browser
// has; a copy of the old cookie is good for nothing then.
func TestS15SigningInAgainEndsTheOldSession(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	b := s.setUp(aikagi.Japanese)
	const plane = "__Host-aikagi-account"
	old := s.browser(aikagi.Japanese)
	old.cookies["id.example.jp"] = map[string]string{plane: b.cookies["id.example.jp"][plane]}
	old.get("/account/me").wants(http.StatusOK)
	b.post("/account/login", "principal_name", "root", "password", password1, "next", "/account/me").leadsTo("/account/me")
	b.get("/account/me").wants(http.StatusOK)
	old.get("/account/me").wants(http.StatusSeeOther)
}

// TestEachPageInEachLanguage walks the console from the set-up link to the
// repaired instance.
func TestEachPageInEachLanguage(t *testing.T) {
	t.Parallel()
	for _, l := range aikagi.Locales {
		t.Run(string(l), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "")
			b := s.setUp(l)
			b.get("/account").wants(http.StatusOK, i18n.T(l, "console.instances.none"), i18n.T(l, "console.nofactor.title"))
			b.get("/account/instances/new").wants(http.StatusOK)
			b.post("/account/instances/new", "alias", "-", "time_zone", "Mars", "identity_type", "CONNECT_MANAGED").
				wants(http.StatusBadRequest, i18n.T(l, "page.problems"))
			instance := b.instance("sakura")
			b.get(instance).wants(http.StatusOK, "arn:aws:connect:ap-northeast-1:", "さくら <センター>")
			b.get("/account").wants(http.StatusOK, base+"/i/sakura/login", i18n.T(l, "console.noadmin"))
			b.post("/account/instances/new", "alias", "sakura", "time_zone", "Asia/Tokyo", "identity_type", "CONNECT_MANAGED").
				wants(http.StatusBadRequest, i18n.T(l, "alias.taken"))

			b.get(instance+"/emergency").wants(http.StatusOK, i18n.T(l, "console.emergency.c1"), "192.0.2.1")
			b.post(instance+"/emergency", "reason", "short").wants(http.StatusBadRequest, i18n.T(l, "reason.too_short"))
			b.repairs(instance, "sakura").wants(http.StatusOK, i18n.T(l, "shell.emergency"), "30:00",
				i18n.T(l, "console.repair.give"), i18n.T(l, "console.repair.profile.good"))
			b.post("/i/sakura/emergency/end").leadsTo("/i/sakura/login")

			for _, path := range []string{
				"/account/me", "/account/me/totp", "/account/principals", "/account/policies", "/account/policies/new",
				"/account/managed-policies/AdministratorAccess", "/account/simulator", "/account/audit", "/account/contact",
			} {
				b.get(path).wants(http.StatusOK)
			}
			b.principals(l)
			b.policies(l)
			b.post("/account/contact", "email", "broken").wants(http.StatusBadRequest)
			b.post("/account/contact", "email", "ｎｅｗ@example.jp").leadsTo("/account/contact")
			b.get("/account/contact").wants(http.StatusOK, "new@example.jp")
			b.get("/account/audit").wants(http.StatusOK, "account.claim", "new@<wbr>example.<wbr>jp")
			b.post("/account/logout").leadsTo("/account/login")
			b.get("/account/login").wants(http.StatusOK, i18n.T(l, "console.login.signed_out"), "aikagi console")
			b.get("/account").leadsTo("/account/login")
		})
	}
}

func (b *browser) principals(l aikagi.Locale) {
	t := b.site.t
	t.Helper()
	b.post("/account/principals", "principal_name", "花子").wants(http.StatusBadRequest, i18n.T(l, "principal_name.characters"))
	b.post("/account/principals", "principal_name", "root").wants(http.StatusBadRequest, i18n.T(l, "principal_name.taken"))
	invited := b.post("/account/principals", "principal_name", "hanako").wants(http.StatusOK)
	link := invited.find(base + `(/account/setup/[\w-]+)`)
	path := invited.find(`href="(/account/principals/[0-9a-f-]{36})"`)

	hers := b.site.browser(l)
	hers.get(link).leadsTo("/account/setup")
	form := hers.get("/account/setup").wants(http.StatusOK, "hanako")
	hers.post("/account/setup", "link", form.hidden("link"), "password", "short").
		wants(http.StatusBadRequest, i18n.T(l, "page.problems"))
	hers.post("/account/setup", "link", "other", "password", password1).wants(http.StatusConflict, i18n.T(l, "console_link.mixed_up"))
	hers.post("/account/setup", "link", form.hidden("link"), "password", password1).leadsTo("/account/me/totp")
	hers.get("/account").wants(http.StatusForbidden, "connect:ListInstances", "AmazonConnect_FullAccess")
	hers.get("/account/me").wants(http.StatusOK)
	hers.get(path).wants(http.StatusOK)

	policy := "arn:aws:iam::aws:policy/AmazonConnectReadOnlyAccess"
	b.post(path+"/attach", "policy", policy).leadsTo(path)
	b.get(path).wants(http.StatusOK, "AmazonConnectReadOnlyAccess", i18n.T(l, "console.principal.attached"))
	hers.get("/account").wants(http.StatusOK)
	b.post(path+"/detach", "policy", policy).leadsTo(path)
	key := b.post(path+"/keys").wants(http.StatusOK, i18n.T(l, "console.once")).find(`(AKIA[A-Z2-7]{16})`)
	b.post(path+"/keys/"+key+"/status", "status", "off").leadsTo(path)
	b.get(path+"/keys/"+key+"/delete").wants(http.StatusOK, key)
	b.post(path + "/keys/" + key + "/delete").leadsTo(path)
	b.post(path + "/invite").wants(http.StatusOK)
	b.get(path+"/disable").wants(http.StatusOK, "hanako")
	b.post(path + "/disable").leadsTo(path)
	b.get(path).wants(http.StatusOK, i18n.T(l, "console.state.disabled"))
	b.post(path + "/enable").leadsTo(path)
	b.get(path+"/delete").wants(http.StatusOK, "hanako")
	b.post(path + "/delete").leadsTo("/account/principals")
	b.get(path).wants(http.StatusNotFound)
}

func (b *browser) policies(l aikagi.Locale) {
	b.site.t.Helper()
	b.post("/account/policies/new", "policy_name", "own", "document", "{\n \"Statement\": [\n {\"Effect\": \"Permit\"}]}").
		wants(http.StatusBadRequest, i18n.T(l, "policy.bad_effect"), "3")
	const document = `{"Statement":[{"Effect":"Allow","Action":"connect:List*","Resource":"*"}]}`
	path := b.post("/account/policies/new", "policy_name", "own", "document", document).
		wants(http.StatusSeeOther).header.Get("Location")
	shown := b.get(path).wants(http.StatusOK, "connect:List*")
	b.post(path, "version", shown.hidden("version"), "document", "[]").wants(http.StatusBadRequest)
	b.post(path, "version", shown.hidden("version"), "document", document+" ").leadsTo(path)
	b.post(path, "version", shown.hidden("version"), "document", document).wants(http.StatusConflict, i18n.T(l, "policy.changed"))
	b.post("/account/simulator", "action", "connect:ListUsers", "resource", "*", "document", document).
		wants(http.StatusOK, i18n.T(l, "console.simulator.allowed"))
	b.post("/account/simulator", "action", "connect:CreateUser", "resource", "*", "document", document).
		wants(http.StatusOK, i18n.T(l, "console.simulator.nothing"))
	b.post("/account/simulator", "action", "", "resource", "*", "keys", "nonsense").
		wants(http.StatusBadRequest, i18n.T(l, "keys.shape"))
	b.get(path+"/delete").wants(http.StatusOK, "own")
	b.post(path + "/delete").leadsTo("/account/policies")
	b.get(path).wants(http.StatusNotFound)
}

func TestC27SignInWithSecondFactor(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	b := s.setUp(aikagi.Japanese)
	offer := b.get("/account/me/totp").wants(http.StatusOK, "data:image/png;base64,")
	key := strings.ReplaceAll(offer.find(`<code>([A-Z2-7 ]+)</code>`), " ", "")
	code := func() string {
		c, err := totp.GenerateCode(key, s.clock.Now())
		must(t, err)
		return c
	}
	again := b.post("/account/me/totp", "offer", offer.hidden("offer"), "totp_code", "12").wants(http.StatusBadRequest)
	b.post("/account/me/totp", "offer", again.hidden("offer"), "totp_code", code()).leadsTo("/account")

	login := func(b *browser, password, code string) page {
		return b.post("/account/login", "principal_name", "root", "password", password, "totp_code", code, "next", "/account/me")
	}
	other := s.browser(aikagi.Japanese)
	other.get("/account/me").leadsTo("/account/login?next=%2Faccount%2Fme")
	other.get("/account/login?next=%2Faccount%2Fme").wants(http.StatusOK)
	wrong := login(other, "not the password", "")
	login(other, password1, "000000").wants(http.StatusUnauthorized, i18n.T(aikagi.Japanese, "sign_in.wrong"))
	wrong.wants(http.StatusUnauthorized, i18n.T(aikagi.Japanese, "sign_in.wrong"))
	login(other, password1, "").wants(http.StatusUnauthorized, i18n.T(aikagi.Japanese, "sign_in.code_required"))
	login(other, password1, code()).wants(http.StatusUnauthorized) // the one that enrolled
	s.clock.Move(time.Minute)
	login(other, password1, code()).leadsTo("/account/me")
	other.get("/account/me").wants(http.StatusOK, i18n.T(aikagi.Japanese, "console.factor.on"))
	for range 10 {
		other.post("/account/login", "principal_name", "root", "password", "guess")
	}
	other.post("/account/login", "principal_name", "root", "password", "guess").wants(http.StatusTooManyRequests)
}

func TestS7LookingSpendsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	link, err := s.accounts.Bootstrap(s.host())
	must(t, err)
	for range 20 { // a scanner, then the person
		robot := s.browser(aikagi.English)
		robot.get("/account/setup/" + link.Token.Reveal())
		robot.get("/account/setup")
		robot.post("/account/setup", "principal_name", "", "password", "")
	}
	b := s.browser(aikagi.English)
	b.get("/account/setup/" + link.Token.Reveal())
	form := b.get("/account/setup").wants(http.StatusOK)
	if strings.Contains(form.body, link.Token.Reveal()) {
		t.Error("the secret is on the page")
	}
	b.post("/account/setup", "link", form.hidden("link"), "principal_name", "root", "email", "o@example.jp",
		"password", password1).leadsTo("/account/me/totp")
	b.get("/account/setup/" + link.Token.Reveal())
	b.get("/account/setup").wants(http.StatusGone, i18n.T(aikagi.English, "console_link.spent"))
	b.get("/account/setup/" + strings.Repeat("x", 4000)).wants(http.StatusNotFound)
}

// TestG08PlanesShareNoSession tries each session cookie at the other plane (G11).
func TestG08PlanesShareNoSession(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	b := s.setUp(aikagi.Japanese)
	instance := b.instance("sakura")
	id := strings.TrimPrefix(instance, "/account/instances/")
	b.repairs(instance, "sakura")
	cookies := b.cookies["id.example.jp"]
	const plane = "__Host-aikagi-account"
	inside := "__Host-aikagi-session-" + id
	if cookies[plane] == "" || cookies[inside] == "" || cookies[plane] == cookies[inside] {
		t.Fatalf("cookies %v", cookies)
	}
	swapped := s.browser(aikagi.Japanese)
	swapped.cookies["id.example.jp"] = map[string]string{plane: cookies[inside], inside: cookies[plane]}
	swapped.get("/account").leadsTo("/account/login")
	swapped.get("/i/sakura/repair").leadsTo("/i/sakura/login?next=%2Fi%2Fsakura%2Frepair")

	only := s.browser(aikagi.Japanese)
	only.cookies["id.example.jp"] = map[string]string{inside: cookies[inside]}
	only.get("/account").leadsTo("/account/login")
	only.get("/i/sakura/repair").wants(http.StatusOK)
}

func TestG02HandoverOnPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	b := s.setUp(aikagi.Japanese)
	sakura := b.instance("sakura")
	b.instance("ume")
	link := func() string {
		return b.post(sakura+"/emergency", "reason", reason).wants(http.StatusOK).find(`href="` + base + `/i/sakura(/emergency/[^"]+)"`)
	}
	spent := i18n.T(aikagi.Japanese, "emergency_grant.spent")
	first := link()
	b.get("/i/ume" + first).leadsTo("/i/ume/emergency")
	b.get("/i/ume/emergency").wants(http.StatusGone, spent)
	b.get("/i/sakura" + first).leadsTo("/i/sakura/emergency")
	grant := b.get("/i/sakura/emergency").hidden("grant")
	b.get("/i/sakura" + link()) // another tab
	b.post("/i/sakura/emergency", "grant", grant).wants(http.StatusConflict)
	b.get("/i/sakura" + first)
	b.post("/i/sakura/emergency", "grant", grant).leadsTo("/i/sakura/repair")
	b.get("/i/sakura" + first)
	b.get("/i/sakura/emergency").wants(http.StatusGone, spent)
	late := link()
	b.get("/i/sakura" + late)
	s.clock.Move(aikagi.GrantStartTTL)
	b.get("/i/sakura/emergency").wants(http.StatusGone, spent)

	s.clock.Move(28 * time.Minute)
	b.get("/i/sakura/repair").wants(http.StatusOK, "1:00")
	s.clock.Move(time.Minute)
	b.get("/i/sakura/repair").wants(http.StatusSeeOther)
}

func TestS31EmergencyRepairsTheProfile(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	b := s.setUp(aikagi.English)
	sakura := b.instance("sakura")
	id := aikagi.InstanceID(strings.TrimPrefix(sakura, "/account/instances/"))
	must(t, s.accounts.Store.Update(t.Context(), func(tx *store.Tx) error {
		profiles, err := tx.ListSecurityProfiles(t.Context(), id)
		if err != nil {
			return err
		}
		return tx.DeleteSecurityProfile(t.Context(), id, profiles[0].ID) // Admin is the first by name
	}))
	b.repairs(sakura, "sakura").wants(http.StatusOK, i18n.T(aikagi.English, "console.repair.profile.missing"))
	b.post("/i/sakura/repair/profile").leadsTo("/i/sakura/repair")
	b.get("/i/sakura/repair").wants(http.StatusOK, i18n.T(aikagi.English, "console.repair.profile.good"))
	b.post("/i/sakura/emergency/end").leadsTo("/i/sakura/login")
	b.get("/i/sakura/repair").wants(http.StatusSeeOther)
	events := 0
	must(t, s.accounts.Store.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.ListAuditEvents(t.Context(), id, "~", 100)
		for _, e := range all {
			if e.ActorName != "root" {
				t.Errorf("%s was done by %q", e.Action, e.ActorName)
			}
			events++
		}
		return err
	}))
	if events != 5 { // create, begin, start, profile, end
		t.Errorf("%d events in the record of the instance", events)
	}
}

// TestHandoverCrossesHosts is emergency access where each instance has a host
// of its own.
func TestHandoverCrossesHosts(t *testing.T) {
	t.Parallel()
	s := newSite(t, "*.my.example.jp")
	b := s.setUp(aikagi.Japanese)
	sakura := b.instance("sakura")
	link := b.post(sakura+"/emergency", "reason", reason).wants(http.StatusOK).
		find(`href="(https://sakura\.my\.example\.jp/emergency/[^"]+)"`)
	const host = "https://sakura.my.example.jp"
	b.get(link).leadsTo("/emergency")
	grant := b.get(host + "/emergency").wants(http.StatusOK).hidden("grant")
	b.post(host+"/emergency", "grant", grant).leadsTo("/repair")
	b.get(host + "/repair").wants(http.StatusOK)
	b.get(base + "/i/sakura/repair").wants(http.StatusNotFound)
	b.get(host + "/account").wants(http.StatusNotFound)
}

func TestC17CrossOriginChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	b := s.setUp(aikagi.Japanese)
	r := httptest.NewRequest(http.MethodPost, base+"/account/principals", strings.NewReader("principal_name=evil"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	b.send(r).wants(http.StatusForbidden)
	if strings.Contains(b.get("/account/principals").body, "evil") {
		t.Error("another site made a principal")
	}
}

func TestG15ConsoleLinkIsSigned(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.setUp(aikagi.Japanese)
	all, err := s.accounts.ListPrincipals(s.host(), "", 10)
	must(t, err)
	key, shown, err := s.accounts.CreateAccessKey(s.host(), all[0].ID)
	must(t, err)
	robot := s.browser(aikagi.English)
	ask := func(secret, service string) (page, map[string]string) {
		p := robot.send(signed(s.clock.Now(), string(key.ID), secret, service))
		answer := map[string]string{}
		must(t, json.Unmarshal([]byte(p.body), &answer))
		return p, answer
	}
	if p, answer := ask("wrong", console.SigningService); p.status != http.StatusForbidden || answer["error"] != "invalid_signature" {
		t.Errorf("a wrong secret: %d %v", p.status, answer)
	}
	if p, answer := ask(shown.Reveal(), "connect"); p.status != http.StatusForbidden || answer["error"] != "invalid_signature" {
		t.Errorf("signed for another service: %d %v", p.status, answer)
	}
	// A URL that holds for a week would be a way in for whoever finds it.
	presigned := httptest.NewRequest(http.MethodPost, base+presignedLink(t, s.clock.Now(), key.ID, shown), strings.NewReader("{}"))
	if p := robot.send(presigned); p.status != http.StatusForbidden || !strings.Contains(p.body, "missing_token") {
		t.Errorf("presigned: %d %s", p.status, p.body)
	}
	p, answer := ask(shown.Reveal(), console.SigningService)
	if p.status != http.StatusOK || answer["expires_at"] != "2026-11-22T00:03:00Z" {
		t.Fatalf("got %d %v", p.status, answer)
	}
	b := s.browser(aikagi.English)
	b.get(answer["url"]).leadsTo("/account/link")
	button := b.get("/account/link").wants(http.StatusOK, "root")
	b.get("/account").leadsTo("/account/login")
	b.post("/account/link", "link", button.hidden("link")).leadsTo("/account")
	b.get("/account").wants(http.StatusOK)
	b.get(answer["url"])
	b.get("/account/link").wants(http.StatusGone)
	must(t, s.accounts.SetAccessKeyEnabled(s.host(), all[0].ID, key.ID, false))
	if p, answer := ask(shown.Reveal(), console.SigningService); p.status != http.StatusForbidden || answer["error"] != "unrecognized_client" {
		t.Errorf("a disabled key: %d %v", p.status, answer)
	}
	b.get("/account").leadsTo("/account/login") // what the key opened is closed too
}

// presignedLink is the target of a presigned URL of the same request.
func presignedLink(t *testing.T, now time.Time, id aikagi.AccessKeyID, secret aikagi.Secret) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, base+"/account/api/console-link?X-Amz-Expires=604800", strings.NewReader("{}"))
	body := sha256.Sum256([]byte("{}"))
	address, _, err := v4.NewSigner().PresignHTTP(t.Context(), aws.Credentials{AccessKeyID: string(id), SecretAccessKey: secret.Reveal()},
		r, hex.EncodeToString(body[:]), console.SigningService, "ap-northeast-1", now)
	must(t, err)
	return strings.TrimPrefix(address, base)
}

// signed makes a request as `aikagi console` does.
func signed(now time.Time, id, secret, service string) *http.Request {
	const target = "/account/api/console-link"
	body := []byte("{}")
	r := httptest.NewRequest(http.MethodPost, base+target, bytes.NewReader(body))
	r.RequestURI = target
	day, stamp := now.Format("20060102"), now.Format("20060102T150405Z")
	hash := sha256.Sum256(body)
	r.Header.Set("X-Amz-Date", stamp)
	r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(hash[:]))
	canonical := "POST\n" + target + "\n\nhost:" + r.Host + "\nx-amz-content-sha256:" + hex.EncodeToString(hash[:]) +
		"\nx-amz-date:" + stamp + "\n\nhost;x-amz-content-sha256;x-amz-date\n" + hex.EncodeToString(hash[:])
	digest := sha256.Sum256([]byte(canonical))
	scope := day + "/ap-northeast-1/" + service + "/aws4_request"
	key := []byte("AWS4" + secret)
	for _, part := range []string{
		day, "ap-northeast-1", service, "aws4_request",
		"AWS4-HMAC-SHA256\n" + stamp + "\n" + scope + "\n" + hex.EncodeToString(digest[:]),
	} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+id+"/"+scope+
		", SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature="+hex.EncodeToString(key))
	return r
}
