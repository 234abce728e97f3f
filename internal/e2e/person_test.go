package e2e

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/i18n"
)

// patience is how long anybody waits for anything: long, because the machine may
// be busy with other tests. Nobody waits longer than needed.
const patience = 60 * time.Second

// person is somebody with a browser of their own.
type person struct {
	*testing.T
	site *apptest.Site
	ctx  context.Context
	lang aikagi.Locale
}

// arrives makes a person who comes to the site with an empty browser.
func arrives(t *testing.T, site *apptest.Site, s screen) *person {
	t.Helper()
	if s.Width == 0 {
		s.Width = 1280
	}
	return &person{T: t, site: site, ctx: open(t, s), lang: s.Locale.Or()}
}

// says is a text of the pages in the person's language.
func (p *person) says(key i18n.Key, args ...any) string {
	p.Helper()
	if !i18n.Has(p.lang, key) {
		p.Fatalf("no text %s in %s", key, p.lang)
	}
	return i18n.T(p.lang, key, args...)
}

// opens goes to an address.
func (p *person) opens(address string) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		p.Fatalf("open %s: %v", address, err)
	}
}

// sees waits until the page shows a text.
func (p *person) sees(text string) {
	p.Helper()
	p.until("see "+text, func() bool { return strings.Contains(p.text(), flat(text)) })
}

// seesNot wants a text to be absent from the page that is shown now.
func (p *person) seesNot(text string) {
	p.Helper()
	if strings.Contains(p.text(), flat(text)) {
		p.stop("see no " + text)
	}
}

// reads returns what the page shows beside a term: <dt>term</dt><dd>value</dd>.
func (p *person) reads(term string) string {
	p.Helper()
	return look[string](p, `(term => [...document.querySelectorAll('dt')].find(e => e.innerText.trim() === term)
		?.nextElementSibling.innerText.trim() ?? '')`, term)
}

// types writes into the field with a label, replacing what is there.
func (p *person) types(label, text string) {
	p.Helper()
	p.until("find the field "+label, func() bool {
		return look[bool](p, `(label => { const i = (`+labelled+`)(label); i?.focus(); i?.select?.(); return !!i })`, label)
	})
	if _, err := chromedp.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		p.Fatalf("type into %s: %v", label, err)
	}
}

// labelled finds a control by the beginning of its label, as people do: a mark
// such as "required" may follow.
const labelled = `label => [...document.querySelectorAll('label')]
	.find(e => e.checkVisibility() && e.innerText.trim().startsWith(label))?.control`

// pressable finds a link, button or summary by its words. What is there for
// the Enter key alone is out of sight.
const pressable = `words => [...document.querySelectorAll('a, button, summary')].find(e =>
	e.checkVisibility() && !e.closest('[aria-hidden=true]') && e.innerText.trim().replace(/\s+/g, ' ') === words)`

// touches clicks on something that leads nowhere else.
func (p *person) touches(words string) {
	p.Helper()
	quoted, _ := json.Marshal(flat(words)) // a string never fails
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.JSPath(`(`+pressable+`)(`+string(quoted)+`)`), chromedp.NodeVisible)); err != nil {
		p.stop("press " + words + ": " + err.Error())
	}
}

// presses clicks on something and waits for the page behind it.
func (p *person) presses(words string) {
	p.Helper()
	p.leaves(func() { p.touches(words) })
}

// leaves does something and waits until another page has come.
func (p *person) leaves(do func()) {
	p.Helper()
	look[bool](p, `(() => window.seen = true)`)
	do()
	p.until("come to another page", func() bool {
		return look[bool](p, `(() => !window.seen && document.readyState === 'complete')`)
	})
}

// text is what the page shows.
func (p *person) text() string {
	p.Helper()
	return flat(look[string](p, `(() => document.body?.innerText ?? '')`))
}

// flat makes white space one blank each: how lines break is not what a text says.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

// where is the address of the page.
func (p *person) where() string {
	p.Helper()
	return look[string](p, `(() => location.href)`)
}

// until waits for a condition of the page.
func (p *person) until(what string, met func() bool) {
	p.Helper()
	enough := time.NewTimer(patience)
	defer enough.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for !met() {
		select {
		case <-again.C:
		case <-p.ctx.Done():
			p.Fatalf("%s: the browser has gone", what)
		case <-enough.C:
			p.stop(what)
		}
	}
}

// stop ends the test and says what the person was looking at.
func (p *person) stop(what string) {
	p.Helper()
	p.Fatalf("cannot %s\non %s, which shows:\n%s", what, p.where(), p.text())
}

// look calls a JavaScript function in the page. Between two pages there is none
// to ask: then the answer is the zero value, and whoever waits asks again.
func look[T any](p *person, function string, args ...any) T {
	p.Helper()
	var call strings.Builder
	call.WriteString("(" + function + ")(")
	for i, arg := range args {
		if i > 0 {
			call.WriteByte(',')
		}
		quoted, err := json.Marshal(arg)
		if err != nil {
			p.Fatal(err)
		}
		call.Write(quoted)
	}
	call.WriteString(")")
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[T](call.String(), chromedp.EvalAwaitPromise))
	if err != nil {
		p.Logf("asked between two pages: %v", err)
	}
	return got
}
