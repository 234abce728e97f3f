package outbox_test

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/mail/smtptest"
	"github.com/aikagi/aikagi/internal/outbox"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// long makes a count the one of the long form, with AIKAGI_FAULTS=full.
func long(short, full int) int {
	if os.Getenv("AIKAGI_FAULTS") == "full" {
		return full
	}
	return short
}

// linkTo is a message with a link that was made at a moment of the clock.
func linkTo(t *testing.T, w *resettest.World, u aikagi.User) (aikagi.Message, aikagi.ResetToken) {
	t.Helper()
	now := w.Clock.Now()
	token := aikagi.ResetToken{
		InstanceID: u.InstanceID, ID: aikagi.ResetTokenID(aikagi.NewID()), Digest: []byte(aikagi.NewID()), UserID: u.ID,
		Kind: aikagi.KindMailLink, Epoch: u.SecretEpoch, CreatedAt: now, ExpiresAt: now.Add(30 * time.Minute),
	}
	m, err := w.Post.PasswordReset(w.Instance, u, outbox.Reset{Token: token, Secret: aikagi.NewSecret("secret"), AskedAt: now})
	must(t, err)
	return m, token
}

// TestK16AfterAnOutageTheUsefulGoesFirst: of all that waited the newest links are
// sent before older ones, links before notices, and what expired never; one
// message finds out that the server is back before the rest follows.
func TestK16AfterAnOutageTheUsefulGoesFirst(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		all := long(400, 10_000)
		server := facing(t, w)
		server.Down()
		u := w.User(t, "sato", func(u *aikagi.User) { u.Email = "sato@example.jp" })
		var made []aikagi.Message // in the order in which they were
		byID := map[string]aikagi.Message{}
		for len(made) < all {
			// The outage lasts an hour, so half of the links expire in it.
			w.Clock.Move(time.Hour / time.Duration(all/100))
			storetest.Update(t, w.Store, func(tx *store.Tx) error {
				for range 50 {
					m, token := linkTo(t, w, u)
					n := notice(t, w, u)
					if err := tx.InsertToken(t.Context(), token); err != nil {
						return err
					}
					for _, m := range []aikagi.Message{m, n} {
						if err := tx.InsertMessage(t.Context(), m); err != nil {
							return err
						}
						byID["<"+m.HeaderID+">"] = m
						made = append(made, m)
					}
				}
				return nil
			})
		}
		w.Sends(t) // the expired are dropped, one message meets the outage
		if p := paused(t, w); p.Failures != 1 {
			t.Errorf("%d failures for one outage", p.Failures)
		}
		server.Up(t)
		w.Clock.Move(time.Minute)
		expired := 0
		for _, m := range made {
			if m.TokenID != "" && !w.Clock.Now().Before(m.ExpiresAt) {
				expired++
			}
		}
		w.Sends(t)
		taken := server.Taken()
		if len(taken) != all-expired || expired < all/5 || server.Connections() != 1 {
			t.Fatalf("%d of %d mails left over %d connections, %d had expired", len(taken), all, server.Connections(), expired)
		}
		notices, last := 0, w.Clock.Now()
		for _, raw := range taken {
			m := byID[identity(t, raw)]
			switch {
			case m.TokenID == "":
				notices++
			case notices > 0:
				t.Fatal("a link waited behind a notice")
			case m.CreatedAt.After(last):
				t.Fatal("a newer link waited behind an older one")
			default:
				last = m.CreatedAt
			}
		}
		if notices != all/2 {
			t.Errorf("%d notices left, want %d", notices, all/2)
		}
	})
}

// TestK01AnOutageIsMetByOneMessageAtATime, however many wait, and all leave
// within a minute after it.
func TestK01AnOutageIsMetByOneMessageAtATime(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	server := facing(t, w, smtptest.Greets("421 4.3.2 too busy"))
	u := w.User(t, "sato", func(u *aikagi.User) { u.Email = "sato@example.jp" })
	for range 100 {
		put(t, w, notice(t, w, u))
	}
	passes(t, w, 600)
	if n := server.Connections(); n < 12 || n > 40 {
		t.Errorf("%d connections in ten minutes", n)
	}
	server.Follow(smtptest.Script{})
	passes(t, w, 60)
	if len(server.Taken()) != 100 {
		t.Errorf("%d of 100 mails left within a minute", len(server.Taken()))
	}
}

// node is another process on the same database.
func node(t *testing.T, w *resettest.World, s *store.Store, server *smtptest.Server) *outbox.Sender {
	t.Helper()
	sender := w.NewSender(t)
	sender.Store, sender.Settings, sender.Connections = s, reaching(t, server), outbox.NewConnections(4)
	return sender
}

