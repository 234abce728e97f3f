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
	// MostFailures bounds the rows of failed logins; 0 is DefaultMostFailures.
	MostFailures int
}

// DefaultMostFailures is some 40 MB. Each row has cost a hash, so that between two
// sweeps a few thousand come at most (C29).
const DefaultMostFailures = 200_000

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

// longestPause is more than any work is ever put off; what is due later was put off
// by a clock that was wrong (R9).
const longestPause = 2 * time.Hour

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
		{store.OldImports, aikagi.ImportTTL},
		{store.ExpiredAnswers, 0},
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
	more, err := s.step(ctx, now, func(tx *store.Tx) (int64, error) {
		return tx.TrimFailures(ctx, s.mostFailures(), batch)
	})
	if err != nil {
		return false, fmt.Errorf("trim failures: %w", err)
	}
	if _, err := s.step(ctx, now, func(tx *store.Tx) (int64, error) {
		return 0, tx.MakeDue(ctx, now, now.Add(longestPause))
	}); err != nil {
		return false, fmt.Errorf("make work due: %w", err)
	}
	full, err := s.step(ctx, now, func(tx *store.Tx) (int64, error) {
		return tx.CloseOldRequests(ctx, now.Add(-aikagi.ResetRequestTTL), now, batch)
	})
	if err != nil {
		return false, fmt.Errorf("close old requests: %w", err)
	}
	return found || more || full, nil
}

func (s *Sweeper) mostFailures() int {
	if s.MostFailures == 0 {
		return DefaultMostFailures
	}
	return s.MostFailures
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
