package door

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/session"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/web"
)

// Door knows who comes in.
type Door struct {
	Web      *web.Engine
	Store    *store.Store
	Sessions *session.Sessions
	Clock    clock.Clock
}

// Here is what a page knows about where it is and who looks at it.
type Here struct {
	Instance  aikagi.Instance
	Session   aikagi.Session     // zero if nobody is logged in
	User      aikagi.User        // zero in emergency access
	Held      aikagi.Permissions // of the user; rules read them again
	Emergency bool
	powers    aikagi.Permissions // of Held, what is about everything
}

// May reports whether a button is worth showing. The rule behind it decides.
func (h Here) May(needed ...aikagi.Permission) bool {
	return h.Emergency || h.Held.Has(needed...)
}

// MayEverywhere reports whether what is about everybody is worth showing.
func (h Here) MayEverywhere(needed ...aikagi.Permission) bool {
	return h.Emergency || h.powers.Has(needed...)
}

// LoggedIn reports whether somebody is.
func (h Here) LoggedIn() bool { return h.Session.ID != "" }

// Handler answers a request of an instance.
type Handler func(w http.ResponseWriter, r *http.Request, here Here) error

// Public lets everybody in.
func (d *Door) Public(h Handler) http.Handler {
	return d.Web.Handle(func(w http.ResponseWriter, r *http.Request) error {
		here, r, err := d.enter(r)
		if err != nil && aikagi.CodeOf(err) != aikagi.Unauthenticated {
			return err
		}
		return h(w, r, here)
	})
}

// Member lets in whoever is logged in; others are led to the login page and
// back. A user whose password was set by somebody else is led to a new one
// first.
func (d *Door) Member(h Handler) http.Handler {
	return d.Web.Handle(func(w http.ResponseWriter, r *http.Request) error {
		here, r, err := d.enter(r)
		if aikagi.CodeOf(err) == aikagi.Unauthenticated && err != nil {
			return d.toLogin(w, r, err)
		}
		if err != nil {
			return err
		}
		if here.User.MustChange && inside(r) != MustChangePath {
			return web.SeeOther(w, r, web.Path(r, MustChangePath))
		}
		return h(w, r, here)
	})
}

// Paths that the door leads to, as the instance knows them.
const (
	LoginPath      = "/login"
	LogoutPath     = "/logout"
	MustChangePath = "/me/password"
)

// CookieName names the session cookie of an instance: plane and instance are in
// it, so that two never meet (G08).
func CookieName(instance aikagi.InstanceID) string { return "session-" + string(instance) }

func (d *Door) toLogin(w http.ResponseWriter, r *http.Request, why error) error {
	query := url.Values{}
	if r.Method == http.MethodGet && web.VisitOf(r.Context()).Alias != "" {
		query.Set("next", backTo(r))
	}
	switch reason := aikagi.ReasonOf(why); reason {
	case "timed_out", "network":
		query.Set("why", reason)
	}
	path := web.Path(r, LoginPath)
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return web.SeeOther(w, r, path)
}

// inside is the path of a page as the instance knows it, however the alias
// before it is written.
func inside(r *http.Request) string {
	_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/i/"), "/")
	return "/" + path
}

// backTo is the page that was asked for, as the browser sees it.
func backTo(r *http.Request) string {
	path := web.Path(r, inside(r))
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	return path
}

// enter finds instance and session, and puts the actor into the request. Without
// a good session the error is Unauthenticated and Here has the instance alone.
func (d *Door) enter(r *http.Request) (Here, *http.Request, error) {
	here, err := d.instance(r)
	if err != nil {
		return here, r, err
	}
	visit := web.VisitOf(r.Context())
	visit.Site = web.Site{
		ID: string(here.Instance.ID), Name: here.Instance.Name(), Locale: here.Instance.Settings.Locale,
		Zone: here.Instance.Location(), Contact: here.Instance.Settings.Contact,
	}
	actor := aikagi.Actor{
		Kind: aikagi.ActorAnonymous, InstanceID: here.Instance.ID, Source: "page",
		Address: Source(visit), RequestID: visit.RequestID,
	}
	serr := d.session(r, &here, &actor, visit)
	actor.Locale = visit.Locale()
	return here, r.WithContext(aikagi.WithActor(r.Context(), actor)), serr
}

