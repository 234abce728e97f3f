package bounce_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/bounce"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// desk is a world whose mails come back to an address of their own.
type desk struct {
	*resettest.World
	*bounce.Bounces
}

func each(t *testing.T, run func(t *testing.T, d desk)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store) { run(t, open(t, s)) })
}

func onSQLite(t *testing.T) desk {
	t.Helper()
	return open(t, storetest.Open(t, store.SQLite))
}

func open(t *testing.T, s *store.Store) desk {
	t.Helper()
	w := resettest.New(t, s)
	w.Post.Bounces = "bounces@id.example.jp"
	return desk{w, &bounce.Bounces{Store: s, Clock: w.Clock, ReturnPath: w.Post.ReturnPath()}}
}

// asks lets sato ask for a mail, which is sent.
func (d desk) asks(t *testing.T) (reset.Ticket, aikagi.Message) {
	t.Helper()
	d.User(t, "sato", func(u *aikagi.User) { u.Email = "sato@example.jp" })
	ticket := d.Asks(t, "sato")
	d.Work(t)
	return ticket, d.newest(t)
}

func (d desk) newest(t *testing.T) aikagi.Message {
	t.Helper()
	var m aikagi.Message
	storetest.View(t, d.World.Store, func(tx *store.Tx) error {
		all, err := tx.ListMessages(t.Context(), d.Instance.ID, "~", 1)
		if err == nil {
			m = all[0]
		}
		return err
	})
	return m
}

func (d desk) sato(t *testing.T) aikagi.User {
	t.Helper()
	var u aikagi.User
	storetest.View(t, d.World.Store, func(tx *store.Tx) (err error) {
		u, err = tx.FindUserByName(t.Context(), d.Instance.ID, "sato")
		return err
	})
	return u
}

func (d desk) request(t *testing.T, id aikagi.ResetRequestID) aikagi.ResetRequest {
	t.Helper()
	var q aikagi.ResetRequest
	storetest.View(t, d.World.Store, func(tx *store.Tx) (err error) {
		q, err = tx.FindRequest(t.Context(), d.Instance.ID, id)
		return err
	})
	return q
}

func (d desk) tries(t *testing.T, id aikagi.MessageID) string {
	t.Helper()
	var all []string
	storetest.View(t, d.World.Store, func(tx *store.Tx) error {
		attempts, err := tx.ListAttempts(t.Context(), id)
		for _, a := range attempts {
			all = append(all, a.Outcome)
		}
		return err
	})
	return strings.Join(all, " ")
}

// takes takes a report in and wants an outcome.
func (d desk) takes(t *testing.T, raw string, want bounce.Outcome) {
	t.Helper()
	got, err := d.Take(resettest.System(t), []byte(raw))
	if err != nil || got != want {
		t.Errorf("taken as %s (%v), want %s", got, err, want)
	}
}

// about is a report of testdata about m, which came to the envelope sender to.
func about(t *testing.T, name string, m aikagi.Message, to aikagi.Email, action, status string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
	must(t, err)
	filled := strings.NewReplacer("{to}", string(to), "{recipient}", string(m.To), "{message}", m.HeaderID,
		"{action}", action, "{status}", status).Replace(string(raw))
	return strings.ReplaceAll(filled, "\n", "\r\n")
}

