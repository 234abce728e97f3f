package e2e

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"

	"github.com/aikagi/aikagi"
)

// chromium is the browser that all tests of this process share. People in it
// share nothing: each has a browser context with cookies of its own.
type chromium struct {
	ctx    context.Context
	cancel context.CancelFunc
	err    error
}

// start starts the browser when the first test asks for it.
var start = sync.OnceValue(func() chromium {
	path := executable()
	if path == "" {
		return chromium{err: exec.ErrNotFound}
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.Flag("mute-audio", true))
	allocator, free := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	return chromium{ctx, func() { closeBrowser(); free() }, chromedp.Do(ctx)}
})

func executable() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func TestMain(m *testing.M) {
	code := m.Run()
	if executable() != "" {
		if b := start(); b.cancel != nil {
			b.cancel()
		}
	}
	os.Exit(code)
}

// screen is how somebody's browser is set up.
type screen struct {
	Locale   aikagi.Locale
	Dark     bool
	Width    int64
	NoScript bool
	Careless bool // clicks certificate warnings away
}

// open gives a test a browser with nothing in it, or skips the test where there
// is no Chromium.
func open(t *testing.T, s screen) context.Context {
	t.Helper()
	b := start()
	if b.err != nil {
		if os.Getenv("AIKAGI_REQUIRE_BROWSER") == "1" {
			t.Fatalf("no Chromium: %v", b.err)
		}
		t.Skipf("no Chromium: %v", b.err)
	}
	ctx, shut := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(shut)
	if err := s.apply(ctx); err != nil {
		t.Fatalf("set up a browser: %v", err)
	}
	return ctx
}

func (s screen) apply(ctx context.Context) error {
	steps := []func() error{
		func() error { return chromedp.Do(ctx, chromedp.EmulateViewport(max(s.Width, 320), 900)) },
		func() error {
			_, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
				Headers: network.Headers{"Accept-Language": string(s.Locale.Or())},
			})
			return err
		},
		func() error {
			scheme := "light"
			if s.Dark {
				scheme = "dark"
			}
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			return err
		},
		func() error {
			_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled,
				emulation.SetScriptExecutionDisabledParams{Value: s.NoScript})
			return err
		},
		func() error {
			_, err := chromedp.Call(ctx, security.SetIgnoreCertificateErrors,
				security.SetIgnoreCertificateErrorsParams{Ignore: s.Careless})
			return err
		},
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
