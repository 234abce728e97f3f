package console

import (
	"errors"
	"math"
	"net/http"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/web"
)

// loginPage is what login.html shows.
type loginPage struct {
	web.Page
	Name     string
	Next     string
	TimedOut bool
	NeedCode bool
	Wait     int // seconds; 0 for none
	Stopped  bool
}

func (c *Console) showLogin(w http.ResponseWriter, r *http.Request, _ here) error {
	query, err := web.ParseQuery(r, "next", "why")
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "login.html", loginPage{
		Page: c.Web.Page(r, "console.login.title"),
		Next: query.Get("next"), TimedOut: query.Get("why") == "timed_out",
	})
}

// handleLogin signs a principal in. Every refusal looks the same (S13), but for
// a missing code, which only somebody with the password is told of.
func (c *Console) handleLogin(w http.ResponseWriter, r *http.Request, _ here) error {
	form, err := web.ParseForm(r, web.SmallForm, "principal_name", "password", "totp_code", "next")
	if err != nil {
		return err
	}
	opened, err := c.Accounts.SignIn(r.Context(), account.Credentials{
		Name: form.Get("principal_name"), Password: form.Secret("password"), Code: form.Get("totp_code"),
	})
	if err == nil {
		return c.begin(w, r, opened, form.Get("next"))
	}
	page := loginPage{
		Page: c.Web.Page(r, "console.login.title"), Name: form.Get("principal_name"), Next: form.Get("next"),
	}
	var e *aikagi.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Code == aikagi.Throttled:
		page.Wait, page.Stopped = int(math.Ceil(e.RetryAfter.Seconds())), e.RetryAfter == 0
		return c.pages.Render(w, r, http.StatusTooManyRequests, "login.html", page)
	case e.Code != aikagi.Unauthenticated:
		return err
	case e.Reason == "code_required":
		page.NeedCode = true
		page.Problems = []web.Problem{{Field: "totp_code", Text: page.T("sign_in.code_required")}}
	default:
		page.Problems = []web.Problem{{Text: page.T("sign_in.wrong")}}
	}
	return c.pages.Render(w, r, http.StatusUnauthorized, "login.html", page)
}

func (c *Console) handleLogout(w http.ResponseWriter, r *http.Request, _ here) error {
	if err := c.Accounts.SignOut(r.Context()); err != nil {
		return err
	}
	http.SetCookie(w, c.Web.DropCookie(sessionCookie))
	c.Web.Flash(w, "ok", "console.login.signed_out")
	return web.SeeOther(w, r, "/account/login")
}

// setupPage is what setup.html shows.
type setupPage struct {
	web.Page
	Welcome account.Welcome
	Name    string
	Contact string
	Rules   []web.Rule
}

func (c *Console) openSetup(w http.ResponseWriter, r *http.Request, _ here) error {
	return c.carry(w, r, setupCookie, "/account/setup", account.InviteTTL)
}

func (c *Console) newSetupPage(r *http.Request, welcome account.Welcome) setupPage {
	p := setupPage{Page: c.Web.Page(r, "console.setup.title"), Welcome: welcome, Name: welcome.Name}
	if !welcome.First {
		p.Page = c.Web.Page(r, "console.invited.title")
	}
	p.Rules = passwordRules(p.Page)
	return p
}

func passwordRules(p web.Page) []web.Rule {
	n := account.PasswordPolicy().Length()
	return []web.Rule{
		{Text: p.T("console.password.length", "n", n), Kind: "length", N: n},
		{Text: p.T("console.password.common"), Kind: "common"},
	}
}

func (c *Console) showSetup(w http.ResponseWriter, r *http.Request, _ here) error {
	token, err := c.carried(r, setupCookie)
	if err != nil {
		return err
	}
	welcome, err := c.Accounts.LookAtSetup(r.Context(), token)
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "setup.html", c.newSetupPage(r, welcome))
}

func (c *Console) handleSetup(w http.ResponseWriter, r *http.Request, _ here) error {
	form, err := web.ParseForm(r, web.SmallForm, "link", "principal_name", "email", "password")
	if err != nil {
		return err
	}
	token, err := c.carried(r, setupCookie)
	if err != nil {
		return err
	}
	welcome, err := c.Accounts.LookAtSetup(r.Context(), token)
	if err != nil {
		return err
	}
	if form.Get("link") != welcome.ID {
		return mixedUp("console_link")
	}
	claim := account.Claim{Name: form.Get("principal_name"), Password: form.Secret("password")}
	var broken aikagi.Invalids
	if welcome.First {
		_, nameErr := account.ParseName(claim.Name)
		broken.AddErr("principal_name", nameErr)
		claim.Contact, err = aikagi.ParseEmail(aikagi.FoldEmail(form.Get("email")))
		broken.AddErr("email", err)
	}
	var opened account.Opened
	if err = broken.Err(); err == nil {
		opened, err = c.Accounts.Claim(r.Context(), token, claim)
	}
	if err == nil {
		return c.begin(w, r, opened, "/account/me/totp")
	}
	page := c.newSetupPage(r, welcome)
	page.Contact = form.Get("email")
	if welcome.First {
		page.Name = form.Get("principal_name")
	}
	if explain(&page.Page, err) {
		return c.pages.Render(w, r, http.StatusBadRequest, "setup.html", page)
	}
	return err
}

// linkPage is what link.html shows.
type linkPage struct {
	web.Page
	Welcome account.Welcome
}

func (c *Console) openLink(w http.ResponseWriter, r *http.Request, _ here) error {
	return c.carry(w, r, linkCookie, "/account/link", account.ConsoleLinkTTL)
}

func (c *Console) showLink(w http.ResponseWriter, r *http.Request, _ here) error {
	token, err := c.carried(r, linkCookie)
	if err != nil {
		return err
	}
	welcome, err := c.Accounts.LookAtLink(r.Context(), token)
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "link.html",
		linkPage{Page: c.Web.Page(r, "console.link.title"), Welcome: welcome})
}

func (c *Console) handleLink(w http.ResponseWriter, r *http.Request, _ here) error {
	form, err := web.ParseForm(r, web.SmallForm, "link")
	if err != nil {
		return err
	}
	token, err := c.carried(r, linkCookie)
	if err != nil {
		return err
	}
	welcome, err := c.Accounts.LookAtLink(r.Context(), token)
	if err != nil {
		return err
	}
	if form.Get("link") != welcome.ID {
		return mixedUp("console_link")
	}
	opened, err := c.Accounts.SignInByLink(r.Context(), token)
	if err != nil {
		return err
	}
	return c.begin(w, r, opened, "/account")
}
