package e2e

import (
	"context"
	"html/template"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/captcha/captchatest"
	"github.com/aikagi/aikagi/internal/mailbox"
)

// challenge is how somebody meets the challenge of a form.
type challenge func(p *person)

// meets answers the challenge.
func (p *person) meets(how challenge) {
	p.Helper()
	how(p)
}

// byImage types what the picture shows. Tests have no eyes; the site's own key
// tells.
func byImage(p *person) {
	p.Helper()
	image, _ := captchatest.Answers(p.T, p.site.Ring, p.token())
	p.types(p.says("forgot.answer"), strings.ToLower(image))
}

// bySound types what the voice says.
func bySound(p *person) {
	p.Helper()
	_, sound := captchatest.Answers(p.T, p.site.Ring, p.token())
	p.types(p.says("forgot.answer"), sound)
}

// byWork lets the browser do the work.
func byWork(p *person) {
	p.Helper()
	p.touches(p.says("forgot.other"))
	p.touches(p.says("pow.start"))
	p.sees(p.says("pow.done"))
}

func (p *person) token() string {
	p.Helper()
	return look[string](p, `(() => document.querySelector('[name=token]').value)`)
}

// holds is what a field has in it.
func (p *person) holds(label string) string {
	p.Helper()
	return look[string](p, `(label => (`+labelled+`)(label)?.value ?? '')`, label)
}

// asksFor asks for a reset of a user name and comes to the page that says what
// happens next.
func (p *person) asksFor(username string, how challenge) {
	p.Helper()
	p.opens(p.site.URL("/forgot"))
	p.types(p.says("forgot.username"), username)
	p.meets(how)
	p.presses(p.says("forgot.submit"))
	p.sees(p.says("sent.receipt"))
}

// logsIn tries the user name and password that a role of the sample began with.
func (p *person) logsIn(role string) {
	p.Helper()
	l := p.site.Login(role)
	p.opens(p.site.URL("/login"))
	p.types(p.says("login.username"), l.Username)
	p.types(p.says("login.password"), l.Password)
	p.presses(p.says("login.submit"))
}

// receives waits until so many mails came to an address and returns the newest.
func (p *person) receives(address string, n int) mailbox.Message {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	all, err := p.site.Mailbox.Wait(ctx, address, n)
	if err != nil {
		p.Fatalf("receive mail at %s: %v", address, err)
	}
	return all[0]
}

// receivesLink waits for the mail with a link; notices may come before it.
func (p *person) receivesLink(address string) mailbox.Message {
	p.Helper()
	for n := 1; ; n++ {
		if m := p.receives(address, n); strings.Contains(m.Text, p.site.URL("/reset/")) {
			return m
		}
	}
}

// ticks chooses one of several.
func (p *person) ticks(label string) {
	p.Helper()
	p.until("choose "+label, func() bool {
		return look[bool](p, `(label => { const i = (`+labelled+`)(label); if (i && !i.checked) i.click(); return !!i?.checked })`, label)
	})
}

var address = regexp.MustCompile(`https?://[^\s"<>]+`)

// link returns the one address in a mail, which text and HTML agree on.
func (p *person) link(m mailbox.Message) string {
	p.Helper()
	text, html := address.FindAllString(m.Text, -1), address.FindAllString(m.HTML, -1)
	if len(text) != 1 || len(html) == 0 {
		p.Fatalf("the mail %q has the links %q in its text and %q in its HTML", m.Subject, text, html)
	}
	for _, other := range html {
		if other != text[0] {
			p.Errorf("the mail %q leads to %s and to %s", m.Subject, text[0], other)
		}
	}
	if !strings.HasPrefix(text[0], p.site.URL("/reset/")) {
		p.Fatalf("the mail %q leads to %s", m.Subject, text[0])
	}
	return text[0]
}

var webmailPage = template.Must(template.New("mail").Parse(
	`<!doctype html><title>mail</title><p><a href="{{.}}">reset</a>`))

