package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
)

// TestHoveredButtons: a button under the mouse can be read as well as before
// (WCAG 2.2 SC 1.4.3), in both lights. axe-core sees no button like this.
func TestHoveredButtons(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{Now: tourTime()})
	p := arrives(t, site, screen{Locale: aikagi.English})
	p.logsIn("administrator")
	for _, path := range []string{"/delete", ""} {
		adminUser("agent", path)(p)
		for _, dark := range []bool{false, true} {
			p.shows(style{dark, 1280})
			for i := range look[int](p, `() => document.querySelectorAll('main :is(button, .button):not(.show)').length`) {
				at := look[[]float64](p, `i => {
					const b = document.querySelectorAll('main :is(button, .button):not(.show)')[i]
					b.scrollIntoView({ block: 'center' })
					const r = b.getBoundingClientRect()
					return [r.x + r.width / 2, r.y + r.height / 2]
				}`, i)
				p.points(at[0], at[1])
				if said := look[string](p, unreadable, i); said != "" {
					t.Errorf("%s, dark %v: under the mouse, %s", p.where(), dark, said)
				}
			}
		}
	}
}

// unreadable tells what is not 4.5:1 against its own background, or not hovered.
const unreadable = `i => {
	const b = document.querySelectorAll('main :is(button, .button):not(.show)')[i]
	const light = colour => colour.match(/[\d.]+/g).slice(0, 3).map(c => c / 255)
		.map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
		.reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0.05)
	const s = getComputedStyle(b)
	const [one, other] = [light(s.color), light(s.backgroundColor)]
	const contrast = Math.max(one, other) / Math.min(one, other)
	if (!b.matches(':hover')) return b.innerText + ' is not hovered'
	return contrast < 4.5 ? b.innerText + ' has ' + contrast.toFixed(2) + ':1, ' + s.color + ' on ' + s.backgroundColor : ''
}`

// points moves the mouse there.
func (p *person) points(x, y float64) {
	p.Helper()
	_, err := chromedp.Call(p.ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: x, Y: y})
	if err != nil {
		p.Fatalf("move the mouse: %v", err)
	}
}
