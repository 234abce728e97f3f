package outbox_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/mail/smtpclient"
	"github.com/aikagi/aikagi/internal/mail/smtptest"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// patience is how long a step may take that is meant to work, on a busy machine.
const patience = 20 * time.Second

// facing makes w's mail server one that follows scripts.
func facing(t *testing.T, w *resettest.World, scripts ...smtptest.Script) *smtptest.Server {
	t.Helper()
	server := smtptest.Start(t, scripts...)
	w.Sender.Settings = reaching(t, server)
	return server
}

func reaching(t *testing.T, server *smtptest.Server) smtpclient.Settings {
	t.Helper()
	host, port, err := net.SplitHostPort(server.Addr())
	must(t, err)
	n, err := strconv.Atoi(port)
	must(t, err)
	return smtpclient.Settings{Host: host, Port: n, Security: smtpclient.Loopback, Timeouts: waiting(patience)}
}

func waiting(d time.Duration) smtpclient.Timeouts {
	return smtpclient.Timeouts{Dial: patience, Greeting: d, Command: d, Body: d, Final: d}
}

// passes works for so many seconds of the world's clock.
func passes(t *testing.T, w *resettest.World, seconds int) {
	t.Helper()
	for range seconds {
		w.Sends(t)
		w.Clock.Move(time.Second)
	}
}

func paused(t *testing.T, w *resettest.World) aikagi.MailPause {
	t.Helper()
	var p aikagi.MailPause
	storetest.View(t, w.Store, func(tx *store.Tx) (err error) {
		p, err = tx.FindMailPause(t.Context())
		return err
	})
	return p
}

// identity is what makes a duplicate recognisable: Message-ID and link.
func identity(t *testing.T, m smtptest.Message) string {
	t.Helper()
	for line := range strings.Lines(m.Raw) {
		if id, found := strings.CutPrefix(line, "Message-ID: "); found {
			return strings.TrimSpace(id)
		}
	}
	t.Fatalf("no Message-ID in:\n%s", m.Raw)
	return ""
}

// TestK03K06K07K08K09K18K19OneDeliveryInTheEnd meets the sender with a server
// that goes wrong on its first connection and does right on the next ones.
func TestK03K06K07K08K09K18K19OneDeliveryInTheEnd(t *testing.T) {
	t.Parallel()
	ehlo := func(reply string) smtptest.Script { return smtptest.But("EHLO", reply) }
	const soon = 400 * time.Millisecond // for what never answers
	for name, c := range map[string]struct {
		script   smtptest.Script
		timeouts time.Duration
		taken    int  // messages the server has in the end; 0 is one
		pause    bool // everything waits, not only this message
	}{
		"K03 silent greeting":                {smtptest.Greets(smtptest.Silence), soon, 0, true},
		"K03 554 greeting":                   {smtptest.Greets("554 5.3.2 no service here"), 0, 0, true},
		"K03 421 greeting":                   {smtptest.Greets("421 4.3.2 too busy"), 0, 0, true},
		"K03 no SMTP":                        {smtptest.Greets("HTTP/1.1 400 Bad Request"), 0, 0, true},
		"K03 cut at EHLO":                    {smtptest.But("EHLO", smtptest.Drop), 0, 0, true},
		"K03 421 at MAIL":                    {smtptest.But("MAIL", "421 4.3.2 closing"+smtptest.Drop), 0, 0, true},
		"K06 RCPT 450":                       {smtptest.But("RCPT", "450 4.2.1 mailbox busy"+smtptest.Drop), 0, 0, false},
		"K06 greylisting":                    {smtptest.But("RCPT", "451 4.7.1 greylisted, come back"+smtptest.Drop), 0, 0, false},
		"K06 452 after the dot":              {smtptest.But(".", "452 4.3.1 disk full"+smtptest.Drop), 0, 0, false},
		"K07 cut in the middle of DATA":      {smtptest.But("BODY", smtptest.Drop), 0, 0, false},
		"K07 cut at DATA":                    {smtptest.But("DATA", smtptest.Drop), 0, 0, false},
		"K08 cut after the dot":              {smtptest.But(".", smtptest.Drop), 0, 2, false},
		"K08 silence after the dot":          {smtptest.But(".", smtptest.Silence), soon, 2, false},
		"K09 cut after 250":                  {smtptest.But(".", "250 2.0.0 queued"+smtptest.Drop), 0, 0, false},
		"K18 none of the extensions":         {ehlo("250 mx.example"), 0, 0, false},
		"K18 lies about all of them":         {ehlo("250-mx.example\r\n250-PIPELINING\r\n250-SIZE 10\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n250 8BITMIME"), 0, 0, false},
		"K18 knows no EHLO":                  {ehlo("502 5.5.1 what"), 0, 0, false},
		"K19 endless greeting":               {smtptest.Greets(smtptest.Endless), 0, 0, true},
		"K19 endless reply to EHLO":          {ehlo(smtptest.Endless), 0, 0, true},
		"K19 endless reply to the dot":       {smtptest.But(".", smtptest.Endless), 0, 2, false},
		"K19 a line of a megabyte":           {smtptest.But("RCPT", "250 "+strings.Repeat("x", 1<<20)), 0, 0, false},
		"K19 a million short lines to DATA":  {smtptest.But("DATA", strings.Repeat("250-x\r\n", 1<<17)+"354 go"), 0, 0, false},
		"K03 answers before it was asked":    {smtptest.Greets("220 mx\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued"), 0, 0, true},
		"K06 success where more was due":     {smtptest.But("DATA", "250 queued, thank you"+smtptest.Drop), 0, 0, false},
		"K17 an octet in a while":            {smtptest.Script{Pace: 100 * time.Millisecond}, soon, 0, true},
		"K03 another code in every line":     {ehlo("250-mx\r\n550 no\r\n250 yes"), 0, 0, true},
		"K06 asks for a login at MAIL (530)": {smtptest.But("MAIL", "530 5.7.0 log in first"+smtptest.Drop), 0, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := onSQLite(t)
			asked(t, w, "sato@example.jp")
			server := facing(t, w, c.script, smtptest.Script{})
			if c.timeouts != 0 {
				w.Sender.Settings.Timeouts = waiting(c.timeouts)
			}
			w.Sends(t)
			if got := paused(t, w).Failures > 0; got != c.pause {
				t.Errorf("all sending pauses: %t, want %t", got, c.pause)
			}
			w.Sender.Settings.Timeouts = waiting(patience)
			passes(t, w, 60)
			m, attempts := stored(t, w)
			if m.State != aikagi.MessageSent || len(m.Sealed) != 0 || paused(t, w).Failures != 0 {
				t.Errorf("after a minute it is %s after %q: %s", m.State, outcomes(attempts), m.LastReply)
			}
			taken := server.Taken()
			if len(taken) != max(c.taken, 1) {
				t.Fatalf("the server has it %d times, want %d", len(taken), max(c.taken, 1))
			}
			if len(taken) == 2 && (identity(t, taken[0]) != identity(t, taken[1]) || taken[0].Raw != taken[1].Raw) {
				t.Error("the duplicate cannot be recognised")
			}
			if server.Connections() > 4 {
				t.Errorf("%d connections for one message", server.Connections())
			}
		})
	}
}

