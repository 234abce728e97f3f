package outbox_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/mail/smtpclient"
	"github.com/aikagi/aikagi/internal/mailbox"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func each(t *testing.T, run func(t *testing.T, w *resettest.World)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store) { run(t, resettest.New(t, s)) })
}

func onSQLite(t *testing.T) *resettest.World {
	t.Helper()
	return resettest.New(t, storetest.Open(t, store.SQLite))
}

// stored reads the newest message of the instance with its attempts.
func stored(t *testing.T, w *resettest.World) (aikagi.Message, []aikagi.Attempt) {
	t.Helper()
	var m aikagi.Message
	var attempts []aikagi.Attempt
	storetest.View(t, w.Store, func(tx *store.Tx) error {
		all, err := tx.ListMessages(t.Context(), w.Instance.ID, "~", 1)
		if err != nil || len(all) == 0 {
			t.Fatalf("no message: %v", err)
		}
		m = all[0]
		attempts, err = tx.ListAttempts(t.Context(), m.ID)
		return err
	})
	return m, attempts
}

func outcomes(attempts []aikagi.Attempt) string {
	all := make([]string, len(attempts))
	for n, a := range attempts {
		all[n] = a.Outcome
	}
	return strings.Join(all, " ")
}

func request(t *testing.T, w *resettest.World, id aikagi.ResetRequestID) aikagi.ResetRequest {
	t.Helper()
	var q aikagi.ResetRequest
	storetest.View(t, w.Store, func(tx *store.Tx) (err error) {
		q, err = tx.FindRequest(t.Context(), w.Instance.ID, id)
		return err
	})
	return q
}

// asked lets somebody ask, and the answer wait in the outbox.
func asked(t *testing.T, w *resettest.World, email aikagi.Email) reset.Ticket {
	t.Helper()
	w.User(t, "sato", func(u *aikagi.User) { u.Email = email })
	ticket := w.Asks(t, "sato")
	w.Answers(t)
	return ticket
}

func TestR3ContentIsSealedAndWiped(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		asked(t, w, "sato@example.jp")
		m, _ := stored(t, w)
		raw, err := w.Post.Open(m)
		must(t, err)
		if m.State != aikagi.MessageWaiting || strings.Contains(string(m.Sealed), m.HeaderID) || !strings.Contains(string(raw), m.HeaderID) {
			t.Errorf("waiting: state %s, %d sealed bytes", m.State, len(m.Sealed))
		}
		other := m
		other.ID = "another"
		if _, err := w.Post.Open(other); err == nil {
			t.Error("a message opens under another id")
		}
		w.Sends(t)
		m, attempts := stored(t, w)
		if m.State != aikagi.MessageSent || len(m.Sealed) != 0 || outcomes(attempts) != "sent" {
			t.Errorf("sent: %+v after %q", m, outcomes(attempts))
		}
	})
}

// TestK06TemporaryFailuresAreTriedAgain with growing pauses, and leave within a
// minute of the server's recovery (K01).
func TestK06TemporaryFailuresAreTriedAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		asked(t, w, "temperror-once@example.jp")
		w.Sends(t)
		m, attempts := stored(t, w)
		if m.State != aikagi.MessageWaiting || len(m.Sealed) == 0 || outcomes(attempts) != "retry" || !strings.Contains(m.LastReply, "451") {
			t.Fatalf("after 451: %s, %q, %q", m.State, outcomes(attempts), m.LastReply)
		}
		w.Clock.Move(2 * time.Second)
		w.Sends(t)
		if m, attempts = stored(t, w); m.State != aikagi.MessageSent || outcomes(attempts) != "retry sent" {
			t.Errorf("after the second try: %s, %q", m.State, outcomes(attempts))
		}
	})
}

func TestK01MailLeavesWithinAMinuteOfRecovery(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	asked(t, w, "sato@example.jp")
	w.Mailbox.Down()
	for end := w.Clock.Now().Add(10 * time.Minute); w.Clock.Now().Before(end); w.Clock.Move(time.Second) {
		w.Sends(t)
	}
	_, attempts := stored(t, w)
	if len(attempts) < 12 || len(attempts) > 30 {
		t.Errorf("%d tries in ten minutes, want some that do not hammer", len(attempts))
	}
	must(t, w.Mailbox.Up(t.Context()))
	for range 60 {
		w.Sends(t)
		w.Clock.Move(time.Second)
	}
	if got := w.Mailbox.Messages("sato@example.jp"); len(got) != 1 {
		t.Errorf("%d mails came within a minute, want 1", len(got))
	}
}

