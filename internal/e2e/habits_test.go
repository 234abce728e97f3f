package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/captcha/captchatest"
)

// TestKeyboardAlone asks for a reset without a mouse, and sees at every stop
// where the focus is (WCAG 2.2 SC 2.1.1, 2.4.7, 2.4.11).
func TestKeyboardAlone(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{})
	p := arrives(t, site, screen{Locale: aikagi.Japanese, Width: 375})
	p.opens(site.URL("/login"))
	p.tabsTo(p.says("login.forgot"))
	p.leaves(func() { p.strikes(kb.Enter) })
	p.tabsTo(p.says("forgot.username"))
	p.strikes(site.Login("agent").Username)
	p.tabsTo(p.says("forgot.answer"))
	image, _ := captchatest.Answers(t, site.Ring, p.token())
	p.strikes(image)
	p.leaves(func() { p.strikes(kb.Enter) }) // sends the form, and does not ask for another image
	p.sees(p.says("sent.title"))
	p.tabsTo(p.says("sent.missing"))
	p.strikes(" ")
	p.sees(p.says("sent.missing.spam"))
}

func (p *person) strikes(keys string) {
	p.Helper()
	if err := chromedp.Do(p.ctx, chromedp.KeyEvent(keys)); err != nil {
		p.Fatalf("strike %q: %v", keys, err)
	}
}

// focus tells the words of what has the focus, and whether it can be seen.
const focus = `() => {
	const e = document.activeElement, r = e.getBoundingClientRect(), s = getComputedStyle(e)
	const top = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2)
	return {
		words: (e.labels?.[0] ?? e).innerText?.trim() ?? '',
		shown: s.outlineStyle !== 'none' && r.width > 0 && r.top >= 0 && r.bottom <= innerHeight && (e.contains(top) || top?.contains(e)),
		html: e.outerHTML.slice(0, 100),
	}
}`

type focused struct {
	Words string `json:"words"`
	HTML  string `json:"html"`
	Shown bool   `json:"shown"`
}

// tabsTo presses Tab until something with these words has the focus.
func (p *person) tabsTo(words string) {
	p.Helper()
	for range 30 {
		p.strikes(kb.Tab)
		f := look[focused](p, focus)
		if !f.Shown {
			p.Errorf("the focus cannot be seen on %s", f.HTML)
		}
		if strings.HasPrefix(f.Words, words) {
			return
		}
	}
	p.stop("come to " + words + " by Tab")
}

// TestB28PageIsDeadAfterUse goes back to pages whose time is over.
func TestB28PageIsDeadAfterUse(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{Locale: aikagi.English})
	p := arrives(t, site, screen{Locale: aikagi.English})
	l := site.Login("agent")
	p.asksFor(l.Username, byImage)
	p.opens(p.link(p.receivesLink(l.Email)))
	p.types(p.says("reset.password"), newPassword)
	p.presses(p.says("reset.submit"))
	p.sees(p.says("done.title"))
	p.goesBack()
	p.sees(p.says("ended.title"))
	p.opens(site.URL("/login"))
	p.types(p.says("login.username"), l.Username)
	p.types(p.says("login.password"), newPassword)
	p.presses(p.says("login.submit"))
	p.sees(l.Email)
	p.logsOut()
	p.sees(p.says("login.logged_out"))
	p.goesBack()
	p.sees(p.says("login.submit"))
	p.seesNot(l.Email)
}

func (p *person) goesBack() {
	p.Helper()
	if err := chromedp.Do(p.ctx, chromedp.NavigateBack()); err != nil {
		p.Fatalf("go back: %v", err)
	}
}