// Source is the client's address as counters and records keep it; addresses
// that no proxy vouched for share one.
func Source(v *web.Visit) string {
	if !v.Client.IsValid() {
		return "unknown"
	}
	return v.Client.String()
}

func (d *Door) instance(r *http.Request) (Here, error) {
	alias, err := aikagi.ParseAlias(r.PathValue("alias"))
	if err != nil {
		return Here{}, aikagi.E(aikagi.NotFound, "instance", nil)
	}
	var here Here
	err = d.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		here.Instance, err = tx.FindInstanceByAlias(r.Context(), alias)
		return err
	})
	return here, err
}

func (d *Door) session(r *http.Request, here *Here, actor *aikagi.Actor, visit *web.Visit) error {
	token, err := d.Web.ReadCookie(r, CookieName(here.Instance.ID))
	if err != nil {
		return err
	}
	found, err := d.Sessions.Find(r.Context(), session.Entrance{
		Instance: here.Instance.ID, Access: here.Instance.Access, From: visit.Client,
	}, token)
	if err != nil {
		return err
	}
	if found.GrantID != "" {
		return d.grant(r.Context(), found, here, actor, visit)
	}
	return d.user(r.Context(), found, here, actor, visit)
}

func (d *Door) user(ctx context.Context, found aikagi.Session, here *Here, actor *aikagi.Actor, visit *web.Visit) error {
	err := d.Store.View(ctx, func(tx *store.Tx) (err error) {
		if here.User, err = tx.FindUser(ctx, found.InstanceID, found.UserID); err != nil {
			return err
		}
		here.Held, here.powers, err = securityprofile.HeldAndPowers(ctx, tx, found.InstanceID, found.UserID)
		return err
	})
	if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
		return err
	}
	if !here.User.Enabled { // or deleted
		here.User, here.Held, here.powers = aikagi.User{}, nil, nil
		return aikagi.E(aikagi.Unauthenticated, "session", nil)
	}
	here.Session = found
	actor.Kind, actor.UserID, actor.SessionID = aikagi.ActorUser, here.User.ID, found.ID
	actor.Name = string(here.User.Username)
	visit.Viewer = web.Viewer{
		ID: string(here.User.ID), Actor: string(actor.Kind),
		Name: here.User.FullName(visit.Locale()), Locale: here.User.Locale,
	}
	visit.Menu = menu(visit, *here)
	return nil
}

func (d *Door) grant(ctx context.Context, found aikagi.Session, here *Here, actor *aikagi.Actor, visit *web.Visit) error {
	var grant aikagi.EmergencyGrant
	err := d.Store.View(ctx, func(tx *store.Tx) (err error) {
		grant, err = tx.FindGrant(ctx, found.GrantID)
		return err
	})
	if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
		return err
	}
	until := grant.UsedAt.Add(aikagi.GrantSessionTTL)
	if !grant.EndedAt.IsZero() || !d.Clock.Now().Before(until) {
		return aikagi.E(aikagi.Unauthenticated, "session", nil)
	}
	here.Session, here.Emergency = found, true
	actor.Kind, actor.GrantID, actor.SessionID = aikagi.ActorEmergency, grant.ID, found.ID
	actor.PrincipalID, actor.Name = grant.PrincipalID, grant.PrincipalName
	visit.Viewer = web.Viewer{ID: string(grant.PrincipalID), Actor: string(actor.Kind), Name: grant.PrincipalName}
	visit.Emergency = &web.Emergency{Until: until, Reason: grant.Reason, End: visit.Path("/emergency/end")}
	visit.Menu = menu(visit, *here)
	return nil
}

// SetCookie hands a new session's secret to the browser.
func (d *Door) SetCookie(w http.ResponseWriter, opened aikagi.Session, token aikagi.Secret, now time.Time) {
	http.SetCookie(w, d.Web.Cookie(CookieName(opened.InstanceID), token.Reveal(),
		opened.ExpiresAt.Sub(now), http.SameSiteLaxMode))
}

// DropCookie takes the session's secret from the browser.
func (d *Door) DropCookie(w http.ResponseWriter, instance aikagi.InstanceID) {
	http.SetCookie(w, d.Web.DropCookie(CookieName(instance)))
}
