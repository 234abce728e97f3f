package throttle

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// Keyed is a limit and whom it is for.
type Keyed struct {
	Limit
	Key []string
}

// TakeAll is Take for three limits in one statement: all let one through, or the
// first that refuses is named and the transaction is to be given up.
func (t *Throttle) TakeAll(ctx context.Context, tx *store.Tx, now time.Time, limits [3]Keyed) error {
	var tokens [3]store.Token
	for n, l := range limits {
		tokens[n] = store.Token{Lane: t.limitLane(l.Limit, l.Key), Every: l.Every, Burst: l.ahead()}
	}
	refused, err := tx.TakeTokens(ctx, now, tokens)
	if err != nil || refused < 0 {
		return err
	}
	emptyAt, err := tx.FindTAT(ctx, tokens[refused].Lane)
	if err != nil {
		return err
	}
	l := limits[refused].Limit
	again := max(emptyAt.Add(-l.ahead()).Sub(now), time.Second)
	return &aikagi.Error{Code: aikagi.Throttled, Subject: l.Name, Reason: "too_often", RetryAfter: again}
}
