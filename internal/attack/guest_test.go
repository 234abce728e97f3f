package attack

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app"
	"github.com/aikagi/aikagi/internal/captcha/captchatest"
	"github.com/aikagi/aikagi/internal/mailbox"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// patience is how long a test waits for what is sure to come: the machine may be
// busy.
const patience = 2 * time.Minute

// chosen is a password that nobody had before.
const chosen = "kinmokusei no kaori 5"

// guest is a browser that keeps cookies, comes from an address of its own and
// follows nothing by itself. It looks at the sample's instance.
type guest struct {
	t      *testing.T
	site   *siege
	client *http.Client
	header http.Header // sent along with everything
}

// node is how a guest reaches one node of the product from an address.
type node struct {
	handler http.Handler
	from    string
}

// RoundTrip answers in memory, as the node would over the wire.
func (n node) RoundTrip(r *http.Request) (*http.Response, error) {
	in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), r.Body)
	in.Header = r.Header.Clone()
	in.ContentLength, in.RemoteAddr = r.ContentLength, n.from+":4711"
	in.TLS = r.TLS
	if strings.HasPrefix(r.URL.Scheme, "https") {
		in.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	if r.Host != "" {
		in.Host = r.Host
	}
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, in)
	answer := w.Result()
	answer.Request = r
	return answer, nil
}

// guest is somebody at an address, with an empty browser.
func (s *siege) guest(from string) *guest { return s.guestOf(s.App, from) }

// guestOf is somebody whose requests reach one node of several.
func (s *siege) guestOf(a *app.App, from string) *guest {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	s.must(err)
	return &guest{t: s.t, site: s, header: http.Header{}, client: &http.Client{
		Jar: jar, Transport: node{a.Handler, from},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// secondNode puts the product together once more on the same database, as
// another machine would.
func (s *siege) secondNode(database string) *app.App {
	s.t.Helper()
	o := s.Options
	o.Store, o.Extra = storetest.Connect(s.t, database), nil
	a, err := app.Build(o)
	s.must(err)
	return a
}

// page is an answer, read to its end.
type page struct {
	*http.Response
	body string
}

func (p page) location() string { return p.Header.Get("Location") }

// at is the address of a page of the sample's instance; whole ones stay.
func (g *guest) at(path string) string {
	if strings.HasPrefix(path, "http") {
		return path
	}
	if strings.HasPrefix(path, "/i/") {
		return g.site.URLs.Base() + path
	}
	return g.site.URL(path)
}

func (g *guest) do(method, path, body string, header ...string) page {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), method, g.at(path), strings.NewReader(body))
	g.site.must(err)
	for name, values := range g.header {
		r.Header[name] = values
	}
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	answer, err := g.client.Do(r)
	g.site.must(err)
	defer func() { _ = answer.Body.Close() }() // read to its end
	text, err := io.ReadAll(answer.Body)
	g.site.must(err)
	return page{answer, string(text)}
}

func (g *guest) opens(path string) page { g.t.Helper(); return g.do(http.MethodGet, path, "") }

// sends posts a form: name, value, name, value …
func (g *guest) sends(path string, fields ...string) page {
	g.t.Helper()
	form := url.Values{}
	for n := 0; n+1 < len(fields); n += 2 {
		form.Add(fields[n], fields[n+1])
	}
	return g.do(http.MethodPost, path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// cookies are those that the browser would send to the site.
func (g *guest) cookies() []*http.Cookie {
	g.t.Helper()
	u, err := url.Parse(g.site.URLs.Base())
	g.site.must(err)
	return g.client.Jar.Cookies(u)
}

// cookie reads one by what its name begins with, after the prefix of all.
func (g *guest) cookie(prefix string) *http.Cookie {
	g.t.Helper()
	for _, c := range g.cookies() {
		if strings.HasPrefix(strings.TrimPrefix(c.Name, "__Host-"), plain+prefix) {
			return c
		}
	}
	return nil
}

// takes puts a cookie into the browser.
func (g *guest) takes(name, value string) {
	g.t.Helper()
	u, err := url.Parse(g.site.URLs.Base())
	g.site.must(err)
	g.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: u.Scheme == "https"}})
}

