package sweep

import (
	"context"
	"fmt"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/store"
)

// Sweeper removes rows that have expired. One node at a time does it.
type Sweeper struct {
	Store *store.Store
	Clock clock.Clock
	Node  string // tells the nodes apart
}

const (
	job   = "sweep"
	batch = 500
	lease = time.Minute
)

// day is 24 hours; nothing here depends on a calendar.
const day = 24 * time.Hour

// skew is how far the clocks of nodes may differ without a spent challenge
// being forgotten while another node still takes it (R9).
const skew = time.Hour

type rule struct {
	what store.Expired
	keep time.Duration // beyond the moment that the kind names
}

func rules() []rule {
	return []rule{
		{store.ExpiredSessions, 0},
		{store.ExpiredConsoleSessions, 0},
		{store.ExpiredChallenges, skew},
		{store.ExpiredCounters, skew},
		{store.ExpiredFailures, skew},
		{store.ExpiredConsoleLinks, day},
		{store.ExpiredResetTokens, 30 * day},
		{store.UnusedDevices, aikagi.KnownDeviceTTL},
		{store.OldResetRequests, 90 * day},
	}
}

// Sweep removes one batch of each kind. It found work if a batch was full. It
// is the work of a job.
func (s *Sweeper) Sweep(ctx context.Context) (found bool, err error) {
	now := s.Clock.Now()
	for _, r := range rules() {
		full, err := s.step(ctx, now, func(tx *store.Tx) (int64, error) {
			return tx.Remove(ctx, r.what, now.Add(-r.keep), batch)
		})
		if err != nil {
			return false, fmt.Errorf("sweep %s: %w", r.what, err)
		}
		found = found || full
	}
	full, err := s.step(ctx, now, func(tx *store.Tx) (int64, error) {
		return tx.CloseOldRequests(ctx, now.Add(-aikagi.ResetRequestTTL), now, batch)
	})
	if err != nil {
		return false, fmt.Errorf("close old requests: %w", err)
	}
	return found || full, nil
}

// step runs one batch, if the sweep is this node's.
func (s *Sweeper) step(ctx context.Context, now time.Time, do func(*store.Tx) (int64, error)) (full bool, err error) {
	err = s.Store.Claim(ctx, func(tx *store.Tx) error {
		ours, err := tx.TakeLease(ctx, job, s.Node, now, now.Add(lease))
		if err != nil || !ours {
			return err
		}
		n, err := do(tx)
		full = n == batch
		return err
	})
	return full, err
}
