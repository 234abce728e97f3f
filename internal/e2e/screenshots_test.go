package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestScreenshots photographs every page for people to judge.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("AIKAGI_SCREENSHOTS")
	if dir == "" {
		t.Skip("AIKAGI_SCREENSHOTS names no directory")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	tour(t, func(p *person, name string) {
		p.Helper()
		for _, s := range []style{{false, 1280}, {true, 1280}, {false, 375}, {true, 375}} {
			p.shows(s)
			light := "light"
			if s.dark {
				light = "dark"
			}
			file := fmt.Sprintf("%s.%s.%s.%d.png", name, p.lang, light, s.width)
			if err := os.WriteFile(filepath.Join(dir, file), p.photograph(s.width), 0o644); err != nil {
				p.Fatal(err)
			}
		}
		p.shows(style{width: 1280})
	})
}

// photograph takes a picture of the whole page, not only of the window.
func (p *person) photograph(width int64) []byte {
	p.Helper()
	height := look[float64](p, `(() => document.documentElement.scrollHeight)`)
	shot, err := chromedp.Call(p.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: new(true),
		Clip: &page.Viewport{Width: float64(width), Height: height, Scale: 1},
	})
	if err != nil {
		p.Fatalf("photograph the page: %v", err)
	}
	return shot.Data
}
