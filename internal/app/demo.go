package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/mail/smtpclient"
	"github.com/aikagi/aikagi/internal/mailbox"
	"github.com/aikagi/aikagi/internal/ops"
	"github.com/aikagi/aikagi/internal/sample"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/devmail"
)

// DemoOptions say where a demo lives.
type DemoOptions struct {
	Listen    string // loopback only
	OpsListen string
	Data      string // directory; empty for one that is removed afterwards
	Database  string // empty for SQLite in Data
	TLSCert   string // files; empty serves plain http
	TLSKey    string
	Region    string
	Clock     clock.Clock
	Log       *slog.Logger
	Ready     func(Demo) // told once, when everything answers
}

// Demo is what demo --json prints: a contract with scripts.
type Demo struct {
	BaseURL    string         `json:"base_url"`
	ConsoleURL string         `json:"console_url"`
	Console    DemoConsole    `json:"console"`
	MailURL    string         `json:"mail_url"`
	OpsURL     string         `json:"ops_url"`
	Instance   DemoInstance   `json:"instance"`
	API        DemoAPI        `json:"api"`
	Logins     []sample.Login `json:"logins"`
}

// DemoConsole is the owner of the sample account.
type DemoConsole struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// DemoInstance is the sample instance.
type DemoInstance struct {
	Alias     string `json:"alias"`
	ID        string `json:"id"`
	ARN       string `json:"arn"`
	LoginURL  string `json:"login_url"`
	ForgotURL string `json:"forgot_url"`
	AdminURL  string `json:"admin_url"`
}

// DemoAPI is what a client of the wire API needs.
type DemoAPI struct {
	Endpoint  string `json:"endpoint"`
	Region    string `json:"region"`
	AccountID string `json:"account_id"`
	KeyID     string `json:"access_key_id"`
	Secret    string `json:"secret_access_key"`
}

// demoMark is the setting that says that a database belongs to a demo; it holds
// the sealed answers of the first start, so that a second one prints the same.
const (
	demoMark    = "demo"
	demoPurpose = "demo"
	demoFrom    = aikagi.Email("noreply@" + sample.Alias + ".example")
)

// RunDemo runs a sample call centre on loopback until ctx ends.
func RunDemo(ctx context.Context, o DemoOptions) error {
	if o.Data == "" {
		dir, err := os.MkdirTemp("", "aikagi-demo-")
		if err != nil {
			return aikagi.E(aikagi.Unavailable, "data_directory", err)
		}
		defer func() { _ = os.RemoveAll(dir) }() // the system clears its temporary files too
		o.Data = dir
	}
	d := &demo{DemoOptions: o}
	if err := d.open(ctx); err != nil {
		return err
	}
	defer d.close()
	centre, err := d.centre(ctx)
	if err != nil {
		return err
	}
	if o.Ready != nil {
		o.Ready(d.describe(centre))
	}
	return d.app.Run(ctx,
		Server{Listener: d.pages, Handler: d.app.Handler, TLSCert: o.TLSCert, TLSKey: o.TLSKey},
		Server{Listener: d.ops, Handler: ops.Handler(d.store.Ping, d.app.gauges()...)},
	)
}

// demo is a running sample.
type demo struct {
	DemoOptions
	store      *store.Store
	ring       *secret.Ring
	box        *mailbox.Mailbox
	pages, ops net.Listener
	urls       *web.URLs
	app        *App
}

func (d *demo) open(ctx context.Context) error {
	var err error
	if d.pages, err = loopback(ctx, d.Listen); err != nil {
		return err
	}
	if d.ops, err = loopback(ctx, d.OpsListen); err != nil {
		return err
	}
	database := d.Database
	if database == "" {
		database = "sqlite:" + filepath.Join(d.Data, "aikagi.db")
	}
	if d.store, err = store.Open(ctx, database); err != nil {
		return err
	}
	if d.ring, _, err = Keys(ctx, d.store, database, filepath.Join(d.Data, "key"), d.Clock); err != nil {
		return err
	}
	if d.box, err = mailbox.Listen(ctx, "127.0.0.1:0", d.Clock); err != nil {
		return err
	}
	scheme := "http://"
	if d.TLSCert != "" {
		scheme = "https://"
	}
	if d.urls, err = web.ParseURLs(scheme+d.pages.Addr().String(), ""); err != nil {
		return err
	}
	smtp, err := smtpclient.ParseURL("smtp://" + d.box.Addr())
	if err != nil {
		return err
	}
	key, err := demoKey(d.Data, demoFrom)
	if err != nil {
		return err
	}
	d.app, err = Build(Options{
		Store: d.store, Ring: d.ring, Clock: d.Clock, Log: d.Log, URLs: d.urls,
		Region: d.Region, MailFrom: demoFrom, SMTP: smtp, DKIM: key, Extra: d.extra,
	})
	return err
}

