package store

import (
	"bytes"
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
// now one may be. It returns when the limit will be empty again; the zero time if
// it refused. One statement, so that the limit holds across nodes.
func (tx *Tx) TakeToken(ctx context.Context, lane []byte, now time.Time, every, burst time.Duration) (time.Time, error) {
	expires := now.Add(burst + every)
	impossible := expires.Add(clockJump)
	taken, err := sqldb.List(ctx, tx.Tx, "take token", sqldb.ScanInt, takeToken,
		lane, sqldb.Ms(now), every.Milliseconds(), burst.Milliseconds(), sqldb.Ms(expires), sqldb.Ms(impossible))
	if err != nil || len(taken) == 0 {
		return time.Time{}, err
	}
	return sqldb.At(taken[0]), nil
}

const returnTokens = `UPDATE throttle_counters SET tat = tat - CAST($2 AS BIGINT) WHERE lane = $1`

// ReturnTokens gives back what TakeToken took: so much time.
func (tx *Tx) ReturnTokens(ctx context.Context, lane []byte, d time.Duration) error {
	return tx.Exec(ctx, "throttle", "return tokens", returnTokens, lane, d.Milliseconds())
}

const findTAT = `SELECT tat FROM throttle_counters WHERE lane = $1`

// FindTAT reads when a limit is empty again, for "try again in n minutes"; never,
// if nobody took anything.
func (tx *Tx) FindTAT(ctx context.Context, lane []byte) (time.Time, error) {
	tat, err := sqldb.Find(ctx, tx.Tx, "throttle", sqldb.ScanInt, findTAT, lane)
	if aikagi.CodeOf(err) == aikagi.NotFound {
		return time.Time{}, nil
	}
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

// Lanes are the rows that count a try: the lane itself and, unless it is that of a
// known device, the name's.
type Lanes struct {
	Instance aikagi.InstanceID
	Lane     []byte
	Name     []byte // nil for a known device
}

// CountRule says until when a lane takes tries and how long it is kept.
type CountRule struct {
	Now         time.Time
	Impossible  time.Time // a wait beyond it was set by a clock that was wrong (R9)
	Few         int       // from how many failures on a row is kept for long
	ForFew      time.Duration
	ForMany     time.Duration
	Most        int // failures after which a name takes no more
	MostOfALane int // and a lane
}

// again is the count of a row with one failure more.
const again = `(CASE WHEN login_failures.expires_at > $3 THEN login_failures.failures ELSE 0 END + 1)`

// ofLane is the beginning of both, ifItTakesMore their end.
const (
	ofLane = ` login_failures (instance_id, lane, failures, wait_until, expires_at) VALUES
 ($1, $2, 1, 0, $4)`
	ifItTakesMore = `
ON CONFLICT (instance_id, lane) DO UPDATE SET
 failures = ` + again + `, wait_until = 0,
 charged = CASE WHEN login_failures.expires_at > $3 THEN login_failures.charged ELSE 0 END,
 expires_at = CASE WHEN ` + again + ` < $5 THEN excluded.expires_at ELSE $6 END
WHERE (login_failures.wait_until <= $3 OR login_failures.wait_until > $7)
 AND ` + again + ` <= CASE WHEN login_failures.lane = $2 THEN CAST($8 AS BIGINT) ELSE CAST($9 AS BIGINT) END
RETURNING failures, lane`
	countInLane   = `INSERT INTO` + ofLane + ifItTakesMore
	countWithName = `INSERT INTO` + ofLane + `, ($1, $10, 1, 0, $4)` + ifItTakesMore
)

// laneCount is a row that was counted.
type laneCount struct {
	failures int
	lane     []byte
}

func scanLaneCount(r sqldb.Row) (laneCount, error) {
	var c laneCount
	err := r.Scan(&c.failures, &c.lane)
	return c, err
}

// CountFailure counts a try as failed before it is checked and returns the new
// count of its lane; false if the lane waits, or it or the name takes no more: the
// transaction is to be given up then, because one of the rows may have counted.
func (tx *Tx) CountFailure(ctx context.Context, l Lanes, r CountRule) (int, bool, error) {
	query, want := countInLane, 1
	args := []any{
		l.Instance, l.Lane, sqldb.Ms(r.Now), sqldb.Ms(r.Now.Add(r.ForFew)), r.Few, sqldb.Ms(r.Now.Add(r.ForMany)),
		sqldb.Ms(r.Impossible), r.MostOfALane, r.Most,
	}
	if l.Name != nil {
		query, want = countWithName, 2
		args = append(args, l.Name)
	}
	rows, err := sqldb.List(ctx, tx.Tx, "count failure", scanLaneCount, query, args...)
	if err != nil || len(rows) < want {
		return 0, false, err
	}
	for _, c := range rows {
		if bytes.Equal(c.lane, l.Lane) {
			return c.failures, true, nil
		}
	}
	return 0, false, nil
}

const uncountFailure = `
UPDATE login_failures SET failures = failures - 1, wait_until = 0
WHERE instance_id = $1 AND lane IN ($2, $3) AND failures > 0`

// UncountFailure takes back a try that was counted and not checked.
func (tx *Tx) UncountFailure(ctx context.Context, l Lanes) error {
	return tx.Exec(ctx, "login_failures", "uncount failure", uncountFailure, l.Instance, l.Lane, sqldb.Blob(l.Name))
}

const chargeLane = `UPDATE login_failures SET charged = charged + 1 WHERE instance_id = $1 AND lane = $2`

// ChargeLane notes that limits were charged with one failure of a lane.
func (tx *Tx) ChargeLane(ctx context.Context, l Lanes) error {
	return tx.Exec(ctx, "login_failures", "charge lane", chargeLane, l.Instance, l.Lane)
}

const setWait = `UPDATE login_failures SET wait_until = $3 WHERE instance_id = $1 AND lane = $2`

// SetWait makes a lane wait.
func (tx *Tx) SetWait(ctx context.Context, instance aikagi.InstanceID, lane []byte, until time.Time) error {
	return tx.Exec(ctx, "login_failures", "set wait", setWait, instance, lane, sqldb.Ms(until))
}

const clearFailures = `DELETE FROM login_failures WHERE instance_id = $1 AND lane = $2`

// ClearFailures forgets one row.
func (tx *Tx) ClearFailures(ctx context.Context, instance aikagi.InstanceID, lane []byte) error {
	return tx.Exec(ctx, "login_failures", "clear failures", clearFailures, instance, lane)
}

const clearLanes = `DELETE FROM login_failures WHERE instance_id = $1 AND lane IN ($2, $3) RETURNING charged`

// ClearLanes forgets the failures of a try that succeeded, and returns with how
// many of them limits were charged.
func (tx *Tx) ClearLanes(ctx context.Context, l Lanes) (charged int, err error) {
	rows, err := sqldb.List(ctx, tx.Tx, "clear lanes", sqldb.ScanInt, clearLanes, l.Instance, l.Lane, sqldb.Blob(l.Name))
	for _, n := range rows {
		charged += int(n)
	}
	return charged, err
}

const spendChallenge = `
INSERT INTO spent_challenges (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`

// SpendChallenge uses a challenge up; Expired if it was used before.
func (tx *Tx) SpendChallenge(ctx context.Context, id string, expires time.Time) error {
	used := aikagi.Because(aikagi.Expired, "challenge", "used")
	return tx.ExecOr(ctx, used, "challenge", "spend challenge", spendChallenge, id, sqldb.Ms(expires))
}
