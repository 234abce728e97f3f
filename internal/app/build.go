package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/captcha"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/emergency"
	"github.com/aikagi/aikagi/internal/jobs"
	"github.com/aikagi/aikagi/internal/login"
	"github.com/aikagi/aikagi/internal/mail"
	"github.com/aikagi/aikagi/internal/mail/dkim"
	"github.com/aikagi/aikagi/internal/mail/smtpclient"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/session"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
	"github.com/aikagi/aikagi/internal/web/portal"
)

// Options are what an App is built from.
type Options struct {
	Store          *store.Store
	Ring           *secret.Ring
	Clock          clock.Clock
	Log            *slog.Logger
	URLs           *web.URLs
	TrustedProxies []netip.Prefix
	Region         string
	MailFrom       aikagi.Email
	SMTP           smtpclient.Settings
	DKIM           []dkim.Key
	// Extra adds pages that only demo has.
	Extra func(mux *http.ServeMux, engine *web.Engine) error
}

// App is the product, put together.
type App struct {
	Options
	Handler http.Handler

	Sessions  *session.Sessions
	Logins    *login.Logins
	Resets    *reset.Resets
	Directory *directory.Directory
	Accounts  *account.Accounts
	Emergency *emergency.Emergency
	Sender    *outbox.Sender
	Hashes    *password.Gate

	loops  []*jobs.Loop
	runner jobs.Runner
}

// senders is how many messages are handed over at the same time.
const senders = 4

// hashQueue bounds how many logins wait for a hash; with one hash a core it is
// a few seconds of waiting.
const hashQueue = 256

// Build puts the product together. It starts nothing.
func Build(_ context.Context, o Options) (*App, error) {
	a := &App{Options: o, Hashes: password.NewGate(runtime.NumCPU(), hashQueue)}
	challenges, err := captcha.New(o.Ring, o.Clock, captcha.Options{})
	if err != nil {
		return nil, err
	}
	composer, err := mail.NewComposer()
	if err != nil {
		return nil, err
	}
	limits := &throttle.Throttle{Ring: o.Ring}
	answering := &jobs.Loop{Name: "reset.answer", Interval: time.Second, Workers: 2}
	sending := &jobs.Loop{Name: "outbox.send", Interval: time.Second, Workers: senders}
	post := &outbox.Post{
		Composer: composer, Ring: o.Ring, From: o.MailFrom, Wake: sending.Wake,
		ResetURL: func(alias string, token aikagi.Secret) aikagi.Secret {
			return aikagi.NewSecret(o.URLs.Instance(alias, "/reset/"+token.Reveal()))
		},
	}
	a.Sessions = &session.Sessions{Store: o.Store, Clock: o.Clock}
	a.Logins = &login.Logins{Store: o.Store, Clock: o.Clock, Hashes: a.Hashes, Sessions: a.Sessions, Throttle: limits}
	a.Resets = &reset.Resets{
		Store: o.Store, Clock: o.Clock, Ring: o.Ring, Challenges: challenges,
		Throttle: limits, Post: post, Hashes: a.Hashes, Wake: answering.Wake,
	}
	a.Directory = &directory.Directory{Store: o.Store, Clock: o.Clock, Post: post, Hashes: a.Hashes, Throttle: limits}
	a.Accounts = &account.Accounts{
		Store: o.Store, Clock: o.Clock, Ring: o.Ring, Hashes: a.Hashes, Throttle: limits, Region: o.Region,
	}
	a.Sender = &outbox.Sender{
		Store: o.Store, Post: post, Clock: o.Clock, Log: o.Log,
		Settings: o.SMTP, Keys: o.DKIM, Connections: outbox.NewConnections(senders),
	}
	answering.Work, sending.Work = a.Resets.Answer, a.Sender.Work
	a.loops = []*jobs.Loop{
		answering, sending,
		{Name: "session.flush", Interval: time.Minute, Work: a.Sessions.Flush},
	}
	a.runner.Log = o.Log
	a.Handler, err = a.pages(challenges)
	return a, err
}

// pages puts the doors together.
func (a *App) pages(challenges *captcha.Challenges) (http.Handler, error) {
	engine, err := web.NewEngine(web.Options{
		URLs: a.URLs, Clock: a.Clock, Ring: a.Ring, Log: a.Log, TrustedProxies: a.TrustedProxies,
	})
	if err != nil {
		return nil, err
	}
	entrance := &door.Door{Web: engine, Store: a.Store, Sessions: a.Sessions, Clock: a.Clock}
	mux := http.NewServeMux()
	people, err := portal.New(portal.Options{
		Web: engine, Door: entrance, Clock: a.Clock, Ring: a.Ring, Challenges: challenges,
		Logins: a.Logins, Resets: a.Resets, Sessions: a.Sessions, Sender: string(a.MailFrom),
	})
	if err != nil {
		return nil, err
	}
	people.Routes(mux)
	if a.Extra != nil {
		if err := a.Extra(mux, engine); err != nil {
			return nil, err
		}
	}
	return engine.Wrap(mux), nil
}

// Start runs the background work until Stop.
func (a *App) Start(ctx context.Context) { a.runner.Start(ctx, a.loops...) }

// Stop waits for the background work in hand and closes its connections.
func (a *App) Stop() {
	a.runner.Stop()
	a.Sender.Close()
}
