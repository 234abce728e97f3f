package clock_test

import (
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/clock"
)

func TestARunningClockGoesOnFromWhereItWasPut(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, time.January, 1, 9, 0, 0, 0, time.FixedZone("JST", 9*3600))
	c := clock.NewRunning(begin)
	if now := c.Now(); now.Before(begin) || now.Sub(begin) > time.Hour || now.Location() != time.UTC || !c.Moving() {
		t.Errorf("shows %v, want a little after %v in UTC", now, begin)
	}
	later := begin.Add(48 * time.Hour)
	c.Put(later, false)
	if first, second := c.Now(), c.Now(); !first.Equal(later) || !second.Equal(later) || c.Moving() {
		t.Errorf("a clock that stands shows %v and %v, want %v", first, second, later)
	}
	c.Put(begin, true)
	if now := c.Now(); now.Before(begin) || !now.Before(later) {
		t.Errorf("put back it shows %v", now)
	}
}
