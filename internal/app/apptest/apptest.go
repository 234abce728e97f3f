package apptest

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/mail/dkim"
	"github.com/aikagi/aikagi/internal/mail/smtpclient"
	"github.com/aikagi/aikagi/internal/mailbox"
	"github.com/aikagi/aikagi/internal/sample"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/devmail"
)

// Options say what is not as usual. The zero value is the usual.
type Options struct {
	Database string        // as AIKAGI_DATABASE; usually SQLite in a directory of the test's
	TLS      bool          // pages by https, with a certificate that nobody signed
	Locale   aikagi.Locale // of the instance; usually Japanese
	Now      time.Time     // where the clock stands; usually the machine's time
	Log      *slog.Logger  // usually the test's own output, warnings and worse
	// Settings changes the instance's settings before anybody comes.
	Settings func(*aikagi.InstanceSettings)
}

// Site is the running product.
type Site struct {
	*app.App
	Centre  sample.Centre
	Mailbox *mailbox.Mailbox
	Clock   *clock.Set
	Key     dkim.Key // that signs the mail
	t       testing.TB
}

// Start starts the product; it stops when the test ends.
func Start(t testing.TB, o Options) *Site {
	t.Helper()
	if o.Now.IsZero() {
		o.Now = clock.System{}.Now()
	}
	s := &Site{Clock: clock.NewSet(o.Now), Key: signingKey(t), t: t}
	data, err := store.Open(t.Context(), database(t, o))
	s.must("open the database", err)
	t.Cleanup(func() { _ = data.Close() })
	s.Mailbox, err = mailbox.Listen(t.Context(), "127.0.0.1:0", s.Clock)
	s.must("open the mailbox", err)
	t.Cleanup(func() { _ = s.Mailbox.Close() })
	listener := listen(t)
	s.build(o, data, listener)
	s.fill(o)
	s.serve(o, listener)
	return s
}

// URL is the address of a page of the sample instance.
func (s *Site) URL(path string) string { return s.URLs.Instance(sample.Alias, path) }

// Login returns a person of the sample by role: administrator, editor, viewer,
// agent, agent-without-email.
func (s *Site) Login(role string) sample.Login {
	s.t.Helper()
	for _, l := range s.Centre.Logins {
		if l.Role == role {
			return l
		}
	}
	s.t.Fatalf("the sample has no %s", role)
	return sample.Login{}
}

// User reads a person of the sample as stored now, profiles included.
func (s *Site) User(role string) aikagi.User {
	s.t.Helper()
	var u aikagi.User
	err := s.Store.View(s.t.Context(), func(tx *store.Tx) (err error) {
		u, err = tx.FindUserByName(s.t.Context(), s.Centre.Instance.ID, aikagi.Username(s.Login(role).Username))
		if err != nil {
			return err
		}
		profiles, err := tx.ListProfilesOfUser(s.t.Context(), u.InstanceID, u.ID)
		u.SecurityProfileIDs = nil
		for _, p := range profiles {
			u.SecurityProfileIDs = append(u.SecurityProfileIDs, p.ID)
		}
		return err
	})
	s.must("find "+role, err)
	return u
}

// As returns a context in which a person of the sample acts, as behind the door.
func (s *Site) As(ctx context.Context, role string) context.Context {
	s.t.Helper()
	u := s.User(role)
	return aikagi.WithActor(ctx, aikagi.Actor{
		Kind: aikagi.ActorUser, InstanceID: u.InstanceID, UserID: u.ID, Name: string(u.Username), Source: "page",
	})
}

func database(t testing.TB, o Options) string {
	if o.Database != "" {
		return o.Database
	}
	return "sqlite:" + filepath.Join(t.TempDir(), "aikagi.db")
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	return l
}

func (s *Site) build(o Options, data *store.Store, l net.Listener) {
	s.t.Helper()
	scheme := "http://"
	if o.TLS {
		scheme = "https://"
	}
	urls, err := web.ParseURLs(scheme+l.Addr().String(), "")
	s.must("make addresses", err)
	smtp, err := smtpclient.ParseURL("smtp://" + s.Mailbox.Addr())
	s.must("find the mailbox", err)
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(s.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	s.App, err = app.Build(app.Options{
		Store: data, Ring: secret.NewRing([secret.KeyBytes]byte{1}), Clock: s.Clock, Log: o.Log,
		URLs: urls, Region: "ap-northeast-1", MailFrom: from, SMTP: smtp, DKIM: []dkim.Key{s.Key},
		Extra: func(mux *http.ServeMux, engine *web.Engine) error {
			pages, err := devmail.New(engine, s.Mailbox)
			if err == nil {
				pages.Routes(mux)
			}
			return err
		},
	})
	s.must("put the product together", err)
}

func (s *Site) fill(o Options) {
	s.t.Helper()
	filler := sample.Filler{
		Store: s.Store, Clock: s.Clock, Hashes: s.Hashes, Throttle: s.Logins.Throttle,
		Instances: s.Instances, Directory: s.Directory, Accounts: s.Accounts,
	}
	centre, err := filler.Fill(s.t.Context())
	s.must("fill in the sample", err)
	s.Centre = centre
	s.must("choose settings", s.Store.Update(s.t.Context(), func(tx *store.Tx) error {
		i, err := tx.FindInstance(s.t.Context(), centre.Instance.ID)
		if err != nil {
			return err
		}
		if o.Locale != "" {
			i.Settings.Locale = o.Locale
		}
		if o.Settings != nil {
			o.Settings(&i.Settings)
		}
		return tx.UpdateInstanceSettings(s.t.Context(), i)
	}))
}

// serve runs the product until the test is over, and longer than whoever uses
// it: cleanups run in reverse order.
func (s *Site) serve(o Options, l net.Listener) {
	s.t.Helper()
	server := app.Server{Listener: l, Handler: s.Handler}
	if o.TLS {
		server.TLSCert, server.TLSKey = certificate(s.t)
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(ctx, server) }()
	s.t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			s.t.Errorf("run the product: %v", err)
		}
	})
}

func (s *Site) must(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

// Besiege lets strangers everywhere guess at a user name until it takes only
// other ways in (S14).
func (s *Site) Besiege(username string) {
	s.t.Helper()
	ctx := s.t.Context()
	err := s.Store.Update(ctx, func(tx *store.Tx) error {
		for n := range 100 {
			_, err := s.Logins.Throttle.Count(ctx, tx, s.Clock.Now(), throttle.Try{
				Instance: s.Centre.Instance.ID, Username: username, Source: fmt.Sprintf("192.0.2.%d", n),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	s.must("besiege "+username, err)
}
