package plane

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const consoleSessionColumns = `digest, id, principal_id, created_at, last_used_at, expires_at, address`

func scanConsoleSession(r sqldb.Row) (aikagi.ConsoleSession, error) {
	var s aikagi.ConsoleSession
	var created, used, expires int64
	err := r.Scan(&s.Digest, &s.ID, &s.PrincipalID, &created, &used, &expires, &s.Address)
	s.CreatedAt, s.LastUsedAt, s.ExpiresAt = sqldb.At(created), sqldb.At(used), sqldb.At(expires)
	return s, err
}

const insertConsoleSession = `
INSERT INTO console_sessions (` + consoleSessionColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7)`

// InsertConsoleSession keeps a signed-in browser; only the digest of its secret.
func (tx Rows) InsertConsoleSession(ctx context.Context, s aikagi.ConsoleSession) error {
	return tx.Exec(ctx, "session", "insert console session", insertConsoleSession,
		s.Digest, s.ID, s.PrincipalID, sqldb.Ms(s.CreatedAt), sqldb.Ms(s.LastUsedAt), sqldb.Ms(s.ExpiresAt), s.Address)
}

const findConsoleSession = `SELECT ` + consoleSessionColumns + ` FROM console_sessions WHERE digest = $1`

// FindConsoleSession reads a console session by the digest of its secret.
func (tx Rows) FindConsoleSession(ctx context.Context, digest []byte) (aikagi.ConsoleSession, error) {
	return sqldb.Find(ctx, tx.Tx, "session", scanConsoleSession, findConsoleSession, digest)
}

const consoleSessionSince = `SELECT COUNT(*) FROM console_sessions WHERE id = $1 AND created_at > $2`

// ConsoleSessionSince reports whether a session exists and began after a moment.
func (tx Rows) ConsoleSessionSince(ctx context.Context, id string, since time.Time) (bool, error) {
	n, err := sqldb.Find(ctx, tx.Tx, "session", sqldb.ScanInt, consoleSessionSince, id, sqldb.Ms(since))
	return n > 0, err
}

const touchConsoleSession = `UPDATE console_sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2`

// TouchConsoleSession notes when a console session was last used.
func (tx Rows) TouchConsoleSession(ctx context.Context, id string, now time.Time) error {
	return tx.Exec(ctx, "session", "touch console session", touchConsoleSession, id, sqldb.Ms(now))
}

const endConsoleSession = `DELETE FROM console_sessions WHERE id = $1`

// EndConsoleSession signs a browser out; it is no error if it was already.
func (tx Rows) EndConsoleSession(ctx context.Context, id string) error {
	return tx.Exec(ctx, "session", "end console session", endConsoleSession, id)
}

const endConsoleSessionsOf = `DELETE FROM console_sessions WHERE principal_id = $1 AND id <> $2`

// EndConsoleSessionsOf signs a principal out everywhere but in one session,
// which may be empty.
func (tx Rows) EndConsoleSessionsOf(ctx context.Context, principal aikagi.PrincipalID, except string) error {
	return tx.Exec(ctx, "session", "end console sessions", endConsoleSessionsOf, principal, except)
}
