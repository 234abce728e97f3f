package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/connect"
	"github.com/aikagi/aikagi/internal/awsapi/desk"
	"github.com/aikagi/aikagi/internal/bounce"
	"github.com/aikagi/aikagi/internal/captcha"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/emergency"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/jobs"
	"github.com/aikagi/aikagi/internal/login"
	"github.com/aikagi/aikagi/internal/mail"
	"github.com/aikagi/aikagi/internal/mail/dkim"
	"github.com/aikagi/aikagi/internal/mail/smtpclient"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/routing"
	"github.com/aikagi/aikagi/internal/search"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/session"
	"github.com/aikagi/aikagi/internal/sheet"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/sweep"
	"github.com/aikagi/aikagi/internal/throttle"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/admin"
	"github.com/aikagi/aikagi/internal/web/console"
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
	APIHost        string // that serves nothing but the wire API; empty: there is none
	ConsoleURL     string // of the console, where it has a host of its own; empty: the base URL
	TrustedProxies []netip.Prefix
	Region         string
	MailFrom       aikagi.Email
	MailBounce     aikagi.Email // empty: what cannot be delivered comes back to MailFrom
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
	Instances *instance.Instances
	Directory *directory.Directory
	Sheets    *sheet.Sheets
	Routing   *routing.Routing
	Search    *search.Users
	Profiles  *securityprofile.Profiles
	Accounts  *account.Accounts
	Emergency *emergency.Emergency
	Sender    *outbox.Sender
	Bounces   *bounce.Bounces
	Hashes    *password.Gate

	node   string // tells this process apart
	post   *outbox.Post
	watch  *login.Watch
	engine *web.Engine
	reach  *reach
	loops  []*jobs.Loop
	runner jobs.Runner
}

// senders is how many messages are handed over at the same time.
const senders = 4

// inspectEvery is how often the engine looks for damage in its files, beside the
// start (R6).
const inspectEvery = 24 * time.Hour

// hashQueue bounds how many logins wait for a hash; with one hash a core it is
// a few seconds of waiting.
const hashQueue = 256

// Build puts the product together. It starts nothing.
func Build(o Options) (*App, error) {
	a := &App{Options: o, node: aikagi.NewID()}
	challenges, err := captcha.New(o.Ring, o.Clock, captcha.Options{})
	if err != nil {
		return nil, err
	}
	composer, err := mail.NewComposer()
	if err != nil {
		return nil, err
	}
	a.rules(challenges, composer)
	a.jobs()
	pages, err := a.pages(challenges)
	if err != nil {
		return nil, err
	}
	a.Handler = a.wire(pages)
	return a, nil
}

// rules makes what decides. Waking the jobs is set when they are made.
func (a *App) rules(challenges *captcha.Challenges, composer *mail.Composer) {
	a.Hashes = password.NewGate(runtime.NumCPU(), hashQueue)
	limits := &throttle.Throttle{Ring: a.Ring}
	a.post = &outbox.Post{Composer: composer, Ring: a.Ring, From: a.MailFrom, Bounces: a.MailBounce, ResetURL: a.resetURL}
	a.Sessions = &session.Sessions{Store: a.Store, Clock: a.Clock}
	a.watch = &login.Watch{Store: a.Store, Clock: a.Clock, Throttle: limits, Post: a.post}
	a.Logins = &login.Logins{
		Store: a.Store, Clock: a.Clock, Hashes: a.Hashes, Sessions: a.Sessions, Throttle: limits, Watch: a.watch,
	}
	a.Resets = &reset.Resets{
		Store: a.Store, Clock: a.Clock, Ring: a.Ring, Challenges: challenges,
		Throttle: limits, Post: a.post, Hashes: a.Hashes,
	}
	a.Instances = &instance.Instances{Store: a.Store, Clock: a.Clock, Node: a.node}
	a.Routing = &routing.Routing{Store: a.Store, Clock: a.Clock}
	a.Directory = &directory.Directory{
		Store: a.Store, Clock: a.Clock, Post: a.post, Hashes: a.Hashes, Throttle: limits,
	}
	a.Sheets = &sheet.Sheets{Store: a.Store, Clock: a.Clock, Directory: a.Directory}
	a.Search = &search.Users{Store: a.Store, Clock: a.Clock}
	a.Profiles = &securityprofile.Profiles{Store: a.Store, Clock: a.Clock}
	a.Accounts = &account.Accounts{
		Store: a.Store, Clock: a.Clock, Ring: a.Ring, Hashes: a.Hashes, Throttle: limits, Region: a.Region,
	}
	a.Emergency = &emergency.Emergency{
		Store: a.Store, Clock: a.Clock, Sessions: a.Sessions, Post: a.post, Region: a.Region,
	}
}

func (a *App) resetURL(alias string, token aikagi.Secret) aikagi.Secret {
	return aikagi.NewSecret(a.URLs.Instance(alias, "/reset/"+token.Reveal()))
}

