package reset_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

const chosen = "kinmokusei no kaori 5"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, what string, err error, code aikagi.Code, reason string) {
	t.Helper()
	if err == nil || aikagi.CodeOf(err) != code || aikagi.ReasonOf(err) != reason {
		t.Errorf("%s: got %v, want %s (%s)", what, err, code, reason)
	}
}

// each runs a test in a world on each engine.
func each(t *testing.T, run func(t *testing.T, w *resettest.World)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store) { run(t, resettest.New(t, s)) })
}

func onSQLite(t *testing.T, edits ...func(*aikagi.Instance)) *resettest.World {
	t.Helper()
	return resettest.New(t, storetest.Open(t, store.SQLite), edits...)
}

// way is one way of getting a secret into a person's hands.
type way struct {
	name  string
	get   func(t *testing.T, w *resettest.World, u aikagi.User) reset.Proof
	ttl   time.Duration
	event string
}

// ways are all of them; every rule about secrets is tried on each (S12).
func ways() []way {
	byAdmin := func(send func(w *resettest.World, ctx context.Context, u aikagi.User) error) func(*testing.T, *resettest.World, aikagi.User) reset.Proof {
		return func(t *testing.T, w *resettest.World, u aikagi.User) reset.Proof {
			t.Helper()
			must(t, send(w, resettest.As(t, leader(t, w)), u))
			w.Sends(t)
			return reset.Proof{Token: w.Token(t, u.Email)}
		}
	}
	return []way{
		{"mail link", func(t *testing.T, w *resettest.World, u aikagi.User) reset.Proof {
			t.Helper()
			w.Asks(t, string(u.Username))
			w.Work(t)
			return reset.Proof{Token: w.Token(t, u.Email)}
		}, 30 * time.Minute, "password.reset"},
		{"code", func(t *testing.T, w *resettest.World, u aikagi.User) reset.Proof {
			t.Helper()
			ticket := w.Asks(t, string(u.Username))
			w.Work(t)
			proof, err := w.Resets.TryCode(t.Context(), w.Instance, ticket, aikagi.NewSecret(w.Code(t, u.Email)))
			must(t, err)
			return proof
		}, 30 * time.Minute, "password.reset"},
		{"card", func(t *testing.T, w *resettest.World, u aikagi.User) reset.Proof {
			t.Helper()
			card, err := w.Resets.IssueCard(resettest.As(t, leader(t, w)), w.Instance.ID, u.ID)
			must(t, err)
			return reset.Proof{Token: resettest.TokenIn(t, card.Link.Reveal())}
		}, 24 * time.Hour, "password.reset"},
		{"link sent by an administrator", byAdmin(func(w *resettest.World, ctx context.Context, u aikagi.User) error {
			return w.Resets.SendLink(ctx, w.Instance.ID, u.ID)
		}), 30 * time.Minute, "password.reset"},
		{"invitation", byAdmin(func(w *resettest.World, ctx context.Context, u aikagi.User) error {
			return w.Resets.Invite(ctx, w.Instance.ID, u.ID)
		}), 24 * time.Hour, "password.reset"},
	}
}

// leader makes, once a world, an editor: Users View and Edit and no more.
func leader(t *testing.T, w *resettest.World) aikagi.User {
	t.Helper()
	var u aikagi.User
	err := w.Store.View(t.Context(), func(tx *store.Tx) (err error) {
		u, err = tx.FindUserByName(t.Context(), w.Instance.ID, "leader")
		return err
	})
	if err != nil {
		u = w.Holder(t, "leader", aikagi.UsersView, aikagi.UsersEdit)
	}
	return u
}

// eachWay runs a test for every way, each with a user of its own.
func eachWay(t *testing.T, run func(t *testing.T, w *resettest.World, u aikagi.User, way way)) {
	t.Helper()
	for _, c := range ways() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := onSQLite(t)
			run(t, w, w.User(t, "sato"), c)
		})
	}
}

