package store

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const tokenColumns = `instance_id, digest, id, user_id, request_id, kind, epoch, code_tries,
 created_at, expires_at, used_at, ended_at, ended_by, created_by`

func scanToken(r sqldb.Row) (aikagi.ResetToken, error) {
	var t aikagi.ResetToken
	var created, expires, used, ended int64
	err := r.Scan(&t.InstanceID, &t.Digest, &t.ID, &t.UserID, &t.RequestID, &t.Kind, &t.Epoch, &t.CodeTries,
		&created, &expires, &used, &ended, &t.EndedBy, &t.CreatedBy)
	t.CreatedAt, t.ExpiresAt, t.UsedAt, t.EndedAt = sqldb.At(created), sqldb.At(expires), sqldb.At(used), sqldb.At(ended)
	return t, err
}

const insertToken = `
INSERT INTO reset_tokens (` + tokenColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, 0, 0, '', $10)`

// InsertToken keeps the digest of a reset secret; the secret is never stored.
func (tx *Tx) InsertToken(ctx context.Context, t aikagi.ResetToken) error {
	return tx.Exec(ctx, "reset_token", "insert reset token", insertToken,
		t.InstanceID, t.Digest, t.ID, t.UserID, t.RequestID, t.Kind, t.Epoch, sqldb.Ms(t.CreatedAt), sqldb.Ms(t.ExpiresAt), t.CreatedBy)
}

const findToken = `SELECT ` + tokenColumns + ` FROM reset_tokens WHERE instance_id = $1 AND digest = $2`

// FindToken reads a reset secret by its digest.
func (tx *Tx) FindToken(ctx context.Context, instance aikagi.InstanceID, digest []byte) (aikagi.ResetToken, error) {
	return sqldb.Find(ctx, tx.Tx, "reset_token", scanToken, findToken, instance, digest)
}

const findTokenByID = `SELECT ` + tokenColumns + ` FROM reset_tokens WHERE instance_id = $1 AND id = $2`

// FindTokenByID reads a reset secret by its public id.
func (tx *Tx) FindTokenByID(ctx context.Context, instance aikagi.InstanceID, id aikagi.ResetTokenID) (aikagi.ResetToken, error) {
	return sqldb.Find(ctx, tx.Tx, "reset_token", scanToken, findTokenByID, instance, id)
}

const findTokenByRequest = `
SELECT ` + tokenColumns + ` FROM reset_tokens WHERE instance_id = $1 AND request_id = $2 AND request_id <> ''`

// FindTokenByRequest reads the secret that answered a request, for the code
// typed by hand.
func (tx *Tx) FindTokenByRequest(ctx context.Context, instance aikagi.InstanceID, id aikagi.ResetRequestID) (aikagi.ResetToken, error) {
	return sqldb.Find(ctx, tx.Tx, "reset_token", scanToken, findTokenByRequest, instance, id)
}

const spendToken = `
UPDATE reset_tokens SET used_at = $3, ended_by = 'used'
WHERE instance_id = $1 AND digest = $2 AND used_at = 0 AND ended_at = 0 AND expires_at > $3
 AND epoch = (SELECT secret_epoch FROM users u WHERE u.instance_id = $1 AND u.id = reset_tokens.user_id AND u.enabled)`

// SpendToken uses a reset secret up: once, in time, and only while the user is
// as he was when it was made. Held by TestS7OnlyTheNewPasswordSpends.
func (tx *Tx) SpendToken(ctx context.Context, t aikagi.ResetToken, now time.Time) error {
	n, err := tx.ExecCount(ctx, "reset_token", "spend reset token", spendToken,
		t.InstanceID, t.Digest, sqldb.Ms(now))
	if err == nil && n == 0 {
		return aikagi.Because(aikagi.Expired, "reset_token", "spent")
	}
	return err
}

const endTokens = `
UPDATE reset_tokens SET ended_at = $4, ended_by = $3
WHERE instance_id = $1 AND user_id = $2 AND used_at = 0 AND ended_at = 0`

// EndTokens marks a user's open reset secrets as ended and why, for the words
// on the page. What ends them for good is the user's secret epoch.
func (tx *Tx) EndTokens(ctx context.Context, instance aikagi.InstanceID, user aikagi.UserID, why string, now time.Time) error {
	return tx.Exec(ctx, "reset_token", "end reset tokens", endTokens, instance, user, why, sqldb.Ms(now))
}

const moveEpoch = `UPDATE users SET secret_epoch = secret_epoch + 1 WHERE instance_id = $1 AND id = $2
RETURNING secret_epoch`

// MoveEpoch ends all reset secrets of a user and returns the epoch of new ones.
func (tx *Tx) MoveEpoch(ctx context.Context, instance aikagi.InstanceID, user aikagi.UserID) (int64, error) {
	return sqldb.Find(ctx, tx.Tx, "user", sqldb.ScanInt, moveEpoch, instance, user)
}

const countCodeTry = `
UPDATE reset_tokens SET code_tries = code_tries + 1
WHERE instance_id = $1 AND id = $2 AND code_tries < $3`

// CountCodeTry counts a wrong hand-typed code, up to the last one allowed.
func (tx *Tx) CountCodeTry(ctx context.Context, t aikagi.ResetToken) error {
	return tx.Exec(ctx, "reset_token", "count code try", countCodeTry, t.InstanceID, t.ID, aikagi.MaxCodeTries)
}

const listOpenLinks = `
SELECT ` + tokenColumns + ` FROM reset_tokens
WHERE instance_id = $1 AND user_id = $2 AND kind = 'mail' AND used_at = 0 AND ended_at = 0 AND expires_at > $3
 AND epoch = $4
ORDER BY created_at`

// ListOpenLinks reads the links asked for anonymously that still work.
func (tx *Tx) ListOpenLinks(ctx context.Context, u aikagi.User, now time.Time) ([]aikagi.ResetToken, error) {
	return sqldb.List(ctx, tx.Tx, "list open links", scanToken, listOpenLinks, u.InstanceID, u.ID, sqldb.Ms(now), u.SecretEpoch)
}
