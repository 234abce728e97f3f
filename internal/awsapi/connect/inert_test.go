package connect_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

func onBothEngines(t *testing.T, run func(*testing.T, *place)) {
	t.Helper()
	for engine, database := range map[string]func() string{
		"sqlite":   func() string { return "sqlite:" + filepath.Join(t.TempDir(), "aikagi.db") },
		"postgres": func() string { return storetest.Postgres(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			c := apitest.Start(t, apptest.Options{Database: database()})
			run(t, of(t, c, c.Centre.Instance.ID))
		})
	}
}

// everybody is the path of a list of all users at once.
func (p *place) everybody() string { return "/users-summary/" + string(p.id) + "?maxResults=1000" }

// TestH18WhatIsTypedIsSearchedLiterally: no character of a search stands for others.
func TestH18WhatIsTypedIsSearchedLiterally(t *testing.T) {
	t.Parallel()
	onBothEngines(t, func(t *testing.T, p *place) {
		for n, name := range []string{"100%", "100x", "a_b", "axb", `a\b`, "a*b", "a?b", "[ab]", "a'b", `a"b`} {
			p.create(map[string]any{"Username": fmt.Sprint("literal", n), "IdentityInfo": map[string]string{"FirstName": name, "LastName": "字"}})
		}
		for typed, want := range map[string]string{
			"100%": "literal0", "a_b": "literal2", `a\b`: "literal4", "a*b": "literal5", "a?b": "literal6", "[ab]": "literal7", "a'b": "literal8", `a"b`: "literal9",
			"%%": "", "__": "", "1%": "", "a%": "", ".*": "", "[a-z]": "",
		} {
			for _, comparison := range []string{"STARTS_WITH", "CONTAINS", "EXACT"} {
				if len(typed) > 2 || comparison != "EXACT" {
					if got := strings.Join(p.names(`,"SearchCriteria":`+criterion("FirstName", comparison, escaped(typed))), " "); got != want {
						t.Errorf("%s %q finds %q, want %q", comparison, typed, got, want)
					}
				}
			}
		}
	})
}

// escaped is a text inside a text of JSON.
func escaped(text string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) }

// hostileSQL are texts that mean something to a database that reads them as words.
var hostileSQL = []string{
	`'`, `"`, `';`, `'--`, `' OR '1'='1`, `" OR ""="`, `') OR 1=1 --`, `'; DROP TABLE users; --`, `'; DELETE FROM users WHERE 't'='t`,
	`1; UPDATE users SET enabled=0`, `' UNION SELECT password_hash FROM users --`, `'||(SELECT version())||'`, `$1`, `$$`, `$tag$`, `?1`, `:a`, `@a`, `%s`, `{{.}}`,
	`/**/`, `--`, `#`, `'/*`, `*/`, `0x27`, `CHAR(39)`, `%27`, `\'`, `\\`, `\x27`, "`", `''`, `NULL`, `'; SELECT pg_sleep(9); --`, `' AND randomblob(999999999) --`,
	`x' AND 1=CAST((SELECT password_hash FROM users LIMIT 1) AS int) --`, `;PRAGMA writable_schema=1`, `ATTACH DATABASE '/tmp/x' AS x`,
}

