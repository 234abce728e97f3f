package sqldb

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
)

// OpenMemory makes an empty database that lives in this process and is gone when
// it is closed. No address names it, so no setting can ask for it.
//
// It is SQLite's memdb (https://sqlite.org/src/file/src/memdb.c): the pools see
// one another's changes as in a file, but there is no log. A reader waits while a
// change is written, and a change while somebody reads, so that nothing may be
// written from within a Snapshot.
func OpenMemory(ctx context.Context, migrations fs.FS) (*DB, error) {
	d, err := openPools(ctx, "file:/"+rand.Text()+"?vfs=memdb&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)"+
		"&_pragma=journal_mode(memory)&_pragma=synchronous(OFF)&_pragma=temp_store(memory)")
	if err != nil {
		return nil, fmt.Errorf("open memory: %w", err)
	}
	return migrated(ctx, d, migrations)
}