func TestK03ASilentServerIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	asked(t, w, "sato@example.jp")
	w.Mailbox.Pause()
	w.Sends(t) // waits for the greeting as long as it may
	if m, attempts := stored(t, w); m.State != aikagi.MessageWaiting || outcomes(attempts) != "retry" {
		t.Errorf("after silence: %s, %q", m.State, outcomes(attempts))
	}
	w.Mailbox.Resume()
	w.Clock.Move(time.Minute)
	w.Sends(t)
	if got := w.Mailbox.Messages("sato@example.jp"); len(got) != 1 {
		t.Errorf("%d mails came, want 1", len(got))
	}
}

// TestK06APermanentFailureGoesBackToTheAdministrators, and shows nothing to the
// asker.
func TestK06APermanentFailureGoesBackToTheAdministrators(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		ticket := asked(t, w, "permerror@example.jp")
		w.Sends(t)
		m, attempts := stored(t, w)
		if m.State != aikagi.MessageFailed || len(m.Sealed) != 0 || outcomes(attempts) != "failed" || !strings.Contains(m.LastReply, "550") {
			t.Errorf("after 550: %s, %d bytes, %q, %q", m.State, len(m.Sealed), outcomes(attempts), m.LastReply)
		}
		if q := request(t, w, ticket.Request); q.State != aikagi.RequestWaiting || q.Reason != aikagi.ReasonUndelivered {
			t.Errorf("the request is %s (%s), want waiting (undelivered)", q.State, q.Reason)
		}
		e := w.Events(t)[0]
		if e.Action != "message.fail" || e.TargetID != string(m.ID) || e.ActorKind != aikagi.ActorSystem || strings.Contains(e.TargetName, "permerror") {
			t.Errorf("the record says %+v", e)
		}
		w.Clock.Move(time.Hour)
		w.Sends(t)
		if _, attempts := stored(t, w); len(attempts) != 1 {
			t.Errorf("it was tried %d times", len(attempts))
		}
	})
}

// TestR3GivingUpGoesBackToTheAdministrators when retries would outlive the link.
func TestR3GivingUpGoesBackToTheAdministrators(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	ticket := asked(t, w, "temperror@example.jp")
	for range 31 * 60 {
		w.Sends(t)
		w.Clock.Move(time.Second)
	}
	m, _ := stored(t, w)
	if q := request(t, w, ticket.Request); m.State != aikagi.MessageFailed || q.Reason != aikagi.ReasonUndelivered {
		t.Errorf("after its time: message %s, request %s (%s)", m.State, q.State, q.Reason)
	}
	if len(w.Mailbox.Messages("")) != 0 {
		t.Error("a mail came all the same")
	}
}

