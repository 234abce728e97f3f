package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// TestS3ALimitThatAllShareTurnsNobodyAway lets many take a token of one limit
// at once: each gets one, and none gives up for the others' sake.
func TestS3ALimitThatAllShareTurnsNobodyAway(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const workers, each = 12, 12
		now := time.UnixMilli(1_700_000_000_000)
		errs := atOnce(workers, func(int) error {
			for range each {
				err := s.Claim(t.Context(), func(tx *store.Tx) error {
					until, err := tx.TakeToken(t.Context(), []byte("all"), now, time.Second, time.Hour)
					if err == nil && until.IsZero() {
						return errors.New("refused")
					}
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		err := s.View(t.Context(), func(tx *store.Tx) error {
			tat, err := tx.FindTAT(t.Context(), []byte("all"))
			if want := now.Add(workers * each * time.Second); err == nil && !tat.Equal(want) {
				t.Errorf("the limit stands at %s, want %s: a token was lost or counted twice", tat, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