// TestK21ABounceComesBackToTheAdministrators: the message, the address and the
// request say so, once, however often it is read; no mail answers it.
func TestK21ABounceComesBackToTheAdministrators(t *testing.T) {
	t.Parallel()
	for _, server := range []string{"postfix", "exim", "exchange"} {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, d desk) {
				ticket, m := d.asks(t)
				sender := string(d.ReturnPath.Of(m.ID))
				// Servers may change the case of a local part.
				raw := about(t, server, m, aikagi.Email(strings.ToUpper(sender)), "failed", "5.1.1")
				d.takes(t, raw, bounce.Bounced)
				events := len(d.Events(t))
				for range 2 {
					d.takes(t, raw, bounce.Repeated)
				}
				m = d.newest(t)
				if m.State != aikagi.MessageBounced || !strings.Contains(m.LastReply, "5.1.1") || d.tries(t, m.ID) != "sent bounced" {
					t.Errorf("the message is %s (%s) after %q", m.State, m.LastReply, d.tries(t, m.ID))
				}
				if strings.Contains(m.LastReply, "reset/") {
					t.Errorf("the link is in the words of the server: %s", m.LastReply)
				}
				if u := d.sato(t); !u.EmailBouncedAt.Equal(d.World.Clock.Now()) {
					t.Errorf("the address is marked at %v", u.EmailBouncedAt)
				}
				if q := d.request(t, ticket.Request); q.State != aikagi.RequestWaiting || q.Reason != aikagi.ReasonUndelivered {
					t.Errorf("the request is %s (%s)", q.State, q.Reason)
				}
				if e := d.Events(t)[0]; e.Action != "message.bounce" || e.TargetID != string(m.ID) || strings.Contains(e.TargetName, "sato") || len(d.Events(t)) != events {
					t.Errorf("the record says %+v, %d events", e, len(d.Events(t)))
				}
				_, err := d.Resets.Look(resettest.From(t, "192.0.2.1"), d.Instance, reset.Proof{Token: d.Token(t, m.To)})
				if aikagi.ReasonOf(err) != "bounced" {
					t.Errorf("the link that others have read: %v", err)
				}
				d.Work(t)
				if len(d.Mailbox.Messages("")) != 1 {
					t.Error("a mail answered a bounce")
				}
			})
		})
	}
}

// TestK21AnswersOfMachinesAndPeopleChangeNothing.
func TestK21AnswersOfMachinesAndPeopleChangeNothing(t *testing.T) {
	t.Parallel()
	d := onSQLite(t)
	ticket, m := d.asks(t)
	to := d.ReturnPath.Of(m.ID)
	delivered := about(t, "postfix", m, to, "delivered", "2.1.5")
	for _, raw := range []string{
		about(t, "vacation", m, to, "", ""), about(t, "receipt", m, to, "", ""),
		delivered, strings.ReplaceAll(delivered, "Action: delivered", "Action: relayed"),
		"From: sato@example.jp\r\nTo: " + string(to) + "\r\nSubject: hello\r\n\r\nWho are you?\r\n",
	} {
		d.takes(t, raw, bounce.Ignored)
	}
	d.takes(t, "no mail at all", bounce.Unreadable)
	if q := d.request(t, ticket.Request); q.State != aikagi.RequestSent || !d.sato(t).EmailBouncedAt.IsZero() ||
		d.newest(t).State != aikagi.MessageSent || d.tries(t, m.ID) != "sent" {
		t.Errorf("something changed: request %s, message %s after %q", q.State, d.newest(t).State, d.tries(t, m.ID))
	}
}

