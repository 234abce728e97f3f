package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/store"
)

// view is one page in one state, and what leads there: from wherever the view
// before it ended.
type view struct {
	name  string
	reach func(*person)
}

// needsScript tells the views that are another way to something which works
// without scripts too.
func (v view) needsScript() bool { return v.name == "work-done" }

// walk is a row of views that one person sees with one browser.
type walk struct {
	name  string
	views []view
}

// walks are all pages of the product. A new page is one line here, or a walk in
// a function of its own; then it is checked and photographed.
func walks() []walk {
	return slices.Concat(portalWalks(), adminWalks(), consoleWalks(), stateWalks(), []walk{{"devmail", devmailViews()}})
}

// tourTime is when the tour takes place, so that two of them look alike.
func tourTime() time.Time { return time.Date(2026, 11, 22, 0, 2, 0, 0, time.UTC) }

// tour walks all walks in each language and lets look judge every view.
func tour(t *testing.T, look func(p *person, view string)) {
	t.Helper()
	tourWith(t, screen{}, aikagi.Locales[:], look)
}

func tourWith(t *testing.T, s screen, locales []aikagi.Locale, look func(p *person, view string)) {
	t.Helper()
	for _, locale := range locales {
		t.Run(string(locale), func(t *testing.T) {
			t.Parallel()
			for _, w := range walks() {
				t.Run(w.name, func(t *testing.T) {
					t.Parallel()
					site := apptest.Start(t, apptest.Options{Locale: locale, Now: tourTime()})
					own := s
					own.Locale = locale
					p := arrives(t, site, own)
					for _, v := range w.views {
						if s.NoScript && v.needsScript() {
							continue
						}
						v.reach(p)
						look(p, w.name+"-"+v.name)
					}
				})
			}
		})
	}
}

// style is how a page may be shown.
type style struct {
	dark  bool
	width int64
}

// shows puts the page that is open into another light and width.
func (p *person) shows(s style) {
	p.Helper()
	scheme := "light"
	if s.dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		},
	})
	if err == nil {
		err = chromedp.Do(p.ctx, chromedp.EmulateViewport(s.width, 900))
	}
	if err != nil {
		p.Fatalf("show the page in %+v: %v", s, err)
	}
}

// choose changes the settings of the instance while it runs.
func (p *person) choose(change func(*aikagi.InstanceSettings)) {
	p.Helper()
	ctx := p.Context()
	err := p.site.Store.Update(ctx, func(tx *store.Tx) error {
		i, err := tx.FindInstance(ctx, p.site.Centre.Instance.ID)
		if err != nil {
			return err
		}
		change(&i.Settings)
		return tx.UpdateInstanceSettings(ctx, i)
	})
	if err != nil {
		p.Fatalf("change settings: %v", err)
	}
}
