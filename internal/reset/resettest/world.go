package resettest

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/captcha"
	"github.com/aikagi/aikagi/internal/captcha/captchatest"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/login"
	"github.com/aikagi/aikagi/internal/mail"
	"github.com/aikagi/aikagi/internal/mail/smtpclient"
	"github.com/aikagi/aikagi/internal/mailbox"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/session"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
	"github.com/aikagi/aikagi/internal/throttle"
)

// Base is the base URL of all links unless a test says otherwise.
const Base = "https://id.example.jp"

// Password is what User gives everybody.
const Password = "mikan no tsukimi 77"

// Start is where the clock stands at first.
var Start = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// World is an instance with everything that leads into it.
type World struct {
	Store    *store.Store
	Clock    *clock.Set
	Ring     *secret.Ring
	Mailbox  *mailbox.Mailbox
	Log      *Log
	Instance aikagi.Instance

	Challenges *captcha.Challenges
	Throttle   *throttle.Throttle
	Hashes     *password.Gate
	Sessions   *session.Sessions
	Watch      *login.Watch
	Logins     *login.Logins
	Post       *outbox.Post
	Resets     *reset.Resets
	Sender     *outbox.Sender

	base string
}

// New puts a world on a store; edits change its instance.
func New(t testing.TB, s *store.Store, edits ...func(*aikagi.Instance)) *World {
	t.Helper()
	w := &World{
		Store: s, Clock: clock.NewSet(Start), Ring: secret.NewRing([secret.KeyBytes]byte{1, 2, 3}),
		Hashes: password.NewGate(2, 100), Log: &Log{}, base: Base,
	}
	w.Instance = storetest.Instance(t, s, "sakura", edits...)
	var err error
	w.Mailbox, err = mailbox.Listen(t.Context(), "127.0.0.1:0", w.Clock)
	must(t, err)
	t.Cleanup(func() { _ = w.Mailbox.Close() })
	w.Challenges, err = captcha.New(w.Ring, w.Clock, captcha.Options{Bits: 4})
	must(t, err)
	composer, err := mail.NewComposer()
	must(t, err)
	w.Throttle = &throttle.Throttle{Ring: w.Ring}
	w.Sessions = &session.Sessions{Store: s, Clock: w.Clock}
	w.Post = &outbox.Post{
		Composer: composer, Ring: w.Ring, From: "noreply@id.example.jp", Wake: func() {},
		ResetURL: func(alias string, token aikagi.Secret) aikagi.Secret {
			return aikagi.NewSecret(w.base + "/i/" + alias + "/reset/" + token.Reveal())
		},
	}
	w.Watch = &login.Watch{Store: s, Clock: w.Clock, Throttle: w.Throttle, Post: w.Post, Wake: func() {}}
	w.Logins = &login.Logins{
		Store: s, Clock: w.Clock, Hashes: w.Hashes, Sessions: w.Sessions, Throttle: w.Throttle, Watch: w.Watch,
	}
	w.Resets = &reset.Resets{
		Store: s, Clock: w.Clock, Ring: w.Ring, Challenges: w.Challenges, Throttle: w.Throttle,
		Post: w.Post, Hashes: w.Hashes, Wake: func() {},
		Alarm: func(i aikagi.InstanceID, source string) { w.Watch.Report(i, login.ManyAsking, source) },
	}
	w.Sender = w.NewSender(t)
	return w
}

// NewSender makes another worker for the outbox, as a second node has one.
func (w *World) NewSender(t testing.TB) *outbox.Sender {
	t.Helper()
	settings, err := smtpclient.ParseURL("smtp://" + w.Mailbox.Addr())
	must(t, err)
	settings.Timeouts = smtpclient.Timeouts{
		Dial: time.Second, Greeting: time.Second, Command: time.Second, Body: time.Second, Final: time.Second,
	}
	s := &outbox.Sender{
		Store: w.Store, Post: w.Post, Clock: w.Clock, Settings: settings,
		Log: slog.New(slog.NewJSONHandler(w.Log, &slog.HandlerOptions{Level: slog.LevelDebug})), Connections: outbox.NewConnections(1),
	}
	t.Cleanup(s.Close)
	return s
}

// Links makes links begin with base.
func (w *World) Links(base string) { w.base = base }

// theHash is that of Password, made once: it costs what a hash costs.
var theHash = sync.OnceValues(func() (string, error) {
	return password.NewGate(1, 1).Hash(context.Background(), aikagi.NewSecret(Password))
})

// User makes somebody with the usual password.
func (w *World) User(t testing.TB, name string, edits ...func(*aikagi.User)) aikagi.User {
	t.Helper()
	hash, err := theHash()
	must(t, err)
	hashed := func(u *aikagi.User) { u.PasswordHash = hash }
	return storetest.User(t, w.Store, w.Instance, name, append([]func(*aikagi.User){hashed}, edits...)...)
}

// Holder makes somebody with a profile of these permissions.
func (w *World) Holder(t testing.TB, name string, held ...aikagi.Permission) aikagi.User {
	t.Helper()
	p := storetest.Profile(t, w.Store, w.Instance, name, held...)
	return w.User(t, name, func(u *aikagi.User) { u.SecurityProfileIDs = []aikagi.SecurityProfileID{p.ID} })
}

// From is the context of a request from an address, of nobody in particular.
func From(t testing.TB, address string) context.Context {
	return aikagi.WithActor(t.Context(), aikagi.Actor{
		Kind: aikagi.ActorAnonymous, Source: "page", Address: address, Locale: aikagi.Japanese,
	})
}