// TestR3ConditionsAreLookedAtAgain just before sending (K14).
func TestR3ConditionsAreLookedAtAgain(t *testing.T) {
	t.Parallel()
	edit := func(ctx context.Context, tx *store.Tx, u aikagi.User, change func(*aikagi.User)) error {
		after := u
		change(&after)
		return tx.UpdateUser(ctx, u, after)
	}
	for name, end := range map[string]func(ctx context.Context, w *resettest.World, tx *store.Tx, u aikagi.User) error{
		"expired": func(_ context.Context, w *resettest.World, _ *store.Tx, _ aikagi.User) error {
			w.Clock.Move(30 * time.Minute)
			return nil
		},
		"newer secret": func(ctx context.Context, _ *resettest.World, tx *store.Tx, u aikagi.User) error {
			_, err := tx.MoveEpoch(ctx, u.InstanceID, u.ID)
			return err
		},
		"new password": func(ctx context.Context, w *resettest.World, tx *store.Tx, u aikagi.User) error {
			return tx.SetPassword(ctx, u.InstanceID, u.ID, "", false, w.Clock.Now())
		},
		"new address, same epoch": func(ctx context.Context, _ *resettest.World, tx *store.Tx, u aikagi.User) error {
			return edit(ctx, tx, u, func(u *aikagi.User) { u.Email = "new@example.jp" })
		},
		"disabled, same epoch": func(ctx context.Context, _ *resettest.World, tx *store.Tx, u aikagi.User) error {
			return edit(ctx, tx, u, func(u *aikagi.User) { u.Enabled = false })
		},
		"deleted": func(ctx context.Context, _ *resettest.World, tx *store.Tx, u aikagi.User) error {
			return tx.DeleteUser(ctx, u)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := onSQLite(t)
			asked(t, w, "sato@example.jp")
			storetest.Update(t, w.Store, func(tx *store.Tx) error {
				u, err := tx.FindUserByName(t.Context(), w.Instance.ID, "sato")
				if err != nil {
					return err
				}
				if u, err = tx.FindUser(t.Context(), u.InstanceID, u.ID); err != nil {
					return err
				}
				return end(t.Context(), w, tx, u)
			})
			w.Sends(t)
			m, attempts := stored(t, w)
			if m.State != aikagi.MessageDropped || len(m.Sealed) != 0 || outcomes(attempts) != "dropped" || len(w.Mailbox.Messages("")) != 0 {
				t.Errorf("%s after %q, %d mails", m.State, outcomes(attempts), len(w.Mailbox.Messages("")))
			}
		})
	}
}

// TestR3AnotherWorkerTakesOver from one that stalls, which then records nothing.
func TestR3AnotherWorkerTakesOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		asked(t, w, "sato@example.jp")
		second := w.NewSender(t)
		var stalled aikagi.Message
		must(t, w.Store.Claim(t.Context(), func(tx *store.Tx) (err error) { // a worker claims, and is heard of no more
			stalled, err = tx.ClaimMessage(t.Context(), w.Clock.Now(), w.Clock.Now().Add(time.Minute))
			return err
		}))
		w.Clock.Move(59 * time.Second)
		if found, err := second.Work(resettest.System(t)); found || err != nil {
			t.Fatalf("the other worked within the lease: %v, %v", found, err)
		}
		w.Clock.Move(time.Second)
		if found, err := second.Work(resettest.System(t)); !found || err != nil {
			t.Fatalf("the other did not take over: %v, %v", found, err)
		}
		stalled.State = aikagi.MessageFailed
		err := w.Store.Update(t.Context(), func(tx *store.Tx) error {
			return tx.RecordAttempt(t.Context(), stalled, aikagi.Attempt{Number: 1, Outcome: "failed"})
		})
		if aikagi.CodeOf(err) != aikagi.Expired {
			t.Errorf("the stalled worker recorded: %v", err)
		}
		m, attempts := stored(t, w)
		if m.State != aikagi.MessageSent || outcomes(attempts) != "sent" || len(w.Mailbox.Messages("")) != 1 {
			t.Errorf("%s after %q, %d mails", m.State, outcomes(attempts), len(w.Mailbox.Messages("")))
		}
	})
}

// TestK12ManyWorkersSendEachOnce.
func TestK12ManyWorkersSendEachOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		u := w.User(t, "sato")
		const all = 12
		for range all {
			m, err := w.Post.PasswordChanged(w.Instance, u, w.Clock.Now())
			must(t, err)
			storetest.Update(t, w.Store, func(tx *store.Tx) error { return tx.InsertMessage(t.Context(), m) })
		}
		done := make(chan error, 4)
		for range cap(done) {
			worker := w.NewSender(t)
			go func() {
				for {
					found, err := worker.Work(resettest.System(t))
					if err != nil || !found {
						done <- err
						return
					}
				}
			}()
		}
		for range cap(done) {
			must(t, <-done)
		}
		w.Sends(t) // what a worker left because another had it locked
		ids := map[string]int{}
		for _, m := range w.Mailbox.Messages("") {
			ids[header(t, m, "Message-ID")]++
		}
		if len(ids) != all || len(w.Mailbox.Messages("")) != all {
			t.Errorf("%d mails with %d ids came, want %d", len(w.Mailbox.Messages("")), len(ids), all)
		}
	})
}

