package login_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/login"
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

func wants(t *testing.T, what string, err error, code aikagi.Code, reason string) {
	t.Helper()
	if err == nil || aikagi.CodeOf(err) != code || aikagi.ReasonOf(err) != reason {
		t.Errorf("%s: got %v, want %s (%s)", what, err, code, reason)
	}
}

func each(t *testing.T, run func(t *testing.T, w *resettest.World)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store) { run(t, resettest.New(t, s)) })
}

func onSQLite(t *testing.T, edits ...func(*aikagi.Instance)) *resettest.World {
	t.Helper()
	return resettest.New(t, storetest.Open(t, store.SQLite), edits...)
}

// TestS13FailuresAreTheSameForEveryState (C01).
func TestS13FailuresAreTheSameForEveryState(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		w.User(t, "sato")
		w.User(t, "without", func(u *aikagi.User) { u.Email = "" })
		w.User(t, "disabled", func(u *aikagi.User) { u.Enabled = false })
		w.User(t, "passwordless", func(u *aikagi.User) { u.PasswordHash = "" })
		for _, c := range []struct{ name, password string }{
			{"nobody", resettest.Password},
			{"sato", "a wrong password"},
			{"sato", strings.Repeat("x", 5000)},
			{"sato", "not text \xff"},
			{"SATO", resettest.Password},
			{"without", "a wrong password"},
			{"disabled", resettest.Password},
			{"passwordless", resettest.Password},
			{"passwordless", "x"},
			{"sato\x00", resettest.Password},
			{strings.Repeat("s", 101), resettest.Password},
		} {
			_, err := w.LogIn(t, "192.0.2.1", c.name, c.password)
			wants(t, fmt.Sprintf("%.20q with %.20q", c.name, c.password), err, aikagi.Unauthenticated, "wrong")
		}
		if _, err := w.LogIn(t, "192.0.2.1", "　ｓａｔｏ ", resettest.Password); err != nil {
			t.Errorf("full-width typing: %v", err)
		}
		if events := w.Actions(t); events != "session.login" {
			t.Errorf("the record says %q", events)
		}
	})
}

// TestS14TenTriesThenWaits: 30 s up to 1 h, for names that exist and others.
func TestS14TenTriesThenWaits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		w.User(t, "sato")
		for _, name := range []string{"sato", "nobody"} {
			for n := range 10 {
				_, err := w.LogIn(t, "192.0.2.1", name, "wrong")
				wants(t, fmt.Sprint("try ", n), err, aikagi.Unauthenticated, "wrong")
			}
			for _, wait := range []time.Duration{
				30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute,
				32 * time.Minute, time.Hour, time.Hour,
			} {
				w.Clock.Move(wait - time.Millisecond)
				_, err := w.LogIn(t, "192.0.2.1", name, resettest.Password)
				wants(t, fmt.Sprint("just before ", wait), err, aikagi.Throttled, "wait")
				w.Clock.Move(time.Millisecond)
				_, err = w.LogIn(t, "192.0.2.1", name, "wrong")
				wants(t, fmt.Sprint("after ", wait), err, aikagi.Unauthenticated, "wrong")
			}
		}
		if _, err := w.LogIn(t, "192.0.2.2", "sato", resettest.Password); err != nil {
			t.Errorf("from another source: %v", err)
		}
	})
}

// TestS14ManyTriesAtOnceAreCountedToo: no more than ten reach the check.
func TestS14ManyTriesAtOnceAreCountedToo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		w.User(t, "sato")
		errs := make([]error, 30)
		var all sync.WaitGroup
		for n := range errs {
			all.Go(func() { _, errs[n] = w.LogIn(t, "192.0.2.1", "sato", fmt.Sprint("wrong", n)) })
		}
		all.Wait()
		checked := 0
		for _, err := range errs {
			switch aikagi.CodeOf(err) {
			case aikagi.Unauthenticated:
				checked++
			case aikagi.Throttled:
			default:
				t.Error(err)
			}
		}
		if checked != 10 {
			t.Errorf("%d of 30 tries at once were checked, want 10", checked)
		}
	})
}

// guesses lets strangers fail against a name until it takes only other ways in.
func guesses(t *testing.T, w *resettest.World, name string) {
	t.Helper()
	tooLong := strings.Repeat("x", 5000) // costs no hash, and counts like any other
	for n := range 100 {
		_, err := w.LogIn(t, fmt.Sprint("198.51.100.", n), name, tooLong)
		wants(t, fmt.Sprint("guess ", n), err, aikagi.Unauthenticated, "wrong")
	}
	_, err := w.LogIn(t, "203.0.113.5", name, resettest.Password)
	wants(t, "the 101st", err, aikagi.Throttled, "other_ways")
}

