package portal_test

import (
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/captcha/captchatest"
	"github.com/aikagi/aikagi/internal/emergency"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
	"github.com/aikagi/aikagi/internal/web/portal"
)

const chosen = "kinmokusei no kaori 5"

// site is an instance with its pages, served on loopback.
type site struct {
	*resettest.World
	handler http.Handler
	url     string // of the server, without a slash at the end
	file    string // of the database
}

// open serves the pages of a world by http on loopback.
func open(t *testing.T, edits ...func(*aikagi.Instance)) *site {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	s := build(t, "http://"+server.Listener.Addr().String(), edits...)
	server.Config.Handler = s.handler
	server.Start()
	t.Cleanup(server.Close)
	return s
}

// build makes the pages for a base URL and serves them nowhere.
func build(t *testing.T, base string, edits ...func(*aikagi.Instance)) *site {
	t.Helper()
	address := storetest.URL(t, store.SQLite)
	s := &site{
		World: resettest.New(t, storetest.Connect(t, address), edits...),
		url:   base, file: strings.TrimPrefix(address, "sqlite:"),
	}
	s.Links(base)
	urls, err := web.ParseURLs(base, "")
	must(t, err)
	engine, err := web.NewEngine(web.Options{
		URLs: urls, Clock: s.Clock, Ring: s.Ring,
		Log: slog.New(slog.NewJSONHandler(s.Log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	must(t, err)
	entrance := &door.Door{Web: engine, Store: s.Store, Sessions: s.Sessions, Clock: s.Clock}
	pages, err := portal.New(portal.Options{
		Web: engine, Door: entrance, Clock: s.Clock, Ring: s.Ring, Challenges: s.Challenges,
		Logins: s.Logins, Resets: s.Resets, Sessions: s.Sessions, Sender: "noreply@id.example.jp",
		EndEmergency: (&emergency.Emergency{Store: s.Store, Clock: s.Clock, Sessions: s.Sessions}).End,
	})
	must(t, err)
	mux := http.NewServeMux()
	pages.Routes(mux)
	s.handler = engine.Wrap(mux)
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// browser keeps cookies and follows nothing by itself.
type browser struct {
	t      *testing.T
	site   *site
	client *http.Client
	header http.Header // sent along
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &browser{t: t, site: s, header: http.Header{}, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is an answer, read to its end.
type page struct {
	*http.Response
	body string
}

func (p page) location() string { return p.Header.Get("Location") }

func (p page) cookies() string {
	var names []string
	for _, c := range p.Cookies() {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// address of a page of the instance; whole addresses stay what they are.
func (b *browser) address(path string) string {
	switch {
	case strings.HasPrefix(path, "http"):
		return path
	case strings.HasPrefix(path, "/i/"):
		return b.site.url + path
	}
	return b.site.url + "/i/sakura" + path
}

func (b *browser) do(method, path, body string, header ...string) page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.address(path), strings.NewReader(body))
	must(b.t, err)
	for name, values := range b.header {
		r.Header[name] = values
	}
	for n := 0; n+1 < len(header); n += 2 {
		if header[n] == "Host" {
			r.Host = header[n+1]
		}
		r.Header.Set(header[n], header[n+1])
	}
	answer, err := b.client.Do(r)
	must(b.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(b.t, err)
	return page{answer, string(text)}
}

func (b *browser) opens(path string) page { b.t.Helper(); return b.do(http.MethodGet, path, "") }

// sends posts a form: name, value, name, value …
func (b *browser) sends(path string, fields ...string) page {
	b.t.Helper()
	form := url.Values{}
	for n := 0; n+1 < len(fields); n += 2 {
		form.Add(fields[n], fields[n+1])
	}
	return b.do(http.MethodPost, path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// cookie reads a cookie by the beginning of its name.
func (b *browser) cookie(prefix string) *http.Cookie {
	b.t.Helper()
	at, err := url.Parse(b.site.url)
	must(b.t, err)
	for _, c := range b.client.Jar.Cookies(at) {
		if strings.HasPrefix(c.Name, "aikagi-"+prefix) {
			return c
		}
	}
	return nil
}

// takes puts a cookie into the browser.
func (b *browser) takes(name, value string) {
	b.t.Helper()
	at, err := url.Parse(b.site.url)
	must(b.t, err)
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

var hidden = regexp.MustCompile(`name="token" value="([^"]*)"`)

func hiddenToken(t *testing.T, p page) string {
	t.Helper()
	found := hidden.FindStringSubmatch(p.body)
	if found == nil {
		t.Fatalf("no form in %s:\n%s", p.Status, p.body)
	}
	return found[1]
}

// asks fills in the forgot-password form.
func (b *browser) asks(name string) page {
	b.t.Helper()
	token := hiddenToken(b.t, b.opens("/forgot"))
	image, _ := captchatest.Answers(b.t, b.site.Ring, token)
	return b.sends("/forgot", "username", name, "token", token, "challenge", image)
}

func (b *browser) logsIn(name, password string) page {
	b.t.Helper()
	return b.sends("/login", "username", name, "password", password)
}

// receives lets the jobs work, and returns the link of the newest mail.
func (b *browser) receives(u aikagi.User) string {
	b.t.Helper()
	b.site.Work(b.t)
	return resettest.LinkIn(b.t, b.site.Received(b.t, u.Email).Text)
}

// follows opens a link and the form that it leads to.
func (b *browser) follows(link string) page {
	b.t.Helper()
	first := b.opens(link)
	if first.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("the link answers %s", first.Status)
	}
	return b.opens(first.location())
}

// rows is everything in the database, as text.
func (s *site) rows(t *testing.T) string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+s.file+"?_pragma=busy_timeout(5000)")
	must(t, err)
	defer db.Close()
	var all strings.Builder
	for _, table := range column(t, db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name") {
		names := column(t, db, "SELECT name FROM pragma_table_info('"+table+"')")
		text := "quote(" + strings.Join(names, ") || ' ' || quote(") + ")"
		for _, row := range column(t, db, "SELECT "+text+" FROM "+table+" ORDER BY 1") {
			all.WriteString(table + ": " + row + "\n")
		}
	}
	return all.String()
}

func column(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	must(t, err)
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		must(t, rows.Scan(&text))
		all = append(all, text)
	}
	must(t, rows.Err())
	return all
}

// routes are those of the package, read from its source: "GET /forgot".
func routes(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile("portal.go")
	must(t, err)
	var all []string
	for _, found := range regexp.MustCompile(`mux\.Handle\("(GET|POST) /i/\{alias\}([^"]*)"`).FindAllStringSubmatch(string(source), -1) {
		all = append(all, found[1]+" "+strings.ReplaceAll(found[2], "{$}", ""))
	}
	if len(all) < 15 {
		t.Fatalf("found only %v", all)
	}
	return all
}

// filled makes a path of a route.
func filled(route, token, challenge string) string {
	return strings.NewReplacer("{token}", token, "{file}", challenge).Replace(route)
}