func header(t *testing.T, m mailbox.Message, name string) string {
	t.Helper()
	for line := range strings.Lines(string(m.Raw)) {
		if value, found := strings.CutPrefix(line, name+": "); found {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("no %s in:\n%s", name, m.Raw)
	return ""
}

// TestK10ADuplicateHasTheSameMessageID and the same link: the process ended after
// the server took the mail and before that was recorded.
func TestK10ADuplicateHasTheSameMessageID(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	asked(t, w, "sato@example.jp")
	ctx, cancel := context.WithCancel(resettest.System(t))
	dying := w.NewSender(t)
	dying.Settings = relay(t, w, cancel) // the server's last words reach nobody
	_, _ = dying.Work(ctx)
	if got := len(w.Mailbox.Messages("")); got != 1 {
		t.Fatalf("%d mails came, want the one whose record is lost", got)
	}
	w.Clock.Move(time.Minute)
	w.Sends(t)
	all := w.Mailbox.Messages("")
	if len(all) != 2 || header(t, all[0], "Message-ID") != header(t, all[1], "Message-ID") || string(all[0].Raw) != string(all[1].Raw) {
		t.Errorf("%d mails came, want two of the same", len(all))
	}
	w.Clock.Move(time.Hour)
	w.Sends(t)
	if m, _ := stored(t, w); m.State != aikagi.MessageSent || len(w.Mailbox.Messages("")) != 2 {
		t.Errorf("%s after %d mails", m.State, len(w.Mailbox.Messages("")))
	}
}

// relay stands between a sender and the mailbox, and ends the connection where
// the answer to the final dot would go back (K08).
func relay(t *testing.T, w *resettest.World, taken func()) smtpclient.Settings {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		client, err := l.Accept()
		if err != nil {
			return
		}
		defer client.Close()
		server, err := net.Dial("tcp", w.Mailbox.Addr())
		if err != nil {
			return
		}
		defer server.Close()
		go func() {
			buf := make([]byte, 4096)
			for {
				n, err := client.Read(buf)
				if err != nil {
					return
				}
				if _, err := server.Write(buf[:n]); err != nil {
					return
				}
			}
		}()
		data := false
		for lines := bufio.NewScanner(server); lines.Scan(); {
			if data {
				taken()
				return
			}
			data = strings.HasPrefix(lines.Text(), "354")
			if _, err := client.Write([]byte(lines.Text() + "\r\n")); err != nil {
				return
			}
		}
	}()
	settings, err := smtpclient.ParseURL("smtp://" + l.Addr().String())
	must(t, err)
	settings.Timeouts.Final = 5 * time.Second
	return settings
}

// TestK08ACutAfterTheFinalDotIsTriedAgain while the process lives on.
func TestK08ACutAfterTheFinalDotIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	asked(t, w, "sato@example.jp")
	cut := w.NewSender(t)
	cut.Settings = relay(t, w, func() {})
	_, err := cut.Work(resettest.System(t))
	must(t, err)
	if m, attempts := stored(t, w); m.State != aikagi.MessageWaiting || outcomes(attempts) != "retry" {
		t.Errorf("%s after %q", m.State, outcomes(attempts))
	}
	w.Clock.Move(time.Minute)
	w.Sends(t)
	all := w.Mailbox.Messages("")
	if len(all) != 2 || header(t, all[0], "Message-ID") != header(t, all[1], "Message-ID") {
		t.Errorf("%d mails came, want two with one id", len(all))
	}
}

