package admin

import (
	"net/http"
	"slices"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// profilesPage is what profiles.html shows.
type profilesPage struct {
	web.Page
	Me   door.Here
	Rows []profileRow
}

type profileRow struct {
	securityprofile.Listed
	Holders string
	Count   int    // permissions
	Scope   string // what they are about; empty: everything
}

func (a *Admin) showProfiles(w http.ResponseWriter, r *http.Request, here door.Here) error {
	listed, err := a.Profiles.List(r.Context(), here.Instance.ID)
	if err != nil {
		return err
	}
	page := profilesPage{Page: a.Web.Page(r, "admin.profiles.title"), Me: here}
	groups, err := a.branches(r, here)
	if err != nil {
		return err
	}
	for _, l := range listed {
		row := profileRow{Listed: l, Holders: capped(l.Holders), Count: len(l.Profile.Permissions)}
		if scoped(l.Profile) {
			row.Scope = scopeText(page.Page, l.Profile, groups)
		}
		page.Rows = append(page.Rows, row)
	}
	return a.pages.Render(w, r, http.StatusOK, "profiles.html", page)
}

// profilePage is what profile.html shows: a new profile, or a known one.
type profilePage struct {
	web.Page
	Profile   aikagi.SecurityProfile
	New       bool
	MayEdit   bool
	MayDelete bool
	Groups    []matrixGroup
	Unknown   []aikagi.Permission // kept as they are: Amazon's newer names
	Action    string
	Other     *otherVersion

	ScopeTags string // a line each, as typed
	TagScoped []web.Choice
	Branches  []web.Choice // of the hierarchy
}

type matrixGroup struct {
	ID, Title string
	Granted   int
	Rows      []matrixRow
}

type matrixRow struct {
	Resource, Name string
	Cells          []matrixCell
}

type matrixCell struct {
	ID      string
	Name    string // "Users.Edit"
	Words   string
	Granted bool
	Guarded bool
}

// matrix lays the catalogue out with what the profile has.
func matrix(p web.Page, i aikagi.Instance, has []aikagi.Permission) []matrixGroup {
	granted := aikagi.NewPermissions(has...)
	guarded := aikagi.GuardedPermissions(i.Settings.ExtraGuarded...)
	var groups []matrixGroup
	for _, g := range aikagi.PermissionGroups() {
		group := matrixGroup{ID: g.ID, Title: word(p, "admin.group", g.ID)}
		for _, row := range g.Rows {
			out := matrixRow{Resource: row.Resource, Name: word(p, "admin.resource", row.Resource)}
			for _, x := range row.Permissions {
				cell := matrixCell{
					ID: "p-" + string(x), Name: string(x), Words: actionName(p, x.Action()),
					Granted: granted.Has(x), Guarded: guarded.Has(x),
				}
				if x.Action() == "" {
					cell.Words = p.T("admin.action.allowed")
				}
				if cell.Granted {
					group.Granted++
				}
				out.Cells = append(out.Cells, cell)
			}
			group.Rows = append(group.Rows, out)
		}
		groups = append(groups, group)
	}
	return groups
}

func (a *Admin) fillProfile(r *http.Request, p *profilePage, here door.Here) error {
	i := here.Instance
	groups, err := a.branches(r, here)
	if err != nil {
		return err
	}
	p.fillScope(groups)
	p.Groups = matrix(p.Page, i, p.Profile.Permissions)
	for _, x := range p.Profile.Permissions {
		if !x.Known() {
			p.Unknown = append(p.Unknown, x)
		}
	}
	return nil
}

func (a *Admin) profilePage(r *http.Request, here door.Here) (profilePage, error) {
	page := profilePage{Page: a.Web.Page(r, "admin.profiles.title")}
	id, err := aikagi.ParseID("security_profile", r.PathValue("id"))
	if err != nil {
		return page, err
	}
	page.Profile, err = a.Profiles.Find(r.Context(), here.Instance.ID, aikagi.SecurityProfileID(id))
	page.Title, page.Action = page.Profile.Name, page.Path("/admin/profiles/"+id)
	page.ScopeTags = inLines(page.Profile.ScopeTags)
	page.MayEdit, page.MayDelete = here.May(aikagi.SecurityProfilesEdit), here.May(aikagi.SecurityProfilesDelete)
	return page, err
}

func (a *Admin) newProfilePage(r *http.Request) profilePage {
	page := profilePage{Page: a.Web.Page(r, "admin.new_profile.title"), New: true, MayEdit: true}
	page.Action = page.Path("/admin/profiles/new")
	return page
}

func (a *Admin) showProfile(w http.ResponseWriter, r *http.Request, here door.Here) error {
	page, err := a.profilePage(r, here)
	if err != nil {
		return err
	}
	if err := a.fillProfile(r, &page, here); err != nil {
		return err
	}
	return a.pages.Render(w, r, http.StatusOK, "profile.html", page)
}

func (a *Admin) showNewProfile(w http.ResponseWriter, r *http.Request, here door.Here) error {
	if _, err := a.Profiles.List(r.Context(), here.Instance.ID); err != nil {
		return err // asks for the permission to look at profiles at all
	}
	page := a.newProfilePage(r)
	if err := a.fillProfile(r, &page, here); err != nil {
		return err
	}
	return a.pages.Render(w, r, http.StatusOK, "profile.html", page)
}

// permissionsIn reads the ticked permissions. What they are of no use without
// is ticked with them, as the page says.
func permissionsIn(form web.Form) []aikagi.Permission {
	var ticked []aikagi.Permission
	for _, v := range form.All("permission") {
		ticked = append(ticked, aikagi.Permission(v))
	}
	return aikagi.Effective(ticked).Sorted()
}

// profileForm is more bytes than all permission names of a profile.
const profileForm = 128 << 10

func (a *Admin) handleNewProfile(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, profileForm, append([]string{"profile_name"}, profileFields...)...)
	if err != nil {
		return err
	}
	wish := profileIn(form, aikagi.SecurityProfile{InstanceID: here.Instance.ID, Name: fold(form.Get("profile_name"))})
	made, err := a.Profiles.Create(r.Context(), wish)
	if err != nil {
		page := a.newProfilePage(r)
		page.Profile, page.ScopeTags = wish, form.Get("scope_tags")
		return a.profileAgain(w, r, here, page, err)
	}
	a.Web.Flash(w, "ok", "admin.saved")
	return back(w, r, "/admin/profiles/"+string(made.ID))
}

