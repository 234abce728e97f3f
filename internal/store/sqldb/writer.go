package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/aikagi/aikagi"
)

// writer owns SQLite's one writing connection. Functions that wait for it
// share a commit: each runs behind a savepoint, and one flush to disk serves
// them all. Without that, every small write would wait for a flush of its own.
type writer struct {
	conn  *sql.Conn
	halt  *halt
	cache statements
	in    chan *update
	once  sync.Once
	quit  chan struct{}
	done  chan struct{}
}

type update struct {
	ctx   context.Context //nolint:containedctx // carried to the writer with its function
	fn    func(*Tx) error
	reply chan error
	err   error
}

// updatesPerCommit bounds how long the first of a batch waits for the others.
const updatesPerCommit = 64

func newWriter(conn *sql.Conn, h *halt) *writer {
	w := &writer{
		conn: conn, halt: h, in: make(chan *update, updatesPerCommit),
		quit: make(chan struct{}), done: make(chan struct{}),
	}
	go w.loop()
	return w
}

func (w *writer) run(ctx context.Context, fn func(*Tx) error) error {
	if err := w.halt.err(); err != nil {
		return err
	}
	u := &update{ctx: ctx, fn: fn, reply: make(chan error, 1)}
	select {
	case w.in <- u:
	case <-ctx.Done():
		return aikagi.E(aikagi.Unavailable, "database", ctx.Err())
	case <-w.quit:
		return aikagi.Because(aikagi.Unavailable, "database", "stopping")
	}
	// Once taken the function runs; its fate must be known, so no ctx here.
	select {
	case err := <-u.reply:
		return err
	case <-w.done:
	}
	select {
	case err := <-u.reply: // both were ready: what is known counts
		return err
	default:
		return aikagi.Because(aikagi.Unavailable, "database", "stopping")
	}
}

func (w *writer) stop() {
	w.once.Do(func() { close(w.quit) })
	<-w.done
}

func (w *writer) loop() {
	defer close(w.done)
	for {
		select {
		case first := <-w.in:
			w.commit(w.gather(first))
		case <-w.quit:
			w.drain()
			w.cache.close()
			_ = w.conn.Close() // the pool is closed next
			return
		}
	}
}

func (w *writer) gather(first *update) []*update {
	batch := []*update{first}
	for len(batch) < updatesPerCommit {
		select {
		case u := <-w.in:
			batch = append(batch, u)
		default:
			return batch
		}
	}
	return batch
}

func (w *writer) drain() {
	for {
		select {
		case u := <-w.in:
			w.commit(w.gather(u))
		default:
			return
		}
	}
}

// commit runs a batch in one transaction and answers every function.
func (w *writer) commit(batch []*update) {
	err := w.halt.err() // of a batch before, while this one waited
	if err == nil {
		err = w.halt.note(w.batch(batch))
	}
	for _, u := range batch {
		if err != nil {
			u.err = err
		}
		u.reply <- u.err
	}
}

func (w *writer) batch(batch []*update) error {
	ctx := context.WithoutCancel(batch[0].ctx)
	if err := w.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, u := range batch {
		if err := w.one(u); err != nil {
			_ = w.exec(ctx, "ROLLBACK") // SQLite may have rolled back already
			return err
		}
	}
	if err := w.exec(ctx, "COMMIT"); err != nil {
		_ = w.exec(ctx, "ROLLBACK") // what the error left open
		return err
	}
	return nil
}

// one runs a function behind a savepoint. An interrupted statement would make
// SQLite roll back the whole transaction, the neighbours' work with it, so a
// cancelled context counts only before the function starts.
func (w *writer) one(u *update) error {
	if err := u.ctx.Err(); err != nil {
		u.err = aikagi.E(aikagi.Unavailable, "database", err)
		return nil
	}
	ctx := context.WithoutCancel(u.ctx)
	if err := w.exec(ctx, "SAVEPOINT one"); err != nil {
		return err
	}
	u.err = guarded(u.fn, &Tx{engine: SQLite, db: w.conn, statements: &w.cache, uncancelled: true})
	if u.err != nil {
		u.err = w.halt.note(u.err)
		if err := w.exec(ctx, "ROLLBACK TO one"); err != nil {
			return err
		}
	}
	return w.exec(ctx, "RELEASE one")
}

// guarded keeps a panic in one function from taking the writer, and with it
// all later writes, down.
func guarded(fn func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = aikagi.E(aikagi.Internal, "database", fmt.Errorf("panic in update: %v\n%s", p, debug.Stack()))
		}
	}()
	return fn(tx)
}

func (w *writer) exec(ctx context.Context, statement string) error {
	stmt, err := w.cache.prepare(ctx, w.conn, statement)
	if err == nil {
		_, err = stmt.ExecContext(ctx)
	}
	if err != nil {
		return aikagi.E(aikagi.Unavailable, "database", fmt.Errorf("%s: %w", statement, err))
	}
	return nil
}
