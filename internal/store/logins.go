package store

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// Knock is what a login is looked up by.
type Knock struct {
	Instance aikagi.InstanceID
	Username aikagi.Username
	Device   []byte    // digest of the known-device secret
	Since    time.Time // devices that were not used since are forgotten
	Now      time.Time
	// The rows that may refuse it, whoever has the name.
	SourceLane, NameLane, DeviceLane, Limit []byte
}

// Knocked is who and what stands behind the door.
type Knocked struct {
	ID           aikagi.UserID // empty: nobody has the name
	PasswordHash string
	Enabled      bool
	MustChange   bool
	KnownDevice  bool // of this very user
	OfSource     Failures
	OfName       Failures
	OfDevice     Failures
	LimitEmptyAt time.Time // of the source, over all names
}

func scanKnocked(r sqldb.Row) (Knocked, error) {
	var k Knocked
	var source, device, limit int64
	err := r.Scan(&k.ID, &k.PasswordHash, &k.Enabled, &k.MustChange, &k.KnownDevice,
		&k.OfSource.Count, &source, &k.OfName.Count, &k.OfDevice.Count, &device, &limit)
	k.OfSource.WaitUntil, k.OfDevice.WaitUntil, k.LimitEmptyAt = sqldb.At(source), sqldb.At(device), sqldb.At(limit)
	return k, err
}

// One row, whoever has the name: what a refusal needs and what a check needs are
// read together, so that the way to either is the same for every name (S13).
const findKnocked = `
SELECT COALESCE(u.id, ''), COALESCE(u.password_hash, ''), COALESCE(u.enabled, FALSE), COALESCE(u.must_change, FALSE),
 d.user_id IS NOT NULL, COALESCE(s.failures, 0), COALESCE(s.wait_until, 0), COALESCE(n.failures, 0),
 COALESCE(k.failures, 0), COALESCE(k.wait_until, 0), COALESCE(c.tat, 0)
FROM (SELECT 1 AS one) o
LEFT JOIN users u ON u.instance_id = $1 AND u.username = $2
LEFT JOIN known_devices d ON d.instance_id = $1 AND d.digest = $3 AND d.user_id = u.id AND d.last_used_at > $4
LEFT JOIN login_failures s ON s.instance_id = $1 AND s.lane = $6 AND s.expires_at > $5
LEFT JOIN login_failures n ON n.instance_id = $1 AND n.lane = $7 AND n.expires_at > $5
LEFT JOIN login_failures k ON k.instance_id = $1 AND k.lane = $8 AND k.expires_at > $5
LEFT JOIN throttle_counters c ON c.lane = $9`

// FindKnocked reads in one statement all that a login looks at before the hash.
func (tx *Tx) FindKnocked(ctx context.Context, k Knock) (Knocked, error) {
	return sqldb.Find(ctx, tx.Tx, "user", scanKnocked, findKnocked, k.Instance, k.Username, k.Device, sqldb.Ms(k.Since),
		sqldb.Ms(k.Now), k.SourceLane, k.NameLane, k.DeviceLane, k.Limit)
}

// Admission is what a login leaves behind.
type Admission struct {
	Session aikagi.Session
	Device  []byte // digest of the known-device secret
	Checked string // hash that the password was compared with
	Hash    string // hash to keep: the same, or one with today's parameters
	Lanes   Lanes  // whose failures are forgotten
}

const admitUser = `
UPDATE users SET last_login_at = $3, password_hash = $5
WHERE instance_id = $1 AND id = $2 AND enabled AND password_hash = $4`

// admitAtOnce is what Admit says in four statements, in one; PostgreSQL alone
// lets a statement change several tables. All of it hangs on the user's row.
const admitAtOnce = `
WITH admitted AS (
 UPDATE users SET last_login_at = $3, password_hash = $5
 WHERE instance_id = $1 AND id = $2 AND enabled AND password_hash = $4 RETURNING id),
opened AS (
 INSERT INTO sessions (` + sessionColumns + `)
 SELECT $1, CAST($6 AS BYTEA), CAST($7 AS TEXT), id, '', CAST($3 AS BIGINT), CAST($3 AS BIGINT), CAST($8 AS BIGINT),
  CAST($9 AS TEXT), CAST($10 AS TEXT) FROM admitted),
known AS (
 INSERT INTO known_devices (instance_id, digest, user_id, created_at, last_used_at)
 SELECT $1, CAST($11 AS BYTEA), id, CAST($3 AS BIGINT), CAST($3 AS BIGINT) FROM admitted
 ON CONFLICT (instance_id, digest) DO UPDATE SET last_used_at = excluded.last_used_at
 WHERE known_devices.user_id = excluded.user_id),
cleared AS (
 DELETE FROM login_failures WHERE instance_id = $1 AND lane IN ($12, $13) RETURNING charged)
SELECT (SELECT count(*) FROM admitted), CAST(COALESCE((SELECT sum(charged) FROM cleared), 0) AS BIGINT)`

type admitted struct{ users, charged int }

func scanAdmitted(r sqldb.Row) (admitted, error) {
	var a admitted
	err := r.Scan(&a.users, &a.charged)
	return a, err
}

// Admit opens a session of a user who is still enabled and has still the password
// that was compared; NotFound otherwise. The user's row is written at first: who
// disables, deletes or changes him writes it too, so that one of the two waits
// for the other and sees what it did (S15). It returns with how many of the
// forgotten failures limits were charged.
func (tx *Tx) Admit(ctx context.Context, a Admission) (charged int, err error) {
	s := a.Session
	if tx.Engine() == Postgres {
		done, err := sqldb.Find(ctx, tx.Tx, "user", scanAdmitted, admitAtOnce,
			s.InstanceID, s.UserID, sqldb.Ms(s.CreatedAt), a.Checked, a.Hash, s.Digest, s.ID, sqldb.Ms(s.ExpiresAt),
			s.Address, s.UserAgent, a.Device, a.Lanes.Lane, sqldb.Blob(a.Lanes.Name))
		if err == nil && done.users == 0 {
			err = aikagi.E(aikagi.NotFound, "user", nil)
		}
		return done.charged, err
	}
	err = tx.ExecOne(ctx, "user", "admit user", admitUser, s.InstanceID, s.UserID, sqldb.Ms(s.CreatedAt), a.Checked, a.Hash)
	if err != nil {
		return 0, err
	}
	if err := tx.InsertSession(ctx, s); err != nil {
		return 0, err
	}
	device := aikagi.KnownDevice{InstanceID: s.InstanceID, Digest: a.Device, UserID: s.UserID}
	if err := tx.KeepDevice(ctx, device, s.CreatedAt); err != nil {
		return 0, err
	}
	return tx.ClearLanes(ctx, a.Lanes)
}
