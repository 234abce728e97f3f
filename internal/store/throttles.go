package store

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const takeToken = `
INSERT INTO throttle_counters (lane, tat, expires_at) VALUES ($1, CAST($2 AS BIGINT) + CAST($3 AS BIGINT), $5)
ON CONFLICT (lane) DO UPDATE SET
 tat = CASE WHEN throttle_counters.tat > $2 AND throttle_counters.tat <= $6
  THEN throttle_counters.tat ELSE $2 END + CAST($3 AS BIGINT),
 expires_at = excluded.expires_at
WHERE throttle_counters.tat <= CAST($2 AS BIGINT) + CAST($4 AS BIGINT) OR throttle_counters.tat > $6
RETURNING tat`

// clockJump is how far beyond its own longest wait a limit may stand. What is
// further ahead was written by a clock that was wrong, and counts as nothing (R9).
const clockJump = time.Hour

// TakeToken lets one more through a limit, or not, by the generic cell rate
// algorithm (ITU-T I.371): every is the time one costs, burst how far ahead of
// now one may be. One statement, so that the limit holds across nodes.
func (tx *Tx) TakeToken(ctx context.Context, lane []byte, now time.Time, every, burst time.Duration) (bool, error) {
	expires := now.Add(burst + every)
	impossible := expires.Add(clockJump)
	taken, err := sqldb.List(ctx, tx.Tx, "take token", sqldb.ScanInt, takeToken,
		lane, sqldb.Ms(now), every.Milliseconds(), burst.Milliseconds(), sqldb.Ms(expires), sqldb.Ms(impossible))
	return len(taken) == 1, err
}

const findTAT = `SELECT tat FROM throttle_counters WHERE lane = $1`

// FindTAT reads when a limit is empty again, for "try again in n minutes".
func (tx *Tx) FindTAT(ctx context.Context, lane []byte) (time.Time, error) {
	tat, err := sqldb.Find(ctx, tx.Tx, "throttle", sqldb.ScanInt, findTAT, lane)
	return sqldb.At(tat), err
}

// Failures is the state of one lane of failed logins.
type Failures struct {
	Count     int
	WaitUntil time.Time
}

func scanFailures(r sqldb.Row) (Failures, error) {
	var f Failures
	var wait int64
	err := r.Scan(&f.Count, &wait)
	f.WaitUntil = sqldb.At(wait)
	return f, err
}

const findFailures = `
SELECT failures, wait_until FROM login_failures WHERE instance_id = $1 AND lane = $2 AND expires_at > $3`

// FindFailures reads a lane; an unknown or expired one has no failures.
func (tx *Tx) FindFailures(ctx context.Context, instance aikagi.InstanceID, lane []byte, now time.Time) (Failures, error) {
	f, err := sqldb.Find(ctx, tx.Tx, "login_failures", scanFailures, findFailures, instance, lane, sqldb.Ms(now))
	if aikagi.CodeOf(err) == aikagi.NotFound {
		return Failures{}, nil
	}
	return f, err
}

const countFailure = `
INSERT INTO login_failures (instance_id, lane, failures, wait_until, expires_at) VALUES ($1, $2, 1, 0, $4)
ON CONFLICT (instance_id, lane) DO UPDATE SET
 failures = CASE WHEN login_failures.expires_at > $3 THEN login_failures.failures ELSE 0 END + 1,
 expires_at = excluded.expires_at
RETURNING failures, wait_until`

// CountFailure counts a try as failed before it is checked and returns the new
// count; a success takes it back.
func (tx *Tx) CountFailure(ctx context.Context, instance aikagi.InstanceID, lane []byte, now, expires time.Time) (Failures, error) {
	return sqldb.Find(ctx, tx.Tx, "login_failures", scanFailures, countFailure, instance, lane, sqldb.Ms(now), sqldb.Ms(expires))
}

const setWait = `UPDATE login_failures SET wait_until = $3 WHERE instance_id = $1 AND lane = $2`

// SetWait makes a lane wait.
func (tx *Tx) SetWait(ctx context.Context, instance aikagi.InstanceID, lane []byte, until time.Time) error {
	return tx.Exec(ctx, "login_failures", "set wait", setWait, instance, lane, sqldb.Ms(until))
}

const clearFailures = `DELETE FROM login_failures WHERE instance_id = $1 AND lane = $2`

// ClearFailures forgets a lane.
func (tx *Tx) ClearFailures(ctx context.Context, instance aikagi.InstanceID, lane []byte) error {
	return tx.Exec(ctx, "login_failures", "clear failures", clearFailures, instance, lane)
}

const spendChallenge = `
INSERT INTO spent_challenges (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`

// SpendChallenge uses a challenge up; Expired if it was used before.
func (tx *Tx) SpendChallenge(ctx context.Context, id string, expires time.Time) error {
	n, err := tx.ExecCount(ctx, "challenge", "spend challenge", spendChallenge, id, sqldb.Ms(expires))
	if err == nil && n == 0 {
		return aikagi.Because(aikagi.Expired, "challenge", "used")
	}
	return err
}
