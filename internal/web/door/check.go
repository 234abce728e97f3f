package door

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/web"
)

// Checked is what a session check answers.
type Checked struct {
	UserID    aikagi.UserID   `json:"user_id,omitempty"` // empty in emergency access
	Username  aikagi.Username `json:"username,omitempty"`
	Emergency bool            `json:"emergency,omitempty"`
	ExpiresAt time.Time       `json:"expires_at"`
}

// Check answers whether somebody is logged in: 200 and who, or 401. Softphones
// embedded in other pages ask it at the path that Amazon Connect has for it
// (connect-streams, core.js: /auth/authorize). One statement, no write (P6).
func (d *Door) Check() http.Handler {
	return d.Web.Handle(func(w http.ResponseWriter, r *http.Request) error {
		checked, err := d.check(r)
		if err != nil {
			return err
		}
		body, err := json.Marshal(checked)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body) // whoever asked went away
		return nil
	})
}

func (d *Door) check(r *http.Request) (Checked, error) {
	alias, err := aikagi.ParseAlias(r.PathValue("alias"))
	if err != nil {
		return Checked{}, aikagi.E(aikagi.NotFound, "instance", nil)
	}
	visit := web.VisitOf(r.Context())
	var refused error = aikagi.E(aikagi.Unauthenticated, "session", nil)
	for _, instance := range d.instancesIn(r) {
		token, err := d.Web.ReadCookie(r, CookieName(instance))
		if err != nil {
			return Checked{}, err
		}
		s, name, err := d.Sessions.Check(r.Context(), alias, instance, visit.Client, token)
		if err == nil {
			// For the log.
			visit.Site.ID, visit.Viewer = string(s.InstanceID), viewer(s)
			return Checked{UserID: s.UserID, Username: name, Emergency: s.GrantID != "", ExpiresAt: s.ExpiresAt}, nil
		}
		if aikagi.CodeOf(err) != aikagi.Unauthenticated {
			return Checked{}, err
		}
		refused = err
	}
	return Checked{}, refused
}

func viewer(s aikagi.Session) web.Viewer {
	if s.GrantID != "" {
		return web.Viewer{Actor: string(aikagi.ActorEmergency)}
	}
	return web.Viewer{ID: string(s.UserID), Actor: string(aikagi.ActorUser)}
}

// mostCookies bounds how many session cookies of one request are looked at. One
// host serves several instances only where they share it by path.
const mostCookies = 8

// instancesIn lists the instances whose session cookies came with a request: the
// name of the cookie tells, so that the instance need not be looked up first.
func (d *Door) instancesIn(r *http.Request) []aikagi.InstanceID {
	prefix := d.Web.Cookie(CookieName(""), "", 0, http.SameSiteLaxMode).Name
	var found []aikagi.InstanceID
	for _, c := range r.Cookies() {
		id, ours := strings.CutPrefix(c.Name, prefix)
		if ours && len(found) < mostCookies {
			found = append(found, aikagi.InstanceID(id))
		}
	}
	return found
}
