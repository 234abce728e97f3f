package admin

import (
	"context"
	"net/http"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// question is what a confirm page asks before something is done to a user.
type question struct {
	word     string // of the texts and of the address
	lines    int    // consequences, numbered from 1 in the texts
	typeName bool   // the user name must be typed: it cannot be undone
}

var (
	askTemporary = question{word: "temporary", lines: 3}
	askEnable    = question{word: "enable", lines: 2}
	askDisable   = question{word: "disable", lines: 2}
	askDelete    = question{word: "delete", lines: 3, typeName: true}
)

// confirmPage is what confirm.html shows.
type confirmPage struct {
	web.Page
	Confirm  web.Confirm
	TypeName bool
}

func (a *Admin) asks(q question) door.Handler {
	return func(w http.ResponseWriter, r *http.Request, here door.Here) error {
		page, err := a.confirmPage(r, here, q)
		if err != nil {
			return err
		}
		return a.pages.Render(w, r, http.StatusOK, "confirm.html", page)
	}
}

func (a *Admin) confirmPage(r *http.Request, here door.Here, q question) (confirmPage, error) {
	page := confirmPage{Page: a.Web.Page(r, "admin.user.title"), TypeName: q.typeName}
	id, err := userID(r)
	if err != nil {
		return page, err
	}
	person, err := a.Directory.Find(r.Context(), here.Instance.ID, id)
	if err != nil {
		return page, err
	}
	base := "/admin/users/" + string(id)
	name := person.User.FullName(page.Locale()) + " (" + string(person.User.Username) + ")"
	key := i18n.Key("admin.ask." + q.word)
	page.Confirm = web.Confirm{
		Question: page.T(key, "name", name), Button: page.T(key + ".do"),
		Action: page.Path(base + "/" + q.word), Cancel: page.Path(base),
	}
	for _, n := range []i18n.Key{".1", ".2", ".3"}[:q.lines] {
		page.Confirm.Consequences = append(page.Confirm.Consequences, page.T(key+n))
	}
	page.Title = page.Confirm.Question
	return page, nil
}

// refuseAction shows why an action was refused on top of the user's page, which
// has what to do instead.
func (a *Admin) refuseAction(w http.ResponseWriter, r *http.Request, here door.Here, why error) error {
	page, err := a.userPage(r, here)
	if err != nil {
		return err
	}
	status := explain(&page.Page, why)
	if status == 0 {
		return why
	}
	return a.pages.Render(w, r, status, "user.html", page)
}

// act runs a rule about the user that the address names, and goes back to his
// page with a flash.
func (a *Admin) act(w http.ResponseWriter, r *http.Request, here door.Here, done i18n.Key,
	rule func(context.Context, aikagi.InstanceID, aikagi.UserID) error,
) error {
	id, err := userID(r)
	if err != nil {
		return err
	}
	if err := rule(r.Context(), here.Instance.ID, id); err != nil {
		return a.refuseAction(w, r, here, err)
	}
	a.Web.Flash(w, "ok", done)
	return back(w, r, "/admin/users/"+string(id))
}

func (a *Admin) handleSend(w http.ResponseWriter, r *http.Request, here door.Here) error {
	return a.act(w, r, here, "admin.send.done", a.Resets.SendLink)
}

func (a *Admin) handleWaits(w http.ResponseWriter, r *http.Request, here door.Here) error {
	return a.act(w, r, here, "admin.waits.done", a.Directory.LiftWaits)
}

func (a *Admin) handleEnable(w http.ResponseWriter, r *http.Request, here door.Here) error {
	return a.act(w, r, here, "admin.enable.done", a.setEnabled(true))
}

func (a *Admin) handleDisable(w http.ResponseWriter, r *http.Request, here door.Here) error {
	return a.act(w, r, here, "admin.disable.done", a.setEnabled(false))
}

func (a *Admin) setEnabled(enabled bool) func(context.Context, aikagi.InstanceID, aikagi.UserID) error {
	return func(ctx context.Context, i aikagi.InstanceID, u aikagi.UserID) error {
		return a.Directory.SetEnabled(ctx, i, u, enabled)
	}
}

func (a *Admin) handleSessions(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, "session")
	if err != nil {
		return err
	}
	return a.act(w, r, here, "admin.sessions.done", func(ctx context.Context, i aikagi.InstanceID, u aikagi.UserID) error {
		if one := form.Get("session"); one != "" {
			return a.Directory.EndSession(ctx, i, u, aikagi.SessionID(one))
		}
		_, err := a.Directory.EndSessions(ctx, i, u)
		return err
	})
}

// handleDelete wants the user name typed, because nothing brings him back.
func (a *Admin) handleDelete(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, "confirm")
	if err != nil {
		return err
	}
	id, err := userID(r)
	if err != nil {
		return err
	}
	person, err := a.Directory.Find(r.Context(), here.Instance.ID, id)
	if err != nil {
		return err
	}
	if fold(form.Get("confirm")) != string(person.User.Username) {
		page, err := a.confirmPage(r, here, askDelete)
		if err != nil {
			return err
		}
		page.Blame("confirm", "mismatch")
		return a.pages.Render(w, r, http.StatusBadRequest, "confirm.html", page)
	}
	if err := a.Directory.Delete(r.Context(), here.Instance.ID, id); err != nil {
		return a.refuseAction(w, r, here, err)
	}
	a.Web.Flash(w, "ok", "admin.delete.done")
	return back(w, r, "/admin/users")
}

// oncePage is what once.html shows: a secret that exists on this answer only.
type oncePage struct {
	web.Page
	User   aikagi.User
	Name   string
	Secret string
}

func (a *Admin) handleTemporary(w http.ResponseWriter, r *http.Request, here door.Here) error {
	id, err := userID(r)
	if err != nil {
		return err
	}
	temporary, err := a.Resets.SetTemporary(r.Context(), here.Instance.ID, id)
	if err != nil {
		return a.refuseAction(w, r, here, err)
	}
	person, err := a.Directory.Find(r.Context(), here.Instance.ID, id)
	if err != nil {
		return err
	}
	return a.showTemporary(w, r, person.User, temporary)
}

func (a *Admin) showTemporary(w http.ResponseWriter, r *http.Request, u aikagi.User, temporary aikagi.Secret) error {
	page := oncePage{Page: a.Web.Page(r, "admin.temporary.title"), User: u, Secret: temporary.Reveal()}
	page.Name = u.FullName(page.Locale())
	return a.pages.Render(w, r, http.StatusOK, "once.html", page)
}
