package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/captcha/captchatest"
)

// TestKeyboardAlone comes back in without a mouse, from the closed door to the
// page behind it, and sees at every stop where the focus is (WCAG 2.2 SC 2.1.1,
// 2.4.7, 2.4.11).
func TestKeyboardAlone(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{})
	p := arrives(t, site, screen{Locale: aikagi.Japanese, Width: 375})
	l := site.Login("agent")
	p.opens(site.URL("/login"))
	p.tabsTo(p.says("login.forgot"))
	p.leaves(func() { p.strikes(kb.Enter) })
	p.tabsTo(p.says("forgot.username"))
	p.strikes(l.Username)
	p.tabsTo(p.says("forgot.answer"))
	image, _ := captchatest.Answers(t, site.Ring, p.token())
	p.strikes(image)
	p.leaves(func() { p.strikes(kb.Enter) }) // sends the form, and does not ask for another image
	p.sees(p.says("sent.title"))
	p.tabsTo(p.says("sent.missing"))
	p.strikes(" ")
	p.sees(p.says("sent.missing.spam"))
	p.opens(p.link(p.receivesLink(l.Email)))
	p.tabsTo(p.says("reset.password"))
	p.strikes("short")
	p.leaves(func() { p.strikes(kb.Enter) })
	p.sees(p.says("page.problems"))
	p.tabsTo(p.says("password.too_short")) // the summary has the focus; its link leads to the field
	p.pushes("Enter", 13)
	p.until("come to the field that the summary blames", func() bool {
		return look[string](p, `() => document.activeElement.id`) == "f-password"
	})
	p.strikes("Sakura-2026-spare-key")
	p.leaves(func() { p.strikes(kb.Enter) })
	p.tabsTo(p.says("done.login"))
	p.leaves(func() { p.strikes(kb.Enter) })
	p.tabsTo(p.says("login.password"))
	p.strikes("Sakura-2026-spare-key")
	p.leaves(func() { p.strikes(kb.Enter) })
	p.sees(p.says("me.title"))
}

// TestKeyboardAloneInTheOffice changes a user without a mouse: past the menu by
// the skip link, and with what Escape and the shortcuts do.
func TestKeyboardAloneInTheOffice(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{})
	p := arrives(t, site, screen{Locale: aikagi.English})
	p.logsIn("administrator")
	admin("users")(p)
	p.strikes("/")
	if on := look[string](p, `() => document.activeElement.type ?? ''`); on != "search" {
		t.Errorf("the key / leads to %q", on)
	}
	p.types(p.says("admin.users.search"), site.Login("agent").Username)
	p.leaves(func() { p.strikes(kb.Enter) })
	p.strikes("?")
	p.sees(p.says("shell.keys.this"))
	p.strikes(kb.Escape)
	p.skipsTheMenu()
	p.tabsTo(site.User("agent").FullName(aikagi.English))
	p.leaves(func() { p.strikes(kb.Enter) })
	p.skipsTheMenu()
	p.tabsTo(p.says("admin.field.email"))
	p.strikes("by.keyboard@sakura.example")
	p.leaves(func() { p.strikes(kb.Enter) })
	p.sees(p.says("admin.saved"))
	if on := look[string](p, `() => document.activeElement.innerText`); !strings.Contains(on, p.says("admin.saved")) {
		t.Errorf("after saving the focus is on %q", on)
	}
	if got := site.User("agent").Email; got != "by.keyboard@sakura.example" {
		t.Errorf("the address is %q", got)
	}
	p.switchesShortcutsOff()
}

// skipsTheMenu uses the first thing that Tab reaches.
func (p *person) skipsTheMenu() {
	p.Helper()
	look[bool](p, `(() => { document.activeElement.blur(); scrollTo(0, 0); getSelection().removeAllRanges(); return true })`)
	p.opens(p.where())
	p.tabsTo(p.says("shell.skip"))
	p.strikes(kb.Enter)
	p.strikes(kb.Tab)
	if !look[bool](p, `() => document.querySelector('main').contains(document.activeElement)`) {
		p.Errorf("%s: the skip link leads to %s", p.where(), look[focused](p, focus).HTML)
	}
	p.strikes(kb.Shift + kb.Tab)
	p.strikes(kb.Tab)
}

// switchesShortcutsOff uses the account menu (WCAG 2.2 SC 2.1.4), which Escape
// closes.
func (p *person) switchesShortcutsOff() {
	p.Helper()
	admin("users")(p)
	p.tabsTo(p.site.User("administrator").FullName(p.lang))
	p.strikes(kb.Enter)
	p.sees(p.says("shell.log_out"))
	p.strikes(kb.Escape)
	p.seesNot(p.says("shell.log_out"))
	p.strikes(kb.Enter)
	p.tabsTo(p.says("shell.keys.off"))
	p.leaves(func() { p.strikes(kb.Enter) })
	p.strikes("/")
	if on := look[string](p, `() => document.activeElement.type ?? ''`); on == "search" {
		p.Error("the key / still works")
	}
	p.strikes("?")
	p.seesNot(p.says("shell.keys.this"))
}

func (p *person) strikes(keys string) {
	p.Helper()
	if err := chromedp.Do(p.ctx, chromedp.KeyEvent(keys)); err != nil {
		p.Fatalf("strike %q: %v", keys, err)
	}
}

// pushes presses a key that types nothing: unlike strikes it sends no character,
// which would go to whatever the key has moved the focus to.
func (p *person) pushes(key string, code int64) {
	p.Helper()
	for _, kind := range []input.DispatchKeyEventType{"rawKeyDown", "keyUp"} {
		_, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{
			Type: kind, Key: key, Code: key, WindowsVirtualKeyCode: code,
		})
		if err != nil {
			p.Fatalf("push %s: %v", key, err)
		}
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
