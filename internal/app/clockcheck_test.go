package app

import (
	"testing"
	"time"

	"github.com/aikagi/aikagi"
)

// TestL21AClockOf1970IsRefused, and none of after 2038.
func TestL21AClockOf1970IsRefused(t *testing.T) {
	t.Parallel()
	for at, want := range map[time.Time]string{
		time.Unix(0, 0): "past",
		time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC):   "past",
		time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC):  "",
		time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC): "",
		time.Date(2106, 2, 7, 6, 28, 16, 0, time.UTC): "",
	} {
		if got := aikagi.ReasonOf(checkClock(at)); got != want {
			t.Errorf("%s: %q, want %q", at, got, want)
		}
	}
}
