// Package clock is the only place that asks the machine what time it is.
// Everything else is handed a Clock, so that a test can set it.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time in UTC.
type Clock interface {
	Now() time.Time
}

// System is the machine's clock.
type System struct{}

// Now returns the machine's time in UTC, cut to milliseconds, which is what
// the store keeps.
func (System) Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Set is a clock that stands still until it is moved; for tests and for dev.
type Set struct {
	mu  sync.Mutex
	now time.Time
}

// NewSet returns a clock that stands at t.
func NewSet(t time.Time) *Set { return &Set{now: t.UTC().Truncate(time.Millisecond)} }

// Now returns the time the clock was set to.
func (s *Set) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Move turns the clock by d, forwards or backwards.
func (s *Set) Move(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}
