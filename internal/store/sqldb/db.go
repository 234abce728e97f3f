package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the PostgreSQL driver

	"github.com/aikagi/aikagi"
)

// DB is an open database.
type DB struct {
	engine Engine
	read   *sql.DB
	write  *sql.DB
	writer *writer       // SQLite only
	again  chan struct{} // PostgreSQL only: one transaction at a time is run again
	halt   halt          // SQLite only
	schema int64         // number of the last migration
	reads  statements
}

// readConnections bounds the read pool of SQLite: more readers than this only
// wait for one another.
const (
	readConnections     = 8
	postgresConnections = 16
)

// Open opens the database at url ("sqlite:PATH" or "postgres://…"), makes it if
// it is missing, and brings its schema up to date with the numbered files in
// migrations/.
func Open(ctx context.Context, url string, migrations fs.FS) (*DB, error) {
	d, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := d.migrate(ctx, migrations); err != nil {
		_ = d.Close() // the first error is the one to tell
		return nil, err
	}
	return d, nil
}

func connect(ctx context.Context, url string) (*DB, error) {
	if path, found := strings.CutPrefix(url, "sqlite:"); found {
		return openSQLite(ctx, path)
	}
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return openPostgres(ctx, url)
	}
	return nil, aikagi.Because(aikagi.Invalid, "database", "url")
}

func openPostgres(ctx context.Context, url string) (*DB, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	db.SetMaxOpenConns(postgresConnections)
	db.SetMaxIdleConns(postgresConnections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close() // the first error is the one to tell
		return nil, aikagi.E(aikagi.Unavailable, "database", err)
	}
	return &DB{engine: Postgres, read: db, write: db, again: make(chan struct{}, 1)}, nil
}

func openSQLite(ctx context.Context, path string) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, aikagi.E(aikagi.Unavailable, "data_directory", err)
	}
	// The driver reads a URI (https://sqlite.org/uri.html §3).
	// Four times SQLite's default lets more commits share a checkpoint; the log
	// stays under 16 MB.
	// What a savepoint would restore is kept in memory: in a temporary file, which
	// is opened for every commit, it cost more than the commit itself.
	base := "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path) + "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)" +
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=temp_store(memory)&_pragma=wal_autocheckpoint(4000)"
	d, err := openPools(ctx, base)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, decide("database", err))
	}
	return d, nil
}

// openPools opens SQLite: one connection that writes, and some that only read.
func openPools(ctx context.Context, uri string) (*DB, error) {
	write, err := sql.Open("sqlite", uri)
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	if err := write.PingContext(ctx); err != nil {
		_ = write.Close() // the first error is the one to tell
		return nil, err
	}
	read, err := sql.Open("sqlite", uri+"&_pragma=query_only(1)")
	if err != nil {
		_ = write.Close() // the first error is the one to tell
		return nil, err
	}
	read.SetMaxOpenConns(readConnections)
	read.SetMaxIdleConns(readConnections)
	return &DB{engine: SQLite, read: read, write: write}, nil
}

// Engine tells which database is underneath.
func (d *DB) Engine() Engine { return d.engine }

// Ping asks the database for an answer, and tells whether it takes changes.
func (d *DB) Ping(ctx context.Context) error {
	if err := d.halt.err(); err != nil {
		return err
	}
	return decide("database", d.read.PingContext(ctx))
}

// Close waits for the writer and closes all connections.
func (d *DB) Close() error {
	if d.writer != nil {
		d.writer.stop()
	}
	d.reads.close()
	err := d.read.Close()
	if d.write != d.read {
		if werr := d.write.Close(); err == nil {
			err = werr
		}
	}
	return err
}

// View runs fn for reading. Each statement sees what was committed before it.
func (d *DB) View(_ context.Context, fn func(*Tx) error) error {
	return fn(&Tx{engine: d.engine, db: d.read, statements: d.cache()})
}

func (d *DB) cache() *statements {
	if d.engine == SQLite {
		return &d.reads
	}
	return nil // pgx keeps its own per connection
}

// Update runs fn in one transaction that is stored and flushed when Update
// returns nil. An Unavailable error at the end means unknown: the change may
// or may not be there, so every caller must be safe to repeat (R1).
func (d *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	if d.engine == SQLite {
		return d.writer.run(ctx, fn)
	}
	return d.updatePostgres(ctx, serializable, fn)
}

// Claim runs fn like Update for statements that each decide by themselves and
// decide nothing about rights: taking work, taking a token of a limit. On
// PostgreSQL it runs at READ COMMITTED, where SKIP LOCKED lets several nodes take
// different rows at once, and where whoever meets a row in use waits for it; a
// serializable transaction would have to start again.
func (d *DB) Claim(ctx context.Context, fn func(*Tx) error) error {
	if d.engine == SQLite {
		return d.writer.run(ctx, fn)
	}
	return d.updatePostgres(ctx, readCommitted, fn)
}

// retries bounds how often a transaction is run again after a serialization
// failure. With one at a time and jitter, ten are enough for 16 connections on one
// row.
const retries = 10

func (d *DB) updatePostgres(ctx context.Context, level isolation, fn func(*Tx) error) error {
	err := d.once(ctx, level, fn)
	for attempt := 1; err != nil && again(err); attempt++ {
		if attempt == retries {
			return aikagi.E(aikagi.Unavailable, "database", err)
		}
		err = d.onceMore(ctx, level, fn, attempt)
	}
	return err
}

// onceMore runs a transaction again, and no other of this node beside it: all at
// once they would make one another fail for ever (users made in one instance meet
// on its row of counts).
func (d *DB) onceMore(ctx context.Context, level isolation, fn func(*Tx) error, attempt int) error {
	select {
	case d.again <- struct{}{}:
		defer func() { <-d.again }()
	case <-ctx.Done():
		return aikagi.E(aikagi.Unavailable, "database", ctx.Err())
	}
	if attempt == 1 {
		return d.once(ctx, level, fn)
	}
	pause := time.Duration(rand.IntN(4<<min(attempt, 6))) * time.Millisecond //nolint:gosec // G404: jitter, not a secret
	select {
	case <-ctx.Done():
		return aikagi.E(aikagi.Unavailable, "database", ctx.Err())
	case <-time.After(pause):
	}
	return d.once(ctx, level, fn)
}

// Snapshot runs fn for reading; all its statements see the database as it was
// at one moment, while others go on writing.
func (d *DB) Snapshot(ctx context.Context, fn func(*Tx) error) error {
	tx, err := d.read.BeginTx(ctx, d.engine.snapshot())
	if err != nil {
		return decide("database", fmt.Errorf("begin: %w", err))
	}
	defer func() { _ = tx.Rollback() }() // only read
	return fn(&Tx{engine: d.engine, db: tx})
}

// SchemaVersion tells which migration was the last that Open brought in.
func (d *DB) SchemaVersion() int64 { return d.schema }

// CheckIntegrity has the engine look for damage in its files, as far as it can;
// the texts it returns are the engine's own. PostgreSQL checks its pages itself.
func (d *DB) CheckIntegrity(ctx context.Context) ([]string, error) {
	query := d.engine.integrity()
	if query == "" {
		return nil, nil
	}
	var said []string
	err := d.View(ctx, func(tx *Tx) (err error) {
		said, err = List(ctx, tx, "check integrity", ScanString, query)
		return err
	})
	if len(said) == 1 && said[0] == "ok" {
		return nil, err
	}
	return said, err
}
