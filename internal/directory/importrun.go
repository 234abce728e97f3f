package directory

import (
	"context"
	"errors"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/csvtable"
	"github.com/aikagi/aikagi/internal/store"
)

// importBatch is how many rows share a transaction at most, and importPatience
// after how long it ends before that: other writes wait for no longer than these
// take (P14), on a slow machine too.
const (
	importBatch    = 100
	importPatience = 40 * time.Millisecond
)

// Progress is how far an import is, in rows.
type Progress struct{ Done, Total, Created, Updated, Same, Failed int }

func (p *Progress) count(rows []PlannedRow) {
	p.Done += len(rows)
	for _, r := range rows {
		switch r.Kind {
		case RowNew:
			p.Created++
		case RowChanged:
			p.Updated++
		case RowSame:
			p.Same++
		case RowWrong:
			p.Failed++
		}
	}
}

// ImportNow carries out a file at once, as a command does, and returns the rows
// that failed; tell hears of each batch. After an interruption the same file can
// be imported again: what was done changes nothing.
func (d *Directory) ImportNow(ctx context.Context, instance aikagi.InstanceID, file []byte, tell func(Progress)) (Progress, []PlannedRow, error) {
	s, err := readSheet(file)
	if err != nil {
		return Progress{}, nil, err
	}
	p := Progress{Total: len(s.rows)}
	err = d.Store.View(ctx, func(tx *store.Tx) error {
		_, err := d.enterSheet(ctx, tx, instance, s)
		return err
	})
	if err != nil {
		return p, nil, err
	}
	var failed []PlannedRow
	for p.Done < p.Total {
		done, err := d.importRows(ctx, instance, s, s.batch(p.Done), nil)
		if err != nil {
			return p, failed, err
		}
		p.count(done)
		failed = append(failed, wrong(done)...)
		tell(p)
	}
	return p, failed, nil
}

func (s sheet) batch(from int) []csvtable.Row {
	return s.rows[from:min(from+importBatch, len(s.rows))]
}

func wrong(rows []PlannedRow) []PlannedRow {
	var w []PlannedRow
	for _, r := range rows {
		if r.Kind == RowWrong {
			w = append(w, r)
		}
	}
	return w
}

// keep stores in the transaction of rows what became of them; nil stores nothing.
type keep func(context.Context, *store.Tx, []PlannedRow) error

// importRows carries out the first of rows, as many as there is patience for, in
// one transaction. If it is refused as a whole, because one of them would take the
// last administrator, say, each row gets a transaction of its own.
func (d *Directory) importRows(ctx context.Context, instance aikagi.InstanceID, s sheet, rows []csvtable.Row, k keep) ([]PlannedRow, error) {
	done, err := d.importTogether(ctx, instance, s, rows, k)
	if !decided(err) {
		return done, err
	}
	if len(rows) == 1 {
		var v verdict
		v.row = PlannedRow{Line: rows[0].Line, Username: s.cells(rows[0])["username"]}
		if err := v.refuseFor(err, nil); err != nil {
			return nil, err
		}
		v.settle()
		done = []PlannedRow{v.row}
		if k == nil {
			return done, nil
		}
		return done, d.Store.Update(ctx, func(tx *store.Tx) error { return k(ctx, tx, done) })
	}
	var all []PlannedRow
	for i := range rows {
		done, err := d.importRows(ctx, instance, s, rows[i:i+1], k)
		if err != nil {
			return all, err
		}
		all = append(all, done...)
	}
	return all, nil
}

// decided reports whether a rule said no, which trying again would not change.
func decided(err error) bool {
	var e *aikagi.Error
	if err == nil || !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case aikagi.Invalid, aikagi.Forbidden, aikagi.Unauthenticated, aikagi.NotFound, aikagi.Conflict:
		return true
	case aikagi.Throttled, aikagi.Expired, aikagi.Unavailable, aikagi.Internal:
	}
	return false
}

// notices are the mails about moved addresses, by line.
type notices map[int]notice

// notice is what was written about a user as he was in that version.
type notice struct {
	version int64
	mails   []aikagi.Message
}

// importTogether carries out rows in one transaction. Mails about addresses that
// they move are written outside it: the first time that it meets such a row it
// stores nothing, and begins again with the mails in hand.
func (d *Directory) importTogether(ctx context.Context, instance aikagi.InstanceID, s sheet, rows []csvtable.Row, k keep) ([]PlannedRow, error) {
	done, moving, err := d.importWith(ctx, instance, s, rows, nil, k)
	if err != nil || len(moving) == 0 {
		return done, err
	}
	written := notices{}
	for line, c := range moving {
		mails, err := d.addressMails(ctx, c)
		if err != nil {
			return nil, err
		}
		written[line] = notice{c.before.Version, mails}
	}
	// No row is met that the first time did not meet: its notice would be missing.
	if done, _, err = d.importWith(ctx, instance, s, rows[:len(done)], written, k); err != nil {
		return nil, err
	}
	for _, n := range written {
		d.wake(n.mails)
	}
	return done, nil
}

// errWithoutNotices takes back a transaction that moves addresses of which
// nobody would hear.
var errWithoutNotices = errors.New("rows move addresses, and the notices are not written yet")

func (d *Directory) importWith(ctx context.Context, instance aikagi.InstanceID, s sheet, rows []csvtable.Row, written notices, k keep) (
	done []PlannedRow, moving map[int]change, err error,
) {
	err = d.Store.Update(ctx, func(tx *store.Tx) error {
		done, moving = done[:0], map[int]change{} // the function may run again
		b, err := d.enterSheet(ctx, tx, instance, s)
		if err != nil {
			return err
		}
		for until := d.Clock.Now().Add(importPatience); len(done) < len(rows); {
			if len(done) > 0 && d.Clock.Now().After(until) {
				break
			}
			v, err := b.judge(ctx, rows[len(done)])
			if err != nil {
				return err
			}
			if err := b.carryOut(ctx, d, &v, written, moving); err != nil {
				return err
			}
			done = append(done, v.row)
		}
		if len(moving) > 0 {
			return errWithoutNotices
		}
		if k == nil {
			return nil
		}
		return k(ctx, tx, done)
	})
	if errors.Is(err, errWithoutNotices) {
		err = nil
	}
	return done, moving, err
}

// carryOut stores what a row does, or notes that its notices must be written first.
func (b reading) carryOut(ctx context.Context, d *Directory, v *verdict, written notices, moving map[int]change) error {
	moves := v.row.Kind == RowChanged && v.change.addressMoves()
	n, told := written[v.row.Line]
	switch {
	case !moves || told && n.version == v.change.before.Version:
		return v.store(ctx, d, b, n.mails)
	case written != nil: // he is not as the notices say any more
		v.refuse(Problem{Subject: "user", Reason: "changed"})
		v.settle()
		return nil
	}
	var err error
	v.change.tell, err = v.change.witnesses(ctx)
	moving[v.row.Line] = v.change
	return err
}
