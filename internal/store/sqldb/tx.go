package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"github.com/aikagi/aikagi"
)

// Tx is what the functions given to View and Update work with.
type Tx struct {
	engine      Engine
	db          querier
	statements  *statements // nil where the driver keeps its own
	pipeline    *pipeline   // of a transaction on PostgreSQL; nil elsewhere
	uncancelled bool        // statements must not be interrupted
}

type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// Engine tells which database is underneath.
func (tx *Tx) Engine() Engine { return tx.engine }

// Row is what a scan function reads from.
type Row interface {
	Scan(dest ...any) error
}

// Exec runs a statement that changes rows; what names it in errors, subject is
// the noun a decision is about. On PostgreSQL its error may come from a later
// statement of the transaction, at the latest from Update.
func (tx *Tx) Exec(ctx context.Context, subject, what, query string, args ...any) error {
	if tx.pipeline != nil {
		return tx.pipeline.later(ctx, statement{subject, what, query, args, nil})
	}
	_, err := tx.ExecCount(ctx, subject, what, query, args...)
	return err
}

// ExecCount is Exec for statements whose number of changed rows matters, such
// as those that spend a secret.
func (tx *Tx) ExecCount(ctx context.Context, subject, what, query string, args ...any) (int64, error) {
	if tx.pipeline != nil {
		return tx.pipeline.send(ctx, statement{subject, what, query, args, nil}, nil)
	}
	ctx = tx.context(ctx)
	result, err := tx.result(ctx, query, args)
	if err != nil {
		return 0, decide(subject, fmt.Errorf("%s: %w", what, err))
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	return n, nil
}

// ExecOr is Exec for a statement that must change a row; if there is none to
// change, the transaction fails with otherwise. Like that of Exec, its error may
// come from a later statement.
func (tx *Tx) ExecOr(ctx context.Context, otherwise error, subject, what, query string, args ...any) error {
	if tx.pipeline != nil {
		return tx.pipeline.later(ctx, statement{subject, what, query, args, otherwise})
	}
	n, err := tx.ExecCount(ctx, subject, what, query, args...)
	if err == nil && n == 0 {
		return otherwise
	}
	return err
}

// ExecOne is Exec for a statement that must change exactly one row; none is
// NotFound.
func (tx *Tx) ExecOne(ctx context.Context, subject, what, query string, args ...any) error {
	n, err := tx.ExecCount(ctx, subject, what, query, args...)
	if err == nil && n == 0 {
		return aikagi.E(aikagi.NotFound, subject, nil)
	}
	return err
}

func (tx *Tx) context(ctx context.Context) context.Context {
	if tx.uncancelled {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

func (tx *Tx) result(ctx context.Context, query string, args []any) (sql.Result, error) {
	stmt, err := tx.statements.prepare(ctx, tx.db, query)
	if err != nil {
		return nil, err
	}
	if stmt != nil {
		return stmt.ExecContext(ctx, args...)
	}
	return tx.db.ExecContext(ctx, query, args...)
}

func (tx *Tx) rows(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	stmt, err := tx.statements.prepare(ctx, tx.db, query)
	if err != nil {
		return nil, err
	}
	if stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	return tx.db.QueryContext(ctx, query, args...)
}

// List scans every row of a query.
func List[T any](ctx context.Context, tx *Tx, what string, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	err := Each(ctx, tx, what, func(r Row) error {
		one, err := scan(r)
		all = append(all, one)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Each hands every row of a query to scan, without keeping them.
func Each(ctx context.Context, tx *Tx, what string, scan func(Row) error, query string, args ...any) error {
	if tx.pipeline != nil {
		_, err := tx.pipeline.send(ctx, statement{what, what, query, args, nil}, scan)
		return err
	}
	rows, err := tx.rows(tx.context(ctx), query, args)
	if err != nil {
		return decide(what, fmt.Errorf("%s: %w", what, err))
	}
	defer func() { _ = rows.Close() }() // Err tells what matters
	for rows.Next() {
		if err := scan(rows); err != nil {
			return decide(what, fmt.Errorf("%s: %w", what, err))
		}
	}
	if err := rows.Err(); err != nil {
		return decide(what, fmt.Errorf("%s: %w", what, err))
	}
	return nil
}

// Find scans the first row of a query; none is NotFound about subject.
func Find[T any](ctx context.Context, tx *Tx, subject string, scan func(Row) (T, error), query string, args ...any) (T, error) {
	var none T
	if tx.engine == SQLite && ctx.Err() == nil {
		// The row is there before the goroutines are that would watch ctx.
		ctx = context.WithoutCancel(ctx)
	}
	all, err := List(ctx, tx, "find "+subject, scan, query, args...)
	if err != nil {
		return none, err
	}
	if len(all) == 0 {
		return none, aikagi.E(aikagi.NotFound, subject, nil)
	}
	return all[0], nil
}

func ScanInt(r Row) (int64, error) {
	var n int64
	err := r.Scan(&n)
	return n, err
}

func ScanString(r Row) (string, error) {
	var s string
	err := r.Scan(&s)
	return s, err
}

// Ms is how a time is stored: milliseconds since 1970, 0 for "never".
func Ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Blob is how bytes are stored: none is empty, never NULL.
func Blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// At reads a stored time.
func At(stored int64) time.Time {
	if stored == 0 {
		return time.Time{}
	}
	return time.UnixMilli(stored).UTC()
}

// statements keeps prepared statements of SQLite, where preparing costs more
// than a point read.
type statements struct {
	mu  sync.Mutex
	all map[string]*sql.Stmt
}

func (s *statements) prepare(ctx context.Context, db querier, query string) (*sql.Stmt, error) {
	if s == nil {
		return nil, nil //nolint:nilnil // no cache: the caller runs the text itself
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stmt := s.all[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if s.all == nil {
		s.all = make(map[string]*sql.Stmt)
	}
	s.all[query] = stmt
	return stmt, nil
}

func (s *statements) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stmt := range s.all {
		_ = stmt.Close() // the connection goes next
	}
	s.all = nil
}