// jobs makes the background work and tells the rules whom to wake.
func (a *App) jobs() {
	a.reach = &reach{app: a}
	a.Sender = &outbox.Sender{
		Store: a.Store, Post: a.post, Clock: a.Clock, Log: a.Log,
		Settings: a.SMTP, Keys: a.DKIM, Connections: outbox.NewConnections(senders),
	}
	a.Bounces = &bounce.Bounces{Store: a.Store, Clock: a.Clock, ReturnPath: a.post.ReturnPath()}
	chainer := &audit.Chainer{Store: a.Store, Ring: a.Ring, Clock: a.Clock, Node: a.node}
	sweeper := &sweep.Sweeper{Store: a.Store, Clock: a.Clock, Node: a.node}
	answering := &jobs.Loop{Name: "reset.answer", Interval: time.Second, Workers: 2, Work: a.Resets.Answer}
	sending := &jobs.Loop{Name: "outbox.send", Interval: time.Second, Workers: senders, Work: a.Sender.Work}
	telling := &jobs.Loop{Name: "login.watch", Interval: time.Minute, Work: a.watch.Work}
	importing := &jobs.Loop{Name: "sheet.import", Interval: 5 * time.Second, Work: a.Sheets.WorkImports}
	clearing := &jobs.Loop{Name: "instance.clear", Interval: time.Minute, Work: a.Instances.Clear}
	a.Resets.Wake, a.post.Wake, a.watch.Wake, a.Sheets.Wake = answering.Wake, sending.Wake, telling.Wake, importing.Wake
	a.Instances.Wake = clearing.Wake
	a.Resets.Alarm = func(i aikagi.InstanceID, source string) { a.watch.Report(i, login.ManyAsking, source) }
	a.loops = []*jobs.Loop{
		answering, sending, telling, importing, clearing,
		{Name: "session.flush", Interval: time.Minute, Work: a.Sessions.Flush},
		{Name: "audit.chain", Interval: 10 * time.Second, Work: chainer.Chain},
		{Name: "sweep", Interval: time.Minute, Work: sweeper.Sweep},
		{Name: "unreachable.count", Interval: firstReach, Work: a.reach.work},
		{Name: "database.inspect", Interval: inspectEvery, Work: func(ctx context.Context) (bool, error) {
			return false, a.Store.Inspect(ctx)
		}},
	}
	a.runner.Log = a.Log
}

// pages puts the doors together.
func (a *App) pages(challenges *captcha.Challenges) (http.Handler, error) {
	engine, err := web.NewEngine(web.Options{
		URLs: a.URLs, Clock: a.Clock, Ring: a.Ring, Log: a.Log, TrustedProxies: a.TrustedProxies,
	})
	if err != nil {
		return nil, err
	}
	a.engine = engine
	entrance := &door.Door{Web: engine, Store: a.Store, Sessions: a.Sessions, Clock: a.Clock}
	mux := http.NewServeMux()
	people, err := portal.New(portal.Options{
		Web: engine, Door: entrance, Clock: a.Clock, Ring: a.Ring, Challenges: challenges,
		Logins: a.Logins, Resets: a.Resets, Sessions: a.Sessions, EndEmergency: a.Emergency.End,
		Sender: string(a.MailFrom),
	})
	if err != nil {
		return nil, err
	}
	people.Routes(mux)
	desk, err := admin.New(admin.Options{
		Web: engine, Door: entrance, Directory: a.Directory, Sheets: a.Sheets, Instances: a.Instances,
		Profiles: a.Profiles, Resets: a.Resets,
	})
	if err != nil {
		return nil, err
	}
	desk.Routes(mux)
	plane, err := console.New(console.Options{
		Web: engine, Door: entrance, Clock: a.Clock, Accounts: a.Accounts,
		Emergency: a.Emergency, Instances: a.Instances, BaseURL: a.ConsoleURL,
	})
	if err != nil {
		return nil, err
	}
	plane.Routes(mux)
	if a.Extra != nil {
		if err := a.Extra(mux, engine); err != nil {
			return nil, err
		}
	}
	return engine.Wrap(mux), nil
}

// wire puts the door for programs before the one for people.
func (a *App) wire(pages http.Handler) http.Handler {
	programs := awsapi.New(awsapi.Options{
		Clock: a.Clock, Log: a.Log, Accounts: a.Accounts, Region: a.Region, Address: a.engine.Address, Host: a.APIHost,
	}, a.operations())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if programs.Claims(r) {
			programs.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

// operations are all that programs can ask for.
func (a *App) operations() []awsapi.Operation {
	tokens := awsapi.Tokens{Ring: a.Ring, Clock: a.Clock}
	amazons := &connect.API{
		Instances: a.Instances, Directory: a.Directory, Profiles: a.Profiles, Routing: a.Routing, Search: a.Search, Tokens: tokens,
		LoginURL: func(alias string) string { return a.URLs.Instance(alias, "/login") },
	}
	own := &desk.API{Directory: a.Directory, Resets: a.Resets, Tokens: tokens}
	return slices.Concat(amazons.Operations(), own.Operations())
}

// Start runs the background work until Stop.
func (a *App) Start(ctx context.Context) { a.runner.Start(ctx, a.loops...) }

// Stop waits for the background work in hand and closes its connections.
func (a *App) Stop() {
	a.runner.Stop()
	a.Sender.Close()
}
