package login_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/login"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
	"github.com/aikagi/aikagi/internal/sweep"
)

// noPassword is wrong, counts like any other, and costs no hash.
var noPassword = strings.Repeat("x", 5000)

// leader is an administrator who is told of floods.
func leader(t *testing.T, w *resettest.World) aikagi.User {
	t.Helper()
	return w.Holder(t, "leader", aikagi.UsersView, aikagi.UsersEdit, aikagi.UsersEditPermission)
}

// tells lets the watch do what it has to do, and counts the mails to a leader.
func tells(t *testing.T, w *resettest.World, u aikagi.User) int {
	t.Helper()
	for {
		found, err := w.Watch.Work(resettest.System(t))
		must(t, err)
		if !found {
			break
		}
	}
	w.Sends(t)
	return len(w.Mailbox.Messages(string(u.Email)))
}

// TestC03OneAccountIsGuessedTenTimesAndThenSeldom: in a year of trying from one
// source without a pause a name takes a hundred guesses.
func TestC03OneAccountIsGuessedTenTimesAndThenSeldom(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.User(t, "sato")
	checked, inTheFirstHour := 0, 0
	for at := time.Duration(0); at < 365*24*time.Hour; {
		_, err := w.LogIn(t, "192.0.2.1", "sato", noPassword)
		step := time.Duration(0)
		switch {
		case aikagi.CodeOf(err) == aikagi.Unauthenticated:
			checked++
			if at < time.Hour {
				inTheFirstHour++
			}
		case aikagi.ReasonOf(err) == "wait":
			step = retryAfter(t, err)
		default:
			wants(t, "the name", err, aikagi.Throttled, "other_ways")
			step = 365 * 24 * time.Hour
		}
		w.Clock.Move(step)
		at += step
	}
	if checked != 100 || inTheFirstHour > 17 {
		t.Errorf("%d guesses were checked, %d in the first hour", checked, inTheFirstHour)
	}
}

func retryAfter(t *testing.T, err error) time.Duration {
	t.Helper()
	e, ok := err.(*aikagi.Error) //nolint:errorlint // what Attempt returns
	if !ok || e.RetryAfter <= 0 {
		t.Fatalf("no time to wait: %v", err)
	}
	return e.RetryAfter
}

// TestC05OnePasswordAgainstManyUsers: a source has 300 failures over all names and
// then one every 12 s, whether or not anybody has the names; others and known
// devices are not hurt, and the administrators hear of it once.
func TestC05OnePasswordAgainstManyUsers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		boss := leader(t, w)
		w.User(t, "sato")
		w.User(t, "ito")
		known, err := w.LogIn(t, "192.0.2.1", "sato", resettest.Password)
		must(t, err)
		for n := range 300 {
			name := fmt.Sprint("agent-", n)
			if n%100 == 50 {
				name = "ito"
			}
			_, err := w.LogIn(t, "192.0.2.1", name, noPassword)
			wants(t, fmt.Sprint("guess ", n), err, aikagi.Unauthenticated, "wrong")
		}
		for _, name := range []string{"ito", "nobody", "agent-7"} {
			_, err = w.LogIn(t, "192.0.2.1", name, resettest.Password)
			wants(t, name+" after 300", err, aikagi.Throttled, "network")
			if again := retryAfter(t, err); again > 12*time.Second {
				t.Errorf("%s is to wait %s", name, again)
			}
		}
		_, err = w.LogIn(t, "192.0.2.2", "ito", resettest.Password)
		must(t, err)
		_, err = w.Logins.Attempt(resettest.From(t, "192.0.2.1"), w.Instance, login.Attempt{
			Username: "sato", Password: aikagi.NewSecret(resettest.Password), Device: known.Device.Reveal(),
		})
		must(t, err)
		w.Clock.Move(12 * time.Second)
		_, err = w.LogIn(t, "192.0.2.1", "agent-301", noPassword)
		wants(t, "12 s later", err, aikagi.Unauthenticated, "wrong")
		_, err = w.LogIn(t, "192.0.2.1", "agent-302", noPassword)
		wants(t, "at once after it", err, aikagi.Throttled, "network")

		if mails := tells(t, w, boss); mails != 1 {
			t.Errorf("the administrator got %d mails", mails)
		}
		if got := strings.Count(w.Actions(t), "login.flood"); got != 1 || w.Watch.Noticed() != 1 {
			t.Errorf("recorded %d times, counted %d times", got, w.Watch.Noticed())
		}
	})
}

