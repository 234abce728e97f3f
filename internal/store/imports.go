package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const importColumns = `instance_id, id, actor, file_name, content, state, row_count, position,
 created, updated, same, failed, attempt, created_at, finished_at`

func scanImport(r sqldb.Row) (aikagi.Import, error) {
	var i aikagi.Import
	var actor string
	var created, finished int64
	err := r.Scan(&i.InstanceID, &i.ID, &actor, &i.FileName, &i.File, &i.State, &i.Rows, &i.Position,
		&i.Created, &i.Updated, &i.Same, &i.Failed, &i.Attempt, &created, &finished)
	i.CreatedAt, i.FinishedAt = sqldb.At(created), sqldb.At(finished)
	if err == nil {
		err = sqldb.ReadJSON("actor of import", actor, &i.Actor)
	}
	return i, err
}

const insertImport = `
INSERT INTO imports (instance_id, id, actor, file_name, content, state, row_count, position,
 created, updated, same, failed, attempt, run_at, created_at, finished_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, 0, 0, 0, $8, $8, 0)`

// InsertImport keeps an uploaded table of users.
func (tx *Tx) InsertImport(ctx context.Context, i aikagi.Import) error {
	actor, err := json.Marshal(i.Actor)
	if err != nil {
		return fmt.Errorf("write actor: %w", err)
	}
	return tx.Exec(ctx, "import", "insert import", insertImport,
		i.InstanceID, i.ID, string(actor), i.FileName, sqldb.Blob(i.File), i.State, i.Rows, sqldb.Ms(i.CreatedAt))
}

const findImport = `SELECT ` + importColumns + ` FROM imports WHERE instance_id = $1 AND id = $2`

// FindImport reads an import.
func (tx *Tx) FindImport(ctx context.Context, instance aikagi.InstanceID, id aikagi.ImportID) (aikagi.Import, error) {
	return sqldb.Find(ctx, tx.Tx, "import", scanImport, findImport, instance, id)
}

const startImport = `
UPDATE imports SET state = 'running', run_at = $3 WHERE instance_id = $1 AND id = $2 AND state = 'shown'`

// StartImport lets an import that was looked at run.
func (tx *Tx) StartImport(ctx context.Context, i aikagi.Import, now time.Time) error {
	return tx.Exec(ctx, "import", "start import", startImport, i.InstanceID, i.ID, sqldb.Ms(now))
}

// claimImport takes a running import until the lease ends; claim tells
// why the inner query stands behind "=".
func claimImport(e sqldb.Engine) string {
	return `
UPDATE imports SET run_at = $2, attempt = attempt + 1
WHERE (instance_id, id) = (
 SELECT instance_id, id FROM imports WHERE state = 'running' AND run_at <= $1
 ORDER BY run_at LIMIT 1` + e.SkipLocked() + `)
RETURNING ` + importColumns
}

// ClaimImport takes an import whose next rows are due; NotFound if there is none.
func (tx *Tx) ClaimImport(ctx context.Context, now, lease time.Time) (aikagi.Import, error) {
	return sqldb.Find(ctx, tx.Tx, "import", scanImport, claimImport(tx.Engine()), sqldb.Ms(now), sqldb.Ms(lease))
}

const advanceImport = `
UPDATE imports SET position = position + CAST($4 AS BIGINT), created = created + CAST($5 AS BIGINT), updated = updated + CAST($6 AS BIGINT), same = same + CAST($7 AS BIGINT),
 failed = failed + CAST($8 AS BIGINT), run_at = CAST($9 AS BIGINT),
 state = CASE WHEN position + CAST($4 AS BIGINT) >= row_count THEN 'finished' ELSE state END,
 finished_at = CASE WHEN position + CAST($4 AS BIGINT) >= row_count THEN CAST($9 AS BIGINT) ELSE 0 END
WHERE instance_id = $1 AND id = $2 AND attempt = $3 AND state = 'running'`

// AdvanceImport adds what was done to an import, by the numbers in it, and lets
// the next rows be claimed. It is Expired if another worker took it over.
func (tx *Tx) AdvanceImport(ctx context.Context, i aikagi.Import, now time.Time) error {
	n, err := tx.ExecCount(ctx, "import", "advance import", advanceImport, i.InstanceID, i.ID, i.Attempt,
		i.Position, i.Created, i.Updated, i.Same, i.Failed, sqldb.Ms(now))
	if err == nil && n == 0 {
		return aikagi.Because(aikagi.Expired, "import", "taken_over")
	}
	return err
}

const insertImportFailure = `
INSERT INTO import_failures (instance_id, import_id, line, problems) VALUES ($1, $2, $3, $4)`

// InsertImportFailure keeps a row that was not carried out.
func (tx *Tx) InsertImportFailure(ctx context.Context, i aikagi.Import, f aikagi.ImportFailure) error {
	return tx.Exec(ctx, "import", "insert import failure", insertImportFailure, i.InstanceID, i.ID, f.Line, string(f.Problems))
}

const listImportFailures = `
SELECT line, problems FROM import_failures WHERE instance_id = $1 AND import_id = $2 ORDER BY line`

// ListImportFailures reads the rows that were not carried out, in their order.
func (tx *Tx) ListImportFailures(ctx context.Context, i aikagi.Import) ([]aikagi.ImportFailure, error) {
	return sqldb.List(ctx, tx.Tx, "list import failures", func(r sqldb.Row) (aikagi.ImportFailure, error) {
		var f aikagi.ImportFailure
		var problems string
		err := r.Scan(&f.Line, &problems)
		f.Problems = []byte(problems)
		return f, err
	}, listImportFailures, i.InstanceID, i.ID)
}
