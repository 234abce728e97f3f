package throttle

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// Limit lets Burst through at once and then one every Every.
type Limit struct {
	Name  string
	Every time.Duration
	Burst int
}

// ahead is how far beyond now the limit may stand before it refuses.
func (l Limit) ahead() time.Duration { return time.Duration(l.Burst-1) * l.Every }

// full is how long a limit that is empty again at a moment refuses; 0 if it does
// not. What stands further ahead than it can was set by a clock that was wrong (R9).
func (l Limit) full(emptyAt, now time.Time) time.Duration {
	wait := emptyAt.Add(-l.ahead()).Sub(now)
	if wait <= 0 || wait > l.Every+time.Hour {
		return 0
	}
	return max(wait, time.Second)
}

// used is how many tokens of a limit have not come back yet.
func (l Limit) used(emptyAt, now time.Time) int {
	return int((max(emptyAt.Sub(now), 0) + l.Every - 1) / l.Every)
}

// Take lets one through the limit for a key, or refuses with Throttled and the
// time after which one more gets through.
func (t *Throttle) Take(ctx context.Context, tx *store.Tx, now time.Time, l Limit, key ...string) error {
	lane := t.limitLane(l, key)
	emptyAt, err := tx.TakeToken(ctx, lane, now, l.Every, l.ahead())
	if err != nil || !emptyAt.IsZero() {
		return err
	}
	if emptyAt, err = tx.FindTAT(ctx, lane); err != nil {
		return err
	}
	again := max(emptyAt.Add(-l.ahead()).Sub(now), time.Second)
	return &aikagi.Error{Code: aikagi.Throttled, Subject: l.Name, Reason: "too_often", RetryAfter: again}
}

// Used tells how much of a limit is in use for a key.
func (t *Throttle) Used(ctx context.Context, tx *store.Tx, now time.Time, l Limit, key ...string) (int, error) {
	emptyAt, err := tx.FindTAT(ctx, t.limitLane(l, key))
	return l.used(emptyAt, now), err
}

// Allows is Take for callers to whom a full limit is no error.
func (t *Throttle) Allows(ctx context.Context, tx *store.Tx, now time.Time, l Limit, key ...string) (bool, error) {
	emptyAt, err := tx.TakeToken(ctx, t.limitLane(l, key), now, l.Every, l.ahead())
	return !emptyAt.IsZero(), err
}

func (t *Throttle) limitLane(l Limit, key []string) []byte { return t.lane("limit:"+l.Name, key...) }