// TestS14TheOwnerGetsInUnderAttack: on a known device, or with the mailbox (C06).
func TestS14TheOwnerGetsInUnderAttack(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	u, ito := w.User(t, "sato"), w.User(t, "ito")
	attempt := func(device aikagi.Secret, name, password string) (login.Opened, error) {
		return w.Logins.Attempt(resettest.From(t, "192.0.2.77"), w.Instance, login.Attempt{
			Username: name, Password: aikagi.NewSecret(password), Device: device.Reveal(),
		})
	}
	first, err := attempt(aikagi.Secret{}, "sato", resettest.Password)
	must(t, err)
	others, err := attempt(aikagi.Secret{}, string(ito.Username), resettest.Password)
	must(t, err)
	guesses(t, w, "sato")
	known, err := attempt(first.Device, "sato", resettest.Password)
	must(t, err)
	if known.Device.Reveal() != first.Device.Reveal() {
		t.Error("a known device became another one")
	}
	_, err = attempt(others.Device, "sato", resettest.Password)
	wants(t, "somebody else's device", err, aikagi.Throttled, "other_ways")
	_, err = attempt(first.Device, "ito", "wrong")
	wants(t, "his device and another name", err, aikagi.Unauthenticated, "wrong")

	// The mailbox: the attack goes on in the moment after the reset.
	w.Asks(t, "sato")
	w.Work(t)
	done, err := w.Confirm(t, reset.Proof{Token: w.Token(t, u.Email)}, "kinmokusei no kaori 5")
	must(t, err)
	guesses(t, w, "sato")
	_, err = attempt(done.Device, "sato", "kinmokusei no kaori 5")
	must(t, err)
	_, err = attempt(first.Device, "sato", "kinmokusei no kaori 5")
	wants(t, "the device from before the reset", err, aikagi.Throttled, "other_ways")
}

// TestS14AKnownDeviceGuessesNoMoreThanOthers (C25).
func TestS14AKnownDeviceGuessesNoMoreThanOthers(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.User(t, "sato")
	opened, err := w.LogIn(t, "192.0.2.1", "sato", resettest.Password)
	must(t, err)
	failed := 0
	for range 400 {
		_, err = w.Logins.Attempt(resettest.From(t, "192.0.2.1"), w.Instance, login.Attempt{
			Username: "sato", Password: aikagi.NewSecret(strings.Repeat("x", 2000)), Device: opened.Device.Reveal(),
		})
		if aikagi.CodeOf(err) == aikagi.Unauthenticated {
			failed++
		}
		w.Clock.Move(30 * time.Minute)
	}
	if failed != 100 {
		t.Errorf("%d guesses were checked in 200 hours, want 100", failed)
	}
}

func TestS14OwnSuccessesDoNotHelpAgainstOthers(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.User(t, "sato")
	w.User(t, "mallory")
	for range 10 {
		_, err := w.LogIn(t, "192.0.2.1", "sato", "wrong")
		wants(t, "a guess", err, aikagi.Unauthenticated, "wrong")
		_, err = w.LogIn(t, "192.0.2.1", "mallory", resettest.Password)
		must(t, err)
	}
	_, err := w.LogIn(t, "192.0.2.1", "sato", resettest.Password)
	wants(t, "the eleventh", err, aikagi.Throttled, "wait")
}

// TestS3TheClientDoesNotChooseItsLane: of an IPv6 address it chooses half.
func TestS3TheClientDoesNotChooseItsLane(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for n := range 10 {
		_, err := w.LogIn(t, fmt.Sprintf("2001:db8::%x", n), "sato", "wrong")
		wants(t, "a guess", err, aikagi.Unauthenticated, "wrong")
	}
	_, err := w.LogIn(t, "2001:db8::ffff", "sato", "wrong")
	wants(t, "the same network", err, aikagi.Throttled, "wait")
	_, err = w.LogIn(t, "2001:db8:0:1::1", "sato", "wrong")
	wants(t, "another network", err, aikagi.Unauthenticated, "wrong")
}

