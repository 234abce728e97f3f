package account_test

import (
	"context"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
	"github.com/aikagi/aikagi/internal/throttle"
)

const (
	rootPassword = "midori no densha 47"
	administrate = aikagi.PolicyID("arn:aws:iam::aws:policy/AdministratorAccess")
	readOnly     = aikagi.PolicyID("arn:aws:iam::aws:policy/AmazonConnectReadOnlyAccess")
	fullAccess   = aikagi.PolicyID("arn:aws:iam::aws:policy/AmazonConnect_FullAccess")
)

// world is a server after its set-up: "root" administers the account.
type world struct {
	*account.Accounts
	t     *testing.T
	clock *clock.Set
	url   string
	root  aikagi.Principal
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t, "sqlite:"+t.TempDir()+"/a.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t, storetest.PostgresTemplate(t, "empty", func(url string) error {
			s, err := store.Open(context.Background(), url)
			if err != nil {
				return err
			}
			return s.Close()
		})))
	})
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	set := clock.NewSet(time.Date(2026, 11, 22, 0, 2, 0, 0, time.UTC))
	ring := secret.NewRing([secret.KeyBytes]byte{1})
	return &world{t: t, clock: set, url: url, Accounts: &account.Accounts{
		Store: s, Clock: set, Ring: ring, Hashes: password.NewGate(2, 64),
		Throttle: &throttle.Throttle{Ring: ring}, Region: "ap-northeast-1",
	}}
}

// claimed sets the server up.
func (w *world) claimed() *world {
	w.t.Helper()
	link, err := w.Bootstrap(w.system())
	if err != nil {
		w.t.Fatal(err)
	}
	opened, err := w.Claim(w.nobody(), link.Token, account.Claim{
		Name: "root", Contact: "owner@example.jp", Password: aikagi.NewSecret(rootPassword),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.root = opened.Principal
	w.clock.Move(time.Hour) // no proof is fresh any more
	return w
}

func (w *world) system() context.Context {
	return aikagi.WithActor(w.t.Context(), aikagi.Actor{Kind: aikagi.ActorSystem})
}

func (w *world) host() context.Context {
	return aikagi.WithActor(w.t.Context(), aikagi.Actor{Kind: aikagi.ActorHost, Name: "root@host"})
}

func (w *world) nobody() context.Context {
	return aikagi.WithActor(w.t.Context(), aikagi.Actor{Kind: aikagi.ActorAnonymous, Source: "page", Address: "192.0.2.1"})
}

func (w *world) as(p aikagi.Principal) context.Context {
	return aikagi.WithActor(w.t.Context(), aikagi.Actor{
		Kind: aikagi.ActorPrincipal, PrincipalID: p.ID, Name: p.Name, Source: "page", Address: "192.0.2.1",
	})
}

func (w *world) asSession(o account.Opened) context.Context {
	actor := aikagi.ActorFrom(w.as(o.Principal))
	actor.SessionID = aikagi.SessionID(o.Session.ID)
	return aikagi.WithActor(w.t.Context(), actor)
}

// principal makes one with a password and policies.
func (w *world) principal(name string, policies ...aikagi.PolicyID) aikagi.Principal {
	w.t.Helper()
	p, link, err := w.CreatePrincipal(w.as(w.root), name)
	w.must(err)
	_, err = w.Claim(w.nobody(), link.Token, account.Claim{Password: aikagi.NewSecret(rootPassword)})
	w.must(err)
	for _, id := range policies {
		w.must(w.AttachPolicy(w.as(w.root), p.ID, id))
	}
	return p
}

// policy makes one from the statements of a document.
func (w *world) policy(name, statements string) aikagi.PolicyID {
	w.t.Helper()
	p, err := w.CreatePolicy(w.as(w.root), name, `{"Version":"2012-10-17","Statement":[`+statements+`]}`)
	w.must(err)
	return p.ID
}

func (w *world) signIn(name, password, code string) (account.Opened, error) {
	return w.SignIn(w.nobody(), account.Credentials{Name: name, Password: aikagi.NewSecret(password), Code: code})
}

// enrol gives a signed-in principal a second factor and returns its secret.
func (w *world) enrol(o account.Opened) string {
	w.t.Helper()
	ctx := w.asSession(o)
	e, err := w.OfferTOTP(ctx)
	w.must(err)
	w.must(w.ConfirmTOTP(ctx, e.Sealed, w.code(e.Secret.Reveal()), aikagi.Secret{}))
	return e.Secret.Reveal()
}

func (w *world) code(base32 string) string {
	w.t.Helper()
	code, err := totp.GenerateCode(base32, w.clock.Now())
	w.must(err)
	return code
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wants(err error, code aikagi.Code, reason string) {
	w.t.Helper()
	if err == nil || aikagi.CodeOf(err) != code || aikagi.ReasonOf(err) != reason {
		w.t.Errorf("got error %v, want %s (%s)", err, code, reason)
	}
}

// record returns the actions of the account's record, oldest first.
func (w *world) record() []aikagi.AuditEvent {
	w.t.Helper()
	events, err := w.Record(w.host(), "~", 1000)
	w.must(err)
	return events
}
