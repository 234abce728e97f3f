package e2e

import (
	"os"
	"testing"
)

// checks are rules of axe-core.
type checks struct {
	Type   string   `json:"type"` // of the values: tag or rule
	Values []string `json:"values"`
}

// allChecks is what a page must keep: WCAG 2.2 to AA, and what axe-core's
// authors think best. colourChecks are those of them that may turn out otherwise
// when nothing but the colours has changed.
func allChecks() checks {
	return checks{"tag", []string{"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"}}
}

func colourChecks() checks {
	return checks{"rule", []string{"color-contrast", "link-in-text-block"}}
}

// runAxe answers with one line for each element that breaks a rule. Colours that are on
// their way are at their end first: on a busy machine a page is looked at while its
// buttons still turn from the browser's grey to their own.
const runAxe = `async runOnly => {
	document.getAnimations().filter(a => a instanceof CSSTransition).forEach(a => a.finish())
	return (await axe.run(document, {runOnly, resultTypes: ['violations']}))
	.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + n.html.slice(0, 120) + ' ' + n.failureSummary.replace(/\s+/g, ' ')))
}`

// TestPagesAxe holds every page in every state against WCAG, in both languages,
// both lights and two widths, and against scrolling sideways (SC 1.4.10) and text
// that is cut off. In the dark it repeats only what colours can change, and all
// with AIKAGI_LOOK=full (make screenshots).
func TestPagesAxe(t *testing.T) {
	t.Parallel()
	axe := readAxe(t)
	tour(t, func(p *person, name string) {
		p.Helper()
		look[bool](p, `code => { if (!window.axe) (0, eval)(code); return true }`, axe)
		if n := look[int](p, `() => document.querySelectorAll('.summary').length`); n > 1 {
			p.Errorf("%s has %d error summaries", name, n)
		}
		for _, s := range []style{{false, 1280}, {true, 1280}, {false, 375}, {true, 375}} {
			p.shows(s)
			run := allChecks()
			if s.dark && os.Getenv("AIKAGI_LOOK") != "full" {
				run = colourChecks()
			}
			for _, broken := range look[[]string](p, runAxe, run) {
				p.Errorf("%s %+v: %s", name, s, broken)
			}
		}
		for _, width := range []int64{1280, 1024, 768, 375, 320} {
			p.shows(style{width: width})
			if wide := look[string](p, tooWide); wide != "" {
				p.Errorf("%s at %d px scrolls sideways or is cut: %s", name, width, wide)
			}
			if small := look[string](p, tooSmall, width < 760); small != "" {
				p.Errorf("%s at %d px has small targets: %s", name, width, small)
			}
		}
		p.shows(style{width: 1280})
	})
}

// tooWide names what makes the page wider than the window, and what is wider than
// the card that cuts it. The instance's name in the bar may be cut: it is on the
// page before, and in the title.
const tooWide = `(() => {
	const root = document.documentElement
	const cut = [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.matches('.site, .unseen, .unseen *, option, input')
		&& getComputedStyle(e).overflowX !== 'visible' && getComputedStyle(e).position !== 'absolute' && e.scrollWidth > e.clientWidth + 1)
	if (cut.length) return cut.slice(0, 3).map(e => 'cut: ' + e.outerHTML.slice(0, 80)).join(' | ')
	if (root.scrollWidth <= root.clientWidth) return ''
	return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > root.clientWidth)
		.slice(0, 3).map(e => e.outerHTML.slice(0, 80)).join(' | ') || 'something'
})`

// tooSmall names what is too small to be hit: 24 px each way (SC 2.5.8), and
// buttons and fields 40 px high, 44 px on phones, but for small buttons and chips.
// Links within a sentence are as high as their line.
const tooSmall = `phone => [...document.querySelectorAll('button, .button, input:not([type=hidden]), select, summary, nav a, .chip')]
	.filter(e => e.checkVisibility() && !e.closest('.unseen, [aria-hidden=true]') && e.type !== 'file')
	.map(e => [e, e.getBoundingClientRect()])
	.filter(([e, r]) => {
		const box = e.matches('[type=checkbox], [type=radio]') ? e.parentElement.getBoundingClientRect() : r
		const least = e.matches('.small, .chip, summary, nav a') ? 24 : phone ? 44 : 40
		return box.width < 24 || box.height < (e.matches('[type=checkbox], [type=radio]') ? 24 : least) - 0.5
	})
	.slice(0, 3).map(([e, r]) => e.outerHTML.slice(0, 80) + ' ' + r.width + 'x' + r.height).join(' | ')`

func readAxe(t *testing.T) string {
	t.Helper()
	file := os.Getenv("AIKAGI_AXE")
	if file == "" {
		t.Skip("AIKAGI_AXE names no axe-core (scripts/install-test-needs.sh fetches it)")
	}
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(code)
}
