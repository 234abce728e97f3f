package store

import (
	"context"

	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const countUnserved = `
SELECT (SELECT count(*) FROM (SELECT id FROM outbox WHERE state IN ('waiting', 'sending') LIMIT $1) m)
 + (SELECT count(*) FROM (SELECT id FROM reset_requests WHERE state = 'new' LIMIT $1) r)`

// CountUnserved counts the messages that are to be sent and the requests that are
// to be answered, up to a limit of each.
func (tx *Tx) CountUnserved(ctx context.Context, limit int) (int, error) {
	n, err := sqldb.Find(ctx, tx.Tx, "outbox", sqldb.ScanInt, countUnserved, limit)
	return int(n), err
}
