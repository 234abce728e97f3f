package clock

import (
	"sync"
	"time"
)

// Running is a clock that was set to a time and goes on from there, or stands
// still; for dev.
type Running struct {
	mu    sync.Mutex
	at    time.Time // what it showed when it was set
	since time.Time // the machine's time then
	still bool
}

// NewRunning returns a clock that shows at now and goes on.
func NewRunning(at time.Time) *Running {
	r := &Running{}
	r.Put(at, true)
	return r
}

// Now returns what the clock shows, in UTC, cut to milliseconds.
func (r *Running) Now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.still {
		return r.at
	}
	return r.at.Add(time.Since(r.since)).Truncate(time.Millisecond)
}

// Moving tells whether the clock goes on.
func (r *Running) Moving() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.still
}

// Put sets the clock, which from then on moves or stands still.
func (r *Running) Put(at time.Time, moving bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at, r.since, r.still = at.UTC().Truncate(time.Millisecond), time.Now(), !moving
}