func TestS6ASecretLivesAsLongAsItSays(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, w *resettest.World, u aikagi.User, way way) {
		proof := way.get(t, w, u)
		w.Clock.Move(way.ttl - time.Second)
		_, err := w.Resets.Look(t.Context(), w.Instance, proof)
		must(t, err)
		w.Clock.Move(2 * time.Second)
		_, err = w.Confirm(t, proof, chosen)
		wants(t, "a second after its end", err, aikagi.Expired, "expired")
		w.Clock.Move(-2 * time.Second)
		_, err = w.Confirm(t, proof, chosen)
		must(t, err)
	})
}

func TestS6TheLifeOfALinkIsASetting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ set, want time.Duration }{
		{5 * time.Minute, 5 * time.Minute}, {72 * time.Hour, 24 * time.Hour}, {0, time.Minute},
	} {
		w := onSQLite(t, func(i *aikagi.Instance) { i.Settings.ResetTTL = c.set })
		u := w.User(t, "sato")
		proof := ways()[0].get(t, w, u)
		looked, err := w.Resets.Look(t.Context(), w.Instance, proof)
		must(t, err)
		if got := looked.Token.ExpiresAt.Sub(looked.Token.CreatedAt); got != c.want {
			t.Errorf("set to %s a link lives %s, want %s", c.set, got, c.want)
		}
	}
}

// TestS6WhatEndsASecret changes the state of the account under an open secret.
func TestS6WhatEndsASecret(t *testing.T) {
	t.Parallel()
	edit := func(w *resettest.World, ctx context.Context, u aikagi.User, change func(*aikagi.User)) error {
		return w.Store.Update(ctx, func(tx *store.Tx) error {
			before, err := tx.FindUser(ctx, u.InstanceID, u.ID)
			if err != nil {
				return err
			}
			after := before
			change(&after)
			after.SecretEpoch++
			return tx.UpdateUser(ctx, before, after)
		})
	}
	for _, c := range []struct {
		name string
		end  func(w *resettest.World, ctx context.Context, u aikagi.User) error
		keep bool
	}{
		{name: "address", end: func(w *resettest.World, ctx context.Context, u aikagi.User) error {
			return edit(w, ctx, u, func(u *aikagi.User) { u.Email = "other@example.jp" })
		}},
		{name: "status, and back", end: func(w *resettest.World, ctx context.Context, u aikagi.User) error {
			if err := edit(w, ctx, u, func(u *aikagi.User) { u.Enabled = false }); err != nil {
				return err
			}
			return edit(w, ctx, u, func(u *aikagi.User) { u.Enabled = true })
		}},
		{name: "temporary password", end: func(w *resettest.World, ctx context.Context, u aikagi.User) error {
			_, err := w.Resets.SetTemporary(ctx, w.Instance.ID, u.ID)
			return err
		}},
		{name: "own change of the password", end: func(w *resettest.World, ctx context.Context, u aikagi.User) error {
			return w.Store.View(ctx, func(tx *store.Tx) error {
				stored, err := tx.FindUser(ctx, u.InstanceID, u.ID)
				if err != nil {
					return err
				}
				return w.Resets.ChangeOwn(ctx, w.Instance, reset.Own{
					User: stored, Session: "s", Current: aikagi.NewSecret(resettest.Password), Chosen: aikagi.NewSecret("tsuyu no ajisai 31"),
				})
			})
		}},
		{name: "newer link by an administrator", end: func(w *resettest.World, ctx context.Context, u aikagi.User) error {
			return w.Resets.SendLink(ctx, w.Instance.ID, u.ID)
		}},
		{name: "newer card", end: func(w *resettest.World, ctx context.Context, u aikagi.User) error {
			_, err := w.Resets.IssueCard(ctx, w.Instance.ID, u.ID)
			return err
		}},
		{name: "deletion", end: func(w *resettest.World, ctx context.Context, u aikagi.User) error {
			return w.Store.Update(ctx, func(tx *store.Tx) error { return tx.DeleteUser(ctx, u) })
		}},
		{name: "another name", keep: true, end: func(w *resettest.World, ctx context.Context, u aikagi.User) error {
			return w.Store.Update(ctx, func(tx *store.Tx) error {
				before, err := tx.FindUser(ctx, u.InstanceID, u.ID)
				if err != nil {
					return err
				}
				after := before
				after.LastName = "鈴木"
				return tx.UpdateUser(ctx, before, after)
			})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, way := range ways() {
				w := onSQLite(t)
				u := w.User(t, "sato")
				proof := way.get(t, w, u)
				must(t, c.end(w, resettest.As(t, leader(t, w)), u))
				_, err := w.Confirm(t, proof, chosen)
				if c.keep && err != nil {
					t.Errorf("%s: %v", way.name, err)
				}
				if !c.keep && aikagi.CodeOf(err) != aikagi.Expired {
					t.Errorf("%s: got %v, want expired", way.name, err)
				}
			}
		})
	}
}

