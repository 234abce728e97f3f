package console

import (
	"net/http"
	"net/url"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/web"
)

// pageSize is how many rows a list shows.
const pageSize = 50

// instancesPage is what instances.html shows.
type instancesPage struct {
	web.Page
	Instances []instanceRow
	Pager     web.Pager
	NoFactor  bool // the principal has no second factor yet
}

// instanceRow is one instance of the list.
type instanceRow struct {
	account.Summary
	Path     string
	LoginURL string
}

func (c *Console) showInstances(w http.ResponseWriter, r *http.Request, at here) error {
	query, err := web.ParseQuery(r, "after")
	if err != nil {
		return err
	}
	all, err := c.Accounts.ListInstances(r.Context(), query.Get("after"), pageSize+1)
	if err != nil {
		return err
	}
	page := instancesPage{Page: c.Web.Page(r, "console.instances.title"), NoFactor: len(at.Principal.TOTPSealed) == 0}
	if len(all) > pageSize {
		all = all[:pageSize]
		page.Pager.Next = "/account?after=" + url.QueryEscape(all[pageSize-1].Instance.Alias)
	}
	for _, s := range all {
		page.Instances = append(page.Instances, instanceRow{
			s, "/account/instances/" + string(s.Instance.ID), c.Web.URLs().Instance(s.Instance.Alias, "/login"),
		})
	}
	return c.pages.Render(w, r, http.StatusOK, "instances.html", page)
}

// newInstancePage is what newinstance.html shows.
type newInstancePage struct {
	web.Page
	Alias      string
	Name       string
	Contact    string
	Zone       string
	Languages  []web.Choice
	Identities []web.Choice
}

func (c *Console) newInstanceForm(r *http.Request, f web.Form) newInstancePage {
	defaults := aikagi.DefaultInstanceSettings()
	p := newInstancePage{
		Page: c.Web.Page(r, "console.newinstance.title"), Alias: f.Get("alias"), Name: f.Get("display_name"),
		Contact: f.Get("contact"), Zone: f.Get("time_zone"),
	}
	if !f.Has("time_zone") {
		p.Zone = defaults.TimeZone
	}
	language := aikagi.ParseLocale(f.Get("locale")).Or(p.Locale())
	p.Languages = []web.Choice{
		{Value: "ja", Text: "日本語", Chosen: language == aikagi.Japanese},
		{Value: "en", Text: "English", Chosen: language == aikagi.English},
	}
	identity := aikagi.IdentityType(f.Get("identity_type"))
	if identity == "" {
		identity = aikagi.ConnectManaged
	}
	for _, i := range []struct {
		identity aikagi.IdentityType
		hint     string
	}{
		{aikagi.ConnectManaged, p.T("console.identity.managed.hint")},
		{aikagi.SAML, p.T("console.identity.saml.hint")},
		{aikagi.ExistingDirectory, p.T("console.identity.directory.hint")},
	} {
		p.Identities = append(p.Identities, web.Choice{
			Value: string(i.identity), Text: identityName(p.Page, i.identity), Hint: i.hint, Chosen: i.identity == identity,
		})
	}
	return p
}

// identityName says where an instance's passwords are kept.
func identityName(p web.Page, t aikagi.IdentityType) string {
	switch t {
	case aikagi.SAML:
		return p.T("console.identity.saml")
	case aikagi.ExistingDirectory:
		return p.T("console.identity.directory")
	}
	return p.T("console.identity.managed")
}

func (c *Console) showNewInstance(w http.ResponseWriter, r *http.Request, _ here) error {
	if err := c.Accounts.MayCreateInstance(r.Context()); err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "newinstance.html", c.newInstanceForm(r, web.Form{}))
}

