package store

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// AuditRow is an event as the chain sees it: every stored column as text, so
// that no reading or writing of ours can make an altered one look the same.
type AuditRow struct {
	ID       string
	Values   []string // the columns of auditColumns, in that order
	Sequence int64    // 0 until chained
	Chain    []byte
}

const chainColumns = auditColumns + `, sequence, chain`

const auditColumnCount = 16

func scanAuditRow(r sqldb.Row) (AuditRow, error) {
	a := AuditRow{Values: make([]string, auditColumnCount)}
	into := make([]any, 0, auditColumnCount+2)
	for i := range a.Values {
		into = append(into, &a.Values[i])
	}
	err := r.Scan(append(into, &a.Sequence, &a.Chain)...)
	a.ID = a.Values[0]
	return a, err
}

const listUnchained = `SELECT ` + chainColumns + ` FROM audit_events WHERE sequence = 0 ORDER BY id LIMIT $1`

// ListUnchained reads the oldest events that the chain does not hold yet.
func (tx *Tx) ListUnchained(ctx context.Context, limit int) ([]AuditRow, error) {
	return sqldb.List(ctx, tx.Tx, "list unchained events", scanAuditRow, listUnchained, limit)
}

const setChain = `UPDATE audit_events SET sequence = $2, chain = $3 WHERE id = $1 AND sequence = 0`

// SetChain gives an event its number and chain, once.
func (tx *Tx) SetChain(ctx context.Context, id string, sequence int64, chain []byte) error {
	gone := aikagi.E(aikagi.NotFound, "audit_event", nil)
	return tx.ExecOr(ctx, gone, "audit_event", "chain audit event", setChain, id, sequence, chain)
}

const listChained = `
SELECT ` + chainColumns + ` FROM audit_events
WHERE (sequence, id) > ($1, $2) AND sequence <= $3 AND sequence <> 0 ORDER BY sequence, id LIMIT $4`

// ListChained reads events by number, after one of them and up to a number.
func (tx *Tx) ListChained(ctx context.Context, after AuditRow, last int64, limit int) ([]AuditRow, error) {
	return sqldb.List(ctx, tx.Tx, "list chained events", scanAuditRow, listChained, after.Sequence, after.ID, last, limit)
}

// Checkpoint is a MAC over the chain up to an event.
type Checkpoint struct {
	Sequence  int64
	Chain     []byte
	MAC       []byte
	CreatedAt time.Time
}

func scanCheckpoint(r sqldb.Row) (Checkpoint, error) {
	var c Checkpoint
	var created int64
	err := r.Scan(&c.Sequence, &c.Chain, &c.MAC, &created)
	c.CreatedAt = sqldb.At(created)
	return c, err
}

const insertCheckpoint = `INSERT INTO audit_checkpoints (sequence, chain, mac, created_at) VALUES ($1, $2, $3, $4)`

// InsertCheckpoint keeps a MAC over the chain so far.
func (tx *Tx) InsertCheckpoint(ctx context.Context, c Checkpoint) error {
	return tx.Exec(ctx, "audit_checkpoint", "insert audit checkpoint", insertCheckpoint,
		c.Sequence, c.Chain, c.MAC, sqldb.Ms(c.CreatedAt))
}

const lastCheckpoint = `
SELECT sequence, chain, mac, created_at FROM audit_checkpoints ORDER BY sequence DESC LIMIT 1`

// LastCheckpoint reads the newest MAC over the chain; NotFound before the first.
func (tx *Tx) LastCheckpoint(ctx context.Context) (Checkpoint, error) {
	return sqldb.Find(ctx, tx.Tx, "audit_checkpoint", scanCheckpoint, lastCheckpoint)
}

const listCheckpoints = `
SELECT sequence, chain, mac, created_at FROM audit_checkpoints WHERE sequence > $1 ORDER BY sequence LIMIT $2`

// ListCheckpoints reads the MACs over the chain in their order, after a number.
func (tx *Tx) ListCheckpoints(ctx context.Context, after int64, limit int) ([]Checkpoint, error) {
	return sqldb.List(ctx, tx.Tx, "list audit checkpoints", scanCheckpoint, listCheckpoints, after, limit)
}

const takeLease = `
INSERT INTO jobs (name, locked_by, locked_until, last_run_at) VALUES ($1, $2, $4, $3)
ON CONFLICT (name) DO UPDATE SET
 locked_by = excluded.locked_by, locked_until = excluded.locked_until, last_run_at = excluded.last_run_at
WHERE jobs.locked_by = excluded.locked_by OR jobs.locked_until <= $3 OR jobs.locked_until > $5`

// TakeLease takes or renews the lease of a job that one node does at a time,
// and reports whether it did. Work in the same transaction is done by nobody
// else: the row of the lease is locked until its end. A lease that is further ahead
// than any can be was taken by a clock that was wrong, and holds nobody up (R9).
func (tx *Tx) TakeLease(ctx context.Context, job, node string, now, until time.Time) (bool, error) {
	n, err := tx.ExecCount(ctx, "job", "take lease", takeLease, job, node, sqldb.Ms(now), sqldb.Ms(until), sqldb.Ms(until.Add(clockJump)))
	return n > 0, err
}