// TestS21NoInputAddsAHeader sends a mail whose every word from people is hostile.
func TestS21NoInputAddsAHeader(t *testing.T) {
	t.Parallel()
	const evil = "x\r\nBcc: thief@example.com\r\n\r\n<a href=http://evil.example>y</a>\u2028\u0085\x00 http://evil.example/reset/x \u202e"
	for _, locale := range aikagi.Locales {
		w := resettest.New(t, storetest.Open(t, store.SQLite), func(i *aikagi.Instance) {
			i.Settings.DisplayName, i.Settings.Contact, i.Settings.Locale = evil, evil, locale
		})
		u := w.User(t, "sato", func(u *aikagi.User) { u.FirstName, u.LastName = evil, evil })
		now := w.Clock.Now()
		by := evil
		for _, write := range []func() (aikagi.Message, error){
			func() (aikagi.Message, error) {
				return w.Post.PasswordReset(w.Instance, u, outbox.Reset{
					Token:  aikagi.ResetToken{CreatedAt: now, ExpiresAt: now.Add(time.Hour)},
					Secret: aikagi.NewSecret("token"), Code: aikagi.NewSecret("ABCD-EFGH"), Matching: "42", By: by, AskedAt: now,
				})
			},
			func() (aikagi.Message, error) { return w.Post.PasswordChanged(w.Instance, u, now) },
			func() (aikagi.Message, error) { return w.Post.TemporaryPassword(w.Instance, u, by, now) },
			func() (aikagi.Message, error) { return w.Post.AddressRegistered(w.Instance, u, by, now) },
			func() (aikagi.Message, error) {
				return w.Post.AddressReplaced(w.Instance, u, "old@example.jp", by, now)
			},
			func() (aikagi.Message, error) {
				return w.Post.EmergencyUsed(w.Instance, u.Email, locale, aikagi.EmergencyGrant{PrincipalName: evil, Reason: evil}, now)
			},
		} {
			m, err := write()
			must(t, err)
			m.TokenID = "" // sent whatever became of the secret
			storetest.Update(t, w.Store, func(tx *store.Tx) error { return tx.InsertMessage(t.Context(), m) })
			w.Sends(t)
			stored, attempts := stored(t, w)
			if outcomes(attempts) != "sent" {
				t.Fatalf("%s: %q, %s", m.Kind, outcomes(attempts), stored.LastReply)
			}
			got := w.Received(t, m.To)
			head, _, _ := strings.Cut(string(got.Raw), "\r\n\r\n")
			if strings.Contains(head, "\nBcc:") || strings.Contains(got.Text, "\nBcc:") || len(w.Mailbox.Messages("thief@example.com")) != 0 {
				t.Errorf("%s in %s has another header or line:\n%s", m.Kind, locale, got.Raw)
			}
			for _, linked := range []string{"http://evil", "evil.example", "\u202e", "\x00", "\u2028"} {
				if strings.Contains(got.Text, linked) || strings.Contains(got.HTML, linked) {
					t.Errorf("%s in %s holds %q:\n%s", m.Kind, locale, linked, got.Text)
				}
			}
			if strings.Contains(got.HTML, "<a href=http") {
				t.Errorf("%s in %s holds markup:\n%s", m.Kind, locale, got.HTML)
			}
		}
	}
}

// TestS21AStoredAddressIsLookedAtAgain when the mail is sent.
func TestS21AStoredAddressIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	u := w.User(t, "sato")
	m, err := w.Post.PasswordChanged(w.Instance, u, w.Clock.Now())
	must(t, err)
	m.To = "a@example.jp>\r\nRCPT TO:<thief@example.com"
	storetest.Update(t, w.Store, func(tx *store.Tx) error { return tx.InsertMessage(t.Context(), m) })
	w.Sends(t)
	if _, attempts := stored(t, w); outcomes(attempts) != "failed" || len(w.Mailbox.Messages("")) != 0 {
		t.Errorf("it was %q, %d mails came", outcomes(attempts), len(w.Mailbox.Messages("")))
	}
}

// TestR3AMessageThatCannotBeOpenedIsNoLoop: its key is lost; others go on.
func TestR3AMessageThatCannotBeOpenedIsNoLoop(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	u := w.User(t, "sato")
	for n := range 2 {
		m, err := w.Post.PasswordChanged(w.Instance, u, w.Clock.Now())
		must(t, err)
		if n == 0 {
			m.Sealed = []byte("sealed by somebody else")
		}
		storetest.Update(t, w.Store, func(tx *store.Tx) error { return tx.InsertMessage(t.Context(), m) })
	}
	w.Sends(t)
	if len(w.Mailbox.Messages("")) != 1 {
		t.Errorf("%d mails came, want the one that opens", len(w.Mailbox.Messages("")))
	}
	for range 80 {
		w.Clock.Move(time.Hour)
		w.Sends(t)
	}
	storetest.View(t, w.Store, func(tx *store.Tx) error {
		oldest, err := tx.OldestDueMessage(t.Context())
		if err != nil || !oldest.IsZero() {
			err = errors.Join(err, errors.New("it still waits"))
		}
		return err
	})
}
