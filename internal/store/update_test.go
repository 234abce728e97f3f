package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

func put(ctx context.Context, s *store.Store, name string, after error) error {
	return s.Update(ctx, func(tx *store.Tx) error {
		if err := tx.PutSetting(ctx, name, "kept"); err != nil {
			return err
		}
		return after
	})
}

func kept(t *testing.T, s *store.Store, name string) bool {
	t.Helper()
	err := s.View(t.Context(), func(tx *store.Tx) error {
		_, err := tx.FindSetting(t.Context(), name)
		return err
	})
	if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
		t.Fatal(err)
	}
	return err == nil
}

// at once runs n functions side by side and returns their errors.
func atOnce(n int, run func(n int) error) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = run(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// exactlyOne fails unless one error is nil and all others carry the code.
func exactlyOne(t *testing.T, errs []error, code aikagi.Code) {
	t.Helper()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case aikagi.CodeOf(err) != code:
			t.Errorf("got %v, want %s", err, code)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d succeeded, want 1", won, len(errs))
	}
}

// TestR1NeighboursShareACommitAndNothingElse lets functions fail, panic and be
// cancelled beside others that share their commit.
func TestR1NeighboursShareACommitAndNothingElse(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		errs := atOnce(60, func(n int) error {
			name := fmt.Sprint("n", n)
			switch n % 6 {
			case 1:
				return put(t.Context(), s, name, refused)
			case 2:
				return put(cancelled, s, name, nil)
			case 3: // a statement that the database itself refuses
				return s.Update(t.Context(), func(tx *store.Tx) error {
					if err := tx.PutSetting(t.Context(), name, "kept"); err != nil {
						return err
					}
					return tx.InsertSecurityProfile(t.Context(), aikagi.SecurityProfile{InstanceID: "nobody", ID: "x"})
				})
			}
			return put(t.Context(), s, name, nil)
		})
		for n, err := range errs {
			want := n%6 == 0 || n%6 > 3
			if got := err == nil; got != want {
				t.Errorf("function %d: got %v", n, err)
			}
			if got := kept(t, s, fmt.Sprint("n", n)); got != want {
				t.Errorf("function %d: kept %v, want %v", n, got, want)
			}
		}
		if !errors.Is(errs[1], refused) {
			t.Errorf("a function's own error came back as %v", errs[1])
		}
		if aikagi.CodeOf(errs[2]) != aikagi.Unavailable {
			t.Errorf("a cancelled function came back as %v, want unavailable", errs[2])
		}
		if aikagi.CodeOf(errs[3]) != aikagi.Conflict {
			t.Errorf("a refused statement came back as %v, want conflict", errs[3])
		}
	})
}

func TestJ14APanicInAnUpdateHarmsNobodyElse(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, store.SQLite)
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.PutSetting(t.Context(), "half", "done"); err != nil {
			return err
		}
		panic("a bug")
	})
	if aikagi.CodeOf(err) != aikagi.Internal || !strings.Contains(err.Error(), "a bug") {
		t.Errorf("got %v, want internal with the panic in it", err)
	}
	if kept(t, s, "half") {
		t.Error("what the function did before it panicked was kept")
	}
	if err := put(t.Context(), s, "next", nil); err != nil || !kept(t, s, "next") {
		t.Errorf("the next update: %v", err)
	}
}

// TestR1AContextEndsTheWaitAndNotTheWork cancels while the function runs: its
// fate is known all the same.
func TestR1AContextEndsTheWaitAndNotTheWork(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, store.SQLite)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, func(tx *store.Tx) error {
		cancel()
		return tx.PutSetting(ctx, "late", "kept")
	})
	if got := kept(t, s, "late"); got != (err == nil) {
		t.Errorf("update said %v, kept %v", err, got)
	}
}

func TestUpdateAfterCloseIsUnavailable(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), storetest.URL(t, store.SQLite))
	if err != nil {
		t.Fatal(err)
	}
	closing := make(chan error, 1)
	errs := atOnce(50, func(n int) error {
		if n == 25 {
			closing <- s.Close()
		}
		return put(t.Context(), s, fmt.Sprint("n", n), nil)
	})
	if err := <-closing; err != nil {
		t.Fatal(err)
	}
	for n, err := range errs {
		if err != nil && aikagi.CodeOf(err) != aikagi.Unavailable {
			t.Errorf("function %d: got %v, want unavailable", n, err)
		}
	}
}

