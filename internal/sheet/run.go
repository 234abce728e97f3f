package sheet

import (
	"context"
	"errors"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/csvtable"
	"github.com/aikagi/aikagi/internal/directory"
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
func (s *Sheets) ImportNow(ctx context.Context, instance aikagi.InstanceID, file []byte, tell func(Progress)) (Progress, []PlannedRow, error) {
	t, err := readTable(file)
	if err != nil {
		return Progress{}, nil, err
	}
	p := Progress{Total: len(t.rows)}
	err = s.Directory.PreviewEdits(ctx, instance, func(*store.Tx, directory.Edits) error { return nil })
	if err != nil {
		return p, nil, err // who may import nothing hears it once, not of each row
	}
	var failed []PlannedRow
	for p.Done < p.Total {
		done, err := s.importRows(ctx, instance, t, t.batch(p.Done), nil)
		if err != nil {
			return p, failed, err
		}
		p.count(done)
		failed = append(failed, wrong(done)...)
		tell(p)
	}
	return p, failed, nil
}

func (t table) batch(from int) []csvtable.Row {
	return t.rows[from:min(from+importBatch, len(t.rows))]
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
// last administrator, say, or its user changed while the notices about him were
// written, each row gets a transaction of its own.
func (s *Sheets) importRows(ctx context.Context, instance aikagi.InstanceID, t table, rows []csvtable.Row, k keep) ([]PlannedRow, error) {
	done, err := s.importTogether(ctx, instance, t, rows, k)
	if decision(err) == nil {
		return done, err
	}
	if len(rows) == 1 {
		v := verdict{row: PlannedRow{Line: rows[0].Line, Username: t.cells(rows[0])["username"]}}
		if err := v.refuseFor(err, nil); err != nil {
			return nil, err
		}
		v.settle()
		done = []PlannedRow{v.row}
		if k == nil {
			return done, nil
		}
		return done, s.Store.Update(ctx, func(tx *store.Tx) error { return k(ctx, tx, done) })
	}
	var all []PlannedRow
	for i := range rows {
		done, err := s.importRows(ctx, instance, t, rows[i:i+1], k)
		if err != nil {
			return all, err
		}
		all = append(all, done...)
	}
	return all, nil
}

// decision is what a rule said in err, which trying again would not change.
func decision(err error) *aikagi.Error {
	var e *aikagi.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code {
	case aikagi.Invalid, aikagi.Forbidden, aikagi.Unauthenticated, aikagi.NotFound, aikagi.Conflict:
		return e
	case aikagi.Throttled, aikagi.Expired, aikagi.Unavailable, aikagi.Internal:
	}
	return nil
}

// importTogether carries out the first of rows in one transaction.
func (s *Sheets) importTogether(ctx context.Context, instance aikagi.InstanceID, t table, rows []csvtable.Row, k keep) ([]PlannedRow, error) {
	var done []PlannedRow
	err := s.Directory.EditTogether(ctx, instance, func(tx *store.Tx, e directory.Edits) error {
		done = done[:0] // it may run again
		b, err := t.against(ctx, tx, instance, e)
		if err != nil {
			return err
		}
		for until := s.Clock.Now().Add(importPatience); len(done) < len(rows); {
			if len(done) > 0 && s.Clock.Now().After(until) {
				break
			}
			v, err := b.carryOut(ctx, rows[len(done)])
			if err != nil {
				return err
			}
			done = append(done, v.row)
		}
		rows = rows[:len(done)] // of a row that is not met now, no notices are written
		if k == nil {
			return nil
		}
		return k(ctx, tx, done)
	})
	return done, err
}

// carryOut judges a row and stores what it does, if nothing is wrong with it.
func (b reading) carryOut(ctx context.Context, r csvtable.Row) (verdict, error) {
	v, err := b.judge(ctx, r)
	if err != nil || v.row.Kind != RowNew && v.row.Kind != RowChanged {
		return v, err
	}
	return v, b.edits.Store(ctx, v.edit)
}
