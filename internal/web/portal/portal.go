package portal

import (
	"context"
	"embed"
	"net/http"

	"github.com/aikagi/aikagi/internal/captcha"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/login"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/session"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

//go:embed templates/*.html
var templates embed.FS

// Options are what the pages lean on. All must be set.
type Options struct {
	Web        *web.Engine
	Door       *door.Door
	Clock      clock.Clock
	Ring       *secret.Ring
	Challenges *captcha.Challenges
	Logins     *login.Logins
	Resets     *reset.Resets
	Sessions   *session.Sessions
	// EndEmergency closes the emergency access that the context acts in, grant
	// and all.
	EndEmergency func(context.Context) error
	// Sender is the address that mails come from, shown so that a person can
	// compare.
	Sender string
}

// Portal answers the pages.
type Portal struct {
	Options
	pages *web.Pages
}

// New reads the templates.
func New(o Options) (*Portal, error) {
	pages, err := o.Web.Pages(templates)
	if err != nil {
		return nil, err
	}
	return &Portal{Options: o, pages: pages}, nil
}

// Routes adds the pages to the mux: method, path, who may, handler.
func (p *Portal) Routes(mux *http.ServeMux) {
	everybody, member := p.Door.Public, p.Door.Member
	mux.Handle("GET /i/{alias}/{$}", everybody(p.showHome))
	mux.Handle("GET /i/{alias}/login", everybody(p.showLogin))
	mux.Handle("POST /i/{alias}/login", everybody(p.handleLogin))
	mux.Handle("POST /i/{alias}/logout", everybody(p.handleLogout))
	mux.Handle("GET /i/{alias}/forgot", everybody(p.showForgot))
	mux.Handle("POST /i/{alias}/forgot", everybody(p.handleForgot))
	mux.Handle("GET /i/{alias}/forgot/sent", everybody(p.showSent))
	mux.Handle("POST /i/{alias}/forgot/again", everybody(p.handleAgain))
	mux.Handle("GET /i/{alias}/forgot/code", everybody(p.showCode))
	mux.Handle("POST /i/{alias}/forgot/code", everybody(p.handleCode))
	mux.Handle("GET /i/{alias}/challenge/{file}", everybody(p.showChallenge))
	mux.Handle("GET /i/{alias}/reset/{token}", everybody(p.openReset))
	mux.Handle("GET /i/{alias}/reset", everybody(p.showReset))
	mux.Handle("POST /i/{alias}/reset", everybody(p.handleReset))
	mux.Handle("GET /i/{alias}/reset/done", everybody(p.showDone))
	mux.Handle("GET /i/{alias}/auth/authorize", p.Door.Check())
	mux.Handle("GET /i/{alias}/me", member(p.showMe))
	mux.Handle("POST /i/{alias}/me/sessions", member(p.handleEndSession))
	mux.Handle("GET /i/{alias}/me/password", member(p.showOwnPassword))
	mux.Handle("POST /i/{alias}/me/password", member(p.handleOwnPassword))
}
