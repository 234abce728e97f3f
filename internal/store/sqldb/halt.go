package sqldb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/aikagi/aikagi"
)

// halt is why nothing more is written to SQLite's files: a disk that did not
// confirm a flush, or damage. It stays until the process ends; the next one reads
// what is really there. Reading goes on (R1, R5, R6;
// TestL04AFailedFlushStopsWriting, TestL06ADamagedPageStopsChanges).
type halt struct{ why atomic.Pointer[aikagi.Error] }

// err is the refusal of every later write; nil while all is well.
func (h *halt) err() error {
	if why := h.why.Load(); why != nil {
		return why
	}
	return nil
}

// note looks whether an error is a reason to halt, and then returns the refusal.
func (h *halt) note(err error) error {
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		h.notice(err)
		return err
	}
	reason := haltReason(lite.Code())
	if reason == "" {
		return err
	}
	h.why.CompareAndSwap(nil, &aikagi.Error{Code: aikagi.Unavailable, Subject: "database", Reason: reason, Err: err})
	return h.err()
}

// haltReason tells what no further write can mend. After a failed flush the kernel
// may have dropped the pages, and a later flush that succeeds says nothing about
// them. A write that failed is none of these: SQLite rolls it back.
func haltReason(code int) string {
	switch code {
	case sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC:
		return "flush_failed"
	}
	if isDamage(code) {
		return "damaged"
	}
	return ""
}

func isDamage(code int) bool {
	return code&0xff == sqlite3.SQLITE_CORRUPT || code&0xff == sqlite3.SQLITE_NOTADB
}

// Inspect has the engine look for damage in its files; if there is any, no more
// is written. It is the work of a job.
func (d *DB) Inspect(ctx context.Context) error {
	damage, err := d.CheckIntegrity(ctx)
	if len(damage) > 0 {
		err = &aikagi.Error{
			Code: aikagi.Unavailable, Subject: "database", Reason: "damaged", Err: errors.New(strings.Join(damage, "; ")),
		}
	}
	d.halt.notice(err)
	return err
}

// notice halts if an error speaks of damage.
func (h *halt) notice(err error) {
	var found *aikagi.Error
	if errors.As(err, &found) && found.Subject == "database" && found.Reason == "damaged" {
		h.why.CompareAndSwap(nil, found)
	}
}

// ReadJSON reads a column that we wrote as JSON. A text that cannot be read is not
// what was written: the file is damaged, and nobody's mistake is told as a bug.
func ReadJSON(what, text string, into any) error {
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return &aikagi.Error{
			Code: aikagi.Unavailable, Subject: "database", Reason: "damaged", Err: fmt.Errorf("read %s: %w", what, err),
		}
	}
	return nil
}
