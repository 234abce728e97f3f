package portal

import (
	"net/http"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// mePage is what me.html shows.
type mePage struct {
	web.Page
	Me       door.Here
	Sessions []aikagi.Session
}

func (p *Portal) showMe(w http.ResponseWriter, r *http.Request, here door.Here) error {
	if here.Emergency {
		return web.SeeOther(w, r, web.Path(r, "/repair"))
	}
	sessions, err := p.Sessions.List(r.Context(), here.Instance.ID, here.User.ID)
	if err != nil {
		return err
	}
	return p.pages.Render(w, r, http.StatusOK, "me.html",
		mePage{Page: p.Web.Page(r, "me.title"), Me: here, Sessions: sessions})
}

// handleEndSession logs one's own other browsers out: one, or all.
func (p *Portal) handleEndSession(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, "session")
	if err != nil {
		return err
	}
	n, err := p.Sessions.EndOwn(r.Context(), here.Session, aikagi.SessionID(form.Get("session")))
	if err != nil {
		return err
	}
	p.Web.Flash(w, "ok", "me.ended", n)
	return web.SeeOther(w, r, web.Path(r, "/me"))
}

// ownPage is what own.html shows.
type ownPage struct {
	web.Page
	Username aikagi.Username
	Rules    []web.Rule
	Must     bool
}

func (p *Portal) ownPage(r *http.Request, here door.Here) ownPage {
	page := ownPage{
		Page: p.Web.Page(r, "own.title"), Username: here.User.Username, Must: here.User.MustChange,
	}
	page.Rules = rules(page.Page, here.Instance, reset.PolicyOf(here.Instance, here.Held))
	return page
}

func (p *Portal) showOwnPassword(w http.ResponseWriter, r *http.Request, here door.Here) error {
	if here.Emergency {
		return web.SeeOther(w, r, web.Path(r, "/repair"))
	}
	return p.pages.Render(w, r, http.StatusOK, "own.html", p.ownPage(r, here))
}

func (p *Portal) handleOwnPassword(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, "current", "password")
	if err != nil {
		return err
	}
	if here.Emergency {
		return aikagi.E(aikagi.Forbidden, "user", nil)
	}
	err = p.Resets.ChangeOwn(r.Context(), here.Instance, reset.Own{
		User: here.User, Held: here.Held, Session: here.Session.ID,
		Current: aikagi.NewSecret(form.Get("current")), Chosen: aikagi.NewSecret(form.Get("password")),
	})
	page := p.ownPage(r, here)
	if page.Explain(err) {
		return p.pages.Render(w, r, http.StatusBadRequest, "own.html", page)
	}
	if err != nil {
		return err
	}
	p.Web.Flash(w, "ok", "own.done")
	return web.SeeOther(w, r, web.Path(r, "/me"))
}

// rules are the lines under the password field.
func rules(page web.Page, i aikagi.Instance, policy password.Policy) []web.Rule {
	if policy.Connect {
		return []web.Rule{
			{Kind: "length", N: policy.Length(), Text: page.T("rule.connect_length")},
			{Kind: "lower", Text: page.T("rule.lower")},
			{Kind: "upper", Text: page.T("rule.upper")},
			{Kind: "digit", Text: page.T("rule.digit")},
		}
	}
	return []web.Rule{
		{Kind: "length", N: policy.Length(), Text: page.T("rule.length", "n", policy.Length())},
		{Kind: "", Text: page.T("rule.common", "instance", i.Name())},
	}
}
