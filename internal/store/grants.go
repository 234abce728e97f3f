package store

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const grantColumns = `id, instance_id, principal_id, principal_name, reason, digest, address,
 created_at, start_before, used_at, ended_at`

func scanGrant(r sqldb.Row) (aikagi.EmergencyGrant, error) {
	var g aikagi.EmergencyGrant
	var created, start, used, ended int64
	err := r.Scan(&g.ID, &g.InstanceID, &g.PrincipalID, &g.PrincipalName, &g.Reason, &g.Digest, &g.Address,
		&created, &start, &used, &ended)
	g.CreatedAt, g.StartBefore, g.UsedAt, g.EndedAt = sqldb.At(created), sqldb.At(start), sqldb.At(used), sqldb.At(ended)
	return g, err
}

const insertGrant = `
INSERT INTO emergency_grants (` + grantColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0)`

// InsertGrant keeps a new emergency grant; only the digest of its secret.
func (tx *Tx) InsertGrant(ctx context.Context, g aikagi.EmergencyGrant) error {
	return tx.Exec(ctx, "emergency_grant", "insert emergency grant", insertGrant,
		g.ID, g.InstanceID, g.PrincipalID, g.PrincipalName, g.Reason, g.Digest, g.Address,
		sqldb.Ms(g.CreatedAt), sqldb.Ms(g.StartBefore))
}

const findGrant = `SELECT ` + grantColumns + ` FROM emergency_grants WHERE id = $1`

// FindGrant reads an emergency grant by id.
func (tx *Tx) FindGrant(ctx context.Context, id aikagi.GrantID) (aikagi.EmergencyGrant, error) {
	return sqldb.Find(ctx, tx.Tx, "emergency_grant", scanGrant, findGrant, id)
}

const findGrantByDigest = `SELECT ` + grantColumns + ` FROM emergency_grants WHERE digest = $1`

// FindGrantByDigest reads an emergency grant by the digest of its secret.
func (tx *Tx) FindGrantByDigest(ctx context.Context, digest []byte) (aikagi.EmergencyGrant, error) {
	return sqldb.Find(ctx, tx.Tx, "emergency_grant", scanGrant, findGrantByDigest, digest)
}

const spendGrant = `
UPDATE emergency_grants SET used_at = $3
WHERE id = $1 AND instance_id = $2 AND used_at = 0 AND ended_at = 0 AND start_before > $3`

// SpendGrant uses a grant up, once and in time; Expired otherwise.
func (tx *Tx) SpendGrant(ctx context.Context, g aikagi.EmergencyGrant, now time.Time) error {
	n, err := tx.ExecCount(ctx, "emergency_grant", "spend emergency grant", spendGrant, g.ID, g.InstanceID, sqldb.Ms(now))
	if err == nil && n == 0 {
		return aikagi.Because(aikagi.Expired, "emergency_grant", "spent")
	}
	return err
}

const endGrant = `UPDATE emergency_grants SET ended_at = $2 WHERE id = $1 AND ended_at = 0`

// EndGrant closes an emergency grant; its session is good for nothing then.
func (tx *Tx) EndGrant(ctx context.Context, id aikagi.GrantID, now time.Time) error {
	return tx.Exec(ctx, "emergency_grant", "end emergency grant", endGrant, id, sqldb.Ms(now))
}

const listGrants = `
SELECT ` + grantColumns + ` FROM emergency_grants WHERE instance_id = $1 ORDER BY created_at DESC, id LIMIT $2`

// ListGrants reads the newest emergency grants of an instance.
func (tx *Tx) ListGrants(ctx context.Context, instance aikagi.InstanceID, limit int) ([]aikagi.EmergencyGrant, error) {
	return sqldb.List(ctx, tx.Tx, "list emergency grants", scanGrant, listGrants, instance, limit)
}

const listOpenGrants = `
SELECT ` + grantColumns + ` FROM emergency_grants
WHERE principal_id = $1 AND ended_at = 0 AND created_at > $2 ORDER BY id`

// ListOpenGrants reads the emergency grants of a principal that were made
// after a moment and have not ended.
func (tx *Tx) ListOpenGrants(ctx context.Context, id aikagi.PrincipalID, after time.Time) ([]aikagi.EmergencyGrant, error) {
	return sqldb.List(ctx, tx.Tx, "list open grants", scanGrant, listOpenGrants, id, sqldb.Ms(after))
}
