package admin

import (
	"net/http"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// requestsPage is what requests.html shows.
type requestsPage struct {
	web.Page
	Rows    []requestRow
	Unknown string // how many asked for names that nobody has
}

type requestRow struct {
	Open   reset.Open
	Name   string
	Reason string
}

func requestRowOf(p web.Page, o reset.Open) requestRow {
	return requestRow{
		Open: o, Name: o.User.FullName(p.Locale()), Reason: word(p, "admin.reason", string(o.Request.Reason)),
	}
}

func (a *Admin) showRequests(w http.ResponseWriter, r *http.Request, here door.Here) error {
	open, unknown, err := a.Resets.Waiting(r.Context(), here.Instance)
	if err != nil {
		return err
	}
	page := requestsPage{Page: a.Web.Page(r, "admin.requests.title")}
	if unknown > 0 {
		page.Unknown = page.T("admin.requests.unknown", "count", capped(unknown))
	}
	for _, o := range open {
		page.Rows = append(page.Rows, requestRowOf(page.Page, o))
	}
	return a.pages.Render(w, r, http.StatusOK, "requests.html", page)
}

// requestPage is what request.html shows.
type requestPage struct {
	web.Page
	Row        requestRow
	Email      string
	Recognised []web.Choice
}

func (a *Admin) requestPage(r *http.Request, here door.Here, email, recognised string) (requestPage, error) {
	page := requestPage{Page: a.Web.Page(r, "admin.request.title"), Email: email}
	open, _, err := a.Resets.Waiting(r.Context(), here.Instance)
	if err != nil {
		return page, err
	}
	found := false
	for _, o := range open {
		if string(o.Request.ID) == r.PathValue("id") {
			page.Row, found = requestRowOf(page.Page, o), true
		}
	}
	if !found {
		return page, aikagi.E(aikagi.NotFound, "reset_request", nil)
	}
	for _, how := range []reset.Recognised{reset.InPerson, reset.CalledBack, reset.LeaderSays} {
		page.Recognised = append(page.Recognised, web.Choice{
			Value: string(how), Text: word(page.Page, "admin.recognised", string(how)), Chosen: string(how) == recognised,
		})
	}
	return page, nil
}

func (a *Admin) showRequest(w http.ResponseWriter, r *http.Request, here door.Here) error {
	page, err := a.requestPage(r, here, "", "")
	if err != nil {
		return err
	}
	return a.pages.Render(w, r, http.StatusOK, "request.html", page)
}

func (a *Admin) handleRequest(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, "remedy", "email", "recognised")
	if err != nil {
		return err
	}
	remedy := reset.Remedy{
		Kind: reset.RemedyKind(form.Get("remedy")), Recognised: reset.Recognised(form.Get("recognised")),
		Email: aikagi.Email(fold(form.Get("email"))),
	}
	card, err := a.Resets.Mend(r.Context(), here.Instance, aikagi.ResetRequestID(r.PathValue("id")), remedy)
	if err != nil {
		return a.requestAgain(w, r, here, form, err)
	}
	if remedy.Kind == reset.HandCard {
		return a.showCard(w, r, here, card)
	}
	a.Web.Flash(w, "ok", "admin.request.done")
	return back(w, r, "/admin/requests")
}

func (a *Admin) requestAgain(w http.ResponseWriter, r *http.Request, here door.Here, form web.Form, why error) error {
	page, err := a.requestPage(r, here, form.Get("email"), form.Get("recognised"))
	if aikagi.CodeOf(err) == aikagi.NotFound && err != nil {
		return why // somebody else answered it meanwhile
	}
	if err != nil {
		return err
	}
	status := explain(&page.Page, why)
	if status == 0 {
		return why
	}
	return a.pages.Render(w, r, status, "request.html", page)
}