func (a *Admin) profileAgain(w http.ResponseWriter, r *http.Request, here door.Here, page profilePage, why error) error {
	if err := a.fillProfile(r, &page, here); err != nil {
		return err
	}
	status := explain(&page.Page, why)
	if status == 0 {
		return why
	}
	return a.pages.Render(w, r, status, "profile.html", page)
}

// handleProfile first shows what would change and whom it concerns; the second
// time, with "save", it stores.
func (a *Admin) handleProfile(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, profileForm, append([]string{"version", "save"}, profileFields...)...)
	if err != nil {
		return err
	}
	page, err := a.profilePage(r, here)
	if err != nil {
		return err
	}
	typed := profileIn(form, page.Profile)
	if !form.Has("save") && version(form) == page.Profile.Version {
		return a.confirmProfile(w, r, here, page.Profile, typed, form)
	}
	// Without "save" the version is not the stored one, and the rule says so.
	err = a.Profiles.Update(r.Context(), here.Instance.ID, page.Profile.ID, version(form), changeTo(typed))
	if err != nil {
		page.ScopeTags = form.Get("scope_tags")
		groups, gerr := a.branches(r, here)
		if gerr != nil {
			return gerr
		}
		if reasonOf(err, aikagi.Conflict, "changed") {
			page.Other = otherThan(page.Action, compareProfiles(page.Page, page.Profile, typed, groups))
		} else {
			typed.Version = version(form) // what somebody else stored meanwhile has not been shown
		}
		page.Profile = typed
		return a.profileAgain(w, r, here, page, err)
	}
	a.Web.Flash(w, "ok", "admin.saved")
	return back(w, r, "/admin/profiles/"+string(page.Profile.ID))
}