// loopback listens where nobody outside can come.
func loopback(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, aikagi.E(aikagi.Invalid, "listen", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, aikagi.Because(aikagi.Invalid, "listen", "demo_loopback")
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, aikagi.E(aikagi.Unavailable, "listen", err)
	}
	return l, nil
}

func (d *demo) extra(mux *http.ServeMux, engine *web.Engine) error {
	pages, err := devmail.New(engine, d.box)
	if err != nil {
		return err
	}
	pages.Routes(mux)
	return nil
}

func (d *demo) close() {
	_ = d.box.Close()   // the process ends
	_ = d.store.Close() // likewise; every answer was flushed
}

// centre fills an empty database, or reads what an earlier start filled in. It
// refuses data that is not a demo's.
func (d *demo) centre(ctx context.Context) (sampled, error) {
	var sealed string
	var foreign []aikagi.Instance
	err := d.store.View(ctx, func(tx *store.Tx) (err error) {
		if sealed, err = tx.FindSetting(ctx, demoMark); aikagi.CodeOf(err) != aikagi.NotFound {
			return err
		}
		foreign, err = tx.ListInstances(ctx, "", 1)
		return err
	})
	if err != nil {
		return sampled{}, err
	}
	if sealed != "" {
		return d.reopen(sealed)
	}
	if len(foreign) > 0 {
		return sampled{}, aikagi.Because(aikagi.Conflict, "data_directory", "not_a_demo")
	}
	return d.fill(ctx)
}

// sampled is a Centre as it is kept: with the secret of its key.
type sampled struct {
	sample.Centre
	KeySecret string
}

func (d *demo) fill(ctx context.Context) (sampled, error) {
	filler := sample.Filler{
		Store: d.store, Clock: d.Clock, Hashes: d.app.Hashes, Throttle: d.app.Logins.Throttle,
		Instances: d.app.Instances, Directory: d.app.Directory, Accounts: d.app.Accounts,
	}
	centre, err := filler.Fill(ctx)
	if err != nil {
		return sampled{}, err
	}
	s := sampled{Centre: centre, KeySecret: centre.Secret.Reveal()}
	plain, err := json.Marshal(s)
	if err != nil {
		return s, fmt.Errorf("keep sample: %w", err)
	}
	sealed := fmt.Sprintf("%x", d.ring.Seal(demoPurpose, nil, plain))
	return s, d.store.Update(ctx, func(tx *store.Tx) error { return tx.PutSetting(ctx, demoMark, sealed) })
}

func (d *demo) reopen(sealed string) (sampled, error) {
	var s sampled
	var raw []byte
	if _, err := fmt.Sscanf(sealed, "%x", &raw); err != nil {
		return s, fmt.Errorf("read sample: %w", err)
	}
	plain, err := d.ring.Open(demoPurpose, nil, raw)
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(plain, &s)
}

func (d *demo) describe(c sampled) Demo {
	base := d.urls.Base()
	scope := aikagi.Scope{Region: d.Region, Account: c.Account.ID, Instance: c.Instance.ID}
	return Demo{
		BaseURL: base, ConsoleURL: base + "/account", MailURL: base + devmail.Path,
		OpsURL:  "http://" + d.ops.Addr().String(),
		Console: DemoConsole{Username: c.Owner.Username, Password: c.Owner.Password},
		Instance: DemoInstance{
			Alias: c.Instance.Alias, ID: string(c.Instance.ID), ARN: string(scope.InstanceARN()),
			LoginURL:  d.urls.Instance(c.Instance.Alias, "/login"),
			ForgotURL: d.urls.Instance(c.Instance.Alias, "/forgot"),
			AdminURL:  d.urls.Instance(c.Instance.Alias, "/admin/users"),
		},
		API: DemoAPI{
			Endpoint: base, Region: d.Region, AccountID: string(c.Account.ID),
			KeyID: string(c.Key.ID), Secret: c.KeySecret,
		},
		Logins: c.Logins,
	}
}
