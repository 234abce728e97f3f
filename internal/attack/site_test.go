package attack

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
	"github.com/aikagi/aikagi/internal/web/door"
)

// siege is the whole product with places to attack.
type siege struct {
	*apptest.Site
	t     *testing.T
	host  string
	known map[string]visitor
}

func besiege(t *testing.T) *siege { return besiegeOn(t, store.SQLite) }

func besiegeOn(t *testing.T, engine store.Engine) *siege {
	t.Helper()
	site := apptest.Start(t, apptest.Options{Database: storetest.URL(t, engine)})
	return &siege{Site: site, t: t, host: strings.TrimPrefix(site.URLs.Base(), "http://")}
}

func (s *siege) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *siege) update(do func(tx *store.Tx) error) {
	s.t.Helper()
	s.must(s.Store.Update(s.t.Context(), do))
}

// visitor is a browser, with the cookies of whoever sits there.
type visitor struct {
	s       *siege
	name    string
	cookies []*http.Cookie
}

func (s *siege) anonymous() visitor { return visitor{s: s, name: "anonymous"} }

// plain is how cookies are named where there is no https: on loopback.
const plain = "aikagi-"

// as opens a session of a user.
func (s *siege) as(name string, u aikagi.User) visitor {
	s.t.Helper()
	return s.within(name, aikagi.Session{InstanceID: u.InstanceID, UserID: u.ID, Address: "192.0.2.1", UserAgent: "Mozilla/5.0"})
}

func (s *siege) within(name string, open aikagi.Session) visitor {
	s.t.Helper()
	v := visitor{s: s, name: name}
	s.update(func(tx *store.Tx) error {
		token, opened, err := s.Sessions.Open(s.t.Context(), tx, s.Clock.Now(), open)
		v.cookies = []*http.Cookie{{Name: plain + door.CookieName(opened.InstanceID), Value: token.Reveal()}}
		return err
	})
	return v
}

// inEmergency enters a place from the host.
func (s *siege) inEmergency(p *place) visitor {
	s.t.Helper()
	host := aikagi.WithActor(s.t.Context(), aikagi.Actor{Kind: aikagi.ActorHost, Name: "root", Source: "cli"})
	reason := p.text("emergency reason")
	reason = reason[:min(len(reason), 300)] + " " + reason[max(0, len(reason)-20):]
	h, err := s.Emergency.BeginAsHost(host, p.instance.ID, reason)
	s.must(err)
	started, err := s.Emergency.Start(s.t.Context(), p.instance.ID, h.Token, "Mozilla/5.0")
	s.must(err)
	p.grant = started.Session.GrantID
	return visitor{s, "emergency", []*http.Cookie{{
		Name: plain + door.CookieName(p.instance.ID), Value: started.Token.Reveal(),
	}}}
}

// owner signs the sample's owner in to the console.
func (s *siege) owner() visitor {
	s.t.Helper()
	opened, err := s.Accounts.SignIn(s.t.Context(), account.Credentials{
		Name: s.Centre.Owner.Username, Password: aikagi.NewSecret(s.Centre.Owner.Password),
	})
	s.must(err)
	return visitor{s, "owner", []*http.Cookie{{Name: plain + "account", Value: opened.Token.Reveal()}}}
}

// both is one browser with the cookies of two.
func (v visitor) both(other visitor) visitor {
	return visitor{v.s, v.name + " and " + other.name, append(slices.Clone(v.cookies), other.cookies...)}
}

func (v visitor) get(path string) *httptest.ResponseRecorder {
	return v.do(v.request(http.MethodGet, path, nil))
}

// post sends a form as a page of ours would.
func (v visitor) post(path string, form url.Values) *httptest.ResponseRecorder {
	r := v.request(http.MethodPost, path, form)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Origin", v.s.URLs.Base())
	return v.do(r)
}

func (v visitor) request(method, path string, form url.Values) *http.Request {
	v.s.t.Helper()
	r := httptest.NewRequestWithContext(v.s.t.Context(), method, v.s.URLs.Base()+path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range v.cookies {
		r.AddCookie(c)
	}
	return r
}

func (v visitor) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	v.s.Handler.ServeHTTP(w, r)
	return w
}

// background is what work in the background writes by itself, and requests do
// not: its turns, the chain of the record, and how sending goes on.
func background(table, column string) bool {
	switch table {
	case "jobs", "audit_checkpoints", "message_attempts":
		return true
	case "audit_events":
		return column == "sequence" || column == "chain"
	case "outbox":
		return slices.Contains([]string{"sealed", "state", "attempt", "fence", "run_at", "done_at", "last_reply"}, column)
	}
	return false
}

// rows is a digest of every row that a request could change.
func (s *siege) rows() string {
	s.t.Helper()
	h := sha256.New()
	s.must(s.Store.Snapshot(s.t.Context(), func(tx *store.Tx) error {
		for _, t := range store.Tables() {
			if background(t.Name, "") {
				continue
			}
			var lines []string
			err := tx.Dump(s.t.Context(), t, func(values []any) error {
				line := ""
				for i, v := range values {
					if !background(t.Name, t.Columns[i].Name) {
						line += fmt.Sprintf("%v|", v)
					}
				}
				lines = append(lines, line)
				return nil
			})
			if err != nil {
				return err
			}
			slices.Sort(lines)
			_, _ = fmt.Fprintln(h, t.Name, strings.Join(lines, "\n")) // a hash does not fail
		}
		return nil
	}))
	return hex.EncodeToString(h.Sum(nil))
}

// untouched runs many attempts and fails if a row changed; then it runs each
// alone to name the one that did it.
func (s *siege) untouched(attempts []attempt) {
	s.t.Helper()
	before := s.rows()
	for _, a := range attempts {
		a.do()
	}
	if s.rows() == before {
		return
	}
	for _, a := range attempts {
		before = s.rows()
		a.do()
		if s.rows() != before {
			s.t.Errorf("%s changed rows", a.name)
		}
	}
	s.t.Error("rows changed")
}

type attempt struct {
	name string
	do   func()
}