// TestK12TwoNodesWithManyWorkersSendEachOnce, two stores on one PostgreSQL.
func TestK12TwoNodesWithManyWorkersSendEachOnce(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t, store.Postgres)
	first, second := storetest.Connect(t, url), storetest.Connect(t, url)
	w := resettest.New(t, first)
	server := facing(t, w)
	u := w.User(t, "sato", func(u *aikagi.User) { u.Email = "sato@example.jp" })
	all := long(80, 2_000)
	var made []aikagi.Message
	for range all / 2 {
		m, token := linkTo(t, w, u)
		storetest.Update(t, w.Store, func(tx *store.Tx) error { return tx.InsertToken(t.Context(), token) })
		made = append(made, m, notice(t, w, u))
	}
	put(t, w, made...)
	var working sync.WaitGroup
	for _, s := range []*store.Store{first, second} {
		sender := node(t, w, s, server)
		for range 4 {
			working.Go(func() {
				for idle := 0; idle < 3; { // another worker may have had locked what is left
					found, err := sender.Work(resettest.System(t))
					if err != nil {
						t.Error(err)
						return
					}
					if idle++; found {
						idle = 0
					}
				}
			})
		}
	}
	working.Wait()
	w.Sends(t)
	came := map[string]int{}
	for _, m := range server.Taken() {
		came[identity(t, m)]++
	}
	if len(came) != all || len(server.Taken()) != all {
		t.Errorf("%d mails with %d ids came, want %d", len(server.Taken()), len(came), all)
	}
}

// TestK13AnotherNodeTakesOver what the node had claimed that died, within a
// minute, also when it died while it was the one to try during a pause.
func TestK13AnotherNodeTakesOver(t *testing.T) {
	t.Parallel()
	for _, outage := range []bool{false, true} {
		t.Run("in an outage "+strconv.FormatBool(outage), func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t, store.Postgres)
			first := storetest.Connect(t, url)
			second, err := store.Open(t.Context(), url)
			must(t, err)
			w := resettest.New(t, first)
			server := facing(t, w)
			asked(t, w, "sato@example.jp")
			if outage {
				server.Down()
				w.Sends(t)
				w.Clock.Move(5 * time.Second)
				server.Up(t)
			}
			server.Follow(smtptest.But("DATA", smtptest.Silence), smtptest.Script{})
			dying := node(t, w, second, server)
			ctx, dies := context.WithCancel(resettest.System(t))
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				_, _ = dying.Work(ctx)
			}()
			for server.Count("DATA") == 0 {
				time.Sleep(time.Millisecond)
			}
			dies() // it records nothing any more
			<-gone
			must(t, second.Close())
			passes(t, w, 58)
			if len(server.Ended()) != 0 {
				t.Fatal("it was taken over within the lease")
			}
			passes(t, w, 4)
			if len(server.Taken()) != 1 {
				t.Errorf("%d mails came after a minute, want 1", len(server.Taken()))
			}
		})
	}
}

// TestE04NothingFromPeopleReachesTheWireAsALine: one RCPT, no other header, whatever
// the names of people and instances hold.
func TestE04NothingFromPeopleReachesTheWireAsALine(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{"\r\n", "\n", "\r", "\x00", "\u0085", "\u2028", "\u2029", "\v", "\f"} {
		t.Run(strconv.Quote(evil), func(t *testing.T) {
			t.Parallel()
			name := "x" + evil + "Bcc: thief@example.com" + evil + "." + evil + "RCPT TO:<thief@example.com>"
			w := resettest.New(t, storetest.Open(t, store.SQLite), func(i *aikagi.Instance) {
				i.Settings.DisplayName, i.Settings.Contact = name, name
			})
			server := facing(t, w)
			u := w.User(t, "sato", func(u *aikagi.User) { u.Email, u.FirstName, u.LastName = "sato@example.jp", name, name })
			m, err := w.Post.TemporaryPassword(w.Instance, u, name, w.Clock.Now())
			must(t, err)
			put(t, w, m)
			w.Sends(t)
			if server.Count("RCPT") != 1 || server.Count("MAIL") != 1 || server.Count("DATA") != 1 || len(server.Taken()) != 1 {
				t.Fatalf("on the wire:\n%s", strings.Join(server.Lines(), "\n"))
			}
			head, _, _ := strings.Cut(server.Taken()[0].Raw, "\r\n\r\n")
			if strings.Contains(strings.ToLower(head), "\nbcc") {
				t.Errorf("another header:\n%s", head)
			}
			for _, line := range server.Lines() {
				if strings.ContainsAny(line, "\r\n\x00\v\f") {
					t.Errorf("a control character on the wire: %q", line)
				}
			}
		})
	}
}

// TestR4EachMessageHasAnEnvelopeSenderOfItsOwn, so that what comes back names it;
// without an address for bounces it comes back to the sender.
func TestR4EachMessageHasAnEnvelopeSenderOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, bounces := range []aikagi.Email{"", "bounces@id.example.jp"} {
		w := onSQLite(t)
		w.Post.Bounces = bounces
		server := facing(t, w)
		u := w.User(t, "sato", func(u *aikagi.User) { u.Email = "sato@example.jp" })
		made := []aikagi.Message{notice(t, w, u), notice(t, w, u)}
		put(t, w, made...)
		w.Sends(t)
		if len(server.Taken()) != 2 {
			t.Fatalf("%d mails left", len(server.Taken()))
		}
		senders := map[string]bool{}
		for _, line := range server.Lines() {
			if sender, found := strings.CutPrefix(line, "MAIL FROM:<"); found {
				senders[strings.TrimSuffix(sender, ">")] = true
			}
		}
		for _, m := range made {
			want := string(w.Post.ReturnPath().Of(m.ID))
			if !senders[want] || (bounces == "") != (want == "noreply@id.example.jp") {
				t.Errorf("%s is not among %v", want, senders)
			}
			id, found, err := w.Post.ReturnPath().Read(want)
			if found != (bounces != "") || found && id != m.ID || err != nil {
				t.Errorf("%s is read as that of %s (%t, %v)", want, id, found, err)
			}
		}
	}
}