// TestC05AFloodFromManySourcesIsToldOnce, also if two nodes see it, and again when it
// goes on for long.
func TestC05AFloodFromManySourcesIsToldOnce(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	boss := leader(t, w)
	second := &login.Watch{Store: w.Store, Clock: w.Clock, Throttle: w.Throttle, Post: w.Post, Wake: func() {}}
	flood := func(first, count int) {
		for n := range count {
			_, err := w.LogIn(t, fmt.Sprintf("198.51.%d.%d", (first+n)/250, (first+n)%250), fmt.Sprint("agent-", first+n), noPassword)
			wants(t, "a guess", err, aikagi.Unauthenticated, "wrong")
		}
	}
	flood(0, 199)
	if mails := tells(t, w, boss); mails != 0 {
		t.Fatalf("%d mails before there is anything to tell", mails)
	}
	flood(199, 50)
	second.Report(w.Instance.ID, login.ManyLogins, "198.51.100.1")
	if mails := tells(t, w, boss); mails != 1 {
		t.Fatalf("%d mails", mails)
	}
	found, err := second.Work(resettest.System(t))
	must(t, err)
	w.Sends(t)
	if mails := len(w.Mailbox.Messages(string(boss.Email))); !found || mails != 1 || second.Noticed() != 0 {
		t.Errorf("found %t, %d mails, the second node counted %d", found, mails, second.Noticed())
	}
	w.Clock.Move(6*time.Hour + time.Minute)
	flood(300, 250)
	if mails := tells(t, w, boss); mails != 2 {
		t.Errorf("%d mails six hours later", mails)
	}
}

// TestC05AShiftStartsBehindOneAddress: everybody mistypes nine times and gets in;
// a success takes back what its own lane cost.
func TestC05AShiftStartsBehindOneAddress(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	boss := leader(t, w)
	for n := range 40 {
		name := fmt.Sprint("agent-", n)
		w.User(t, name)
		for range 9 {
			_, err := w.LogIn(t, "192.0.2.1", name, noPassword)
			wants(t, name, err, aikagi.Unauthenticated, "wrong")
		}
		if _, err := w.LogIn(t, "192.0.2.1", name, resettest.Password); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if mails := tells(t, w, boss); mails != 0 {
		t.Errorf("%d mails about people who start work", mails)
	}
}

// TestC05OwnSuccessesPayForNobodyElse: what a lane gives back is what it cost.
func TestC05OwnSuccessesPayForNobodyElse(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.User(t, "mallory")
	guesses := 0
	for n := 0; n < 400; n++ {
		_, err := w.LogIn(t, "192.0.2.1", fmt.Sprint("agent-", n), noPassword)
		if aikagi.CodeOf(err) != aikagi.Unauthenticated {
			break
		}
		guesses++
		if n%60 == 0 {
			for range 3 {
				_, err := w.LogIn(t, "192.0.2.1", "mallory", noPassword)
				wants(t, "his own name", err, aikagi.Unauthenticated, "wrong")
			}
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() { _, _ = w.LogIn(t, "192.0.2.1", "mallory", resettest.Password) })
			}
			all.Wait()
		}
	}
	if guesses != 300 {
		t.Errorf("%d guesses, want 300", guesses)
	}
}

