package console

import (
	"bytes"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/qrcode"
	"github.com/aikagi/aikagi/internal/web"
)

// mePage is what me.html shows.
type mePage struct {
	web.Page
	Principal aikagi.Principal
	Own       string // path of the principal
	Rules     []web.Rule
}

func (c *Console) newMePage(r *http.Request, at here) mePage {
	p := mePage{Page: c.Web.Page(r, "console.me.title"), Principal: at.Principal, Own: principalPath(at.Principal.ID)}
	p.Rules = passwordRules(p.Page)
	return p
}

func (c *Console) showMe(w http.ResponseWriter, r *http.Request, at here) error {
	return c.pages.Render(w, r, http.StatusOK, "me.html", c.newMePage(r, at))
}

func (c *Console) handleOwnPassword(w http.ResponseWriter, r *http.Request, at here) error {
	form, err := web.ParseForm(r, web.SmallForm, "current_password", "password")
	if err != nil {
		return err
	}
	err = c.Accounts.ChangePassword(r.Context(), form.Secret("current_password"), form.Secret("password"))
	if err == nil {
		c.Web.Flash(w, "ok", "console.me.password_done")
		return web.SeeOther(w, r, "/account/me")
	}
	page := c.newMePage(r, at)
	if !page.Explain(err) {
		return err
	}
	return c.pages.Render(w, r, http.StatusBadRequest, "me.html", page)
}

// totpPage is what totp.html shows.
type totpPage struct {
	web.Page
	Secret  string
	Picture template.URL
	Sealed  string
	Again   bool // a second factor is in force already
}

func (c *Console) newTOTPPage(r *http.Request, at here, e account.Enrolment) (totpPage, error) {
	picture, err := picture(e.URL.Reveal())
	return totpPage{
		Page: c.Web.Page(r, "console.totp.title"), Secret: groups(e.Secret.Reveal()), Picture: picture,
		Sealed: e.Sealed, Again: len(at.Principal.TOTPSealed) > 0,
	}, err
}

func (c *Console) showTOTP(w http.ResponseWriter, r *http.Request, at here) error {
	offered, err := c.Accounts.OfferTOTP(r.Context())
	if err != nil {
		return err
	}
	page, err := c.newTOTPPage(r, at, offered)
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "totp.html", page)
}

func (c *Console) handleTOTP(w http.ResponseWriter, r *http.Request, at here) error {
	form, err := web.ParseForm(r, web.SmallForm, "offer", "totp_code", "current_password")
	if err != nil {
		return err
	}
	err = c.Accounts.ConfirmTOTP(r.Context(), form.Get("offer"), form.Get("totp_code"), form.Secret("current_password"))
	if err == nil {
		c.Web.Flash(w, "ok", "console.totp.done")
		return web.SeeOther(w, r, "/account")
	}
	if aikagi.CodeOf(err) != aikagi.Invalid {
		return err
	}
	offered, oerr := c.Accounts.ReofferTOTP(r.Context(), form.Get("offer"))
	if oerr != nil {
		return oerr
	}
	page, perr := c.newTOTPPage(r, at, offered)
	if perr != nil {
		return perr
	}
	page.Explain(err)
	return c.pages.Render(w, r, http.StatusBadRequest, "totp.html", page)
}

// groups cuts a long word into fours, for typing.
func groups(s string) string {
	var b bytes.Buffer
	for i, c := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// picture draws a QR code as an image that needs no request of its own, so that
// the secret is in no address.
func picture(text string) (template.URL, error) {
	code, err := qrcode.New(text)
	if err != nil {
		return "", err
	}
	const scale = 4
	file, err := code.PNG(scale)
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(file)), err // #nosec G203 -- base64 only
}

// auditPage is what audit.html shows.
type auditPage struct {
	web.Page
	Events []aikagi.AuditEvent
	Pager  web.Pager
}

func (c *Console) showAudit(w http.ResponseWriter, r *http.Request, _ here) error {
	query, err := web.ParseQuery(r, "before")
	if err != nil {
		return err
	}
	before := query.Get("before")
	if before == "" {
		before = "~"
	}
	events, err := c.Accounts.Record(r.Context(), aikagi.AuditEventID(before), pageSize+1)
	if err != nil {
		return err
	}
	page := auditPage{Page: c.Web.Page(r, "console.audit.title")}
	if len(events) > pageSize {
		events = events[:pageSize]
		page.Pager.Next = "/account/audit?before=" + url.QueryEscape(string(events[pageSize-1].ID))
	}
	page.Events = events
	return c.pages.Render(w, r, http.StatusOK, "audit.html", page)
}

// contactPage is what contact.html shows.
type contactPage struct {
	web.Page
	Email string
}

func (c *Console) showContact(w http.ResponseWriter, r *http.Request, _ here) error {
	contact, err := c.Accounts.Contact(r.Context())
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "contact.html",
		contactPage{Page: c.Web.Page(r, "console.contact.title"), Email: string(contact)})
}

func (c *Console) handleContact(w http.ResponseWriter, r *http.Request, _ here) error {
	form, err := web.ParseForm(r, web.SmallForm, "email")
	if err != nil {
		return err
	}
	contact, err := aikagi.ParseEmail(aikagi.FoldEmail(form.Get("email")))
	if err == nil {
		err = c.Accounts.SetContact(r.Context(), contact)
	}
	if err == nil {
		c.Web.Flash(w, "ok", "console.contact.done")
		return web.SeeOther(w, r, "/account/contact")
	}
	page := contactPage{Page: c.Web.Page(r, "console.contact.title"), Email: form.Get("email")}
	if !page.Explain(err) {
		return err
	}
	return c.pages.Render(w, r, http.StatusBadRequest, "contact.html", page)
}
