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

// runAxe answers with one line for each element that breaks a rule.
const runAxe = `async runOnly => (await axe.run(document, {runOnly, resultTypes: ['violations']}))
	.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + n.html.slice(0, 120) + ' ' + n.failureSummary.replace(/\s+/g, ' ')))`

// TestPagesAxe holds every page in every state against WCAG, in both languages,
// both lights and two widths, and against scrolling sideways (SC 1.4.10).
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
			if s.dark {
				run = colourChecks()
			}
			for _, broken := range look[[]string](p, runAxe, run) {
				p.Errorf("%s %+v: %s", name, s, broken)
			}
		}
		for _, width := range []int64{1280, 375, 320} {
			p.shows(style{width: width})
			if wide := look[string](p, tooWide); wide != "" {
				p.Errorf("%s at %d px scrolls sideways: %s", name, width, wide)
			}
		}
		p.shows(style{width: 1280})
	})
}

// tooWide names what makes the page wider than the window.
const tooWide = `(() => {
	const root = document.documentElement
	if (root.scrollWidth <= root.clientWidth) return ''
	return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > root.clientWidth)
		.slice(0, 3).map(e => e.outerHTML.slice(0, 80)).join(' | ') || 'something'
})`

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
