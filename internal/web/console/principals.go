package console

import (
	"net/http"
	"net/url"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/web"
)

// principalsPage is what principals.html shows.
type principalsPage struct {
	web.Page
	Principals []principalRow
	Pager      web.Pager
	Name       string
}

type principalRow struct {
	aikagi.Principal
	Path  string
	State string
}

// stateOf is the badge of a principal.
func stateOf(p aikagi.Principal) string {
	switch {
	case !p.Enabled:
		return "disabled"
	case p.PasswordHash == "":
		return "invited"
	case len(p.TOTPSealed) == 0:
		return "no_factor"
	}
	return "active"
}

func principalPath(id aikagi.PrincipalID) string { return "/account/principals/" + string(id) }

func (c *Console) principalsPage(r *http.Request) (principalsPage, error) {
	query, err := web.ParseQuery(r, "after")
	if err != nil {
		return principalsPage{}, err
	}
	all, err := c.Accounts.ListPrincipals(r.Context(), query.Get("after"), pageSize+1)
	page := principalsPage{Page: c.Web.Page(r, "console.principals.title")}
	if len(all) > pageSize {
		all = all[:pageSize]
		page.Pager.Next = "/account/principals?after=" + url.QueryEscape(all[pageSize-1].Name)
	}
	for _, p := range all {
		page.Principals = append(page.Principals, principalRow{p, principalPath(p.ID), stateOf(p)})
	}
	return page, err
}

func (c *Console) showPrincipals(w http.ResponseWriter, r *http.Request, _ here) error {
	page, err := c.principalsPage(r)
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "principals.html", page)
}

// invitationPage is what invitation.html shows: a link, once.
type invitationPage struct {
	web.Page
	Principal aikagi.Principal
	URL       string
	Link      account.Link
	Back      string
}

func (c *Console) showInvitation(w http.ResponseWriter, r *http.Request, p aikagi.Principal, link account.Link) error {
	return c.pages.Render(w, r, http.StatusOK, "invitation.html", invitationPage{
		Page: c.Web.Page(r, "console.invitation.title"), Principal: p, Link: link,
		URL: c.BaseURL + "/account/setup/" + link.Token.Reveal(), Back: principalPath(p.ID),
	})
}

func (c *Console) handleNewPrincipal(w http.ResponseWriter, r *http.Request, _ here) error {
	form, err := web.ParseForm(r, web.SmallForm, "principal_name")
	if err != nil {
		return err
	}
	made, link, err := c.Accounts.CreatePrincipal(r.Context(), form.Get("principal_name"))
	if err == nil {
		return c.showInvitation(w, r, made, link)
	}
	page, lerr := c.principalsPage(r)
	if lerr != nil || !explain(&page.Page, err) {
		return err
	}
	page.Name = form.Get("principal_name")
	return c.pages.Render(w, r, http.StatusBadRequest, "principals.html", page)
}

// principalPage is what principal.html shows.
type principalPage struct {
	web.Page
	account.Details
	State    string
	Own      string // path of this page
	Self     bool
	Policies []policyRow
	Others   []web.Choice // policies that could be attached
}

func (c *Console) principalID(r *http.Request) (aikagi.PrincipalID, error) {
	id, err := aikagi.ParseID("principal", r.PathValue("id"))
	return aikagi.PrincipalID(id), err
}

func (c *Console) showPrincipal(w http.ResponseWriter, r *http.Request, at here) error {
	id, err := c.principalID(r)
	if err != nil {
		return err
	}
	d, err := c.Accounts.FindPrincipal(r.Context(), id)
	if err != nil {
		return err
	}
	page := principalPage{
		Page: c.Web.Page(r, "console.principal.title", "name", d.Principal.Name), Details: d,
		State: stateOf(d.Principal), Own: principalPath(id), Self: at.Principal.ID == id,
	}
	held := map[aikagi.PolicyID]bool{}
	for _, p := range d.Policies {
		held[p.ID] = true
		page.Policies = append(page.Policies, newPolicyRow(p))
	}
	page.Others, err = c.attachable(r, held)
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "principal.html", page)
}

