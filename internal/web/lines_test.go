package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
)

func TestNumbersStayWithTheirUnits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"あと 30 分です":        "あと 30\u00a0分です",
		"128 人中 7 人は":      "128\u00a0人中 7\u00a0人は",
		"1,440 分":          "1,440\u00a0分",
		"8–64 文字":          "8–64\u00a0文字",
		"内線 1234 へ":        "内線 1234\u00a0へ",
		"10 MB":            "10 MB",
		"2026-11-22 09:02": "2026-11-22 09:02",
		"5 ":               "5 ",
		"":                 "",
	} {
		if got := together(aikagi.Japanese, text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
		if got := together(aikagi.English, text); got != text {
			t.Errorf("%q becomes %q in English", text, got)
		}
	}
}

func TestPartedEscapesAndBreaks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"tanaka":                 "tanaka",
		"tanaka.naoki@a.example": "tanaka.<wbr>naoki@<wbr>a.<wbr>example",
		"a.":                     "a.",
		"..":                     ".<wbr>.",
		"<b>.\"'&":               "&lt;b&gt;.<wbr>&#34;&#39;&amp;",
		"x\u202ey":               "x⟨U+202E⟩y",
		"":                       "",
		"@":                      "@",
	} {
		if got := string(parted(text)); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestTimesSayHowFarTheyAreAndTheirZone(t *testing.T) {
	t.Parallel()
	page := Page{now: testTime, visit: &Visit{chosen: aikagi.English, Site: Site{Zone: time.FixedZone("JST", 9*3600)}}}
	for far, want := range map[time.Duration]string{
		0:                   `title="less than a minute">2026-11-22 09:02<`,
		-time.Minute:        `title="1 minute ago">2026-11-22 09:01<`,
		90 * time.Minute:    `title="in 1 hour">2026-11-22 10:32<`,
		-47 * time.Hour:     `title="47 hours ago">`,
		-72 * time.Hour:     `title="3 days ago">2026-11-19 09:02<`,
		30 * 24 * time.Hour: `title="in 30 days">`,
	} {
		if got := string(page.Time(testTime.Add(far))); !strings.Contains(got, want) {
			t.Errorf("%s from now is %s, want %s", far, got, want)
		}
	}
	page.visit.Site.Zone = nil // the account has no zone
	if got := string(page.Time(testTime)); !strings.Contains(got, ">2026-11-22 00:02 UTC<") {
		t.Errorf("without a zone: %s", got)
	}
	if got := string(page.Date(testTime)); !strings.Contains(got, ">2026-11-22<") {
		t.Errorf("a day without a zone: %s", got)
	}
}

// TestShortcutsCanBeSwitchedOff holds WCAG 2.2 SC 2.1.4.
func TestShortcutsCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	h := galleryHandler(t, newEngine(t, mustURLs(t, "https://id.example.jp", "")))
	desk := func(cookie string) string {
		return bodyOf(t, request{url: "https://id.example.jp/i/sakura/desk", header: http.Header{"Cookie": {cookie}}}.do(t, h))
	}
	for cookie, want := range map[string]bool{"": true, "__Host-aikagi-keys=on": true, "__Host-aikagi-keys=off": false} {
		page := desk(cookie)
		if strings.Contains(page, "data-keys") != want || strings.Contains(page, `id="keys"`) != want {
			t.Errorf("with the cookie %q the keys work: %v", cookie, !want)
		}
	}
	for choice, status := range map[string]int{"keys=off": http.StatusSeeOther, "keys=on": http.StatusSeeOther, "keys=perhaps": http.StatusBadRequest} {
		res := request{
			method: http.MethodPost, url: "https://id.example.jp/theme", body: choice + "&back=/",
			header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"}},
		}.do(t, h)
		if res.StatusCode != status {
			t.Errorf("%s answers %d, want %d", choice, res.StatusCode, status)
		}
	}
}