// TestK04NothingLeavesUnprotected meets the sender with a server whose TLS is
// missing, stripped, spoilt or somebody else's: nothing is sent, everything
// pauses and says why, and leaves within a minute after it was mended.
func TestK04NothingLeavesUnprotected(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	good, roots := smtptest.Certificate(t, "127.0.0.1", time.Now().Add(day))
	expired, _ := smtptest.Certificate(t, "127.0.0.1", time.Now().Add(-day))
	other, _ := smtptest.Certificate(t, "mx.example.com", time.Now().Add(day))
	for _, c := range []*tls.Certificate{expired, other} { // trusted all the same
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		must(t, err)
		roots.AddCert(leaf)
	}
	unknown, _ := smtptest.Certificate(t, "127.0.0.1", time.Now().Add(day))
	stripped := smtptest.But("EHLO", "250-mx.example\r\n250-AUTH PLAIN LOGIN\r\n250-XXXXXXXA\r\n250 8BITMIME")
	for name, script := range map[string]smtptest.Script{
		"missing":           smtptest.But("EHLO", "250 mx.example"),
		"stripped":          stripped,
		"refused":           smtptest.But("STARTTLS", "454 4.7.0 not now"),
		"text injected":     {Certificate: good, Inject: "250 2.0.0 trust me\r\n"},
		"no handshake":      smtptest.But("STARTTLS", "220 go"+smtptest.Drop),
		"expired":           {Certificate: expired},
		"another name":      {Certificate: other},
		"unknown authority": {Certificate: unknown},
		"clear instead":     smtptest.But("STARTTLS", "250 we are secure already"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := onSQLite(t)
			asked(t, w, "sato@example.jp")
			script.Certificate = orGood(script.Certificate, good)
			server := facing(t, w, script)
			w.Sender.Settings.Security, w.Sender.Settings.RootCAs = smtpclient.StartTLS, roots
			w.Sender.Settings.User, w.Sender.Settings.Password = "user", aikagi.NewSecret("canary-5e1f")
			w.Sender.Settings.Timeouts = waiting(2 * time.Second)
			passes(t, w, 5)
			for _, line := range server.Lines() {
				if word, _, _ := strings.Cut(line, " "); strings.Contains(" MAIL RCPT DATA AUTH ", " "+word+" ") {
					t.Errorf("said in clear: %s", word)
				}
			}
			if p := paused(t, w); p.Failures == 0 || p.Stage != string(smtpclient.AtTLS) {
				t.Errorf("nobody is told: %+v", p)
			}
			if m, _ := stored(t, w); m.State != aikagi.MessageWaiting {
				t.Errorf("the message is %s", m.State)
			}
			server.Follow(smtptest.Script{Certificate: good})
			w.Sender.Settings.Timeouts = waiting(patience)
			passes(t, w, 60)
			if m, _ := stored(t, w); m.State != aikagi.MessageSent || len(server.Taken()) != 1 || paused(t, w).Failures != 0 {
				t.Errorf("a minute after it was mended the message is %s, %s", m.State, m.LastReply)
			}
		})
	}
}

