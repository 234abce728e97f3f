package store_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// TestR1AStatementThatWaitedFailsTheTransaction lets statements fail whose answer
// nobody waits for: on PostgreSQL they are sent with later ones.
func TestR1AStatementThatWaitedFailsTheTransaction(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		i := storetest.Instance(t, s, "sakura")
		u := storetest.User(t, s, i, "sato")
		again := u
		again.ID = aikagi.UserID(aikagi.NewID())
		start := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
		challenge := func(tx *store.Tx) error { return tx.SpendChallenge(ctx, "c", start) }
		storetest.Update(t, s, challenge)
		read := func(tx *store.Tx) error { _, err := tx.FindInstance(ctx, i.ID); return err }
		for _, c := range []struct {
			name          string
			fails         func(tx *store.Tx) error
			code          aikagi.Code
			reason        string
			then          func(tx *store.Tx) error
			keepsToItSelf bool
		}{
			{"refused, sent with commit", func(tx *store.Tx) error { return tx.InsertUser(ctx, again) }, aikagi.Conflict, "taken", nil, false},
			{"refused, sent with a read", func(tx *store.Tx) error { return tx.InsertUser(ctx, again) }, aikagi.Conflict, "taken", read, false},
			{"no row, sent with commit", challenge, aikagi.Expired, "used", nil, false},
			{"no row, sent with a read", challenge, aikagi.Expired, "used", read, false},
			{"refused, and nobody listens", func(tx *store.Tx) error { return tx.InsertUser(ctx, again) }, "", "", read, true},
		} {
			name := "kept after " + c.name
			err := s.Update(ctx, func(tx *store.Tx) error {
				if err := tx.PutSetting(ctx, name, "kept"); err != nil {
					return err
				}
				err := c.fails(tx)
				if err == nil && c.then != nil {
					err = c.then(tx)
				}
				if c.keepsToItSelf {
					return nil
				}
				return err
			})
			if c.keepsToItSelf {
				if s.Engine() == store.Postgres && err == nil {
					t.Errorf("%s: committed", c.name)
				}
				continue // on SQLite a failed statement leaves the transaction as it was
			}
			wants(t, c.name, err, c.code, c.reason)
			if kept(t, s, name) {
				t.Errorf("%s: the transaction was kept", c.name)
			}
		}
	})
}

// TestUsersAreMadeSideBySide makes users of one instance at once, who all meet on
// its row of counts: none of them may be turned away.
func TestUsersAreMadeSideBySide(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		i := storetest.Instance(t, s, "sakura")
		var runs atomic.Int64
		const makers, each = 16, 8
		errs := atOnce(makers, func(maker int) error {
			for n := range each {
				err := s.Update(t.Context(), func(tx *store.Tx) error {
					runs.Add(1)
					name := aikagi.Username(fmt.Sprintf("u%d-%d", maker, n))
					for range 5 { // as the rules do before they write
						if _, err := tx.FindInstance(t.Context(), i.ID); err != nil {
							return err
						}
						if _, err := tx.FindUserByName(t.Context(), i.ID, name); aikagi.CodeOf(err) != aikagi.NotFound {
							return err
						}
					}
					return tx.InsertUser(t.Context(), aikagi.User{
						InstanceID: i.ID, ID: aikagi.UserID(aikagi.NewID()), Username: name, Enabled: true,
					})
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err := errors.Join(errs...); err != nil {
			t.Errorf("after %d runs: %v", runs.Load(), err)
		}
		storetest.View(t, s, func(tx *store.Tx) error {
			found, err := tx.FindInstance(t.Context(), i.ID)
			if found.UserCount != makers*each {
				t.Errorf("%d users are counted, want %d", found.UserCount, makers*each)
			}
			return err
		})
	})
}
