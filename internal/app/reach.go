package app

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/ops"
	"github.com/aikagi/aikagi/internal/unreachable"
)

// When people are counted who cannot reset their password: not while the server
// starts, and then by the hour, because it looks at everybody.
const (
	firstReach = time.Minute
	everyReach = time.Hour
)

// reach knows how many cannot reset their password, by the rules of aikagi unreachable.
type reach struct {
	app    *App
	due    time.Time
	counts atomic.Pointer[[]unreachable.Reach]
}

// work counts when it is time. It is the work of a job.
func (r *reach) work(ctx context.Context) (found bool, err error) {
	now := r.app.Clock.Now()
	if r.due.IsZero() {
		r.due = now.Add(firstReach)
	}
	if now.Before(r.due) {
		return false, nil
	}
	counts, err := unreachable.Database{Store: r.app.Store}.Count(ctx)
	if err != nil {
		return false, err
	}
	r.due = now.Add(everyReach)
	r.counts.Store(&counts)
	return false, nil
}

// each are the numbers for the metrics; before the first count there are none.
func (r *reach) each(context.Context) ([]ops.Labelled, error) {
	counts := r.counts.Load()
	if counts == nil {
		return nil, aikagi.E(aikagi.Unavailable, "count", nil)
	}
	var all []ops.Labelled
	for _, c := range *counts {
		for why, n := range c.By {
			all = append(all, ops.Labelled{Values: []string{c.Instance, string(why)}, N: float64(n)})
		}
	}
	return all, nil
}