// webmail serves a page of another site that links to an address, as web mail
// does: what the browser then sends is what it sends from elsewhere (S16).
func webmail(t *testing.T, link string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = webmailPage.Execute(w, link) // the browser has gone
	}))
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
}

var countdown = regexp.MustCompile(` \(\d+\)`)

// masked takes what differs between two people out of a page.
func masked(text string, secrets ...string) string {
	text = countdown.ReplaceAllString(text, "")
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "…")
		}
	}
	return text
}

// fails tries a user name so often with a wrong password.
func (p *person) fails(username string, times int) {
	p.Helper()
	const post = `async (username, times) => {
		for (let i = 0; i < times; i++) await fetch(location.href, {
			method: 'POST', body: new URLSearchParams({username, password: 'wrong'}),
		})
		return true
	}`
	if !look[bool](p, post, username, times) {
		p.Fatalf("could not fail as %s", username)
	}
}

// logsOut leaves by the account menu.
func (p *person) logsOut() {
	p.Helper()
	p.opens(p.site.URL("/me"))
	look[bool](p, `(() => document.querySelector('.account').open = true)`)
	p.presses(p.says("shell.log_out"))
}

// first is the first mail that came to an address.
func (p *person) first(address string) mailbox.Message {
	p.Helper()
	p.receives(address, 1)
	all := p.site.Mailbox.Messages(address)
	return all[len(all)-1]
}

// isGiven makes an administrator set a temporary password, and logs in with it.
func (p *person) isGiven(role string) {
	p.Helper()
	agent := p.site.User(role)
	temporary, err := p.site.Resets.SetTemporary(p.site.As(p.Context(), "administrator"), agent.InstanceID, agent.ID)
	if err != nil {
		p.Fatalf("set a temporary password: %v", err)
	}
	p.opens(p.site.URL("/login"))
	p.types(p.says("login.username"), string(agent.Username))
	p.types(p.says("login.password"), temporary.Reveal())
	p.presses(p.says("login.submit"))
}

// keepsCookies wants every cookie as S16 says: for this host alone, closed to
// scripts and to other sites, and over https under a name that nobody else can set.
func (p *person) keepsCookies(secure bool) {
	p.Helper()
	got, err := chromedp.Call(p.ctx, network.GetCookies, network.GetCookiesParams{})
	if err != nil || len(got.Cookies) == 0 {
		p.Fatalf("read cookies: %d, %v", len(got.Cookies), err)
	}
	prefix := "aikagi-"
	if secure {
		prefix = "__Host-aikagi-"
	}
	for _, c := range got.Cookies {
		site := c.SameSite == network.CookieSameSiteLax || c.SameSite == network.CookieSameSiteStrict
		if !strings.HasPrefix(c.Name, prefix) || c.Secure != secure || !c.HTTPOnly || !site || c.Path != "/" || c.Size > 4096 {
			p.Errorf("cookie %s: secure %t, http-only %t, same-site %q, path %q, %d bytes",
				c.Name, c.Secure, c.HTTPOnly, c.SameSite, c.Path, c.Size)
		}
	}
}

// losesItsAdministrators is where the article ends: the Admin profile is gone
// and with it everybody who could bring it back. The pages refuse to come so far
// (S28); the command of the host does not.
func (p *person) losesItsAdministrators() {
	p.Helper()
	ctx := aikagi.WithActor(p.Context(), aikagi.Actor{Kind: aikagi.ActorHost, Name: "root", Source: "cli"})
	admin, agent := p.site.User("administrator"), p.site.User("agent")
	err := p.site.Directory.ReplaceProfiles(ctx, admin.InstanceID, admin.ID, admin.Version, agent.SecurityProfileIDs)
	if err == nil {
		err = p.site.Profiles.Delete(ctx, admin.InstanceID, admin.SecurityProfileIDs[0])
	}
	if err != nil {
		p.Fatalf("take the administrators: %v", err)
	}
}