// TestR4ForgedBouncesAreIgnored: wrong MAC, that of another message, wrong
// recipient, wrong domain.
func TestR4ForgedBouncesAreIgnored(t *testing.T) {
	t.Parallel()
	d := onSQLite(t)
	ticket, m := d.asks(t)
	good := string(d.ReturnPath.Of(m.ID))
	stranger := d.ReturnPath
	stranger.Ring = secret.NewRing([secret.KeyBytes]byte{7})
	for name, c := range map[string]struct {
		to   string
		edit func(raw string) string
		want bounce.Outcome
	}{
		"key of somebody else":      {string(stranger.Of(m.ID)), nil, bounce.Forged},
		"MAC of another message":    {swapped(good, string(d.ReturnPath.Of(aikagi.MessageID(aikagi.NewOrderedID())))), nil, bounce.Forged},
		"no MAC":                    {good[:strings.Index(good, "-")] + "-@id.example.jp", nil, bounce.Forged},
		"half a MAC":                {strings.Replace(good, "@", "@", 1)[:strings.Index(good, "@")-10] + "@id.example.jp", nil, bounce.Forged},
		"no id":                     {"bounces+@id.example.jp", nil, bounce.Forged},
		"a message that never was":  {string(d.ReturnPath.Of(aikagi.MessageID(aikagi.NewOrderedID()))), nil, bounce.Unknown},
		"Message-ID, wrong mailbox": {"noreply@id.example.jp", func(raw string) string { return strings.ReplaceAll(raw, "sato@example.jp", "thief@example.com") }, bounce.Forged},
		"Message-ID of another domain": {
			"noreply@id.example.jp",
			func(raw string) string { return strings.ReplaceAll(raw, m.HeaderID, string(m.ID)+"@example.com") }, bounce.Forged,
		},
		"a Message-ID that never was": {
			"noreply@id.example.jp",
			func(raw string) string {
				return strings.ReplaceAll(raw, m.HeaderID, aikagi.NewOrderedID()+"@id.example.jp")
			}, bounce.Unknown,
		},
		"no Message-ID": {
			"noreply@id.example.jp", func(raw string) string { return strings.ReplaceAll(raw, "Message-ID: <"+m.HeaderID, "X: <") }, bounce.Unknown,
		},
		"address of another domain": {strings.Replace(good, "id.example.jp", "example.com", 1), func(raw string) string {
			return strings.ReplaceAll(raw, "Message-ID: <"+m.HeaderID, "X: <")
		}, bounce.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			raw := about(t, "postfix", m, aikagi.Email(c.to), "failed", "5.1.1")
			if c.edit != nil {
				raw = c.edit(raw)
			}
			d.takes(t, raw, c.want)
		})
	}
	if q := d.request(t, ticket.Request); q.State != aikagi.RequestSent || !d.sato(t).EmailBouncedAt.IsZero() || d.newest(t).State != aikagi.MessageSent {
		t.Errorf("a forged bounce changed something: request %s, message %s", q.State, d.newest(t).State)
	}
	// Without an address of its own for bounces, Message-ID and recipient do.
	d.takes(t, about(t, "postfix", m, "noreply@id.example.jp", "failed", "5.1.1"), bounce.Bounced)
}

// swapped gives one address the MAC of another.
func swapped(address, other string) string {
	return address[:strings.Index(address, "-")] + other[strings.Index(other, "-"):]
}

// TestR4ADelayIsOnlyNoted, once.
func TestR4ADelayIsOnlyNoted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d desk) {
		ticket, m := d.asks(t)
		raw := about(t, "postfix", m, d.ReturnPath.Of(m.ID), "delayed", "4.4.1")
		d.takes(t, raw, bounce.Noted)
		d.takes(t, raw, bounce.Repeated)
		if q := d.request(t, ticket.Request); q.State != aikagi.RequestSent || !d.sato(t).EmailBouncedAt.IsZero() ||
			d.newest(t).State != aikagi.MessageSent || d.tries(t, m.ID) != "sent delayed" {
			t.Errorf("request %s, message %s after %q", q.State, d.newest(t).State, d.tries(t, m.ID))
		}
		// The other server gave up: the mail did not arrive, the address may be good.
		d.takes(t, about(t, "postfix", m, d.ReturnPath.Of(m.ID), "failed", "4.4.7"), bounce.Bounced)
		if q := d.request(t, ticket.Request); q.State != aikagi.RequestWaiting || !d.sato(t).EmailBouncedAt.IsZero() ||
			d.tries(t, m.ID) != "sent delayed bounced" {
			t.Errorf("request %s after %q, marked %v", q.State, d.tries(t, m.ID), d.sato(t).EmailBouncedAt)
		}
	})
}

