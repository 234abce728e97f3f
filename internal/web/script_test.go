package web

import (
	"context"
	"crypto/sha256"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// openBrowser starts a headless Chromium, or skips the test where there is none.
func openBrowser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium: scripts and layout are not tried")
	}
	limited, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)
	allocator, cancel := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	return ctx
}

// gallerySite serves the gallery on loopback and returns the address of its pages.
func gallerySite(t *testing.T) string {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	base := "http://" + s.Listener.Addr().String()
	s.Config.Handler = galleryHandler(t, newEngine(t, mustURLs(t, base, "")))
	s.Start()
	t.Cleanup(s.Close)
	return base + "/i/sakura/"
}

func evaluate[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return v
}

func TestScriptsHelp(t *testing.T) {
	t.Parallel()
	ctx, site := openBrowser(t), gallerySite(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(site+"auth?lang=ja&bad")); err != nil {
		t.Fatal(err)
	}
	if !evaluate[bool](t, ctx, `document.activeElement.getAttribute('role') === 'alert'`) {
		t.Error("the error summary is not focused")
	}
	const show = `(() => { const b = document.querySelector('.show'); b.click(); return document.getElementById('f-password').type + b.textContent })()`
	if got := evaluate[string](t, ctx, show); got != "text隠す" {
		t.Errorf("pressing show gives %q", got)
	}
	if got := evaluate[string](t, ctx, show); got != "password表示" {
		t.Errorf("pressing hide gives %q", got)
	}
	const typed = `(() => { const i = document.getElementById('f-password'); i.value = %; i.dispatchEvent(new Event('input')); return document.querySelectorAll('.rules .met').length })()`
	for value, want := range map[string]int{`"短い"`: 0, `"🔑🔑🔑🔑🔑🔑"`: 0, `"十二文字以上の長い合言葉"`: 1} {
		if got := evaluate[int](t, ctx, replacePercent(typed, value)); got != want {
			t.Errorf("typing %s ticks %d rules, want %d", value, got, want)
		}
	}
	proof, err := chromedp.Run(ctx, chromedp.PollFunction[string](`() => {
		const box = document.querySelector('.pow')
		if (!box.dataset.tried) { box.dataset.tried = 1; box.querySelector('button').click() }
		return box.querySelector('[name=pow]').value
	}`, chromedp.WithPollingTimeout(4*time.Minute)))
	if err != nil {
		t.Fatalf("proof of work: %v", err)
	}
	if sum := sha256.Sum256([]byte("c2FsdA" + proof)); sum[0] != 0 || sum[1]&0xfc != 0 {
		t.Errorf("proof %q has fewer than 14 zero bits: %x", proof, sum[:3])
	}
}

func replacePercent(script, value string) string {
	for i := range script {
		if script[i] == '%' {
			return script[:i] + value + script[i+1:]
		}
	}
	return script
}

// TestPagesFitSmallScreens holds WCAG 2.2 SC 1.4.10 (320 px, no sideways
// scrolling) and SC 2.5.8 (targets of 24 px).
func TestPagesFitSmallScreens(t *testing.T) {
	t.Parallel()
	ctx, site := openBrowser(t), gallerySite(t)
	const small = `[...document.querySelectorAll('button, .button, input:not([type=hidden]), select, summary, nav a, .links a')]
		.filter((e) => e.checkVisibility() && !e.closest('.choice'))
		.map((e) => [e, e.getBoundingClientRect()]).filter(([, r]) => r.width > 0 && (r.height < 24 || r.width < 24))
		.map(([e, r]) => e.outerHTML.slice(0, 60) + ' ' + r.width + 'x' + r.height).join('; ')`
	for _, width := range []int64{320, 1280} {
		for _, page := range []string{"auth?bad", "desk?bad", "confirm", "card", "boom"} {
			if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 800), chromedp.Navigate(site+page)); err != nil {
				t.Fatal(err)
			}
			if over := evaluate[int](t, ctx, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("%s at %d px is %d px too wide", page, width, over)
			}
			if got := evaluate[string](t, ctx, small); got != "" {
				t.Errorf("%s at %d px has small targets: %s", page, width, got)
			}
		}
	}
}
