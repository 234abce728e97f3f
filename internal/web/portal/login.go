package portal

import (
	"context"
	"net/http"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/login"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// loginPage is what login.html shows.
type loginPage struct {
	web.Page
	Username string
	Next     string
	TimedOut bool
	Outside  bool // the instance lets nobody in from that network
	Wait     int  // seconds; 0 for none
	Network  bool // the wait is the network's, over all names
	Other    bool
}

func (p *Portal) showHome(w http.ResponseWriter, r *http.Request, here door.Here) error {
	if here.LoggedIn() {
		return web.SeeOther(w, r, web.Path(r, "/me"))
	}
	return web.SeeOther(w, r, web.Path(r, "/login"))
}

func (p *Portal) showLogin(w http.ResponseWriter, r *http.Request, here door.Here) error {
	query, err := web.ParseQuery(r, "next", "why")
	if err != nil {
		return err
	}
	page := loginPage{
		Page: p.Web.Page(r, "login.title"), Next: query.Get("next"),
		TimedOut: query.Get("why") == "timed_out", Outside: query.Get("why") == "network",
	}
	var done doneNote
	if p.note(r, doneName(here.Instance.ID), &done) {
		page.Username = done.Username
	}
	return p.pages.Render(w, r, http.StatusOK, "login.html", page)
}

// handleLogin lets a person in. Every refusal looks the same (S13).
func (p *Portal) handleLogin(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, "username", "password", "next")
	if err != nil {
		return err
	}
	device, err := p.Web.ReadCookie(r, deviceName(here.Instance.ID))
	if err != nil {
		return err
	}
	opened, err := p.Logins.Attempt(r.Context(), here.Instance, login.Attempt{
		Username: form.Get("username"), Password: aikagi.NewSecret(form.Get("password")),
		Device: device, UserAgent: r.UserAgent(),
	})
	if err != nil {
		return p.refuseLogin(w, r, form, err)
	}
	// The old session of this browser goes; ids never survive a login.
	if err := p.end(r.Context(), here); err != nil {
		return err
	}
	p.Door.SetCookie(w, opened.Session, opened.Token, p.Clock.Now())
	http.SetCookie(w, p.deviceCookie(here.Instance, opened.Device))
	http.SetCookie(w, p.Web.DropCookie(doneName(here.Instance.ID)))
	return web.SeeOther(w, r, p.afterLogin(r, form.Get("next"), opened.MustChange))
}

func (p *Portal) afterLogin(r *http.Request, next string, mustChange bool) string {
	if mustChange {
		return web.Path(r, door.MustChangePath)
	}
	if path, ok := web.SafePath(next); ok {
		return path
	}
	return web.Path(r, "/me")
}

func (p *Portal) refuseLogin(w http.ResponseWriter, r *http.Request, form web.Form, err error) error {
	page := loginPage{Page: p.Web.Page(r, "login.title"), Username: form.Get("username"), Next: form.Get("next")}
	status := http.StatusBadRequest
	switch aikagi.CodeOf(err) {
	case aikagi.Unauthenticated:
		status = http.StatusUnauthorized
		page.Problems = append(page.Problems, web.Problem{Text: page.T("login.wrong")})
	case aikagi.Throttled:
		page.Other, page.Network = aikagi.ReasonOf(err) == "other_ways", aikagi.ReasonOf(err) == "network"
		page.Wait, status = seconds(err), http.StatusTooManyRequests
	default:
		if !page.Explain(err) {
			return err
		}
	}
	return p.pages.Render(w, r, status, "login.html", page)
}

func (p *Portal) handleLogout(w http.ResponseWriter, r *http.Request, here door.Here) error {
	if err := p.end(r.Context(), here); err != nil {
		return err
	}
	p.Door.DropCookie(w, here.Instance.ID)
	p.Web.Flash(w, "ok", "login.logged_out")
	return web.SeeOther(w, r, web.Path(r, "/login"))
}

// end closes the session that the browser has, if any. With emergency access the
// grant ends too, on the record (S31).
func (p *Portal) end(ctx context.Context, here door.Here) error {
	switch {
	case here.Emergency:
		return p.EndEmergency(ctx)
	case here.LoggedIn():
		return p.Sessions.End(ctx, here.Session)
	}
	return nil
}

func deviceName(id aikagi.InstanceID) string { return "device-" + string(id) }

// deviceCookie lets the browser be known again. It is no way in (S14).
func (p *Portal) deviceCookie(i aikagi.Instance, device aikagi.Secret) *http.Cookie {
	return p.Web.Cookie(deviceName(i.ID), device.Reveal(), aikagi.KnownDeviceTTL, http.SameSiteLaxMode)
}

// seconds is how long somebody who was throttled has to wait.
func seconds(err error) int {
	return int((retryAfter(err) + time.Second - 1) / time.Second)
}
