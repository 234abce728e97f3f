package sqldb

import (
	"context"
	"crypto/rand"
	"fmt"
)

// OpenMemory makes an empty database that lives in this process and is gone when
// it is closed. No address names it, so no setting can ask for it. The schema is
// made whole, which takes a third of the time of its migrations; TestSchema holds
// that both come to the same.
//
// It is SQLite's memdb (https://sqlite.org/src/file/src/memdb.c): the pools see
// one another's changes as in a file, but there is no log. A reader waits while a
// change is written, and a change while somebody reads, so that nothing may be
// written from within a Snapshot.
func OpenMemory(ctx context.Context, schema string) (*DB, error) {
	d, err := openPools(ctx, "file:/"+rand.Text()+"?vfs=memdb&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)"+
		"&_pragma=journal_mode(memory)&_pragma=synchronous(OFF)&_pragma=temp_store(memory)")
	if err != nil {
		return nil, fmt.Errorf("open memory: %w", err)
	}
	if _, err = d.write.ExecContext(ctx, SQLite.DDL(schema)); err == nil {
		err = d.startWriter(ctx)
	}
	if err != nil {
		_ = d.Close() // the first error is the one to tell
		return nil, fmt.Errorf("make schema: %w", err)
	}
	return d, nil
}
