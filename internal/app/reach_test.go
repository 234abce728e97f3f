package app

import (
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// TestWhoCannotResetIsCountedByTheHour, not at the start, and there is no number before.
func TestWhoCannotResetIsCountedByTheHour(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, store.SQLite)
	now := clock.NewSet(time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC))
	r := &reach{app: &App{Options: Options{Store: s, Clock: now}}}
	storetest.Update(t, s, func(tx *store.Tx) error {
		return tx.InsertAccount(t.Context(), aikagi.Account{ID: "123456789012", CreatedAt: now.Now()})
	})
	i := storetest.Instance(t, s, "sakura")
	without := func(name string) { storetest.User(t, s, i, name, func(u *aikagi.User) { u.Email = "" }) }
	without("one")
	counted := func() float64 {
		t.Helper()
		if found, err := r.work(t.Context()); found || err != nil {
			t.Fatalf("found %v, %v", found, err)
		}
		all, err := r.each(t.Context())
		for _, one := range all {
			if one.Values[0] == "sakura" && one.Values[1] == "no_email" {
				return one.N
			}
		}
		if aikagi.CodeOf(err) != aikagi.Unavailable {
			t.Errorf("%v, %v", all, err)
		}
		return -1
	}
	for _, step := range []struct {
		after time.Duration
		want  float64
	}{{0, -1}, {59 * time.Second, -1}, {time.Second, 1}, {59 * time.Minute, 1}, {time.Minute, 2}} {
		now.Move(step.after)
		if got := counted(); got != step.want {
			t.Errorf("after %s: %v, want %v", step.after, got, step.want)
		}
		if step.want == 1 && step.after == time.Second {
			without("two")
		}
	}
}
