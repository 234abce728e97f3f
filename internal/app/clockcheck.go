package app

import (
	"fmt"
	"time"

	"github.com/aikagi/aikagi"
)

// checkClock refuses to serve by a clock that stands before this version was made:
// links and sessions would end at a time that means nothing, and the record would
// lie (L21). One that is ahead cannot be told from a right one; what it wrote ends
// when it is put right (R9).
func checkClock(now time.Time) error {
	made := time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	if now.Before(made) {
		return &aikagi.Error{Code: aikagi.Unavailable, Subject: "clock", Reason: "past", Err: fmt.Errorf("it says %s", now.Format(time.DateTime))}
	}
	return nil
}