// TestR8RightsDoNotSkew lets two read what the other writes: one must lose, or
// come after the other (decision 13).
func TestR8RightsDoNotSkew(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for round := range 10 {
			names := []string{fmt.Sprint("a", round), fmt.Sprint("b", round)}
			for _, name := range names {
				storetest.Update(t, s, func(tx *store.Tx) error { return tx.PutSetting(t.Context(), name, "admin") })
			}
			atOnce(2, func(n int) error { // each removes himself if the other stays
				return s.Update(t.Context(), func(tx *store.Tx) error {
					other, err := tx.FindSetting(t.Context(), names[1-n])
					if err != nil || other != "admin" {
						return err
					}
					return tx.PutSetting(t.Context(), names[n], "gone")
				})
			})
			left := 0
			storetest.View(t, s, func(tx *store.Tx) error {
				for _, name := range names {
					value, err := tx.FindSetting(t.Context(), name)
					if err != nil {
						return err
					}
					if value == "admin" {
						left++
					}
				}
				return nil
			})
			if left != 1 {
				t.Fatalf("%d of the two are left, want 1", left)
			}
		}
	})
}

// TestL13ALostConnectionIsUnavailable, whenever it is lost, and the next update
// gets another one (R7).
func TestL13ALostConnectionIsUnavailable(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t, store.Postgres)
	s, other := storetest.Connect(t, url), raw(t, url)
	cut := func() {
		run(t, other, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	}
	for _, when := range []string{"before", "at the first statement", "at the second", "at the end"} {
		if when == "before" {
			cut()
		}
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			if when == "at the first statement" {
				cut()
			}
			if err := tx.PutSetting(t.Context(), "a", when); err != nil {
				return err
			}
			if when == "at the second" {
				cut()
			}
			err := tx.PutSetting(t.Context(), "b", when)
			if when == "at the end" {
				cut()
			}
			return err
		})
		if err != nil && aikagi.CodeOf(err) != aikagi.Unavailable || err == nil && when != "before" {
			t.Errorf("%s: got %v, want unavailable", when, err)
		}
		if err := put(t.Context(), s, "next", nil); err != nil {
			// The pool may hand out another connection that was cut meanwhile.
			if aikagi.CodeOf(err) != aikagi.Unavailable {
				t.Errorf("%s, the next update: %v", when, err)
			}
		}
	}
	if err := put(t.Context(), s, "last", nil); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestOpenTakesAnyPath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/100% 電話#1?"
	s, err := store.Open(t.Context(), "sqlite:"+dir+"/aikagi.db")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir + "/aikagi.db"); err != nil {
		t.Errorf("the database is somewhere else: %v", err)
	}
}

func TestOpenRefusesANewerSchema(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t, engine)
			s, err := store.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			run(t, raw(t, url), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, `+yes(engine)+`)`)
			_, err = store.Open(t.Context(), url)
			if aikagi.ReasonOf(err) != "newer_schema" {
				t.Errorf("got %v, want that the schema is newer", err)
			}
		})
	}
}

func yes(e store.Engine) string {
	if e == store.Postgres {
		return "true"
	}
	return "1"
}

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// TestL05AReadOnlyPostgresIsToldAtOnce: opening waits for no lease that a database
// which takes no changes never gives, and what writes is refused.
func TestL05AReadOnlyPostgresIsToldAtOnce(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t, store.Postgres)
	mark := "?"
	if strings.Contains(url, "?") {
		mark = "&"
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // the lease is asked for for minutes
	defer cancel()
	s, err := store.Open(ctx, url+mark+"default_transaction_read_only=on")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	err = s.Update(ctx, func(tx *store.Tx) error { return tx.PutSetting(ctx, "name", "value") })
	if aikagi.CodeOf(err) != aikagi.Unavailable || ctx.Err() != nil {
		t.Errorf("a change: %v, want that it is unavailable", err)
	}
	err = s.View(ctx, func(tx *store.Tx) error {
		_, err := tx.FindSetting(ctx, "name")
		return err
	})
	if aikagi.CodeOf(err) != aikagi.NotFound {
		t.Errorf("reading: %v", err)
	}
}
