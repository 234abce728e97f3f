package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/aikagi/aikagi"
)

// Engine is the database underneath.
type Engine string

// The two engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// DDL maps the neutral types of schema.sql and the migrations to the engine:
// SQLite's STRICT tables know no BIGINT, BOOLEAN and BYTEA, and those marked "by
// key" are kept in the order of their key (https://sqlite.org/withoutrowid.html);
// PostgreSQL gets the C collation, so that order and ranges agree with SQLite's.
func (e Engine) DDL(neutral string) string {
	if e == Postgres {
		return strings.NewReplacer(" TEXT", ` TEXT COLLATE "C"`).Replace(neutral)
	}
	return strings.NewReplacer(
		" BIGINT", " INTEGER", " BOOLEAN", " INTEGER", " BYTEA", " BLOB",
		"\n); -- by key", "\n) STRICT, WITHOUT ROWID;", "\n);", "\n) STRICT;",
	).Replace(neutral)
}

// SkipLocked lets several PostgreSQL nodes claim rows without waiting for one
// another. SQLite has one writer and no such words.
func (e Engine) SkipLocked() string {
	if e == Postgres {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// snapshot is the isolation in which all statements see one moment.
func (e Engine) snapshot() *sql.TxOptions {
	if e == Postgres {
		return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	return nil // SQLite's reading transaction is a snapshot
}

// integrity has the engine look for damage in its files; PostgreSQL has no such
// statement.
func (e Engine) integrity() string {
	if e == Postgres {
		return ""
	}
	return "PRAGMA quick_check"
}

// decide turns an error of a driver into a decision of ours where the cause is
// known; anything else passes.
func decide(subject string, err error) error {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	var dial net.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return aikagi.E(aikagi.NotFound, subject, nil)
	case errors.As(err, &lite):
		return decideSQLite(subject, lite)
	case errors.As(err, &pg):
		return decidePostgres(subject, pg)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &dial), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, driver.ErrBadConn), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return aikagi.E(aikagi.Unavailable, "database", err)
	}
	return err
}

func decideSQLite(subject string, err *sqlite.Error) error {
	switch err.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return &aikagi.Error{Code: aikagi.Conflict, Subject: subject, Reason: "taken", Err: err}
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return &aikagi.Error{Code: aikagi.Conflict, Subject: subject, Reason: "in_use", Err: err}
	}
	if isDamage(err.Code()) {
		return &aikagi.Error{Code: aikagi.Unavailable, Subject: "database", Reason: "damaged", Err: err}
	}
	switch err.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM:
		return aikagi.E(aikagi.Unavailable, "database", err)
	}
	return err
}

func decidePostgres(subject string, err *pgconn.PgError) error {
	switch {
	case err.Code == "23505":
		return &aikagi.Error{Code: aikagi.Conflict, Subject: subject, Reason: "taken", Err: err}
	case err.Code == "23503":
		return &aikagi.Error{Code: aikagi.Conflict, Subject: subject, Reason: "in_use", Err: err}
	case strings.HasPrefix(err.Code, "53"), strings.HasPrefix(err.Code, "57"),
		strings.HasPrefix(err.Code, "58"), strings.HasPrefix(err.Code, "08"), err.Code == "25006":
		return aikagi.E(aikagi.Unavailable, "database", err)
	}
	return err
}

// again reports whether PostgreSQL asks for the whole transaction to be run
// again (SQLSTATE 40001 serialization_failure, 40P01 deadlock_detected).
func again(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}
