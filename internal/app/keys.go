package app

import (
	"context"
	"errors"
	"io/fs"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
)

// Keys loads the master key and makes sure that it is the one that sealed the
// data. A key is made only for an empty database: a system that had data never
// starts as new, and never with another key (S33, M05). database is its address,
// by which it is remembered.
func Keys(ctx context.Context, s *store.Store, database, path string, clk clock.Clock) (ring *secret.Ring, made bool, err error) {
	var prints [][]byte
	err = s.View(ctx, func(tx *store.Tx) (err error) {
		prints, err = tx.ListKeyPrints(ctx)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	here := knownFor(path, database)
	if len(prints) == 0 {
		if err := here.refuse(); err != nil {
			return nil, false, err
		}
	}
	ring, err = secret.LoadRing(path)
	if len(prints) == 0 && missing(err) {
		made = true
		ring, err = secret.CreateRing(path)
		if aikagi.CodeOf(err) == aikagi.Conflict { // another node was quicker
			made = false
			ring, err = secret.LoadRing(path)
		}
	}
	if err != nil {
		return nil, false, err
	}
	if err := fits(ctx, s, ring, prints, clk); err != nil {
		return nil, false, err
	}
	here.remember()
	return ring, made, nil
}

func missing(err error) bool {
	return aikagi.CodeOf(err) == aikagi.NotFound && err != nil || errors.Is(err, fs.ErrNotExist)
}

// fits refuses a ring without one of the keys that sealed data here.
func fits(ctx context.Context, s *store.Store, ring *secret.Ring, prints [][]byte, clk clock.Clock) error {
	for _, print := range prints {
		if !ring.Made(print) {
			return aikagi.Because(aikagi.Invalid, "key", "other")
		}
	}
	return s.Update(ctx, func(tx *store.Tx) error { return tx.InsertKeyPrint(ctx, ring.Check(), clk.Now()) })
}