// TestC06AStrangerFailsAThousandTimes and the owner gets in: on a known device, and
// with the mailbox.
func TestC06AStrangerFailsAThousandTimes(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	u := w.User(t, "sato")
	known, err := w.LogIn(t, "192.0.2.77", "sato", resettest.Password)
	must(t, err)
	checked := 0
	for n := range 1000 {
		_, err := w.LogIn(t, fmt.Sprintf("198.51.100.%d", n%250), "sato", noPassword)
		if aikagi.CodeOf(err) == aikagi.Unauthenticated {
			checked++
		}
		w.Clock.Move(time.Minute)
	}
	if checked != 100 {
		t.Errorf("%d guesses were checked, want 100", checked)
	}
	_, err = w.Logins.Attempt(resettest.From(t, "198.51.100.3"), w.Instance, login.Attempt{
		Username: "sato", Password: aikagi.NewSecret(resettest.Password), Device: known.Device.Reveal(),
	})
	if err != nil {
		t.Errorf("on a known device, from a source of the stranger's: %v", err)
	}
	w.Asks(t, "sato")
	w.Work(t)
	_, err = w.Confirm(t, reset.Proof{Token: w.Token(t, u.Email)}, "kinmokusei no kaori 5")
	must(t, err)
	if _, err := w.LogIn(t, "192.0.2.1", "sato", "kinmokusei no kaori 5"); err != nil {
		t.Errorf("after a reset: %v", err)
	}
}

// TestC08CountersOutliveARestartAndHoldOnOtherNodes.
func TestC08CountersOutliveARestartAndHoldOnOtherNodes(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			url := "sqlite:" + filepath.Join(t.TempDir(), "a.db")
			if engine == store.Postgres {
				url = storetest.Postgres(t)
			}
			first, err := store.Open(t.Context(), url)
			must(t, err)
			w := resettest.New(t, first)
			w.User(t, "sato")
			for range 10 {
				_, err := w.LogIn(t, "192.0.2.1", "sato", noPassword)
				wants(t, "a guess", err, aikagi.Unauthenticated, "wrong")
			}
			if engine == store.SQLite { // one process at a time
				must(t, first.Close())
			} else {
				t.Cleanup(func() { _ = first.Close() })
			}
			second, err := store.Open(t.Context(), url)
			must(t, err)
			t.Cleanup(func() { _ = second.Close() })
			other := *w.Logins
			other.Store = second
			_, err = other.Attempt(resettest.From(t, "192.0.2.1"), w.Instance, login.Attempt{
				Username: "sato", Password: aikagi.NewSecret(resettest.Password),
			})
			wants(t, "elsewhere", err, aikagi.Throttled, "wait")
		})
	}
}

// TestC29MadeUpNamesPushNobodyOut: rows are bounded, and those of somebody under
// attack stay, whether or not anybody has the name.
func TestC29MadeUpNamesPushNobodyOut(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		w.User(t, "sato")
		for _, name := range []string{"sato", "nobody"} {
			for range 10 {
				_, err := w.LogIn(t, "192.0.2.1", name, noPassword)
				wants(t, name, err, aikagi.Unauthenticated, "wrong")
			}
		}
		for n := range 120 {
			_, err := w.LogIn(t, fmt.Sprint("198.51.100.", n%100), fmt.Sprint("made-up-", n), noPassword)
			wants(t, "a made-up name", err, aikagi.Unauthenticated, "wrong")
		}
		const most = 30
		sweeper := &sweep.Sweeper{Store: w.Store, Clock: w.Clock, Node: "one", MostFailures: most}
		for {
			found, err := sweeper.Sweep(t.Context())
			must(t, err)
			if !found {
				break
			}
		}
		storetest.Update(t, w.Store, func(tx *store.Tx) error {
			over, err := tx.TrimFailures(t.Context(), most, 1000)
			if err == nil && over != 0 {
				t.Errorf("%d rows too many were left", over)
			}
			left, err := tx.TrimFailures(t.Context(), 0, 1000)
			if err == nil && left != most {
				t.Errorf("%d rows were kept, want %d", left, most)
			}
			return err
		})
	})
}