// TestS6AnonymousLinksLiveSideBySide: three at most, none ended by another (decision 4).
func TestS6AnonymousLinksLiveSideBySide(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		u := w.User(t, "sato")
		var links []aikagi.Secret
		for range 5 {
			w.Asks(t, "sato")
			w.Work(t)
		}
		for _, m := range w.Mailbox.Messages(string(u.Email)) {
			links = append(links, resettest.TokenIn(t, m.Text))
		}
		if len(links) != 3 {
			t.Fatalf("five requests sent %d mails, want 3", len(links))
		}
		for n, l := range links {
			if _, err := w.Resets.Look(t.Context(), w.Instance, reset.Proof{Token: l}); err != nil {
				t.Errorf("link %d: %v", n, err)
			}
		}
		_, err := w.Confirm(t, reset.Proof{Token: links[1]}, chosen)
		must(t, err)
		for n, l := range links {
			want := "password"
			if n == 1 {
				want = "used"
			}
			_, err := w.Resets.Look(t.Context(), w.Instance, reset.Proof{Token: l})
			wants(t, "after one was used", err, aikagi.Expired, want)
		}
	})
}

// TestS7OnlyTheNewPasswordSpends: looking, refused passwords and mixed-up forms
// spend nothing, and of many at once one succeeds (B04, B12, B23).
func TestS7OnlyTheNewPasswordSpends(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		u := w.User(t, "sato")
		proof := ways()[0].get(t, w, u)
		ctx := resettest.From(t, "192.0.2.1")
		var looked reset.Looked
		for range 100 {
			var err error
			looked, err = w.Resets.Look(ctx, w.Instance, proof)
			must(t, err)
		}
		_, err := w.Resets.Confirm(ctx, w.Instance, proof, looked.Token.ID, aikagi.NewSecret("short"))
		wants(t, "a short password", err, aikagi.Invalid, "too_short")
		_, err = w.Resets.Confirm(ctx, w.Instance, proof, "another form", aikagi.NewSecret(chosen))
		wants(t, "another link's form", err, aikagi.Conflict, "mixed_up")

		passwords := make([]string, 30)
		errs := make([]error, len(passwords))
		var all sync.WaitGroup
		for n := range passwords {
			passwords[n] = chosen + strings.Repeat("x", n)
			all.Go(func() {
				_, errs[n] = w.Resets.Confirm(ctx, w.Instance, proof, looked.Token.ID, aikagi.NewSecret(passwords[n]))
			})
		}
		all.Wait()
		won := -1
		for n, err := range errs {
			switch {
			case err == nil && won < 0:
				won = n
			case err == nil:
				t.Fatalf("both %d and %d were accepted", won, n)
			case aikagi.CodeOf(err) != aikagi.Expired:
				t.Errorf("%d: %v", n, err)
			}
		}
		if won < 0 {
			t.Fatal("none was accepted")
		}
		if _, err := w.LogIn(t, "192.0.2.1", "sato", passwords[won]); err != nil {
			t.Errorf("the accepted password: %v", err)
		}
		_, err = w.LogIn(t, "192.0.2.1", "sato", passwords[(won+1)%30])
		wants(t, "a refused password", err, aikagi.Unauthenticated, "wrong")
	})
}

func TestS7ACancelledConfirmIsAllOrNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		u := w.User(t, "sato")
		proof := ways()[0].get(t, w, u)
		looked, err := w.Resets.Look(t.Context(), w.Instance, proof)
		must(t, err)
		ctx, cancel := context.WithCancel(resettest.From(t, "192.0.2.1"))
		cancel()
		_, err = w.Resets.Confirm(ctx, w.Instance, proof, looked.Token.ID, aikagi.NewSecret(chosen))
		if err == nil {
			t.Fatal("a cancelled request was accepted")
		}
		_, err = w.Confirm(t, proof, chosen)
		must(t, err)
	})
}

// TestS8OnlyTheSecretOpens: ids, requests and codes of others do not.
func TestS8OnlyTheSecretOpens(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	sato, ito := w.User(t, "sato"), w.User(t, "ito")
	mine := ways()[0].get(t, w, sato)
	theirs := ways()[1].get(t, w, ito)
	next := storetest.Instance(t, w.Store, "momiji")
	looked, err := w.Resets.Look(t.Context(), w.Instance, mine)
	must(t, err)
	for name, c := range map[string]struct {
		proof    reset.Proof
		instance aikagi.Instance
	}{
		"nothing":               {reset.Proof{}, w.Instance},
		"an empty token":        {reset.Proof{Token: aikagi.NewSecret("")}, w.Instance},
		"the public id":         {reset.Proof{Token: aikagi.NewSecret(string(looked.Token.ID))}, w.Instance},
		"a request alone":       {reset.Proof{Request: theirs.Request}, w.Instance},
		"a code alone":          {reset.Proof{Code: theirs.Code}, w.Instance},
		"somebody else's code":  {reset.Proof{Request: looked.Token.RequestID, Code: theirs.Code}, w.Instance},
		"another instance":      {mine, next},
		"another instance code": {theirs, next},
	} {
		_, err := w.Resets.Look(t.Context(), c.instance, c.proof)
		wants(t, name, err, aikagi.Expired, "unknown")
		_, err = w.Resets.Confirm(t.Context(), c.instance, c.proof, looked.Token.ID, aikagi.NewSecret(chosen))
		wants(t, name, err, aikagi.Expired, "unknown")
	}
	_, err = w.Resets.Confirm(t.Context(), w.Instance, theirs, looked.Token.ID, aikagi.NewSecret(chosen))
	wants(t, "another user's form", err, aikagi.Conflict, "mixed_up")
}

// TestS11WhatFollowsFromAReset: everything else that let somebody in ends, and
// the owner is told.
func TestS11WhatFollowsFromAReset(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, w *resettest.World, u aikagi.User, way way) {
		other := w.User(t, "ito")
		for _, name := range []string{"sato", "sato", "ito"} {
			_, err := w.LogIn(t, "192.0.2.1", name, resettest.Password)
			must(t, err)
		}
		proof := way.get(t, w, u)
		before := len(w.Events(t))
		done, err := w.Confirm(t, proof, chosen)
		must(t, err)
		if done.Ended != 2 || !done.Notice {
			t.Errorf("ended %d sessions, notice %v; want 2 and true", done.Ended, done.Notice)
		}
		for _, c := range []struct {
			user aikagi.User
			want int
		}{{u, 0}, {other, 1}} {
			open, err := w.Sessions.List(t.Context(), w.Instance.ID, c.user.ID)
			must(t, err)
			if len(open) != c.want {
				t.Errorf("%s has %d sessions, want %d", c.user.Username, len(open), c.want)
			}
		}
		events := w.Events(t)
		if len(events) != before+1 || events[0].Action != way.event || events[0].TargetID != string(u.ID) {
			t.Errorf("the record has %d new events, the last %s; want one %s", len(events)-before, events[0].Action, way.event)
		}
		w.Sends(t)
		notice := w.Received(t, u.Email)
		if strings.Contains(notice.Text, "/reset/") || strings.Contains(notice.Text, chosen) {
			t.Errorf("the notice holds a secret:\n%s", notice.Text)
		}
		if _, err := w.LogIn(t, "192.0.2.1", "sato", chosen); err != nil {
			t.Errorf("login with the new password: %v", err)
		}
		_, err = w.LogIn(t, "192.0.2.1", "sato", resettest.Password)
		wants(t, "login with the old password", err, aikagi.Unauthenticated, "wrong")
	})
}