// TestR9AClockThatJumpedLeavesNoEndlessWait (L20).
func TestR9AClockThatJumpedLeavesNoEndlessWait(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.User(t, "sato")
	w.Clock.Move(24 * time.Hour)
	for range 10 {
		_, err := w.LogIn(t, "192.0.2.1", "sato", "wrong")
		wants(t, "a guess", err, aikagi.Unauthenticated, "wrong")
	}
	w.Clock.Move(-24 * time.Hour)
	if _, err := w.LogIn(t, "192.0.2.1", "sato", resettest.Password); err != nil {
		t.Errorf("after the clock was put right: %v", err)
	}
}

// TestS15ALoginIsJudgedAgainWhenItIsStored: the hash takes a while (F12).
func TestS15ALoginIsJudgedAgainWhenItIsStored(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(ctx context.Context, tx *store.Tx, u aikagi.User) error{
		"disabled": func(ctx context.Context, tx *store.Tx, u aikagi.User) error {
			after := u
			after.Enabled = false
			return tx.UpdateUser(ctx, u, after)
		},
		"deleted": func(ctx context.Context, tx *store.Tx, u aikagi.User) error { return tx.DeleteUser(ctx, u) },
		"given another password": func(ctx context.Context, tx *store.Tx, u aikagi.User) error {
			return tx.SetPassword(ctx, u.InstanceID, u.ID, "", false, u.CreatedAt)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := onSQLite(t)
			u := w.User(t, "sato")
			started, opened := make(chan struct{}), make(chan error, 8)
			for range 8 { // some are before the change, some after, some between
				go func() {
					<-started
					_, err := w.LogIn(t, "192.0.2.1", "sato", resettest.Password)
					opened <- err
				}()
			}
			close(started)
			storetest.Update(t, w.Store, func(tx *store.Tx) error {
				if err := change(t.Context(), tx, storetestUser(t, tx, u)); err != nil {
					return err
				}
				_, err := tx.EndSessionsOfUser(t.Context(), u.InstanceID, u.ID, "")
				return err
			})
			for range 8 {
				if err := <-opened; err != nil && aikagi.CodeOf(err) != aikagi.Unauthenticated {
					t.Error(err)
				}
			}
			left, err := w.Sessions.List(t.Context(), u.InstanceID, u.ID)
			must(t, err)
			if len(left) != 0 {
				t.Errorf("%d sessions outlived it", len(left))
			}
		})
	}
}

func storetestUser(t *testing.T, tx *store.Tx, u aikagi.User) aikagi.User {
	t.Helper()
	found, err := tx.FindUser(t.Context(), u.InstanceID, u.ID)
	if err != nil {
		t.Error(err)
	}
	return found
}

// TestAnyBrowserNameLogsIn: a header may hold bytes that PostgreSQL refuses.
func TestAnyBrowserNameLogsIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		w.User(t, "sato")
		for _, agent := range []string{"\xff\xfe", strings.Repeat("あ", 100), "", "Mozilla/5.0"} {
			opened, err := w.Logins.Attempt(resettest.From(t, "192.0.2.1"), w.Instance, login.Attempt{
				Username: "sato", Password: aikagi.NewSecret(resettest.Password), UserAgent: agent,
			})
			if err != nil || len(opened.Session.UserAgent) > 200 {
				t.Errorf("%.10q: %v, kept %d bytes", agent, err, len(opened.Session.UserAgent))
			}
		}
	})
}

// TestD07AnOldHashIsBroughtUpToDate at the next login, and only then.
func TestD07AnOldHashIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	salt := []byte("0123456789abcdef")
	b64 := base64.RawStdEncoding.EncodeToString
	old := "$argon2id$v=19$m=8192,t=1,p=1$" + b64(salt) + "$" + b64(argon2.IDKey([]byte("old password"), salt, 1, 8192, 1, 32))
	u := w.User(t, "sato", func(u *aikagi.User) { u.PasswordHash = old })
	_, err := w.LogIn(t, "192.0.2.1", "sato", "wrong")
	wants(t, "a wrong password", err, aikagi.Unauthenticated, "wrong")
	if got := storetest.FindUser(t, w.Store, u); got.PasswordHash != u.PasswordHash {
		t.Error("a wrong password changed the hash")
	}
	_, err = w.LogIn(t, "192.0.2.1", "sato", "old password")
	must(t, err)
	got := storetest.FindUser(t, w.Store, u)
	if got.PasswordHash == old || got.SecretEpoch != u.SecretEpoch {
		t.Errorf("the hash is %.40s…, the epoch moved by %d", got.PasswordHash, got.SecretEpoch-u.SecretEpoch)
	}
	_, err = w.LogIn(t, "192.0.2.1", "sato", "old password")
	must(t, err)
}
