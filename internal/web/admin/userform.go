package admin

import (
	"net/http"
	"slices"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// userFields are the fields of a user's form, for ParseForm.
func userFields(more ...string) []string {
	return append([]string{
		"username", "first_name", "last_name", "email", "secondary_email", "mobile", "phone_type", "auto_accept",
		"persistent_connection", "after_contact_work", "desk_phone", "routing_profile", "hierarchy_group", "locale",
	}, more...)
}

// draftOf reads a user's form, with full-width typing folded.
func draftOf(f web.Form) directory.Draft {
	return directory.Draft{
		Username: fold(f.Get("username")), FirstName: foldName(f.Get("first_name")), LastName: foldName(f.Get("last_name")),
		Email: fold(f.Get("email")), SecondaryEmail: fold(f.Get("secondary_email")), Mobile: fold(f.Get("mobile")),
		PhoneType: f.Get("phone_type"), AutoAccept: f.Has("auto_accept"), PersistentConnection: f.Has("persistent_connection"),
		AfterContactWork: fold(f.Get("after_contact_work")), DeskPhone: fold(f.Get("desk_phone")),
		RoutingProfile: f.Get("routing_profile"), HierarchyGroup: f.Get("hierarchy_group"), Locale: f.Get("locale"),
	}
}

// userForm is what the shared fields of a new and of a known user show.
type userForm struct {
	Draft      directory.Draft
	Phones     []web.Choice
	AutoAccept []web.Choice
	Persistent []web.Choice
	Routing    []web.Choice
	Groups     []web.Choice
	Locales    []web.Choice
}

func formOf(p web.Page, d directory.Draft, c directory.Choices) userForm {
	f := userForm{Draft: d}
	for _, t := range []aikagi.PhoneType{aikagi.SoftPhone, aikagi.DeskPhone} {
		f.Phones = append(f.Phones, web.Choice{
			Value: string(t), Text: word(p, "admin.phone", string(t)), Chosen: d.PhoneType == string(t),
		})
	}
	f.AutoAccept = []web.Choice{{Value: "yes", Text: p.T("admin.field.auto_accept"), Chosen: d.AutoAccept}}
	f.Persistent = []web.Choice{{Value: "yes", Text: p.T("admin.field.persistent_connection"), Chosen: d.PersistentConnection}}
	for _, x := range c.Routing {
		f.Routing = append(f.Routing, web.Choice{Value: string(x.ID), Text: x.Name, Chosen: d.RoutingProfile == string(x.ID)})
	}
	none := web.Choice{Text: p.T("admin.none"), Chosen: d.HierarchyGroup == ""}
	f.Groups = append([]web.Choice{none}, groupChoices(c.Groups, aikagi.HierarchyGroupID(d.HierarchyGroup))...)
	f.Locales = append(localeChoices(p, aikagi.Locale(d.Locale)), web.Choice{
		Text: p.T("admin.locale.instance"), Chosen: d.Locale == "",
	})
	return f
}

func localeChoices(p web.Page, chosen aikagi.Locale) []web.Choice {
	var choices []web.Choice
	for _, l := range aikagi.Locales {
		choices = append(choices, web.Choice{Value: string(l), Text: word(p, "admin.locale", string(l)), Chosen: l == chosen})
	}
	return choices
}

// giveable are the profiles as check boxes; those that the actor may not give
// say so.
func giveable(p web.Page, c directory.Choices, chosen []aikagi.SecurityProfileID) []web.Choice {
	choices := make([]web.Choice, len(c.Profiles))
	for i, x := range c.Profiles {
		choices[i] = web.Choice{Value: string(x.ID), Text: x.Name, Hint: x.Description, Chosen: slices.Contains(chosen, x.ID)}
		if !c.Giveable[x.ID] {
			choices[i].Hint = p.T("admin.profiles.not_giveable")
		}
	}
	return choices
}

func profileIDs(values []string) []aikagi.SecurityProfileID {
	ids := make([]aikagi.SecurityProfileID, len(values))
	for i, v := range values {
		ids[i] = aikagi.SecurityProfileID(v)
	}
	return ids
}

// newUserPage is what newuser.html shows.
type newUserPage struct {
	web.Page
	Form     userForm
	Profiles []web.Choice
	Starts   []web.Choice
}

func (a *Admin) newUserPage(r *http.Request, here door.Here, d directory.Draft, profiles []aikagi.SecurityProfileID, begin string) (newUserPage, error) {
	page := newUserPage{Page: a.Web.Page(r, "admin.new_user.title")}
	c, err := a.Directory.Choices(r.Context(), here.Instance.ID)
	if err != nil {
		return page, err
	}
	page.Form = formOf(page.Page, d, c)
	page.Profiles = giveable(page.Page, c, profiles)
	for _, s := range []string{"invite", "temporary", "none"} {
		page.Starts = append(page.Starts, web.Choice{
			Value: s, Text: word(page.Page, "admin.start", s), Hint: word(page.Page, "admin.start_hint", s), Chosen: s == begin,
		})
	}
	return page, nil
}

func (a *Admin) showNewUser(w http.ResponseWriter, r *http.Request, here door.Here) error {
	c, err := a.Directory.Choices(r.Context(), here.Instance.ID)
	if err != nil {
		return err
	}
	d := directory.Draft{PhoneType: string(aikagi.SoftPhone), AfterContactWork: "0"}
	if len(c.Routing) > 0 {
		d.RoutingProfile = string(c.Routing[0].ID)
	}
	page, err := a.newUserPage(r, here, d, nil, "invite")
	if err != nil {
		return err
	}
	return a.pages.Render(w, r, http.StatusOK, "newuser.html", page)
}

func (a *Admin) handleNewUser(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, web.SmallForm, userFields("security_profiles*", "start")...)
	if err != nil {
		return err
	}
	n := directory.NewUser{
		Draft: draftOf(form), Profiles: profileIDs(form.All("security_profiles")), Temporary: form.Get("start") == "temporary",
		Invite: form.Get("start") == "invite",
	}
	u, temporary, err := a.Directory.Create(r.Context(), here.Instance.ID, n)
	if err != nil {
		page, perr := a.newUserPage(r, here, n.Draft, n.Profiles, form.Get("start"))
		if perr != nil {
			return perr
		}
		if status := explain(&page.Page, err); status != 0 {
			return a.pages.Render(w, r, status, "newuser.html", page)
		}
		return err
	}
	if !temporary.Empty() {
		return a.showTemporary(w, r, u, temporary)
	}
	a.invite(w, r, here, u, form.Get("start"))
	return back(w, r, "/admin/users/"+string(u.ID))
}

// invite sends the link to a first password where that was asked for. The user
// exists either way; the next page says what became of the invitation.
func (a *Admin) invite(w http.ResponseWriter, r *http.Request, here door.Here, u aikagi.User, begin string) {
	if begin != "invite" {
		a.Web.Flash(w, "ok", "admin.new_user.done")
		return
	}
	if err := a.Resets.Invite(r.Context(), here.Instance.ID, u.ID); err != nil {
		a.Web.Flash(w, "warn", "admin.new_user.not_invited")
		return
	}
	a.Web.Flash(w, "ok", "admin.new_user.invited")
}
