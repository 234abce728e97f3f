package sheet

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/store"
)

// RowKind is what a row of a table does.
type RowKind string

// The kinds of rows.
const (
	RowNew     RowKind = "new"
	RowChanged RowKind = "changed"
	RowSame    RowKind = "same"
	RowWrong   RowKind = "wrong"
)

// PlannedRow is a row and what it does.
type PlannedRow struct {
	Line     int
	Username string
	Kind     RowKind
	Changes  []aikagi.Change
	Problems []Problem
}

// Plan is what a table would do.
type Plan struct {
	Rows                      []PlannedRow
	New, Changed, Same, Wrong int
	Unread                    []string // headings that mean nothing to us
}

func (p *Plan) add(r PlannedRow) {
	p.Rows = append(p.Rows, r)
	switch r.Kind {
	case RowNew:
		p.New++
	case RowChanged:
		p.Changed++
	case RowSame:
		p.Same++
	case RowWrong:
		p.Wrong++
	}
}

// PlanImport judges every row of a file as it would be judged now, and writes
// nothing. Rows are judged one by one by the rules of a single edit.
func (s *Sheets) PlanImport(ctx context.Context, instance aikagi.InstanceID, file []byte) (Plan, error) {
	t, err := readTable(file)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Unread: t.unread}
	err = s.Directory.PreviewEdits(ctx, instance, func(tx *store.Tx, e directory.Edits) error {
		b, err := t.against(ctx, tx, instance, e)
		if err != nil {
			return err
		}
		for _, r := range t.rows {
			v, err := b.judge(ctx, r)
			if err != nil {
				return err
			}
			p.add(v.row)
		}
		return nil
	})
	return p, err
}