// As is the context of a user's request.
func As(t testing.TB, u aikagi.User) context.Context {
	return aikagi.WithActor(t.Context(), aikagi.Actor{
		Kind: aikagi.ActorUser, Name: string(u.Username), InstanceID: u.InstanceID, UserID: u.ID,
		Source: "page", Address: "192.0.2.9",
	})
}

// Challenge makes a challenge with its right answer.
func (w *World) Challenge(t testing.TB) (token string, right captcha.Answer) {
	t.Helper()
	token = w.Challenges.Issue(captcha.Forgot, w.Instance.ID, captcha.Ways{Image: true, Sound: true})
	image, _ := captchatest.Answers(t, w.Ring, token)
	return token, captcha.Answer{Typed: aikagi.NewSecret(image)}
}

// Ask asks for a reset with a right answer, as somebody at an address.
func (w *World) Ask(t testing.TB, address, name string) (reset.Ticket, error) {
	t.Helper()
	token, answer := w.Challenge(t)
	return w.Resets.Ask(From(t, address), w.Instance, reset.Ask{Username: name, Challenge: token, Answer: answer})
}

// Asks is Ask for somebody who is let.
func (w *World) Asks(t testing.TB, name string) reset.Ticket {
	t.Helper()
	ticket, err := w.Ask(t, "192.0.2.1", name)
	must(t, err)
	return ticket
}

// Work answers and sends whatever is due.
func (w *World) Work(t testing.TB) {
	t.Helper()
	w.Answers(t)
	w.Sends(t)
}

// Answers answers whatever is due.
func (w *World) Answers(t testing.TB) { t.Helper(); untilIdle(t, w.Resets.Answer) }

// Sends sends whatever is due.
func (w *World) Sends(t testing.TB) { t.Helper(); untilIdle(t, w.Sender.Work) }

func untilIdle(t testing.TB, work func(context.Context) (bool, error)) {
	t.Helper()
	for {
		found, err := work(System(t))
		must(t, err)
		if !found {
			return
		}
	}
}

// System is the context of a job.
func System(t testing.TB) context.Context {
	return aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorSystem, Name: "system", Source: "job"})
}

var (
	link = regexp.MustCompile(`https?://[^\s<>"]+/reset/([A-Za-z0-9_-]+)`)
	code = regexp.MustCompile(`\b[2-9A-HJKMNP-TW-Z]{4}-[2-9A-HJKMNP-TW-Z]{4}\b`)
)

// Received returns the newest mail to an address.
func (w *World) Received(t testing.TB, to aikagi.Email) mailbox.Message {
	t.Helper()
	all := w.Mailbox.Messages(string(to))
	if len(all) == 0 {
		t.Fatalf("no mail came for %s", to)
	}
	return all[0]
}

// Token returns the secret in the link of the newest mail to an address.
func (w *World) Token(t testing.TB, to aikagi.Email) aikagi.Secret {
	t.Helper()
	return TokenIn(t, w.Received(t, to).Text)
}

// TokenIn returns the secret in the link of a text.
func TokenIn(t testing.TB, text string) aikagi.Secret {
	t.Helper()
	found := link.FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no link in:\n%s", text)
	}
	return aikagi.NewSecret(found[1])
}

// LinkIn returns the link in a text.
func LinkIn(t testing.TB, text string) string {
	t.Helper()
	found := link.FindString(text)
	if found == "" {
		t.Fatalf("no link in:\n%s", text)
	}
	return found
}

// Code returns the code in the newest mail to an address.
func (w *World) Code(t testing.TB, to aikagi.Email) string {
	t.Helper()
	found := code.FindString(w.Received(t, to).Text)
	if found == "" {
		t.Fatalf("no code in:\n%s", w.Received(t, to).Text)
	}
	return found
}

// Confirm sets a new password with a secret, as a browser does: it looks first.
func (w *World) Confirm(t testing.TB, proof reset.Proof, chosen string) (reset.Confirmed, error) {
	t.Helper()
	looked, err := w.Resets.Look(From(t, "192.0.2.1"), w.Instance, proof)
	if err != nil {
		return reset.Confirmed{}, err
	}
	return w.Resets.Confirm(From(t, "192.0.2.1"), w.Instance, proof, looked.Token.ID, aikagi.NewSecret(chosen))
}

// LogIn tries a password from an address and an unknown device.
func (w *World) LogIn(t testing.TB, address, name, password string) (login.Opened, error) {
	t.Helper()
	return w.Logins.Attempt(From(t, address), w.Instance, login.Attempt{Username: name, Password: aikagi.NewSecret(password)})
}

// Events returns the record of the instance, newest first.
func (w *World) Events(t testing.TB) []aikagi.AuditEvent {
	t.Helper()
	var all []aikagi.AuditEvent
	storetest.View(t, w.Store, func(tx *store.Tx) (err error) {
		all, err = tx.ListAuditEvents(t.Context(), w.Instance.ID, "~", 1000)
		return err
	})
	return all
}

// Actions returns what the record says was done, oldest first.
func (w *World) Actions(t testing.TB) string {
	t.Helper()
	var actions []string
	for _, e := range w.Events(t) {
		actions = append([]string{e.Action}, actions...)
	}
	return strings.Join(actions, " ")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Log keeps what is logged.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write adds a line.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String returns everything so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
