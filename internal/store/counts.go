package store

import (
	"context"
	"time"

	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const oldestWaitingMessage = `
SELECT run_at FROM outbox WHERE state IN ('waiting', 'sending') ORDER BY run_at LIMIT 1`

// OldestDueMessage tells since when the message that is due longest has been
// due; zero if none waits.
func (tx *Tx) OldestDueMessage(ctx context.Context) (time.Time, error) {
	return tx.oldest(ctx, "find due message", oldestWaitingMessage)
}

const oldestUnchained = `SELECT event_time FROM audit_events WHERE sequence = 0 ORDER BY id LIMIT 1`

// OldestUnchained tells when the oldest event that no chain holds was written;
// zero if there is none.
func (tx *Tx) OldestUnchained(ctx context.Context) (time.Time, error) {
	return tx.oldest(ctx, "find unchained event", oldestUnchained)
}

func (tx *Tx) oldest(ctx context.Context, what, query string) (time.Time, error) {
	all, err := sqldb.List(ctx, tx.Tx, what, sqldb.ScanInt, query)
	if err != nil || len(all) == 0 {
		return time.Time{}, err
	}
	return sqldb.At(all[0]), nil
}

const countWithoutEmail = `SELECT CAST(COALESCE(SUM(no_email_count), 0) AS BIGINT) FROM instances WHERE deleted_at = 0`

// CountWithoutEmail tells how many enabled users of all instances have no address. The
// instances' rows keep the numbers.
func (tx *Tx) CountWithoutEmail(ctx context.Context) (int64, error) {
	return sqldb.Find(ctx, tx.Tx, "instance", sqldb.ScanInt, countWithoutEmail)
}
