package aikagi

import "time"

// ImportID names an import; UUIDv7.
type ImportID string

// Import is a table of users that somebody uploaded: first to be looked at, then
// to be carried out by a job, a batch of rows a transaction.
type Import struct {
	InstanceID InstanceID
	ID         ImportID
	Actor      Actor // who uploaded it and will be judged, row by row, when it runs
	FileName   string
	File       []byte
	State      ImportState
	Rows       int
	Position   int // rows done
	Created    int
	Updated    int
	Same       int
	Failed     int
	Attempt    int64 // counts claims; a worker that lost its lease stores nothing
	CreatedAt  time.Time
	FinishedAt time.Time
}

// ImportState is how far an import is.
type ImportState string

// The states, in their order.
const (
	ImportShown    ImportState = "shown"    // uploaded; nothing is written
	ImportRunning  ImportState = "running"  // confirmed
	ImportFinished ImportState = "finished" // every row was tried once
)

// ImportTTL is how long an import can be looked at and run.
const ImportTTL = 24 * time.Hour

// ImportFailure is a row that was not carried out.
type ImportFailure struct {
	Line     int
	Problems []byte // JSON, as the rule that judges rows writes and reads it
}