// maxAttachable bounds the choice of policies on a page.
const maxAttachable = 500

// attachable lists the policies to choose from; nothing for somebody who may
// not list policies, because then he may not know them either.
func (c *Console) attachable(r *http.Request, held map[aikagi.PolicyID]bool) ([]web.Choice, error) {
	all, err := c.Accounts.ListPolicies(r.Context(), "", maxAttachable)
	if err != nil {
		if aikagi.CodeOf(err) == aikagi.Forbidden {
			err = nil
		}
		return nil, err
	}
	var choices []web.Choice
	for _, p := range all {
		if !held[p.ID] {
			choices = append(choices, web.Choice{Value: string(p.ID), Text: p.Name})
		}
	}
	return choices, nil
}

func (c *Console) handleInvite(w http.ResponseWriter, r *http.Request, _ here) error {
	id, err := c.principalID(r)
	if err != nil {
		return err
	}
	d, err := c.Accounts.FindPrincipal(r.Context(), id)
	if err != nil {
		return err
	}
	link, err := c.Accounts.InvitePrincipal(r.Context(), id)
	if err != nil {
		return err
	}
	return c.showInvitation(w, r, d.Principal, link)
}

// confirmPage is what confirm.html shows.
type confirmPage struct {
	web.Page
	Confirm web.Confirm
}

// ask shows the page between a button and what cannot be undone.
func (c *Console) ask(w http.ResponseWriter, r *http.Request, title string, confirm web.Confirm) error {
	page := confirmPage{Page: c.Web.Page(r, "console.confirm.title"), Confirm: confirm}
	page.Title = title
	return c.pages.Render(w, r, http.StatusOK, "confirm.html", page)
}

func (c *Console) askDisable(w http.ResponseWriter, r *http.Request, _ here) error {
	return c.askAbout(w, r, "disable", "console.disable.question", "console.disable.text", "console.disable.button")
}

func (c *Console) askDelete(w http.ResponseWriter, r *http.Request, _ here) error {
	return c.askAbout(w, r, "delete", "console.delete.question", "console.delete.text", "console.delete.button")
}

func (c *Console) askAbout(w http.ResponseWriter, r *http.Request, verb string, question, text, button i18n.Key) error {
	id, err := c.principalID(r)
	if err != nil {
		return err
	}
	d, err := c.Accounts.FindPrincipal(r.Context(), id)
	if err != nil {
		return err
	}
	l := web.VisitOf(r.Context()).Locale()
	title := i18n.T(l, question, "name", d.Principal.Name)
	return c.ask(w, r, title, web.Confirm{
		Question: title, Consequences: []string{i18n.T(l, text)},
		Action: principalPath(id) + "/" + verb, Button: i18n.T(l, button), Cancel: principalPath(id),
	})
}

func (c *Console) handleDisable(w http.ResponseWriter, r *http.Request, _ here) error {
	return c.changePrincipal(w, r, "console.principal.disabled", func(id aikagi.PrincipalID) error {
		return c.Accounts.DisablePrincipal(r.Context(), id)
	})
}

func (c *Console) handleEnable(w http.ResponseWriter, r *http.Request, _ here) error {
	return c.changePrincipal(w, r, "console.principal.enabled", func(id aikagi.PrincipalID) error {
		return c.Accounts.EnablePrincipal(r.Context(), id)
	})
}

func (c *Console) handleDelete(w http.ResponseWriter, r *http.Request, _ here) error {
	id, err := c.principalID(r)
	if err != nil {
		return err
	}
	if err := c.Accounts.DeletePrincipal(r.Context(), id); err != nil {
		return err
	}
	c.Web.Flash(w, "ok", "console.principal.deleted")
	return web.SeeOther(w, r, "/account/principals")
}

