package console

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// Cookies of the account plane (S16). What a person carries from a link is Lax,
// because a chat or a mail may have led there; the session is Strict.
const (
	sessionCookie = "account"
	setupCookie   = "account-setup"
	linkCookie    = "account-link"
)

// maxToken is more than any secret of ours is long.
const maxToken = 128

// here is what a page of the console knows about who looks at it.
type here struct {
	Account   aikagi.Account
	Session   aikagi.ConsoleSession
	Principal aikagi.Principal
}

type handler func(w http.ResponseWriter, r *http.Request, at here) error

// anybody lets everybody in, as nobody.
func (c *Console) anybody(h handler) http.Handler {
	return c.handle(func(w http.ResponseWriter, r *http.Request) error {
		at, r, err := c.enter(r)
		if err != nil {
			return err
		}
		return h(w, r, at)
	})
}

// signedIn lets in whoever is signed in to the console; others are led to the
// sign-in page and back.
func (c *Console) signedIn(h handler) http.Handler {
	return c.handle(func(w http.ResponseWriter, r *http.Request) error {
		at, r, err := c.enter(r)
		if err != nil {
			return err
		}
		token, err := c.Web.ReadCookie(r, sessionCookie)
		if err != nil {
			return err
		}
		at.Session, at.Principal, err = c.Accounts.Find(r.Context(), token)
		if err != nil && aikagi.CodeOf(err) == aikagi.Unauthenticated {
			return c.toLogin(w, r, err)
		}
		if err != nil {
			return err
		}
		return h(w, r.WithContext(c.known(r, at)), at)
	})
}

// enter says what is known of everybody.
func (c *Console) enter(r *http.Request) (here, *http.Request, error) {
	found, err := c.Accounts.Account(r.Context())
	if err != nil {
		return here{}, r, err
	}
	visit := web.VisitOf(r.Context())
	visit.Site.Name = i18n.T(visit.Locale(), "console.site", "id", string(found.ID))
	visit.Site.Zone = c.Zone
	return here{Account: found}, r.WithContext(aikagi.WithActor(r.Context(), aikagi.Actor{
		Kind: aikagi.ActorAnonymous, Source: "page", Address: door.Source(visit),
		RequestID: visit.RequestID, Locale: visit.Locale(),
	})), nil
}

func (c *Console) known(r *http.Request, at here) context.Context {
	visit := web.VisitOf(r.Context())
	visit.Viewer = web.Viewer{ID: string(at.Principal.ID), Actor: string(aikagi.ActorPrincipal), Name: at.Principal.Name}
	visit.Menu = menu()
	return actingAs(r.Context(), at)
}

func actingAs(ctx context.Context, at here) context.Context {
	actor := aikagi.ActorFrom(ctx)
	actor.Kind, actor.PrincipalID, actor.Name = aikagi.ActorPrincipal, at.Principal.ID, at.Principal.Name
	actor.SessionID = aikagi.SessionID(at.Session.ID)
	return aikagi.WithActor(ctx, actor)
}

func menu() *web.Menu {
	return &web.Menu{
		Home: "/account", LogOut: "/account/logout",
		Account: []web.MenuItem{{Label: "console.me.title", Path: "/account/me"}},
		Groups: []web.MenuGroup{
			{Items: []web.MenuItem{{Label: "console.instances.title", Path: "/account"}}},
			{Label: "console.menu.access", Items: []web.MenuItem{
				{Label: "console.principals.title", Path: "/account/principals"},
				{Label: "console.policies.title", Path: "/account/policies", Also: "/account/managed-policies"},
				{Label: "console.simulator.title", Path: "/account/simulator"},
			}},
			{Label: "console.menu.record", Items: []web.MenuItem{
				{Label: "console.audit.title", Path: "/account/audit"},
				{Label: "console.contact.title", Path: "/account/contact"},
			}},
		},
	}
}

func (c *Console) toLogin(w http.ResponseWriter, r *http.Request, why error) error {
	query := url.Values{}
	if r.Method == http.MethodGet && r.URL.Path != "/account" {
		query.Set("next", r.URL.RequestURI())
	}
	if aikagi.ReasonOf(why) == "timed_out" {
		query.Set("why", "timed_out")
	}
	path := "/account/login"
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return web.SeeOther(w, r, path)
}

