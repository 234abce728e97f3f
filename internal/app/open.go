package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/config"
	"github.com/aikagi/aikagi/internal/mail/dkim"
	"github.com/aikagi/aikagi/internal/mail/smtpclient"
	"github.com/aikagi/aikagi/internal/ops"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/web"
)

// Opened is a product made from settings: the database open, the key loaded,
// nothing started.
type Opened struct {
	*App
	MadeKey bool // the master key is new: keep a copy
}

// Open makes the product from settings. origin is the base URL; commands that
// do not listen pass the configured one.
func Open(ctx context.Context, s config.Settings, origin string, log *slog.Logger) (*Opened, error) {
	db, err := store.Open(ctx, s.Database.Reveal())
	if err != nil {
		return nil, err
	}
	o, err := open(ctx, s, origin, log, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return o, nil
}

func open(ctx context.Context, s config.Settings, origin string, log *slog.Logger, db *store.Store) (*Opened, error) {
	ring, made, err := Keys(ctx, db, s.Database.Reveal(), s.KeyFile, clock.System{})
	if err != nil {
		return nil, err
	}
	urls, err := web.ParseURLs(origin, s.InstanceHost, hosts(s)...)
	if err != nil {
		return nil, aikagi.E(aikagi.Invalid, "base_url", err)
	}
	smtp, err := relay(s)
	if err != nil {
		return nil, err
	}
	keys, err := signing(s)
	if err != nil {
		return nil, err
	}
	a, err := Build(Options{
		Store: db, Ring: ring, Clock: clock.System{}, Log: log, URLs: urls, TrustedProxies: s.TrustedProxies,
		Region: s.Region, APIHost: s.APIHost, MailFrom: sender(s), MailBounce: s.MailBounce, SMTP: smtp, DKIM: keys,
	})
	return &Opened{App: a, MadeKey: made}, err
}

func hosts(s config.Settings) []string {
	var others []string
	for _, h := range []string{s.APIHost, s.ConsoleHost} {
		if h != "" {
			others = append(others, h)
		}
	}
	return others
}

// relay reads the mail server. Without one, mail waits in the outbox: the
// address below refuses every connection.
func relay(s config.Settings) (smtpclient.Settings, error) {
	if s.SMTP.Empty() {
		return smtpclient.ParseURL("smtp://127.0.0.1:1")
	}
	return smtpclient.ParseURL(s.SMTP.Reveal())
}

// sender is the address that mails come from. Without one the server is on
// trial and has no mail server either: what waits is never sent from here
// (RFC 2606 §2 reserves .invalid).
func sender(s config.Settings) aikagi.Email {
	if s.MailFrom == "" {
		return "noreply@aikagi.invalid"
	}
	return s.MailFrom
}

func signing(s config.Settings) ([]dkim.Key, error) {
	if s.DKIMKey == "" {
		return nil, nil
	}
	text, err := os.ReadFile(s.DKIMKey)
	if err != nil {
		return nil, &aikagi.Error{Code: aikagi.Invalid, Subject: "dkim_key", Reason: "unreadable", Err: err}
	}
	key, err := dkim.ParseKey(text, s.MailFrom.Domain(), s.DKIMSelector)
	return []dkim.Key{key}, err
}

// ServeOptions are what serve needs besides settings.
type ServeOptions struct {
	Settings config.Settings
	Log      *slog.Logger
	// Ready is told once, when everything answers.
	Ready func(Served)
}

// Served is what a person wants to know when the server is up.
type Served struct {
	Origin  string
	SetUp   aikagi.Secret // address of the set-up link; empty once the account is claimed
	KeyFile string        // of a key that was made just now; empty otherwise
}

// Serve runs the product until ctx ends.
func Serve(ctx context.Context, o ServeOptions) error {
	s := o.Settings
	if err := checkClock(clock.System{}.Now()); err != nil {
		return err
	}
	unlock, err := lock(s)
	if err != nil {
		return err
	}
	defer unlock()
	var listen net.ListenConfig
	pages, err := listen.Listen(ctx, "tcp", s.Listen)
	if err != nil {
		return aikagi.E(aikagi.Unavailable, "listen", err)
	}
	admin, err := listen.Listen(ctx, "tcp", s.OpsListen)
	if err != nil {
		return aikagi.E(aikagi.Unavailable, "ops_listen", err)
	}
	opened, err := Open(ctx, s, s.Origin(pages.Addr().String()), o.Log)
	if err != nil {
		return err
	}
	defer func() { _ = opened.Store.Close() }() // every answer was flushed
	if err := opened.announce(ctx, o); err != nil {
		return err
	}
	return opened.Run(ctx,
		Server{Listener: pages, Handler: httpsOnly(opened.Handler, s), TLSCert: s.TLSCert, TLSKey: s.TLSKey},
		Server{Listener: admin, Handler: ops.Handler(opened.Store.Ping, opened.gauges()...)},
	)
}

func (o *Opened) announce(ctx context.Context, s ServeOptions) error {
	link, err := o.Accounts.Bootstrap(aikagi.WithActor(ctx, aikagi.Actor{Kind: aikagi.ActorSystem, Name: "serve", Source: "cli"}))
	if err != nil {
		return err
	}
	served := Served{Origin: o.URLs.Base()}
	if !link.Token.Empty() {
		served.SetUp = aikagi.NewSecret(o.URLs.Base() + "/account/setup/" + link.Token.Reveal())
	}
	if o.MadeKey {
		served.KeyFile = s.Settings.KeyFile
	}
	if s.Ready != nil {
		s.Ready(served)
	}
	return nil
}

// lock keeps a second server from the same SQLite file (L09); commands do not
// need it, and PostgreSQL is made for several nodes.
func lock(s config.Settings) (unlock func(), err error) {
	path, found := strings.CutPrefix(s.Database.Reveal(), "sqlite:")
	if !found {
		return func() {}, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, aikagi.E(aikagi.Unavailable, "data_directory", err)
	}
	return lockFile(path + ".lock")
}
