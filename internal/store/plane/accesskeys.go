package plane

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const accessKeyColumns = `id, principal_id, sealed, enabled, created_at, last_used_at`

func scanAccessKey(r sqldb.Row) (aikagi.AccessKey, error) {
	var k aikagi.AccessKey
	var created, used int64
	err := r.Scan(&k.ID, &k.PrincipalID, &k.Sealed, &k.Enabled, &created, &used)
	k.CreatedAt, k.LastUsedAt = sqldb.At(created), sqldb.At(used)
	return k, err
}

const insertAccessKey = `
INSERT INTO access_keys (` + accessKeyColumns + `) VALUES ($1, $2, $3, $4, $5, 0)`

// InsertAccessKey keeps a new access key with its sealed secret.
func (tx Rows) InsertAccessKey(ctx context.Context, k aikagi.AccessKey) error {
	return tx.Exec(ctx, "access_key", "insert access key", insertAccessKey,
		k.ID, k.PrincipalID, k.Sealed, k.Enabled, sqldb.Ms(k.CreatedAt))
}

const findAccessKey = `SELECT ` + accessKeyColumns + ` FROM access_keys WHERE id = $1`

// FindAccessKey reads an access key by its id.
func (tx Rows) FindAccessKey(ctx context.Context, id aikagi.AccessKeyID) (aikagi.AccessKey, error) {
	return sqldb.Find(ctx, tx.Tx, "access_key", scanAccessKey, findAccessKey, id)
}

const listAccessKeys = `
SELECT ` + accessKeyColumns + ` FROM access_keys WHERE principal_id = $1 ORDER BY created_at, id`

// ListAccessKeys reads the access keys of a principal, oldest first.
func (tx Rows) ListAccessKeys(ctx context.Context, id aikagi.PrincipalID) ([]aikagi.AccessKey, error) {
	return sqldb.List(ctx, tx.Tx, "list access keys", scanAccessKey, listAccessKeys, id)
}

const setAccessKeyEnabled = `UPDATE access_keys SET enabled = $2 WHERE id = $1`

// SetAccessKeyEnabled switches an access key on or off.
func (tx Rows) SetAccessKeyEnabled(ctx context.Context, id aikagi.AccessKeyID, enabled bool) error {
	return tx.ExecOne(ctx, "access_key", "set access key status", setAccessKeyEnabled, id, enabled)
}

const touchAccessKey = `UPDATE access_keys SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2`

// TouchAccessKey notes when an access key was last used.
func (tx Rows) TouchAccessKey(ctx context.Context, id aikagi.AccessKeyID, now time.Time) error {
	return tx.Exec(ctx, "access_key", "touch access key", touchAccessKey, id, sqldb.Ms(now))
}

const deleteAccessKey = `DELETE FROM access_keys WHERE id = $1`

// DeleteAccessKey removes an access key for good.
func (tx Rows) DeleteAccessKey(ctx context.Context, id aikagi.AccessKeyID) error {
	return tx.ExecOne(ctx, "access_key", "delete access key", deleteAccessKey, id)
}
