package admin

import (
	"net/http"
	"strconv"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// timelineLength is how many mails a user's page shows.
const timelineLength = 10

// userPage is what user.html shows.
type userPage struct {
	web.Page
	Me       door.Here
	Person   directory.Person
	Form     userForm
	Profiles []web.Choice
	Badges   []badge
	Mails    []mailRow
	Base     string // of the page's own address
	Tab      string // that is open: form, permissions, history

	MayEdit, MayHelp, MayGive, MayEnable, MayDelete bool

	// Tags and Proficiencies are written one a line, as typed.
	Tags, Proficiencies string

	Other *otherVersion
}

// userPage reads everything that a user's page shows; the form starts from the
// stored user.
func (a *Admin) userPage(r *http.Request, here door.Here) (userPage, error) {
	page := userPage{Page: a.Web.Page(r, "admin.user.title"), Me: here, Tab: "form"}
	id, err := userID(r)
	if err != nil {
		return page, err
	}
	if page.Person, err = a.Directory.Find(r.Context(), here.Instance.ID, id); err != nil {
		return page, err
	}
	u := page.Person.User
	page.Title, page.Base = u.FullName(page.Locale()), page.Path("/admin/users/"+string(u.ID))
	c, err := a.Directory.Choices(r.Context(), here.Instance.ID)
	if err != nil {
		return page, err
	}
	page.Form = formOf(page.Page, directory.DraftOf(u), c)
	page.Profiles = giveable(page.Page, c, u.SecurityProfileIDs)
	page.Badges = badges(page.Page, u, page.Person.Shared)
	if page.Person.Locked {
		page.Badges = append(page.Badges, badge{"danger", page.T("admin.state.locked")})
	}
	page.Tags, page.Proficiencies = inLines(page.Person.Tags), inLines(page.Person.Proficiencies)
	may := page.Person.May
	page.MayEdit = may(aikagi.UsersEdit)
	page.MayHelp = page.MayEdit && !page.Person.Beyond
	page.MayGive = may(aikagi.UsersEditPermission) && !page.Person.Beyond
	page.MayEnable = may(aikagi.UsersEnableAndDisable) && !page.Person.Beyond && !page.Person.Self
	page.MayDelete = may(aikagi.UsersDelete) && !page.Person.Beyond && !page.Person.Self
	if !page.MayEdit {
		return page, nil
	}
	mails, err := a.Directory.MailOf(r.Context(), here.Instance.ID, u.ID, timelineLength)
	for _, m := range mails {
		page.Mails = append(page.Mails, mailRowOf(page.Page, m.Message, m.Attempts))
	}
	return page, err
}

// Replaces reports whether saving that form would replace somebody else's change.
func (p userPage) Replaces(form string) bool { return p.Other != nil && p.Other.Form == form }

// CannotReset reports whether the form would leave the user without a way to
// reset the password; the page warns before it is saved.
func (p userPage) CannotReset() bool { return p.Form.Draft.Email == "" }

func (a *Admin) showUser(w http.ResponseWriter, r *http.Request, here door.Here) error {
	page, err := a.userPage(r, here)
	if err != nil {
		return err
	}
	return a.pages.Render(w, r, http.StatusOK, "user.html", page)
}

func (a *Admin) handleUser(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, userFields("version")...)
	if err != nil {
		return err
	}
	id, err := userID(r)
	if err != nil {
		return err
	}
	_, err = a.Directory.Update(r.Context(), here.Instance.ID, id, version(form), draftOf(form))
	if err != nil {
		return a.userAgain(w, r, here, form, err)
	}
	a.Web.Flash(w, "ok", "admin.saved")
	return back(w, r, "/admin/users/"+string(id))
}

// userAgain shows the form with what was typed. If somebody else changed the
// user first, both versions stand side by side, and saving again means it.
func (a *Admin) userAgain(w http.ResponseWriter, r *http.Request, here door.Here, form web.Form, why error) error {
	page, err := a.userPage(r, here)
	if err != nil {
		return err
	}
	stored, typed := page.Form.Draft, draftOf(form)
	c, err := a.Directory.Choices(r.Context(), here.Instance.ID)
	if err != nil {
		return err
	}
	typed.Username = stored.Username
	page.Form = formOf(page.Page, typed, c)
	if reasonOf(why, aikagi.Conflict, "changed") {
		page.Other = otherThan(page.Base, compare(page.Page, stored, typed))
	} else {
		page.Person.User.Version = version(form) // a change that nobody has seen yet stays a conflict
	}
	status := explain(&page.Page, why)
	if status == 0 {
		return why
	}
	return a.pages.Render(w, r, status, "user.html", page)
}