func orGood(c, good *tls.Certificate) *tls.Certificate {
	if c == nil {
		return good
	}
	return c
}

// TestK05ARefusedLoginPausesEverything: few tries, further and further apart,
// nothing lost, the pause seen, and over at once after a restart with the right
// password.
func TestK05ARefusedLoginPausesEverything(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		server := facing(t, w, smtptest.But("AUTH", "535 5.7.8 bad credentials"))
		w.Sender.Settings.User, w.Sender.Settings.Password = "user", aikagi.NewSecret("wrong")
		u := w.User(t, "sato", func(u *aikagi.User) { u.Email = "sato@example.jp" })
		for range 5 {
			put(t, w, notice(t, w, u))
		}
		for end := w.Clock.Now().Add(2 * time.Hour); w.Clock.Now().Before(end); w.Clock.Move(10 * time.Second) {
			w.Sends(t)
		}
		if tries := server.Count("AUTH"); tries < 6 || tries > 20 {
			t.Errorf("%d logins tried in two hours", tries)
		}
		p := paused(t, w)
		if p.Stage != string(smtpclient.AtAuth) || !strings.Contains(p.Reply, "535") || p.Since.After(resettest.Start.Add(time.Minute)) {
			t.Errorf("the pause says %+v", p)
		}
		again := w.NewSender(t) // the process was started anew
		again.Settings = reaching(t, server)
		again.Settings.User, again.Settings.Password = "user", aikagi.NewSecret("right")
		server.Follow(smtptest.Script{})
		w.Sender = again
		w.Sends(t)
		if len(server.Taken()) != 5 || paused(t, w).Failures != 0 {
			t.Errorf("after the restart %d of 5 mails left, pause %+v", len(server.Taken()), paused(t, w))
		}
		if log := w.Log.String(); strings.Contains(log, "wrong") || !strings.Contains(log, "535") {
			t.Error("the log says the password, or not what happened")
		}
	})
}

// TestK05NoRestartLoopsIntoARefusedLogin: each start tries once.
func TestK05NoRestartLoopsIntoARefusedLogin(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	server := facing(t, w, smtptest.But("AUTH", "535 5.7.8 bad credentials"))
	settings := w.Sender.Settings
	settings.User, settings.Password = "user", aikagi.NewSecret("wrong")
	u := w.User(t, "sato", func(u *aikagi.User) { u.Email = "sato@example.jp" })
	put(t, w, notice(t, w, u))
	put(t, w, notice(t, w, u))
	for n := range 3 {
		w.Sender = w.NewSender(t)
		w.Sender.Settings = settings
		w.Sends(t)
		w.Sends(t)
		if tries := server.Count("AUTH"); tries != n+1 {
			t.Fatalf("%d logins tried after %d starts", tries, n+1)
		}
	}
}

func notice(t *testing.T, w *resettest.World, u aikagi.User) aikagi.Message {
	t.Helper()
	m, err := w.Post.PasswordChanged(w.Instance, u, w.Clock.Now())
	must(t, err)
	return m
}

