package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/unreachable"
)

// reportOf is a report about so many people, with everything in it that there can be.
func reportOf(people int) unreachable.Report {
	r := unreachable.Report{
		Source: "aws:ap-northeast-1:123456789012", FinishedAt: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
		Instances: []unreachable.InstanceReport{
			{ID: "i", Alias: "sakura", IdentityType: string(aikagi.ConnectManaged), Users: unreachable.Count{Total: people, Checked: people}},
			{ID: "j", Alias: "momiji", IdentityType: string(aikagi.SAML), Users: unreachable.Count{Total: 12, Checked: 12}},
			{ID: "k", Alias: "ume", IdentityType: string(aikagi.ConnectManaged), Users: unreachable.Count{Total: 3, Checked: 3}},
			{ID: "l", Alias: "denied", IdentityType: string(aikagi.ConnectManaged), Error: "access_denied"},
		},
	}
	r.Instances[0].Readiness = &unreachable.Readiness{
		Known: true, Administrators: []string{"tanaka", "sato"}, Ready: []string{"tanaka"},
		Helpers: []string{"tanaka", "sato", "desk"}, Takeovers: []string{"desk"},
		Emergency: unreachable.Emergency{For: []string{}, Asked: "arn:aws:iam::123456789012:user/somebody", Missing: "iam:SimulatePrincipalPolicy"},
	}
	reasons := []unreachable.Reason{unreachable.NoEmail, unreachable.MalformedEmail, unreachable.SharedMailbox, unreachable.NoMailDomain, unreachable.Bounced, unreachable.Unchecked, unreachable.Disabled}
	for n := range people {
		r.Instances[0].Findings = append(r.Instances[0].Findings, unreachable.Finding{
			UserID: fmt.Sprint("u", n), Username: fmt.Sprintf("user%05d.%s", n, strings.Repeat("x", n%60)), Reason: reasons[n%len(reasons)], Detail: "<b>&",
		})
	}
	return r
}

// TestTheReportIsAPage that everybody can read, in both languages, both lights and on a
// phone; with 10,000 people it is there at once, and sorts.
func TestTheReportIsAPage(t *testing.T) {
	t.Parallel()
	axe := readAxe(t)
	site := apptest.Start(t, apptest.Options{})
	for _, l := range []aikagi.Locale{aikagi.Japanese, aikagi.English} {
		t.Run(string(l), func(t *testing.T) {
			t.Parallel()
			text, err := reportOf(70).HTML(l)
			if err != nil {
				t.Fatal(err)
			}
			p := arrives(t, site, screen{Locale: l})
			p.opens(served(t, text))
			p.sees(i18n.T(l, "report.found", "found", "50", "total", "70"))
			p.sees("<b>&")
			look[bool](p, `code => { (0, eval)(code); return true }`, axe)
			for _, s := range []style{{false, 1280}, {true, 1280}, {false, 375}, {true, 375}} {
				p.shows(s)
				for _, broken := range look[[]string](p, runAxe, allChecks()) {
					p.Errorf("%+v: %s", s, broken)
				}
				if wide := look[bool](p, `() => document.documentElement.scrollWidth > document.documentElement.clientWidth`); wide {
					p.Errorf("%+v: it scrolls sideways", s)
				}
				if dir := os.Getenv("AIKAGI_SCREENSHOTS"); dir != "" {
					name := fmt.Sprintf("report-%s-%t-%d.png", l, s.dark, s.width)
					if err := os.WriteFile(filepath.Join(dir, name), p.photograph(s.width), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			many, err := reportOf(10_000).HTML(l)
			if err != nil {
				t.Fatal(err)
			}
			p.opens(served(t, many))
			first := look[string](p, `() => { document.querySelector('th button').click(); document.querySelector('th button').click(); return document.querySelector('tbody td').textContent }`)
			if !strings.HasPrefix(first, "user09999.") {
				t.Errorf("sorted backwards it begins with %s", first)
			}
		})
	}
}

func served(t *testing.T, page []byte) (address string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page)
	}))
	t.Cleanup(s.Close)
	return s.URL
}