var hiddenField = regexp.MustCompile(`name="token" value="([^"]*)"`)

// formToken is the hidden field that the forms for asking and for a new password
// have.
func formToken(t *testing.T, p page) string {
	t.Helper()
	found := hiddenField.FindStringSubmatch(p.body)
	if found == nil {
		t.Fatalf("no form in %s:\n%s", p.Status, p.body)
	}
	return found[1]
}

// challenged opens the form, and returns its challenge with the right answer.
func (g *guest) challenged() (token, right string) {
	g.t.Helper()
	token = formToken(g.t, g.opens("/forgot"))
	image, _ := captchatest.Answers(g.t, g.site.Ring, token)
	return token, image
}

// asks fills in the form for a reset.
func (g *guest) asks(name string) page {
	g.t.Helper()
	token, right := g.challenged()
	return g.sends("/forgot", "username", name, "token", token, "challenge", right)
}

func (g *guest) logsIn(name, password string) page {
	g.t.Helper()
	return g.sends("/login", "username", name, "password", password)
}

// inside tells whether the site knows who this is.
func (g *guest) inside() bool {
	g.t.Helper()
	p := g.opens("/me")
	if p.StatusCode != http.StatusOK && p.StatusCode != http.StatusSeeOther {
		g.t.Fatalf("/me answers %s", p.Status)
	}
	return p.StatusCode == http.StatusOK
}

// follows opens a link and the page that it leads to.
func (g *guest) follows(link string) page {
	g.t.Helper()
	first := g.opens(link)
	if first.StatusCode != http.StatusSeeOther {
		g.t.Fatalf("the link answers %s", first.Status)
	}
	return g.opens(first.location())
}

// sets fills in the form for a new password.
func (g *guest) sets(form page, password string) page {
	g.t.Helper()
	return g.sends("/reset", "token", formToken(g.t, form), "password", password)
}

// accepted tells whether a new password was stored.
func (p page) accepted() bool { return strings.HasSuffix(p.location(), "/reset/done") }

// mails waits until so many mails came to an address, newest first.
func (s *siege) mails(to string, n int) []mailbox.Message {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	all, err := s.Mailbox.Wait(ctx, to, n)
	if err != nil {
		s.t.Fatalf("mail %d to %s: %v", n, to, err)
	}
	return all
}

// link asks for a reset of somebody as a stranger and returns what arrives: the
// n-th mail with a link to that address.
func (s *siege) link(name, to string, n int) string {
	s.t.Helper()
	if p := s.guest("192.0.2.200").asks(name); p.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("asking for %s: %s", name, p.Status)
	}
	return resettest.LinkIn(s.t, s.linked(to, n).Text)
}

// linked waits for the n-th mail with a link; notices may come between.
func (s *siege) linked(to string, n int) mailbox.Message {
	s.t.Helper()
	for least := n; ; least++ {
		var found []mailbox.Message
		for _, m := range s.mails(to, least) {
			if strings.Contains(m.Text, "/reset/") {
				found = append(found, m)
			}
		}
		if len(found) >= n {
			return found[0]
		}
	}
}

// settled waits until every request for a reset has been answered.
func (s *siege) settled() {
	s.t.Helper()
	for s.t.Context().Err() == nil {
		found, err := s.Resets.Answer(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		if !found && s.answered() {
			return
		}
		time.Sleep(time.Millisecond) // the site's own workers have one in hand
	}
}

// answered tells whether no request waits for a worker.
func (s *siege) answered() bool {
	s.t.Helper()
	open := false
	s.must(s.Store.View(s.t.Context(), func(tx *store.Tx) error {
		for _, t := range store.Tables() {
			if t.Name != "reset_requests" {
				continue
			}
			at := -1
			for i, c := range t.Columns {
				if c.Name == "state" {
					at = i
				}
			}
			err := tx.Dump(s.t.Context(), t, func(values []any) error {
				open = open || text(values[at]) == string(aikagi.RequestNew)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	return !open
}

func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}
