package admin

import (
	"embed"
	"errors"
	"net/http"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/sheet"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

//go:embed templates/*.html
var templates embed.FS

// Options are what the pages lean on. All must be set.
type Options struct {
	Web       *web.Engine
	Door      *door.Door
	Directory *directory.Directory
	Sheets    *sheet.Sheets
	Instances *instance.Instances
	Profiles  *securityprofile.Profiles
	Resets    *reset.Resets
}

// Admin answers the pages.
type Admin struct {
	Options
	pages *web.Pages
}

// New reads the templates.
func New(o Options) (*Admin, error) {
	if o.Web == nil || o.Door == nil || o.Directory == nil || o.Sheets == nil || o.Instances == nil || o.Profiles == nil || o.Resets == nil {
		return nil, errors.New("make administration pages: an option is missing")
	}
	pages, err := o.Web.Pages(templates)
	if err != nil {
		return nil, err
	}
	return &Admin{Options: o, pages: pages}, nil
}

// refusedPage is what refused.html shows: which permission is missing.
type refusedPage struct {
	web.Page
	Permission string // in words
	Name       string // as Amazon Connect names it
}

// member lets in whoever is logged in. Where a rule asks for a permission that
// he lacks, the page names it and whom to ask.
func (a *Admin) member(h door.Handler) http.Handler {
	return a.Door.Member(func(w http.ResponseWriter, r *http.Request, here door.Here) error {
		err := h(w, r, here)
		var e *aikagi.Error
		if err == nil || !errors.As(err, &e) || e.Code != aikagi.Forbidden || e.Subject != "permission" {
			return err
		}
		page := refusedPage{Page: a.Web.Page(r, "admin.refused.title"), Name: e.Reason}
		page.Permission = permissionName(page.Page, aikagi.Permission(e.Reason))
		return a.pages.Render(w, r, http.StatusForbidden, "refused.html", page)
	})
}

// explain puts what a rule refused into the form's page, beside the field where
// there is one, and returns the status to show the form with; 0 if the error is
// none of the form's business.
func explain(page *web.Page, err error) int {
	if page.Explain(err) {
		return http.StatusBadRequest
	}
	var e *aikagi.Error
	if !errors.As(err, &e) || e.Subject == "permission" || e.Reason == "" {
		return 0
	}
	key := i18n.Key(e.Subject + "." + e.Reason)
	if !i18n.Has(page.Locale(), key) {
		return 0
	}
	problem := web.Problem{Text: page.T(key)}
	switch e.Subject {
	case "username", "email", "profile_name", "group_name":
		problem.Field = e.Subject
	}
	page.Problems = append(page.Problems, problem)
	switch e.Code {
	case aikagi.Conflict:
		return http.StatusConflict
	case aikagi.Forbidden:
		return http.StatusForbidden
	case aikagi.Invalid, aikagi.Unauthenticated, aikagi.NotFound, aikagi.Throttled, aikagi.Expired,
		aikagi.Unavailable, aikagi.Internal:
	}
	return http.StatusBadRequest
}

// userID reads the user that the address names; what cannot be an id is unknown.
func userID(r *http.Request) (aikagi.UserID, error) {
	id, err := aikagi.ParseID("user", r.PathValue("id"))
	return aikagi.UserID(id), err
}

// fold brings what was typed to the form that is stored: half width for what is
// written in ASCII, composed characters for names (ux: typing is not an error).
func fold(s string) string { return aikagi.FoldUsername(s) }

func foldName(s string) string {
	if len(s) > 4*aikagi.MaxLastName {
		return s // too long anyway
	}
	return strings.TrimSpace(norm.NFC.String(s))
}

// back answers 303 to a page of the instance.
func back(w http.ResponseWriter, r *http.Request, path string) error {
	return web.SeeOther(w, r, web.Path(r, path))
}

// reasonOf reports whether an error is a decision with that code and reason.
func reasonOf(err error, code aikagi.Code, reason string) bool {
	return err != nil && aikagi.CodeOf(err) == code && aikagi.ReasonOf(err) == reason
}