func (a *Admin) confirmProfile(w http.ResponseWriter, r *http.Request, here door.Here, p, typed aikagi.SecurityProfile, form web.Form) error {
	ticked := typed.Permissions
	page := confirmPage{Page: a.Web.Page(r, "admin.profile.confirm", "name", p.Name)}
	before, after := aikagi.NewPermissions(p.Permissions...), aikagi.NewPermissions(ticked...)
	path := page.Path("/admin/profiles/" + string(p.ID))
	page.Confirm = web.Confirm{
		Question: page.Title, Action: path, Cancel: path, Button: page.T("admin.profile.save"),
		Fields: []web.Hidden{
			{Name: "version", Value: form.Get("version")},
			{Name: "save", Value: "yes"},
			{Name: "description", Value: form.Get("description")},
			{Name: "scope_tags", Value: form.Get("scope_tags")},
			{Name: "scope_branch", Value: form.Get("scope_branch")},
		},
	}
	for _, kind := range form.All("tag_scoped") {
		page.Confirm.Fields = append(page.Confirm.Fields, web.Hidden{Name: "tag_scoped", Value: kind})
	}
	for _, x := range ticked {
		page.Confirm.Fields = append(page.Confirm.Fields, web.Hidden{Name: "permission", Value: string(x)})
	}
	for _, x := range before.Missing(after) {
		page.Confirm.Consequences = append(page.Confirm.Consequences,
			page.T("admin.profile.adds", "permission", permissionName(page.Page, x), "api", string(x)))
	}
	for _, x := range after.Missing(before) {
		page.Confirm.Consequences = append(page.Confirm.Consequences,
			page.T("admin.profile.takes", "permission", permissionName(page.Page, x), "api", string(x)))
	}
	groups, err := a.branches(r, here)
	if err != nil {
		return err
	}
	if after := scopeText(page.Page, typed, groups); after != scopeText(page.Page, p, groups) {
		page.Confirm.Consequences = append(page.Confirm.Consequences, page.T("admin.profile.rescopes", "scope", after))
	}
	if len(page.Confirm.Consequences) == 0 {
		page.Confirm.Consequences = []string{page.T("admin.profile.same")}
	}
	holders, err := a.holdersOf(r, here, p.ID)
	if err != nil {
		return err
	}
	page.Confirm.Consequences = append(page.Confirm.Consequences, page.T("admin.profile.holders", "count", holders))
	return a.pages.Render(w, r, http.StatusOK, "confirm.html", page)
}

func (a *Admin) holdersOf(r *http.Request, here door.Here, id aikagi.SecurityProfileID) (string, error) {
	listed, err := a.Profiles.List(r.Context(), here.Instance.ID)
	i := slices.IndexFunc(listed, func(l securityprofile.Listed) bool { return l.Profile.ID == id })
	if err != nil || i < 0 {
		return "0", err
	}
	return capped(listed[i].Holders), nil
}

func (a *Admin) askDeleteProfile(w http.ResponseWriter, r *http.Request, here door.Here) error {
	profile, err := a.profilePage(r, here)
	if err != nil {
		return err
	}
	page := confirmPage{Page: a.Web.Page(r, "admin.ask.delete_profile", "name", profile.Profile.Name)}
	page.Confirm = web.Confirm{
		Question: page.Title, Consequences: []string{page.T("admin.ask.delete_profile.1")},
		Action: profile.Action + "/delete", Cancel: profile.Action, Button: page.T("admin.ask.delete_profile.do"),
	}
	return a.pages.Render(w, r, http.StatusOK, "confirm.html", page)
}

func (a *Admin) handleDeleteProfile(w http.ResponseWriter, r *http.Request, here door.Here) error {
	page, err := a.profilePage(r, here)
	if err != nil {
		return err
	}
	if err := a.Profiles.Delete(r.Context(), here.Instance.ID, page.Profile.ID); err != nil {
		return a.profileAgain(w, r, here, page, err)
	}
	a.Web.Flash(w, "ok", "admin.delete.done")
	return back(w, r, "/admin/profiles")
}