// TestC29TheFloodGoesFirst: who waits goes on waiting after the sweep.
func TestC29TheFloodGoesFirst(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.User(t, "sato")
	for _, name := range []string{"sato", "nobody"} {
		for range 10 {
			_, err := w.LogIn(t, "192.0.2.1", name, noPassword)
			wants(t, name, err, aikagi.Unauthenticated, "wrong")
		}
	}
	for n := range 200 {
		w.Clock.Move(time.Millisecond) // later than they, and still before them to go
		_, err := w.LogIn(t, fmt.Sprint("198.51.100.", n%100), fmt.Sprint("made-up-", n), noPassword)
		wants(t, "a made-up name", err, aikagi.Unauthenticated, "wrong")
	}
	sweeper := &sweep.Sweeper{Store: w.Store, Clock: w.Clock, Node: "one", MostFailures: 10}
	for found := true; found; {
		var err error
		found, err = sweeper.Sweep(t.Context())
		must(t, err)
	}
	for _, name := range []string{"sato", "nobody"} {
		_, err := w.LogIn(t, "192.0.2.1", name, resettest.Password)
		wants(t, name, err, aikagi.Throttled, "wait")
	}
}

// TestR11AFloodKeepsNobodyOut: right logins from elsewhere find a place while a few
// networks take all there are (short form of the bench's R11).
func TestR11AFloodKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.Logins.Hashes = password.NewGate(1, 8)
	w.User(t, "sato")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var flood sync.WaitGroup
	for n := range 24 {
		flood.Go(func() {
			for try := 0; ctx.Err() == nil && try < 500; try++ {
				from := aikagi.WithActor(ctx, aikagi.Actor{Address: fmt.Sprint("198.51.100.", n%4)})
				_, err := w.Logins.Attempt(from, w.Instance, login.Attempt{
					Username: fmt.Sprintf("made-up-%d-%d", n, try), Password: aikagi.NewSecret("wrong"),
				})
				if aikagi.CodeOf(err) == aikagi.Unavailable {
					time.Sleep(time.Millisecond) // as the network would
				}
			}
		})
	}
	for n := range 5 {
		if _, err := w.LogIn(t, fmt.Sprint("192.0.2.", n), "sato", resettest.Password); err != nil {
			t.Errorf("right login %d: %v", n, err)
		}
	}
	stop()
	flood.Wait()
	if w.Logins.Hashes.Refused() == 0 {
		t.Error("there was no flood")
	}
}

// TestS13OverloadShowsNobody: with no place left, names that exist and others get
// the same answer, nothing is counted, and a known device finds a place.
func TestS13OverloadShowsNobody(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.User(t, "sato")
	known, err := w.LogIn(t, "192.0.2.1", "sato", resettest.Password)
	must(t, err)
	gate := password.NewGate(1, 3)
	for range 4 {
		place, err := gate.Enter("192.0.2.1")
		must(t, err)
		defer place.Leave()
	}
	w.Logins.Hashes = gate
	for range 20 {
		for _, name := range []string{"sato", "nobody"} {
			_, err := w.LogIn(t, "192.0.2.1", name, resettest.Password)
			wants(t, name, err, aikagi.Unavailable, "busy")
		}
	}
	_, err = w.Logins.Attempt(resettest.From(t, "192.0.2.1"), w.Instance, login.Attempt{
		Username: "sato", Password: aikagi.NewSecret(resettest.Password), Device: known.Device.Reveal(),
	})
	if err != nil {
		t.Errorf("on a known device in the flooded network: %v", err)
	}
	w.Logins.Hashes = w.Hashes
	if _, err = w.LogIn(t, "192.0.2.1", "sato", resettest.Password); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// leaving is a clock at whose second look the person leaves: while the try is counted.
type leaving struct {
	clock.Clock
	looks int
	leave context.CancelFunc
}

func (l *leaving) Now() time.Time {
	if l.looks++; l.looks == 2 {
		l.leave()
	}
	return l.Clock.Now()
}

// TestS14WhatWasNotCheckedDoesNotCount: whoever leaves the line before his turn made
// no guess.
func TestS14WhatWasNotCheckedDoesNotCount(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.User(t, "sato")
	for range 12 {
		ctx, leave := context.WithCancel(resettest.From(t, "192.0.2.1"))
		impatient := *w.Logins
		impatient.Clock = &leaving{Clock: w.Clock, leave: leave}
		_, err := impatient.Attempt(ctx, w.Instance, login.Attempt{Username: "sato", Password: aikagi.NewSecret("wrong")})
		wants(t, "who left", err, aikagi.Unavailable, "busy")
	}
	if _, err := w.LogIn(t, "192.0.2.1", "sato", resettest.Password); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
