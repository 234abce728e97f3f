package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
)

// pretends makes the browser show pages as for another medium, or to somebody
// who asked the system for something.
func (p *person) pretends(medium string, features ...string) {
	p.Helper()
	media := emulation.SetEmulatedMediaParams{Media: medium}
	for _, f := range features {
		name, value, _ := strings.Cut(f, ":")
		media.Features = append(media.Features, &emulation.MediaFeature{Name: name, Value: value})
	}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, media); err != nil {
		p.Fatalf("pretend %s %q: %v", medium, features, err)
	}
}

// TestPrintedPages: on paper there is nothing to press, a card is whole on one
// sheet, and the links of the record say where they lead.
func TestPrintedPages(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{Now: tourTime()})
	p := arrives(t, site, screen{Locale: aikagi.Japanese})
	p.logsIn("administrator")
	adminUser("agent", "")(p)
	p.presses(p.says("admin.user.card"))
	p.prints("card", 1)
	p.sees(p.says("admin.card.step1"))
	p.seesNot(p.says("admin.card.once"))
	if size := look[float64](p, `() => document.querySelector('svg[role=img]').getBoundingClientRect().width`); size < 200 {
		t.Errorf("the code is printed %.0f px wide; telephones want 200", size)
	}
	for _, path := range []string{"audit", "users/" + string(site.User("agent").ID) + "/history"} {
		p.pretends("")
		admin(path)(p)
		p.prints(strings.ReplaceAll(path, "/", "-"), 2) // a row may go over, but no sheet has the heading alone
		p.sees(p.says("admin.column.event"))
		const leads = `() => { const a = document.querySelector('tbody a'); return getComputedStyle(a, '::after').content.includes(a.getAttribute('href')) }`
		if !look[bool](p, leads) {
			t.Errorf("%s: a printed link does not say where it leads", p.where())
		}
	}
}

// prints looks at the page as it comes out on paper, on so many sheets
// at most. AIKAGI_SCREENSHOTS keeps the PDF.
func (p *person) prints(name string, sheets int) {
	p.Helper()
	p.pretends("print")
	const pressable = `() => [...document.querySelectorAll('button, nav, .bar, .side, summary, form')].filter(e => e.checkVisibility()).map(e => e.outerHTML.slice(0, 60)).join(' | ')`
	if left := look[string](p, pressable); left != "" {
		p.Errorf("%s on paper shows %s", p.where(), left)
	}
	printed, err := chromedp.Call(p.ctx, page.PrintToPDF, page.PrintToPDFParams{PrintBackground: new(true)})
	if err != nil {
		p.Fatalf("print %s: %v", name, err)
	}
	if n := strings.Count(string(printed.Data), "/Type /Page\n"); n > sheets {
		p.Errorf("%s takes %d sheets, want %d at most", name, n, sheets)
	}
	if dir := os.Getenv("AIKAGI_SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "print-"+name+".pdf"), printed.Data, 0o644); err != nil {
			p.Fatal(err)
		}
	}
}

// TestOwnColoursAndStillness: whoever chose the colours of the system still sees
// what is a badge and what has the focus; whoever asked for stillness gets it.
func TestOwnColoursAndStillness(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{Now: tourTime()})
	p := arrives(t, site, screen{Locale: aikagi.English})
	p.logsIn("administrator")
	p.pretends("", "forced-colors:active", "prefers-reduced-motion:reduce")
	admin("users")(p)
	const bare = `() => [...document.querySelectorAll('.badge, .alert, .chip, button, input')].filter(e =>
		e.checkVisibility() && !e.closest('.unseen') && getComputedStyle(e).borderTopStyle === 'none').map(e => e.outerHTML.slice(0, 60)).join(' | ')`
	if without := look[string](p, bare); without != "" {
		t.Errorf("with forced colours there is no border around %s", without)
	}
	const moving = `() => [...document.querySelectorAll('*')].filter(e => {
		const s = getComputedStyle(e)
		return parseFloat(s.transitionDuration) > 0 || parseFloat(s.animationDuration) > 0
	}).map(e => e.outerHTML.slice(0, 60)).slice(0, 3).join(' | ')`
	if moves := look[string](p, moving); moves != "" {
		t.Errorf("with reduced motion these move: %s", moves)
	}
	p.tabsTo(p.says("admin.users.add"))
	if dir := os.Getenv("AIKAGI_SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "forced-colours.png"), p.photograph(1280), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p.pretends("", "prefers-reduced-motion:no-preference")
	if look[string](p, moving) == "" {
		t.Error("nothing moves for others either: the check sees nothing")
	}
}