// TestH19SQLIsText wherever it is given: it comes back as it was, finds nobody that it
// does not name, and changes nothing else.
func TestH19SQLIsText(t *testing.T) {
	t.Parallel()
	onBothEngines(t, func(t *testing.T, p *place) {
		count := func() int {
			return strings.Count(string(p.Do(http.MethodGet, p.everybody(), "").Must(http.StatusOK).Body), `"Username":`)
		}
		before := count()
		for n, text := range hostileSQL {
			p.Clock.Move(time.Minute) // the rate
			info := map[string]string{"FirstName": text, "LastName": text}
			id := p.create(map[string]any{"Username": fmt.Sprint("sql", n), "IdentityInfo": info, "Tags": map[string]string{"note": text}})
			u := p.find(id)
			if u.FirstName != strings.TrimSpace(text) || u.LastName != strings.TrimSpace(text) {
				t.Errorf("%q is kept as %q and %q", text, u.FirstName, u.LastName)
			}
			for _, field := range []string{"Username", "FirstName", "LastName", "RoutingProfileId", "SecurityProfileId", "resourceId"} {
				for _, comparison := range []string{"STARTS_WITH", "CONTAINS", "EXACT"} {
					a := p.searched(`,"SearchCriteria":` + criterion(field, comparison, escaped(text)))
					// What folds to nothing, and one character for CONTAINS, is refused.
					if a.Status != http.StatusOK && a.Fault() != "InvalidParameterException" && a.Fault() != "InvalidRequestException" {
						t.Errorf("%s %s %q: %d %s", field, comparison, text, a.Status, a.Body)
					}
					if strings.Contains(string(a.Body), `"Id":"`) && !strings.HasSuffix(field, "Name") {
						t.Errorf("%s %s %q finds somebody: %s", field, comparison, text, a.Body)
					}
				}
			}
			tagged := strings.Join(p.names(`,"SearchFilter":{"TagFilter":{"TagCondition":{"TagKey":"note","TagValue":"`+escaped(text)+`"}}}`), " ")
			if tagged != fmt.Sprint("sql", n) {
				t.Errorf("the tag %q finds %q", text, tagged)
			}
			// Go's client sends no path with a bare "%"; what is escaped comes as it was.
			for _, path := range []string{"/users/" + url.PathEscape(text) + "/x", p.users() + "/" + url.PathEscape(text), "/users-summary/" + string(p.id) + "?nextToken=" + url.QueryEscape(text)} {
				if a := p.Do(http.MethodGet, path, ""); a.Status < 400 || a.Status > 404 {
					t.Errorf("GET %s: %d %s", path, a.Status, a.Body)
				}
			}
		}
		if after := count(); after != before+len(hostileSQL) {
			t.Errorf("%d users became %d", before, after)
		}
	})
}

// TestH08ACapturedRequestChangesNothingTwice: who sends the same bytes again within
// their five minutes finds everything as it was.
func TestH08ACapturedRequestChangesNothingTwice(t *testing.T) {
	t.Parallel()
	p := start(t)
	victim := p.create(map[string]any{"Username": "captured"})
	one := p.users() + "/" + victim
	tags := tagPath("arn:aws:connect:" + apitest.Region + ":" + string(p.Centre.Account.ID) + ":instance/" + string(p.id) + "/agent/" + victim)
	state := func() string {
		var all strings.Builder
		for _, path := range []string{p.everybody(), one, tags, "/user-hierarchy-groups-summary/" + string(p.id), "/security-profiles-summary/" + string(p.id), "/instance"} {
			all.WriteString(path + "\n" + string(p.Do(http.MethodGet, path, "").Body) + "\n")
		}
		return all.String()
	}
	for _, c := range []struct{ method, path, body, again string }{
		{http.MethodPut, p.users(), p.with(map[string]any{"Username": "made"}), "DuplicateResourceException"},
		{http.MethodPost, one + "/identity-info", `{"IdentityInfo":{"FirstName":"春子"}}`, ""},
		{http.MethodPost, one + "/security-profiles", `{"SecurityProfileIds":["` + p.profiles["QualityAnalyst"] + `"]}`, ""},
		{http.MethodPost, one + "/associate-proficiencies", `{"UserProficiencies":[{"AttributeName":"Language","AttributeValue":"Japanese","Level":3}]}`, ""},
		{http.MethodPost, tags, `{"tags":{"Team":"A"}}`, ""},
		{http.MethodDelete, tags + "?tagKeys=Team", "", ""},
		{http.MethodPut, "/user-hierarchy-groups/" + string(p.id), `{"Name":"once"}`, "DuplicateResourceException"},
		{http.MethodPut, "/security-profiles/" + string(p.id), `{"SecurityProfileName":"once"}`, "DuplicateResourceException"},
		{http.MethodPut, "/instance", `{"InstanceAlias":"once","ClientToken":"t","IdentityManagementType":"SAML","InboundCallsEnabled":true,"OutboundCallsEnabled":true}`, ""},
		{http.MethodDelete, one, "", "ResourceNotFoundException"},
	} {
		before := state()
		r := p.Request(c.method, c.path, c.body)
		again := r.Clone(t.Context())
		again.Body = io.NopCloser(strings.NewReader(c.body))
		p.Send(r).Must(http.StatusOK)
		once := state()
		if once == before && c.again != "" {
			t.Errorf("%s %s changes nothing that is looked at", c.method, c.path)
		}
		if a := p.Send(again); a.Fault() != c.again {
			t.Errorf("%s %s again: %d %s, want %q", c.method, c.path, a.Status, a.Body, c.again)
		}
		if twice := state(); twice != once {
			t.Errorf("%s %s again changed\n%s", c.method, c.path, cmp.Diff(strings.Split(once, "\n"), strings.Split(twice, "\n")))
		}
	}
}