// compare lists the fields that the stored and the typed version have different.
func compare(p web.Page, stored, typed directory.Draft) []changeRow {
	var rows []changeRow
	for _, f := range [][3]string{
		{"last_name", stored.LastName, typed.LastName},
		{"first_name", stored.FirstName, typed.FirstName},
		{"email", stored.Email, typed.Email},
		{"secondary_email", stored.SecondaryEmail, typed.SecondaryEmail},
		{"mobile", stored.Mobile, typed.Mobile},
		{"phone_type", word(p, "admin.phone", stored.PhoneType), word(p, "admin.phone", typed.PhoneType)},
		{"after_contact_work", stored.AfterContactWork, typed.AfterContactWork},
		{"desk_phone", stored.DeskPhone, typed.DeskPhone},
		{"routing_profile", stored.RoutingProfile, typed.RoutingProfile},
		{"hierarchy_group", stored.HierarchyGroup, typed.HierarchyGroup},
		{"locale", word(p, "admin.locale", stored.Locale), word(p, "admin.locale", typed.Locale)},
	} {
		if f[1] != f[2] {
			rows = append(rows, changeRow{word(p, "admin.field", f[0]), f[1], f[2]})
		}
	}
	return rows
}

// version reads the version that a form was filled in from; without a good one
// it is none, which is no version of anything.
func version(f web.Form) int64 {
	n, err := strconv.ParseInt(f.Get("version"), 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0) // no form is filled in for a user as he stands
}

func (a *Admin) handleProfiles(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, "security_profiles*", "version")
	if err != nil {
		return err
	}
	id, err := userID(r)
	if err != nil {
		return err
	}
	chosen := profileIDs(form.All("security_profiles"))
	err = a.Directory.ReplaceProfiles(r.Context(), here.Instance.ID, id, version(form), chosen)
	if err == nil {
		a.Web.Flash(w, "ok", "admin.saved")
		return back(w, r, "/admin/users/"+string(id))
	}
	page, perr := a.userPage(r, here)
	if perr != nil {
		return perr
	}
	c, perr := a.Directory.Choices(r.Context(), here.Instance.ID)
	if perr != nil {
		return perr
	}
	page.Profiles = giveable(page.Page, c, chosen)
	if reasonOf(err, aikagi.Conflict, "changed") {
		page.Other = otherProfiles(page, c, chosen)
	} else {
		page.Person.User.Version = version(form)
	}
	status := explain(&page.Page, err)
	if status == 0 {
		return err
	}
	return a.pages.Render(w, r, status, "user.html", page)
}

// permissionsPage is what permissions.html shows.
type permissionsPage struct {
	userPage
	Rows []permissionRow
}

type permissionRow struct {
	Name, Words, From string
	Guarded           bool
}

// showPermissions shows what a user may do, and by which profile.
func (a *Admin) showPermissions(w http.ResponseWriter, r *http.Request, here door.Here) error {
	user, err := a.userPage(r, here)
	if err != nil {
		return err
	}
	page := permissionsPage{userPage: user}
	page.Tab = "permissions"
	guarded := aikagi.GuardedPermissions(here.Instance.Settings.ExtraGuarded...)
	from := map[aikagi.Permission]string{}
	var all aikagi.Permissions
	for _, p := range user.Person.Profiles {
		effective := aikagi.Effective(p.Permissions)
		all = all.Union(effective)
		for x := range effective {
			if from[x] != "" {
				from[x] += ", "
			}
			from[x] += p.Name
		}
	}
	for _, x := range all.Sorted() {
		page.Rows = append(page.Rows, permissionRow{
			Name: string(x), Words: permissionName(page.Page, x), From: from[x], Guarded: guarded.Has(x),
		})
	}
	return a.pages.Render(w, r, http.StatusOK, "permissions.html", page)
}