func (c *Console) handleNewInstance(w http.ResponseWriter, r *http.Request, _ here) error {
	form, err := web.ParseForm(r, web.SmallForm,
		"alias", "display_name", "contact", "time_zone", "locale", "identity_type")
	if err != nil {
		return err
	}
	if err := c.Accounts.MayCreateInstance(r.Context()); err != nil {
		return err
	}
	settings := aikagi.DefaultInstanceSettings()
	settings.DisplayName, settings.Contact = form.Get("display_name"), form.Get("contact")
	settings.TimeZone, settings.Locale = form.Get("time_zone"), aikagi.ParseLocale(form.Get("locale")).Or()
	made, err := c.Instances.Create(r.Context(), instance.New{
		Alias: form.Get("alias"), Identity: aikagi.IdentityType(form.Get("identity_type")), Settings: settings,
	})
	if err == nil {
		c.Web.Flash(w, "ok", "console.newinstance.done")
		return web.SeeOther(w, r, "/account/instances/"+string(made.ID))
	}
	page := c.newInstanceForm(r, form)
	if explain(&page.Page, err) {
		return c.pages.Render(w, r, http.StatusBadRequest, "newinstance.html", page)
	}
	return err
}

// instancePage is what instance.html shows.
type instancePage struct {
	web.Page
	account.Overview
	Identity  string
	LoginURL  string
	ForgotURL string
	Emergency string
}

func (c *Console) showInstance(w http.ResponseWriter, r *http.Request, _ here) error {
	overview, err := c.overview(r)
	if err != nil {
		return err
	}
	alias := overview.Instance.Alias
	page := instancePage{
		Page: c.Web.Page(r, "console.instance.title", "alias", alias), Overview: overview,
		LoginURL:  c.Web.URLs().Instance(alias, "/login"),
		ForgotURL: c.Web.URLs().Instance(alias, "/forgot"),
		Emergency: "/account/instances/" + string(overview.Instance.ID) + "/emergency",
	}
	page.Identity = identityName(page.Page, overview.Instance.IdentityType)
	return c.pages.Render(w, r, http.StatusOK, "instance.html", page)
}

func (c *Console) overview(r *http.Request) (account.Overview, error) {
	id, err := aikagi.ParseID("instance", r.PathValue("id"))
	if err != nil {
		return account.Overview{}, err
	}
	return c.Accounts.Overview(r.Context(), aikagi.InstanceID(id))
}

// emergencyPage is what emergency.html shows.
type emergencyPage struct {
	web.Page
	account.Overview
	Principal aikagi.Principal
	Address   string
	Reason    string
	Back      string
}

func (c *Console) newEmergencyPage(r *http.Request, at here, o account.Overview) emergencyPage {
	return emergencyPage{
		Page: c.Web.Page(r, "console.emergency.title", "alias", o.Instance.Alias), Overview: o,
		Principal: at.Principal, Address: aikagi.ActorFrom(r.Context()).Address,
		Back: "/account/instances/" + string(o.Instance.ID),
	}
}

func (c *Console) showEmergency(w http.ResponseWriter, r *http.Request, at here) error {
	o, err := c.overview(r)
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "emergency.html", c.newEmergencyPage(r, at, o))
}

// handoverPage is what handover.html shows: the only page with the secret in
// it. The link leads to the instance's own host, where a form of this page
// could not post to.
type handoverPage struct {
	web.Page
	Instance aikagi.Instance
	URL      string
	Seconds  int
}

func (c *Console) handleEmergency(w http.ResponseWriter, r *http.Request, at here) error {
	form, err := web.ParseForm(r, web.SmallForm, "reason")
	if err != nil {
		return err
	}
	id, err := aikagi.ParseID("instance", r.PathValue("id"))
	if err != nil {
		return err
	}
	h, err := c.Emergency.Begin(r.Context(), aikagi.InstanceID(id), form.Get("reason"))
	if err == nil {
		return c.pages.Render(w, r, http.StatusOK, "handover.html", handoverPage{
			Page: c.Web.Page(r, "console.handover.title"), Instance: h.Instance,
			URL:     c.Web.URLs().Instance(h.Instance.Alias, "/emergency/"+h.Token.Reveal()),
			Seconds: int(aikagi.GrantStartTTL.Seconds()),
		})
	}
	if aikagi.CodeOf(err) != aikagi.Invalid {
		return err
	}
	o, oerr := c.overview(r)
	if oerr != nil {
		return oerr
	}
	page := c.newEmergencyPage(r, at, o)
	page.Reason = form.Get("reason")
	page.Explain(err)
	return c.pages.Render(w, r, http.StatusBadRequest, "emergency.html", page)
}
