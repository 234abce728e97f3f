package sqldb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/aikagi/aikagi"
)

// pipeline is one transaction on PostgreSQL. What nobody waits for (BEGIN, and
// every Exec) is sent together with the next statement whose answer matters, or
// with COMMIT: a transaction goes to the server and back as often as it reads,
// not as often as it says something (P2, P8). An error of a statement that
// waited comes back from the one it was sent with, and names its own.
type pipeline struct {
	conn    *pgx.Conn
	waiting []statement
	begun   bool // the server knows of the transaction
}

// statement is one that is to be sent.
type statement struct {
	subject, what, query string
	args                 []any
	otherwise            error // what it means to have changed no row; nil: nothing
}

func (s statement) failed(err error) error {
	return decide(s.subject, fmt.Errorf("%s: %w", s.what, err))
}

// mostWaiting bounds the statements that are sent together, so that neither side
// waits for the other with full buffers.
const mostWaiting = 500

// errRolledBack is what COMMIT amounts to after an error that a function kept to
// itself.
var errRolledBack = errors.New("rolled back, for an earlier error")

// once runs fn in one transaction of PostgreSQL.
func (d *DB) once(ctx context.Context, level isolation, fn func(*Tx) error) error {
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return decide("database", fmt.Errorf("begin: %w", err))
	}
	defer func() { _ = conn.Close() }() // back to the pool, or broken already
	return conn.Raw(func(driver any) error {
		own, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("begin: unexpected driver %T", driver)
		}
		p := &pipeline{conn: own.Conn(), waiting: []statement{{"database", "begin", string(level), nil, nil}}}
		defer p.rollback(ctx)
		if err := fn(&Tx{engine: Postgres, pipeline: p}); err != nil {
			return err
		}
		return p.commit(ctx)
	})
}

// isolation begins a transaction.
type isolation string

const (
	serializable  isolation = "begin isolation level serializable"
	readCommitted isolation = "begin isolation level read committed"
)

// later keeps a statement until the next one is sent.
func (p *pipeline) later(ctx context.Context, s statement) error {
	p.waiting = append(p.waiting, s)
	if len(p.waiting) < mostWaiting {
		return nil
	}
	last := p.waiting[len(p.waiting)-1]
	p.waiting = p.waiting[:len(p.waiting)-1]
	n, err := p.send(ctx, last, nil)
	if err == nil && n == 0 {
		err = last.otherwise
	}
	return err
}

// send sends all that waits and s behind it, hands the rows of s to scan and
// tells how many rows it changed or found.
func (p *pipeline) send(ctx context.Context, s statement, scan func(Row) error) (int64, error) {
	if len(p.waiting) == 0 {
		rows, err := p.conn.Query(ctx, s.query, s.args...)
		return s.read(rows, err, scan)
	}
	var batch pgx.Batch
	for _, w := range p.waiting {
		batch.Queue(w.query, w.args...)
	}
	batch.Queue(s.query, s.args...)
	earlier := p.waiting
	p.waiting, p.begun = nil, true
	results := p.conn.SendBatch(ctx, &batch)
	for _, w := range earlier {
		tag, err := results.Exec()
		if err != nil {
			err = w.failed(err)
		} else if tag.RowsAffected() == 0 {
			err = w.otherwise
		}
		if err != nil {
			_ = results.Close() // the first error is the one to tell
			return 0, err
		}
	}
	rows, err := results.Query()
	n, err := s.read(rows, err, scan)
	if e := results.Close(); err == nil && e != nil {
		err = s.failed(e)
	}
	return n, err
}

func (s statement) read(rows pgx.Rows, err error, scan func(Row) error) (int64, error) {
	if err != nil {
		return 0, s.failed(err)
	}
	defer rows.Close()
	for rows.Next() {
		if scan == nil {
			continue
		}
		if err := scan(rows); err != nil {
			return 0, s.failed(err)
		}
	}
	rows.Close() // before the count is known
	if err := rows.Err(); err != nil {
		return 0, s.failed(err)
	}
	if rows.CommandTag().String() == "ROLLBACK" {
		return 0, errRolledBack
	}
	return rows.CommandTag().RowsAffected(), nil
}

// commit sends what still waits and COMMIT. A function that said nothing has
// nothing to commit.
func (p *pipeline) commit(ctx context.Context) error {
	if !p.begun && len(p.waiting) == 1 {
		return nil
	}
	// Whether a statement that decides has changed a row must be known before
	// COMMIT is sent: a worker that lost its lease records nothing (R3).
	if slices.ContainsFunc(p.waiting, func(s statement) bool { return s.otherwise != nil }) {
		if _, err := p.send(ctx, statement{"database", "decide", "SELECT 1", nil, nil}, nil); err != nil {
			return err
		}
	}
	_, err := p.send(ctx, statement{"database", "commit", "commit", nil, nil}, nil)
	if err == nil || again(err) {
		return err
	}
	var decided *aikagi.Error
	if errors.As(err, &decided) {
		return err
	}
	return aikagi.E(aikagi.Unavailable, "database", err)
}

// rollbackPatience bounds the wait for the end of a transaction that failed.
const rollbackPatience = 5 * time.Second

// rollback ends what was not committed. A connection that cannot even do that is
// of no use to anybody.
func (p *pipeline) rollback(ctx context.Context) {
	if p.conn.IsClosed() || p.conn.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackPatience)
	defer cancel()
	if _, err := p.conn.Exec(ctx, "rollback"); err != nil {
		_ = p.conn.Close(ctx) // the pool makes another
	}
}
