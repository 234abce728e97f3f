package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
)

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

// TestPagesWithoutScripts goes everywhere with scripts off: every page comes, and
// nothing is on it that only a script would make work.
func TestPagesWithoutScripts(t *testing.T) {
	t.Parallel()
	tourWith(t, screen{NoScript: true}, []aikagi.Locale{aikagi.Japanese}, func(p *person, name string) {
		p.Helper()
		const dead = `() => [...document.querySelectorAll('button[type=button], [aria-disabled=true], progress:not([value])')]
			.filter(e => e.checkVisibility()).map(e => e.outerHTML.slice(0, 80)).join(' | ')`
		if shown := look[string](p, dead); shown != "" {
			p.Errorf("%s shows what does nothing: %s", name, shown)
		}
		if look[int](p, `() => document.querySelectorAll('h1').length`) != 1 {
			p.Errorf("%s has no heading:\n%s", name, p.text())
		}
	})
}
