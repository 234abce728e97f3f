package admin

import (
	"net/http"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// auditRow is an event in words.
type auditRow struct {
	Event     aikagi.AuditEvent
	Sentence  string
	Source    string
	Emergency bool
	Path      string
	Changes   []changeRow
}

func auditRowOf(p web.Page, e aikagi.AuditEvent) auditRow {
	return auditRow{
		Event: e, Sentence: sentence(p, e), Source: word(p, "admin.source", e.Source),
		Emergency: e.ActorKind == aikagi.ActorEmergency, Path: p.Path("/admin/audit/" + string(e.ID)),
		Changes: changeRows(p, e.Changes),
	}
}

// auditPage is what audit.html shows.
type auditPage struct {
	web.Page
	Rows  []auditRow
	Pager web.Pager
}

func (a *Admin) auditRows(r *http.Request, here door.Here, p web.Page, q directory.AuditQuery, path string) ([]auditRow, web.Pager, error) {
	form, err := web.ParseQuery(r, "before", "lang")
	if err != nil {
		return nil, web.Pager{}, err
	}
	q.Before, q.Size = aikagi.AuditEventID(form.Get("before")), recordSize+1
	events, err := a.Directory.ListAudit(r.Context(), here.Instance.ID, q)
	if err != nil {
		return nil, web.Pager{}, err
	}
	var pager web.Pager
	if len(events) > recordSize {
		events = events[:recordSize]
		pager.Next = older(p, path, string(events[recordSize-1].ID))
	}
	if q.Before != "" {
		pager.Prev = p.Path(path)
	}
	rows := make([]auditRow, len(events))
	for i, e := range events {
		rows[i] = auditRowOf(p, e)
	}
	return rows, pager, nil
}

func (a *Admin) showAudit(w http.ResponseWriter, r *http.Request, here door.Here) error {
	page := auditPage{Page: a.Web.Page(r, "admin.audit.title")}
	var err error
	page.Rows, page.Pager, err = a.auditRows(r, here, page.Page, directory.AuditQuery{}, "/admin/audit")
	if err != nil {
		return err
	}
	return a.pages.Render(w, r, http.StatusOK, "audit.html", page)
}

// eventPage is what event.html shows.
type eventPage struct {
	web.Page
	Row auditRow
}

func (a *Admin) showEvent(w http.ResponseWriter, r *http.Request, here door.Here) error {
	e, err := a.Directory.FindAudit(r.Context(), here.Instance.ID, aikagi.AuditEventID(r.PathValue("id")))
	if err != nil {
		return err
	}
	page := eventPage{Page: a.Web.Page(r, "admin.audit.detail")}
	page.Row = auditRowOf(page.Page, e)
	return a.pages.Render(w, r, http.StatusOK, "event.html", page)
}

// historyPage is what history.html shows: what happened to one user.
type historyPage struct {
	userPage
	Rows  []auditRow
	Pager web.Pager
}

func (a *Admin) showHistory(w http.ResponseWriter, r *http.Request, here door.Here) error {
	user, err := a.userPage(r, here)
	if err != nil {
		return err
	}
	page := historyPage{userPage: user}
	page.Tab = "history"
	id := string(user.Person.User.ID)
	q := directory.AuditQuery{TargetKind: "user", TargetID: id}
	page.Rows, page.Pager, err = a.auditRows(r, here, page.Page, q, "/admin/users/"+id+"/history")
	if err != nil {
		return err
	}
	return a.pages.Render(w, r, http.StatusOK, "history.html", page)
}