// changePrincipal runs a change of the principal in the address and goes back
// to its page.
func (c *Console) changePrincipal(w http.ResponseWriter, r *http.Request, done i18n.Key, do func(aikagi.PrincipalID) error) error {
	id, err := c.principalID(r)
	if err != nil {
		return err
	}
	if err := do(id); err != nil {
		return err
	}
	c.Web.Flash(w, "ok", done)
	return web.SeeOther(w, r, principalPath(id))
}

func (c *Console) handleAttach(w http.ResponseWriter, r *http.Request, _ here) error {
	form, err := web.ParseForm(r, web.SmallForm, "policy")
	if err != nil {
		return err
	}
	return c.changePrincipal(w, r, "console.principal.attached", func(id aikagi.PrincipalID) error {
		return c.Accounts.AttachPolicy(r.Context(), id, aikagi.PolicyID(form.Get("policy")))
	})
}

func (c *Console) handleDetach(w http.ResponseWriter, r *http.Request, _ here) error {
	form, err := web.ParseForm(r, web.SmallForm, "policy")
	if err != nil {
		return err
	}
	return c.changePrincipal(w, r, "console.principal.detached", func(id aikagi.PrincipalID) error {
		return c.Accounts.DetachPolicy(r.Context(), id, aikagi.PolicyID(form.Get("policy")))
	})
}

// keyPage is what key.html shows: the secret of an access key, once.
type keyPage struct {
	web.Page
	Key    aikagi.AccessKey
	Secret string
	Region string
	Back   string
}

func (c *Console) handleNewKey(w http.ResponseWriter, r *http.Request, _ here) error {
	id, err := c.principalID(r)
	if err != nil {
		return err
	}
	key, secret, err := c.Accounts.CreateAccessKey(r.Context(), id)
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "key.html", keyPage{
		Page: c.Web.Page(r, "console.key.title"), Key: key, Secret: secret.Reveal(),
		Region: c.Accounts.Region, Back: principalPath(id),
	})
}

func (c *Console) handleKeyStatus(w http.ResponseWriter, r *http.Request, _ here) error {
	form, err := web.ParseForm(r, web.SmallForm, "status")
	if err != nil {
		return err
	}
	done, on := i18n.Key("console.key.disabled"), false
	switch form.Get("status") {
	case "on":
		done, on = "console.key.enabled", true
	case "off":
	default:
		return aikagi.Because(aikagi.Invalid, "form", "unknown")
	}
	return c.changePrincipal(w, r, done, func(id aikagi.PrincipalID) error {
		return c.Accounts.SetAccessKeyEnabled(r.Context(), id, aikagi.AccessKeyID(r.PathValue("key")), on)
	})
}

func (c *Console) askDeleteKey(w http.ResponseWriter, r *http.Request, _ here) error {
	id, err := c.principalID(r)
	if err != nil {
		return err
	}
	key, err := c.Accounts.FindAccessKey(r.Context(), id, aikagi.AccessKeyID(r.PathValue("key")))
	if err != nil {
		return err
	}
	l := web.VisitOf(r.Context()).Locale()
	title := i18n.T(l, "console.deletekey.question", "key", string(key.ID))
	return c.ask(w, r, title, web.Confirm{
		Question: title, Consequences: []string{i18n.T(l, "console.deletekey.text")},
		Action: principalPath(id) + "/keys/" + string(key.ID) + "/delete",
		Button: i18n.T(l, "console.deletekey.button"), Cancel: principalPath(id),
	})
}

func (c *Console) handleDeleteKey(w http.ResponseWriter, r *http.Request, _ here) error {
	return c.changePrincipal(w, r, "console.key.deleted", func(id aikagi.PrincipalID) error {
		return c.Accounts.DeleteAccessKey(r.Context(), id, aikagi.AccessKeyID(r.PathValue("key")))
	})
}
