package app

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/devfault"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/mail"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/web"
)

// DevOptions say what the emulator is like.
type DevOptions struct {
	Listen  string // loopback only
	Region  string
	Account string // 12 digits
	Seed    string // of keys; whoever gives Rewind makes ids of it too
	Log     *slog.Logger
	// Rewind puts the source of ids back to its start, which makes them the same
	// after each start and each reset (ADR 0006).
	Rewind func()
	Ready  func(Dev) // told once, when everything answers
}

// Dev is what dev --json prints, and what a reset answers: a contract with
// scripts.
type Dev struct {
	Endpoint  string      `json:"endpoint"`
	Region    string      `json:"region"`
	AccountID string      `json:"account_id"`
	KeyID     string      `json:"access_key_id"`
	Secret    string      `json:"secret_access_key"`
	Instance  DevInstance `json:"instance"`
}

// DevInstance is the instance that there is from the start.
type DevInstance struct {
	Alias string `json:"alias"`
	ID    string `json:"id"`
	ARN   string `json:"arn"`
}

// The key of the emulator is the one in AWS's documents: nobody takes it for a
// real one, and scanners for secrets pass it over. No other command has a key
// that is known before (S33).
const (
	devKeyID  = "AKIAIOSFODNN7EXAMPLE"
	devSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" // #nosec G101 -- known to everybody
	devOwner  = "dev"
	devAlias  = "dev"
)

// devBegin is what the emulator's clock shows when it starts.
func devBegin() time.Time { return time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC) }

// RunDev emulates Amazon Connect on loopback until ctx ends. It keeps nothing: it
// opens no file and sends no mail, and its background jobs do not run.
func RunDev(ctx context.Context, o DevOptions) error {
	if !regexp.MustCompile(`^[0-9]{12}$`).MatchString(o.Account) {
		return aikagi.Because(aikagi.Invalid, "account_id", "digits")
	}
	if o.Rewind == nil {
		o.Rewind = func() {}
	}
	listener, err := loopback(ctx, o.Listen)
	if err != nil {
		return err
	}
	d := &dev{DevOptions: o, layer: devfault.New(clock.System{}), clock: clock.NewRunning(devBegin())}
	if d.urls, err = web.ParseURLs("http://"+listener.Addr().String(), ""); err != nil {
		return err
	}
	if d.composer, err = mail.NewComposer(); err != nil {
		return err
	}
	ready, err := d.begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = d.now.store.Close() }() // it is gone with the process
	if o.Ready != nil {
		o.Ready(ready)
	}
	return answer(ctx, o.Log, Server{Listener: listener, Handler: d.handler()})
}

// dev is a running emulator.
type dev struct {
	DevOptions
	layer    *devfault.Layer
	clock    *clock.Running
	urls     *web.URLs
	composer *mail.Composer

	mu  sync.RWMutex // requests read; a reset waits for them
	now world
}

// world is what a reset replaces: all that requests can change.
type world struct {
	store      *store.Store
	operations []awsapi.Operation
	programs   http.Handler
}

func (d *dev) handler() http.Handler {
	control := &devfault.Control{
		Layer: d.layer, Clock: d.clock,
		Reset: func(ctx context.Context) (any, error) { return d.reset(context.WithoutCancel(ctx)) },
	}
	for _, op := range d.now.operations {
		control.Operations = append(control.Operations, op.Name)
	}
	steering := control.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, devfault.Path) {
			steering.ServeHTTP(w, r)
			return
		}
		d.mu.RLock()
		defer d.mu.RUnlock()
		d.now.programs.ServeHTTP(w, r)
	})
}

// reset begins anew when the requests in hand are answered; later ones wait.
func (d *dev) reset(ctx context.Context) (Dev, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.now.store
	ready, err := d.begin(ctx)
	if err == nil {
		_ = before.Close() // nobody needs it any more
	}
	return ready, err
}

// begin makes the world of the start. Nothing of an earlier one goes into it, so
// a reset cannot forget anything.
func (d *dev) begin(ctx context.Context) (Dev, error) {
	d.Rewind()
	d.clock.Put(devBegin(), false) // all that is there from the start was made at one time
	defer d.clock.Put(devBegin(), true)
	db, err := store.OpenMemory(ctx)
	if err != nil {
		return Dev{}, err
	}
	a := &App{Options: Options{
		Store: db, Ring: secret.NewRing(sha256.Sum256([]byte("aikagi dev " + d.Seed))), Clock: d.clock, Log: d.Log,
		URLs: d.urls, Region: d.Region, MailFrom: "noreply@aikagi.invalid",
	}}
	a.rules(nil, d.composer) // nobody can ask for a challenge: there are no pages
	a.jobs()
	first, err := d.furnish(ctx, a)
	if err != nil {
		_ = db.Close() // the first error is the one to tell
		return Dev{}, err
	}
	operations := a.operations()
	d.now = world{db, operations, d.programs(a, operations)}
	scope := aikagi.Scope{Region: d.Region, Account: aikagi.AccountID(d.Account), Instance: first.ID}
	return Dev{
		Endpoint: d.urls.Base(), Region: d.Region, AccountID: d.Account, KeyID: devKeyID, Secret: devSecret,
		Instance: DevInstance{first.Alias, string(first.ID), string(scope.InstanceARN())},
	}, nil
}

// furnish makes the account, its key, and an instance with Amazon's defaults.
func (d *dev) furnish(ctx context.Context, a *App) (aikagi.Instance, error) {
	ctx = aikagi.WithActor(ctx, aikagi.Actor{Kind: aikagi.ActorSystem, Name: "dev", Source: "cli"})
	err := a.Accounts.MakePreset(ctx, account.Preset{
		Account: aikagi.AccountID(d.Account), Owner: devOwner, Key: devKeyID, Secret: aikagi.NewSecret(devSecret),
	})
	if err != nil {
		return aikagi.Instance{}, err
	}
	return a.Instances.Create(ctx, instance.New{
		Alias: devAlias, Identity: aikagi.ConnectManaged, Settings: aikagi.DefaultInstanceSettings(),
	})
}

// programs is the door for programs, without the product's own limits: a test asks
// for those it wants.
func (d *dev) programs(a *App, operations []awsapi.Operation) http.Handler {
	return awsapi.New(awsapi.Options{
		Clock: a.Clock, Wall: clock.System{}, Log: a.Log, Accounts: a.Accounts, Region: a.Region,
		Address: func(r *http.Request) string {
			host, _, _ := net.SplitHostPort(r.RemoteAddr) // net/http made it
			return host
		},
		Rate:   awsapi.Rate{Every: time.Nanosecond, Burst: 1 << 30},
		Around: d.layer.Around,
	}, operations)
}