// TestR4ABounceIsNewsOnlyToWhomTheMailWasFor: the owner came in by another way, or
// has another address.
func TestR4ABounceIsNewsOnlyToWhomTheMailWasFor(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(ctx *testing.T, tx *store.Tx, u aikagi.User) error{
		"another password": func(t *testing.T, tx *store.Tx, u aikagi.User) error {
			return tx.SetPassword(t.Context(), u.InstanceID, u.ID, "", false, resettest.Start)
		},
		"another address": func(t *testing.T, tx *store.Tx, u aikagi.User) error {
			after := u
			after.Email, after.SecretEpoch = "new@example.jp", u.SecretEpoch+1
			return tx.UpdateUser(t.Context(), u, after)
		},
		"deleted": func(t *testing.T, tx *store.Tx, u aikagi.User) error { return tx.DeleteUser(t.Context(), u) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, d desk) {
				ticket, m := d.asks(t)
				storetest.Update(t, d.World.Store, func(tx *store.Tx) error {
					u, err := tx.FindUser(t.Context(), m.InstanceID, m.UserID)
					if err != nil {
						return err
					}
					return change(t, tx, u)
				})
				d.takes(t, about(t, "postfix", m, d.ReturnPath.Of(m.ID), "failed", "5.1.1"), bounce.Bounced)
				if q := d.request(t, ticket.Request); q.State != aikagi.RequestSent {
					t.Errorf("the request is %s (%s)", q.State, q.Reason)
				}
				if name == "another address" && !d.sato(t).EmailBouncedAt.IsZero() {
					t.Error("the new address is marked")
				}
			})
		})
	}
}

// TestR4TheMarkGoesAway with a link that arrived and with a new address, and with
// nothing else.
func TestR4TheMarkGoesAway(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d desk) {
		_, m := d.asks(t)
		d.takes(t, about(t, "postfix", m, d.ReturnPath.Of(m.ID), "failed", "5.2.2"), bounce.Bounced)
		marked := func() bool { return !d.sato(t).EmailBouncedAt.IsZero() }
		update := func(edit func(*aikagi.User)) {
			t.Helper()
			storetest.Update(t, d.World.Store, func(tx *store.Tx) error {
				u, err := tx.FindUser(t.Context(), m.InstanceID, m.UserID)
				if err != nil {
					return err
				}
				after := u
				edit(&after)
				return tx.UpdateUser(t.Context(), u, after)
			})
		}
		update(func(u *aikagi.User) { u.FirstName = "Hanako" })
		if !marked() {
			t.Fatal("a new name took the mark away")
		}
		d.World.Clock.Move(2 * time.Minute)
		d.Asks(t, "sato")
		d.Work(t)
		if !marked() {
			t.Fatal("asking again took the mark away")
		}
		_, err := d.Confirm(t, reset.Proof{Token: d.Token(t, "sato@example.jp")}, "another tsukimi 88")
		must(t, err)
		if marked() {
			t.Error("a link that arrived left the mark")
		}
		storetest.Update(t, d.World.Store, func(tx *store.Tx) error { return tx.MarkBounced(t.Context(), m, d.World.Clock.Now()) })
		update(func(u *aikagi.User) { u.Email = "new@example.jp" })
		if marked() {
			t.Error("a new address has the mark of the old one")
		}
	})
}

// TestR4ABounceOvertakesARetry: the server had taken the mail after all (K08), and
// what has come back is not sent again.
func TestR4ABounceOvertakesARetry(t *testing.T) {
	t.Parallel()
	d := onSQLite(t)
	d.User(t, "sato", func(u *aikagi.User) { u.Email = "temperror-once@example.jp" })
	d.Asks(t, "sato")
	d.Work(t)
	m := d.newest(t)
	d.takes(t, about(t, "postfix", m, d.ReturnPath.Of(m.ID), "failed", "5.1.1"), bounce.Bounced)
	d.World.Clock.Move(time.Minute)
	d.Work(t)
	if m := d.newest(t); m.State != aikagi.MessageBounced || len(m.Sealed) != 0 || len(d.Mailbox.Messages("")) != 0 {
		t.Errorf("the message is %s, %d mails came", m.State, len(d.Mailbox.Messages("")))
	}
}
