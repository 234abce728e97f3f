package sheet

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/csvtable"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/store"
)

const (
	// importLease is after how long another worker takes an import over.
	importLease = time.Minute
	// importTurn is how long a worker stays with one import before it looks at
	// others, and whether the server is to stop; the file is read once a turn.
	importTurn = 2 * time.Second
)

// KeepImport keeps an uploaded file for looking at what it would do. A file that
// cannot be read is refused at once.
func (s *Sheets) KeepImport(ctx context.Context, instance aikagi.InstanceID, name string, file []byte) (aikagi.Import, error) {
	t, err := readTable(file)
	if err != nil {
		return aikagi.Import{}, err
	}
	i := aikagi.Import{
		InstanceID: instance, ID: aikagi.ImportID(aikagi.NewOrderedID()), Actor: aikagi.ActorFrom(ctx),
		FileName: name, File: file, State: aikagi.ImportShown, Rows: len(t.rows), CreatedAt: s.Clock.Now(),
	}
	return i, s.Directory.EditTogether(ctx, instance, func(tx *store.Tx, _ directory.Edits) error {
		return tx.InsertImport(ctx, i) // of somebody who may edit
	})
}

// FindImport reads an import of the actor's own; another's is NotFound.
func (s *Sheets) FindImport(ctx context.Context, instance aikagi.InstanceID, id aikagi.ImportID) (aikagi.Import, error) {
	var i aikagi.Import
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		i, err = s.ownImport(ctx, tx, instance, id, s.Clock.Now())
		return err
	})
	return i, err
}

func (s *Sheets) ownImport(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id aikagi.ImportID, now time.Time) (aikagi.Import, error) {
	if err := s.enter(ctx, tx, instance, now); err != nil {
		return aikagi.Import{}, err
	}
	i, err := tx.FindImport(ctx, instance, id)
	actor := aikagi.ActorFrom(ctx)
	if err == nil && (!sameActor(i.Actor, actor) || now.Sub(i.CreatedAt) > aikagi.ImportTTL) {
		return aikagi.Import{}, aikagi.E(aikagi.NotFound, "import", nil)
	}
	return i, err
}

// sameActor reports whether two requests are of one person; each emergency access
// is one of its own.
func sameActor(a, b aikagi.Actor) bool {
	return a.Kind == b.Kind && a.ID() == b.ID() && a.GrantID == b.GrantID
}

// StartImport confirms an import: the job carries it out, as the person who
// confirms. Confirming twice is no error.
func (s *Sheets) StartImport(ctx context.Context, instance aikagi.InstanceID, id aikagi.ImportID) error {
	err := s.Store.Update(ctx, func(tx *store.Tx) error {
		now := s.Clock.Now()
		i, err := s.ownImport(ctx, tx, instance, id, now)
		if err != nil || i.State != aikagi.ImportShown {
			return err
		}
		return tx.StartImport(ctx, i, now)
	})
	if err == nil && s.Wake != nil {
		s.Wake()
	}
	return err
}

// WorkImports carries out the next batches of an import that was confirmed. It is
// the work of a job; it found work if there was a batch.
func (s *Sheets) WorkImports(ctx context.Context) (found bool, err error) {
	now := s.Clock.Now()
	var i aikagi.Import
	err = s.Store.Claim(ctx, func(tx *store.Tx) (err error) {
		i, err = tx.ClaimImport(ctx, now, now.Add(importLease))
		return err
	})
	if aikagi.CodeOf(err) == aikagi.NotFound {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("claim import: %w", err)
	}
	t, err := readTable(i.File)
	if err != nil {
		return true, fmt.Errorf("read import %s: %w", i.ID, err)
	}
	ctx, until := aikagi.WithActor(ctx, i.Actor), now.Add(importTurn)
	for position := i.Position; position < i.Rows && ctx.Err() == nil && s.Clock.Now().Before(until); {
		done, err := s.importRows(ctx, i.InstanceID, t, t.batch(position), s.advance(i))
		if aikagi.CodeOf(err) == aikagi.Expired {
			return true, nil // somebody else goes on with it
		}
		if err != nil {
			return true, err
		}
		position += len(done)
	}
	return true, nil
}

// advance stores in the transaction of rows what became of them. If another
// worker took the import over meanwhile, nothing is stored, rows included.
func (s *Sheets) advance(i aikagi.Import) keep {
	return func(ctx context.Context, tx *store.Tx, rows []PlannedRow) error {
		var p Progress
		p.count(rows)
		step := i
		step.Position, step.Created, step.Updated, step.Same, step.Failed = p.Done, p.Created, p.Updated, p.Same, p.Failed
		if err := tx.AdvanceImport(ctx, step, s.Clock.Now()); err != nil {
			return err
		}
		for _, r := range wrong(rows) {
			problems, err := json.Marshal(r.Problems)
			if err != nil {
				return fmt.Errorf("write problems of a row: %w", err)
			}
			if err := tx.InsertImportFailure(ctx, i, aikagi.ImportFailure{Line: r.Line, Problems: problems}); err != nil {
				return err
			}
		}
		return nil
	}
}

// Failed is the rows of an import that were not carried out, with their cells
// as they came, to be mended and imported again.
type Failed struct {
	Header []string
	Rows   []FailedRow
}

// FailedRow is one of them.
type FailedRow struct {
	PlannedRow
	Cells []string
}

// FailedRows reads what of an import was not carried out.
func (s *Sheets) FailedRows(ctx context.Context, instance aikagi.InstanceID, id aikagi.ImportID) (Failed, error) {
	var i aikagi.Import
	var failures []aikagi.ImportFailure
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if i, err = s.ownImport(ctx, tx, instance, id, s.Clock.Now()); err != nil {
			return err
		}
		failures, err = tx.ListImportFailures(ctx, i)
		return err
	})
	if err != nil {
		return Failed{}, err
	}
	t, err := readTable(i.File)
	if err != nil {
		return Failed{}, err
	}
	return t.failed(failures)
}

func (t table) failed(failures []aikagi.ImportFailure) (Failed, error) {
	byLine := map[int]csvtable.Row{}
	for _, r := range t.rows {
		byLine[r.Line] = r
	}
	f := Failed{Header: t.header}
	for _, x := range failures {
		r := byLine[x.Line]
		row := FailedRow{PlannedRow{Line: x.Line, Username: t.cells(r)["username"], Kind: RowWrong}, make([]string, len(f.Header))}
		copy(row.Cells, r.Cells)
		if err := json.Unmarshal(x.Problems, &row.Problems); err != nil {
			return f, fmt.Errorf("read problems of a row: %w", err)
		}
		f.Rows = append(f.Rows, row)
	}
	return f, nil
}
