package reset

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
)

// DefaultMostUnserved is how many requests and mails may wait before strangers can
// add none: a day of a mail server that is down, and no full disk.
const DefaultMostUnserved = 10_000

// countEvery is how old the count may be: counting costs more than asking.
const countEvery = 2 * time.Second

// room remembers whether there is room for more requests.
type room struct {
	mu      sync.Mutex
	counted time.Time
	full    bool
}

// hasRoom refuses everybody while too much waits to be answered or sent, before
// anything is known of who asks (A04).
func (r *Resets) hasRoom(ctx context.Context) error {
	most := r.MostUnserved
	if most == 0 {
		most = DefaultMostUnserved
	}
	now := r.Clock.Now()
	r.room.mu.Lock()
	defer r.room.mu.Unlock()
	if age := now.Sub(r.room.counted); age < 0 || age >= countEvery {
		err := r.Store.View(ctx, func(tx *store.Tx) error {
			n, err := tx.CountUnserved(ctx, most)
			r.room.full = n >= most
			return err
		})
		if err != nil {
			return err
		}
		r.room.counted = now
	}
	if r.room.full {
		return aikagi.E(aikagi.Unavailable, "outbox", nil)
	}
	return nil
}

// refusedBy reports whether a limit of that name refused.
func refusedBy(err error, name string) bool {
	var e *aikagi.Error
	return errors.As(err, &e) && e.Code == aikagi.Throttled && e.Subject == name
}

// fewOfSource is how much of its limit a source may use and still count as one
// that asks for itself.
const fewOfSource = 3

// keepWithin keeps a request within what all share or, if that is used up, within
// what is kept for those who ask for little. It tells the administrators of a flood.
func (r *Resets) keepWithin(ctx context.Context, i aikagi.Instance, now time.Time, keep func(shared string) error) error {
	source := aikagi.ActorFrom(ctx).Network()
	err := keep(sharedLimit)
	r.tellOfFlood(i, source, err)
	if !refusedBy(err, sharedLimit) {
		return err
	}
	few, e := r.mayUseReserve(ctx, i, source, now)
	if e != nil {
		return e
	}
	if !few {
		return err
	}
	return keep(reserveLimit)
}

// mayUseReserve reports whether a source asked for so little that it is served
// while others use up what all share (A07).
func (r *Resets) mayUseReserve(ctx context.Context, i aikagi.Instance, source string, now time.Time) (few bool, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		used, err := r.Throttle.Used(ctx, tx, now, sourceLimit, source, string(i.ID))
		few = used <= fewOfSource
		return err
	})
	return few, err
}

// tellOfFlood tells the administrators that a limit refuses requests. The limit of
// one name does not count: that is one person who is impatient.
func (r *Resets) tellOfFlood(i aikagi.Instance, source string, err error) {
	if r.Alarm != nil && (refusedBy(err, sourceLimit.Name) || refusedBy(err, sharedLimit)) {
		r.Alarm(i.ID, source)
	}
}

// What all who ask share, and what is kept for those who ask for little.
const (
	sharedLimit  = "forgot_all"
	reserveLimit = "forgot_reserve"
)

// sourceLimit is what one source may ask for.
var sourceLimit = throttle.Limit{Name: "forgot_source", Every: 20 * time.Second, Burst: 40} //nolint:gochecknoglobals // a constant