// TestB14NothingLeaves watches all that the browser sends on the way back in:
// nothing goes to anybody else, no request says where it comes from, and the
// secret of the link stays neither in an address nor in the history (S10, I19).
func TestB14NothingLeaves(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{})
	p := arrives(t, site, screen{Locale: aikagi.Japanese})
	heard := p.listens()
	p.asksFor(site.Login("agent").Username, byWork)
	link := p.link(p.receivesLink(site.Login("agent").Email))
	p.opens(link)
	p.types(p.says("reset.password"), newPassword)
	p.presses(p.says("reset.submit"))
	p.sees(p.says("done.title"))
	secret := link[strings.LastIndexByte(link, '/')+1:]
	history, err := chromedp.Run(p.ctx, chromedp.NavigationEntries())
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range history.Entries {
		if strings.Contains(entry.URL, secret) {
			t.Errorf("the history keeps %s", entry.URL)
		}
	}
	sent := heard()
	if len(sent) < 10 {
		t.Fatalf("heard only %d requests", len(sent))
	}
	for _, r := range sent {
		if !strings.HasPrefix(r.address, site.URLs.Base()+"/") && !strings.HasPrefix(r.address, "data:") {
			t.Errorf("a request went to %s", r.address)
		}
		if strings.Contains(r.address, secret) && r.address != link {
			t.Errorf("a request carried the secret to %s", r.address)
		}
		if r.referer != "" {
			t.Errorf("the request for %s told that it comes from %s", r.address, r.referer)
		}
	}
}

type sent struct{ address, referer string }

// listens notes all requests of the browser from now on.
func (p *person) listens() func() []sent {
	p.Helper()
	all := make(chan sent, 1000)
	err := chromedp.Listen(p.ctx, func(event any) {
		if e, ok := event.(*network.EventRequestWillBeSent); ok {
			referer, _ := e.Request.Headers["Referer"].(string)
			all <- sent{e.Request.URL, referer}
		}
	})
	if err != nil {
		p.Fatalf("listen to the browser: %v", err)
	}
	return func() []sent {
		var list []sent
		for {
			select {
			case s := <-all:
				list = append(list, s)
			default:
				return list
			}
		}
	}
}

// TestC24PasswordManagersCanHelp holds what password managers and people who
// paste need.
func TestC24PasswordManagersCanHelp(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{})
	p := arrives(t, site, screen{Locale: aikagi.Japanese})
	p.opens(site.URL("/login"))
	p.helpsManagers(map[string]string{"username": "username", "password": "current-password"})
	l := site.Login("agent")
	p.asksFor(l.Username, byImage)
	p.opens(p.link(p.receivesLink(l.Email)))
	p.helpsManagers(map[string]string{"": "username", "password": "new-password"})
	p.logsIn("agent")
	p.opens(site.URL("/me/password"))
	p.helpsManagers(map[string]string{"": "username", "current": "current-password", "password": "new-password"})
}

// helpsManagers wants fields, by name, with these autocomplete tokens; that
// pasting is allowed, nothing is cut, and passwords can be shown.
func (p *person) helpsManagers(want map[string]string) {
	p.Helper()
	type field struct {
		Name, Autocomplete, Type string
		Pastes, Cut              bool
	}
	fields := look[[]field](p, `() => [...document.querySelectorAll('input[autocomplete]')].map(e => ({
		Name: e.name, Autocomplete: e.autocomplete, Type: e.type, Cut: e.maxLength >= 0,
		Pastes: e.dispatchEvent(new ClipboardEvent('paste', {bubbles: true, cancelable: true})),
	}))`)
	if len(fields) != len(want) {
		p.Errorf("%s has the fields %+v, want %v", p.where(), fields, want)
	}
	for _, f := range fields {
		if want[f.Name] != f.Autocomplete || !f.Pastes || f.Cut {
			p.Errorf("%s has the field %+v, want autocomplete %q", p.where(), f, want[f.Name])
		}
	}
	p.touches(p.says("password.show"))
	if shown := look[string](p, `() => document.querySelector('.reveal input').type`); shown != "text" {
		p.Errorf("%s: pressing show leaves a field of type %s", p.where(), shown)
	}
	p.touches(p.says("password.hide"))
}