// handle makes a page of a refused action that says which right is missing.
func (c *Console) handle(h web.Handler) http.Handler {
	return c.Web.Handle(func(w http.ResponseWriter, r *http.Request) error {
		err := h(w, r)
		var refused *aikagi.Error
		if errors.As(err, &refused) && refused.Code == aikagi.Forbidden && refused.Subject == "action" {
			return c.showDenied(w, r, refused.Reason)
		}
		return err
	})
}

// deniedPage is what denied.html shows.
type deniedPage struct {
	web.Page
	Action string
	Gives  []string // managed policies that allow the action
}

func (c *Console) showDenied(w http.ResponseWriter, r *http.Request, action string) error {
	page := deniedPage{Page: c.Web.Page(r, "console.denied.title"), Action: action}
	for _, p := range iam.ManagedPolicies() {
		d, err := iam.Parse([]byte(p.Document))
		if err != nil {
			return err
		}
		if iam.Evaluate([]iam.Document{d}, iam.Request{Action: action, Resource: "*"}).Allowed {
			page.Gives = append(page.Gives, p.Name)
		}
	}
	return c.pages.Render(w, r, http.StatusForbidden, "denied.html", page)
}

// begin hands a new session to the browser. The session that it had, of whomever,
// ends: ids never survive a sign-in (S15).
func (c *Console) begin(w http.ResponseWriter, r *http.Request, o account.Opened, next string) error {
	if err := c.endOld(r); err != nil {
		return err
	}
	http.SetCookie(w, c.Web.Cookie(sessionCookie, o.Token.Reveal(), aikagi.SessionTTL, http.SameSiteStrictMode))
	for _, used := range []string{setupCookie, linkCookie} {
		http.SetCookie(w, c.Web.DropCookie(used))
	}
	return web.SeeOther(w, r, inConsole(next))
}

func (c *Console) endOld(r *http.Request) error {
	token, err := c.Web.ReadCookie(r, sessionCookie)
	if err != nil {
		return err
	}
	var old here
	old.Session, old.Principal, err = c.Accounts.Find(r.Context(), token)
	if err != nil && aikagi.CodeOf(err) == aikagi.Unauthenticated {
		return nil
	}
	if err != nil {
		return err
	}
	return c.Accounts.SignOut(actingAs(r.Context(), old))
}

// inConsole keeps a way back within the console.
func inConsole(next string) string {
	if path, ok := web.SafePath(next); ok && (path == "/account" || strings.HasPrefix(path, "/account/")) {
		return path
	}
	return "/account"
}

// carry moves the secret of a link out of the address into a cookie, so that
// the page's later history does not have it (S10).
func (c *Console) carry(w http.ResponseWriter, r *http.Request, cookie, next string, ttl time.Duration) error {
	token := r.PathValue("token")
	if _, err := base64.RawURLEncoding.DecodeString(token); err != nil || len(token) > maxToken {
		return aikagi.E(aikagi.NotFound, "page", nil) // no secret of ours, and nothing to put into a cookie
	}
	http.SetCookie(w, c.Web.Cookie(cookie, token, ttl, http.SameSiteLaxMode))
	return web.SeeOther(w, r, next)
}

func (c *Console) carried(r *http.Request, cookie string) (aikagi.Secret, error) {
	value, err := c.Web.ReadCookie(r, cookie)
	return aikagi.NewSecret(value), err
}

// explain notes on the form what is wrong with it, or what it ran into, and
// reports whether there was anything to say.
func explain(page *web.Page, err error) bool {
	var conflict *aikagi.Error
	if !errors.As(err, &conflict) || conflict.Code != aikagi.Conflict {
		return page.Explain(err)
	}
	if conflict.Reason == "taken" {
		page.Blame(conflict.Subject, conflict.Reason)
		return true
	}
	key := i18n.Key(conflict.Subject + "." + conflict.Reason)
	if !i18n.Has(page.Locale(), key) {
		return false
	}
	page.Problems = append(page.Problems, web.Problem{Text: page.T(key)})
	return true
}

// mixedUp refuses a form that belongs to another link than the cookie.
func mixedUp(subject string) error { return aikagi.Because(aikagi.Conflict, subject, "mixed_up") }