// TestS6ACodeDiesAfterFiveWrongTries, and the link beside it does not (B30).
func TestS6ACodeDiesAfterFiveWrongTries(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		u := w.User(t, "sato")
		ticket, nobody := w.Asks(t, "sato"), w.Asks(t, "nobody")
		w.Work(t)
		right := w.Code(t, u.Email)
		try := func(ticket reset.Ticket, typed string) error {
			_, err := w.Resets.TryCode(t.Context(), w.Instance, ticket, aikagi.NewSecret(typed))
			return err
		}
		wants(t, "the code of another request", try(nobody, right), aikagi.Invalid, "wrong")
		must(t, try(ticket, " "+strings.ToLower(strings.ReplaceAll(right, "-", ""))+" "))
		for _, each := range []reset.Ticket{ticket, nobody} {
			for range 4 {
				wants(t, "a wrong code", try(each, "2222-2222"), aikagi.Invalid, "wrong")
			}
			wants(t, "the sixth try", try(each, right), aikagi.Throttled, "too_often")
		}
		if _, err := w.Confirm(t, reset.Proof{Token: w.Token(t, u.Email)}, chosen); err != nil {
			t.Errorf("the link beside the dead code: %v", err)
		}
	})
}

// TestS6WrongCodesCountOnTheSecret: also where tries come at once.
func TestS6WrongCodesCountOnTheSecret(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		u := w.User(t, "sato")
		ticket := w.Asks(t, "sato")
		w.Work(t)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				_, err := w.Resets.TryCode(t.Context(), w.Instance, ticket, aikagi.NewSecret("2222-2222"))
				if code := aikagi.CodeOf(err); code != aikagi.Invalid && code != aikagi.Throttled {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		_, err := w.Resets.Look(t.Context(), w.Instance, reset.Proof{Request: ticket.Request, Code: aikagi.NewSecret(w.Code(t, u.Email))})
		wants(t, "the right code after twenty wrong ones", err, aikagi.Expired, "unknown")
	})
}

// TestR9AClockThatJumpsProlongsNoSecret makes secrets while the clock is a day ahead.
func TestR9AClockThatJumpsProlongsNoSecret(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, w *resettest.World, u aikagi.User, way way) {
		leader(t, w)
		w.Clock.Move(24 * time.Hour)
		proof := way.get(t, w, u)
		w.Clock.Move(-24 * time.Hour)
		_, err := w.Confirm(t, proof, chosen)
		wants(t, "after the clock was put right", err, aikagi.Expired, "expired")
	})
}

func TestB01TokensAreRandomAndKeptAsDigests(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	u := w.User(t, "sato")
	token := ways()[0].get(t, w, u).Token.Reveal()
	looked, err := w.Resets.Look(t.Context(), w.Instance, reset.Proof{Token: aikagi.NewSecret(token)})
	must(t, err)
	if len(token) != 43 || len(looked.Token.Digest) != 32 || strings.Contains(string(looked.Token.Digest), token[:8]) {
		t.Errorf("token of %d characters, digest of %d bytes", len(token), len(looked.Token.Digest))
	}
}
