package store_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/aikagi/aikagi/internal/store"
)

func memory(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestMemoryIsOnesOwnAndGoneWhenClosed(t *testing.T) {
	t.Parallel()
	one, other := memory(t), memory(t)
	if err := put(t.Context(), one, "here", nil); err != nil {
		t.Fatal(err)
	}
	if !kept(t, one, "here") || kept(t, other, "here") {
		t.Error("what is in memory is not in the database that was given it, or in another one too")
	}
	if err := one.Close(); err != nil {
		t.Error(err)
	}
	if kept(t, memory(t), "here") {
		t.Error("a new database holds what a closed one held")
	}
}

// memdb has no log: readers and the writer wait for one another, and all get
// their turn.
func TestMemoryServesReadersAndWritersAtOnce(t *testing.T) {
	t.Parallel()
	s := memory(t)
	ctx := context.WithoutCancel(t.Context())
	for _, err := range atOnce(16, func(n int) error {
		for i := range 50 {
			if n%2 == 0 {
				if err := put(ctx, s, strconv.Itoa(n)+"-"+strconv.Itoa(i), nil); err != nil {
					return err
				}
				continue
			}
			if err := s.View(ctx, func(tx *store.Tx) error { _, err := tx.ListInstances(ctx, "", 10); return err }); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	if !kept(t, s, "14-49") {
		t.Error("a change is gone")
	}
}