func put(t *testing.T, w *resettest.World, messages ...aikagi.Message) {
	t.Helper()
	storetest.Update(t, w.Store, func(tx *store.Tx) error {
		for _, m := range messages {
			if err := tx.InsertMessage(t.Context(), m); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestK06AMessagesOwnFailureStopsNoOther.
func TestK06AMessagesOwnFailureStopsNoOther(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	server := facing(t, w, smtptest.Script{Reply: func(line string) string {
		switch {
		case strings.HasPrefix(line, "RCPT TO:<gone@"):
			return "550 5.1.1 no such user"
		case strings.HasPrefix(line, "RCPT TO:<busy@"):
			return "450 4.2.1 busy"
		}
		return smtptest.Polite(line)
	}})
	for _, name := range []string{"gone", "busy", "sato"} {
		u := w.User(t, name, func(u *aikagi.User) { u.Email = aikagi.Email(name + "@example.jp") })
		put(t, w, notice(t, w, u))
	}
	w.Sends(t)
	if len(server.Taken()) != 1 || paused(t, w).Failures != 0 {
		t.Errorf("%d mails left, pause %+v", len(server.Taken()), paused(t, w))
	}
}

// TestK14WhatExpiredWhileNothingRanIsBroughtToTheAdministrators: nobody sent it,
// so the request waits for them, also while the server is still down.
func TestK14WhatExpiredWhileNothingRanIsBroughtToTheAdministrators(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		ticket := asked(t, w, "sato@example.jp")
		server := facing(t, w)
		server.Down()
		w.Clock.Move(31 * time.Minute)
		w.Sends(t)
		m, attempts := stored(t, w)
		if m.State != aikagi.MessageDropped || len(m.Sealed) != 0 || outcomes(attempts) != "dropped" {
			t.Errorf("the message is %s after %q", m.State, outcomes(attempts))
		}
		if q := request(t, w, ticket.Request); q.State != aikagi.RequestWaiting || q.Reason != aikagi.ReasonUndelivered {
			t.Errorf("the request is %s (%s), want waiting (undelivered)", q.State, q.Reason)
		}
		if e := w.Events(t)[0]; e.Action != "message.fail" || e.Note != "expired" {
			t.Errorf("the record says %+v", e)
		}
		server.Up(t)
		passes(t, w, 60)
		if len(server.Ended()) != 0 {
			t.Error("it was sent all the same")
		}
	})
}

// TestK14AnEndedSecretWaitsForNobody: its owner has come in by another way.
func TestK14AnEndedSecretWaitsForNobody(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	ticket := asked(t, w, "sato@example.jp")
	storetest.Update(t, w.Store, func(tx *store.Tx) error {
		u, err := tx.FindUserByName(t.Context(), w.Instance.ID, "sato")
		if err != nil {
			return err
		}
		return tx.SetPassword(t.Context(), u.InstanceID, u.ID, "", false, w.Clock.Now())
	})
	w.Clock.Move(31 * time.Minute)
	w.Sends(t)
	if q := request(t, w, ticket.Request); q.State != aikagi.RequestSent {
		t.Errorf("the request is %s (%s)", q.State, q.Reason)
	}
}

// TestK17ASlowServerBlocksNoOtherMail: one connection crawls, the others go on.
func TestK17ASlowServerBlocksNoOtherMail(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	server := facing(t, w, smtptest.Script{Pace: time.Second}, smtptest.Script{})
	w.Sender.Connections = outbox.NewConnections(2)
	w.Sender.Settings.Timeouts = waiting(time.Minute)
	u := w.User(t, "sato", func(u *aikagi.User) { u.Email = "sato@example.jp" })
	for range 10 {
		put(t, w, notice(t, w, u))
	}
	stuck := make(chan struct{})
	go func() {
		defer close(stuck)
		_, _ = w.Sender.Work(resettest.System(t))
	}()
	for server.Connections() == 0 {
		time.Sleep(time.Millisecond)
	}
	w.Sends(t)
	select {
	case <-stuck:
		t.Error("the slow connection has ended already")
	default:
	}
	if len(server.Taken()) != 9 {
		t.Errorf("%d of the other nine mails left", len(server.Taken()))
	}
	server.Down()
	<-stuck
	server.Up(t)
	passes(t, w, 60)
	if len(server.Taken()) != 10 {
		t.Errorf("%d of ten mails left in the end", len(server.Taken()))
	}
}

// TestK28OnlyTheNewestLinkIsSent when an administrator has a mail sent again that
// is still waiting.
func TestK28OnlyTheNewestLinkIsSent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		asked(t, w, "sato@example.jp")
		boss := w.Holder(t, "boss", aikagi.UsersView, aikagi.UsersEdit)
		var sato aikagi.User
		storetest.View(t, w.Store, func(tx *store.Tx) (err error) {
			sato, err = tx.FindUserByName(t.Context(), w.Instance.ID, "sato")
			return err
		})
		must(t, w.Resets.SendLink(resettest.As(t, boss), w.Instance.ID, sato.ID))
		w.Sends(t)
		if all := w.Mailbox.Messages("sato@example.jp"); len(all) != 1 {
			t.Fatalf("%d mails came, want the new one", len(all))
		}
		proof := w.Token(t, "sato@example.jp")
		if _, err := w.Resets.Look(resettest.From(t, "192.0.2.1"), w.Instance, reset.Proof{Token: proof}); err != nil {
			t.Errorf("the link that came is dead: %v", err)
		}
	})
}
