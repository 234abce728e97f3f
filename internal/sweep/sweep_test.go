package sweep_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
	"github.com/aikagi/aikagi/internal/sweep"
)

const day = 24 * time.Hour

func TestOnlyWhatHasExpiredIsSwept(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			url := "sqlite:" + filepath.Join(t.TempDir(), "a.db")
			if engine == store.Postgres {
				url = storetest.Postgres(t)
			}
			s, err := store.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
			fill(t, s, now)
			sweeper := &sweep.Sweeper{Store: s, Clock: clock.NewSet(now), Node: "one"}
			if found, err := sweeper.Sweep(t.Context()); found || err != nil {
				t.Fatalf("found %t, %v", found, err)
			}
			other := &sweep.Sweeper{Store: s, Clock: clock.NewSet(now.Add(time.Second)), Node: "two"}
			if _, err := other.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			check(t, s, now)
		})
	}
}

// fill keeps of each kind one row that is to stay, "new", and one to go, "old".
func fill(t *testing.T, s *store.Store, now time.Time) {
	t.Helper()
	ctx := t.Context()
	err := s.Update(ctx, func(tx *store.Tx) error {
		steps := []error{
			tx.InsertInstance(ctx, aikagi.Instance{ID: "i", Alias: "sakura", Settings: aikagi.DefaultInstanceSettings()}),
			tx.InsertUser(ctx, aikagi.User{InstanceID: "i", ID: "u", Username: "tanaka", Enabled: true}),
		}
		for name, age := range map[string]time.Duration{"new": 0, "old": 1} {
			before := func(keep time.Duration) time.Time { return now.Add(time.Millisecond - age*(keep+time.Second)) }
			steps = append(steps,
				tx.InsertSession(ctx, aikagi.Session{InstanceID: "i", Digest: []byte(name), ID: aikagi.SessionID(name), UserID: "u", ExpiresAt: before(0)}),
				tx.SpendChallenge(ctx, name, before(time.Hour)),
				tx.KeepDevice(ctx, aikagi.KnownDevice{InstanceID: "i", Digest: []byte(name), UserID: "u"}, before(180*day)),
				tx.InsertConsoleLink(ctx, store.ConsoleLink{Digest: []byte(name), Kind: "setup", ExpiresAt: before(day)}),
				tx.InsertToken(ctx, aikagi.ResetToken{InstanceID: "i", Digest: []byte(name), ID: aikagi.ResetTokenID(name), UserID: "u", ExpiresAt: before(30 * day)}),
				tx.InsertRequest(ctx, aikagi.ResetRequest{InstanceID: "i", ID: aikagi.ResetRequestID(name), CreatedAt: before(90 * day)}),
			)
		}
		steps = append(steps, tx.InsertRequest(ctx, aikagi.ResetRequest{InstanceID: "i", ID: "week", CreatedAt: now.Add(-7*day - time.Second)}))
		for _, err := range steps {
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// deviceIn looks for a known device of tanaka's.
func deviceIn(ctx context.Context, tx *store.Tx, name string, since time.Time) error {
	found, err := tx.FindKnocked(ctx, store.Knock{Instance: "i", Username: "tanaka", Device: []byte(name), Since: since})
	if err == nil && !found.KnownDevice {
		return aikagi.E(aikagi.NotFound, "known_device", nil)
	}
	return err
}

func check(t *testing.T, s *store.Store, now time.Time) {
	t.Helper()
	ctx := t.Context()
	spend := func(id string) error {
		return s.Update(ctx, func(tx *store.Tx) error { return tx.SpendChallenge(ctx, id, now.Add(day)) })
	}
	if err := spend("new"); aikagi.CodeOf(err) != aikagi.Expired {
		t.Errorf("a spent challenge was forgotten: %v", err)
	}
	if err := spend("old"); err != nil {
		t.Errorf("an old challenge is still there: %v", err)
	}
	err := s.Update(ctx, func(tx *store.Tx) error {
		for name, want := range map[string]aikagi.Code{"new": "", "old": aikagi.NotFound} {
			_, session := tx.FindSession(ctx, "i", []byte(name))
			device := deviceIn(ctx, tx, name, now.Add(-1000*day))
			_, link := tx.FindConsoleLink(ctx, []byte(name))
			_, token := tx.FindToken(ctx, "i", []byte(name))
			_, request := tx.FindRequest(ctx, "i", aikagi.ResetRequestID(name))
			for what, err := range map[string]error{"session": session, "device": device, "link": link, "token": token, "request": request} {
				if (err == nil) != (want == "") || err != nil && aikagi.CodeOf(err) != want {
					t.Errorf("%s %s: %v", name, what, err)
				}
			}
		}
		week, err := tx.FindRequest(ctx, "i", "week")
		if week.State != aikagi.RequestClosed || week.ClosedBy != "expired" {
			t.Errorf("a request of a week ago is %q, closed by %q", week.State, week.ClosedBy)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
