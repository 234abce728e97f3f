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

// Always one row, so that an unknown key costs what a known one does (S35).
const findSigner = `
SELECT COALESCE(k.id, ''), COALESCE(k.principal_id, ''), k.sealed, COALESCE(k.enabled, FALSE), COALESCE(k.last_used_at, 0),
  COALESCE(p.name, ''), COALESCE(p.enabled, FALSE), COALESCE((SELECT id FROM account ORDER BY id LIMIT 1), '')
FROM (SELECT 1 AS one) AS always
LEFT JOIN access_keys AS k ON k.id = $1
LEFT JOIN principals AS p ON p.id = k.principal_id`

// Signer is what checking a signature needs of a key. Of the key, CreatedAt is
// left out; of the principal, all but id, name and status.
type Signer struct {
	Key       aikagi.AccessKey // the zero AccessKey: there is no such key
	Principal aikagi.Principal
	Account   aikagi.AccountID
}

// FindSigner reads a key, who it belongs to and the account, at one stroke.
func (tx Rows) FindSigner(ctx context.Context, id aikagi.AccessKeyID) (Signer, error) {
	return sqldb.Find(ctx, tx.Tx, "access_key", func(r sqldb.Row) (Signer, error) {
		var s Signer
		var used int64
		err := r.Scan(&s.Key.ID, &s.Key.PrincipalID, &s.Key.Sealed, &s.Key.Enabled, &used,
			&s.Principal.Name, &s.Principal.Enabled, &s.Account)
		s.Key.LastUsedAt, s.Principal.ID = sqldb.At(used), s.Key.PrincipalID
		return s, err
	}, findSigner, id)
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
