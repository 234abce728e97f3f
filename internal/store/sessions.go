package store

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const sessionColumns = `instance_id, digest, id, user_id, grant_id, created_at, last_used_at, expires_at, address, user_agent`

func scanSession(r sqldb.Row) (aikagi.Session, error) {
	var s aikagi.Session
	var created, used, expires int64
	err := r.Scan(&s.InstanceID, &s.Digest, &s.ID, &s.UserID, &s.GrantID, &created, &used, &expires,
		&s.Address, &s.UserAgent)
	s.CreatedAt, s.LastUsedAt, s.ExpiresAt = sqldb.At(created), sqldb.At(used), sqldb.At(expires)
	return s, err
}

const insertSession = `
INSERT INTO sessions (` + sessionColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9)`

// InsertSession keeps a new session; only the digest of its secret.
func (tx *Tx) InsertSession(ctx context.Context, s aikagi.Session) error {
	return tx.Exec(ctx, "session", "insert session", insertSession,
		s.InstanceID, s.Digest, s.ID, s.UserID, s.GrantID, sqldb.Ms(s.CreatedAt), sqldb.Ms(s.ExpiresAt), s.Address, s.UserAgent)
}

const findSession = `SELECT ` + sessionColumns + ` FROM sessions WHERE instance_id = $1 AND digest = $2`

// FindSession reads a session by the digest of its secret: the one indexed
// read that each request pays. Whether it is still good is package session's
// to say; disabling or deleting a user removes his sessions.
func (tx *Tx) FindSession(ctx context.Context, instance aikagi.InstanceID, digest []byte) (aikagi.Session, error) {
	return sqldb.Find(ctx, tx.Tx, "session", scanSession, findSession, instance, digest)
}

// SessionHolder is a session with what a check wants to know about its user.
type SessionHolder struct {
	aikagi.Session
	Username   aikagi.Username // empty in emergency access
	Enabled    bool
	MustChange bool
	Access     aikagi.AuthenticationProfile // of the instance
}

func scanSessionHolder(r sqldb.Row) (SessionHolder, error) {
	var h SessionHolder
	var created, used, expires int64
	var access string
	err := r.Scan(&h.ID, &h.UserID, &h.GrantID, &created, &used, &expires, &h.Username, &h.Enabled, &h.MustChange, &access)
	if err != nil {
		return h, err
	}
	h.CreatedAt, h.LastUsedAt, h.ExpiresAt = sqldb.At(created), sqldb.At(used), sqldb.At(expires)
	h.Access = aikagi.DefaultAuthenticationProfile()
	return h, readChosen("authentication profile of instance", access, &h.Access)
}

// A session of emergency access has no user and is as good as its row; one
// whose user is gone is not.
const findSessionHolder = `
SELECT s.id, s.user_id, s.grant_id, s.created_at, s.last_used_at, s.expires_at,
 COALESCE(u.username, ''), COALESCE(u.enabled, s.user_id = ''), COALESCE(u.must_change, FALSE), i.access
FROM sessions s
JOIN instances i ON i.id = s.instance_id
LEFT JOIN users u ON u.instance_id = s.instance_id AND u.id = s.user_id
WHERE s.instance_id = $1 AND s.digest = $2 AND i.alias = $3`

// FindSessionHolder reads in one statement what FindInstanceByAlias, FindSession
// and FindUser read in three: a check is asked far more often than a page (P6).
func (tx *Tx) FindSessionHolder(ctx context.Context, alias string, instance aikagi.InstanceID, digest []byte) (SessionHolder, error) {
	h, err := sqldb.Find(ctx, tx.Tx, "session", scanSessionHolder, findSessionHolder, instance, digest, alias)
	h.InstanceID, h.Digest = instance, digest
	return h, err
}

const listSessions = `
SELECT ` + sessionColumns + ` FROM sessions WHERE instance_id = $1 AND user_id = $2 ORDER BY created_at DESC, id`

// ListSessions reads the sessions of a user, newest first.
func (tx *Tx) ListSessions(ctx context.Context, instance aikagi.InstanceID, user aikagi.UserID) ([]aikagi.Session, error) {
	return sqldb.List(ctx, tx.Tx, "list sessions", scanSession, listSessions, instance, user)
}

const touchSession = `
UPDATE sessions SET last_used_at = $3 WHERE instance_id = $1 AND digest = $2 AND last_used_at < $3`

// TouchSession notes that a session is in use.
func (tx *Tx) TouchSession(ctx context.Context, s aikagi.Session, now time.Time) error {
	return tx.Exec(ctx, "session", "touch session", touchSession, s.InstanceID, s.Digest, sqldb.Ms(now))
}

const endSession = `DELETE FROM sessions WHERE instance_id = $1 AND id = $2`

// EndSession removes one session; NotFound if it is gone already.
func (tx *Tx) EndSession(ctx context.Context, instance aikagi.InstanceID, id aikagi.SessionID) error {
	return tx.ExecOne(ctx, "session", "end session", endSession, instance, id)
}

const endSessionsOfUser = `DELETE FROM sessions WHERE instance_id = $1 AND user_id = $2 AND id <> $3`

// EndSessionsOfUser removes all sessions of a user but one, which may be empty,
// and tells how many.
func (tx *Tx) EndSessionsOfUser(ctx context.Context, instance aikagi.InstanceID, user aikagi.UserID, but aikagi.SessionID) (int64, error) {
	return tx.ExecCount(ctx, "session", "end sessions of user", endSessionsOfUser, instance, user, but)
}

const endSessionsOfGrant = `DELETE FROM sessions WHERE grant_id = $1`

// EndSessionsOfGrant removes the session of an emergency grant.
func (tx *Tx) EndSessionsOfGrant(ctx context.Context, grant aikagi.GrantID) error {
	return tx.Exec(ctx, "session", "end sessions of grant", endSessionsOfGrant, grant)
}

const keepDevice = `
INSERT INTO known_devices (instance_id, digest, user_id, created_at, last_used_at) VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (instance_id, digest) DO UPDATE SET last_used_at = excluded.last_used_at
WHERE known_devices.user_id = excluded.user_id`

// KeepDevice remembers a browser that a user logged in with.
func (tx *Tx) KeepDevice(ctx context.Context, d aikagi.KnownDevice, now time.Time) error {
	return tx.Exec(ctx, "known_device", "keep device", keepDevice, d.InstanceID, d.Digest, d.UserID, sqldb.Ms(now))
}

const forgetDevices = `DELETE FROM known_devices WHERE instance_id = $1 AND user_id = $2`

// ForgetDevices forgets all browsers of a user.
func (tx *Tx) ForgetDevices(ctx context.Context, instance aikagi.InstanceID, user aikagi.UserID) error {
	return tx.Exec(ctx, "known_device", "forget devices", forgetDevices, instance, user)
}
