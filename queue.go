package aikagi

import "time"

// Queue is where contacts wait, as far as tools ask for it; nothing waits here. A
// new instance has one.
type Queue struct {
	InstanceID  InstanceID
	ID          string
	Name        string
	Description string
	HoursID     string // of the HoursOfOperation
	CreatedAt   time.Time
}

// HoursOfOperation say when a queue is open: here always, in the time zone of the
// instance. A new instance has one.
type HoursOfOperation struct {
	InstanceID  InstanceID
	ID          string
	Name        string
	Description string
	CreatedAt   time.Time
}
