package store

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const requestColumns = `instance_id, id, username, user_id, state, reason, asked, address, locale, attempt,
 created_at, answered_at, closed_at, closed_by, recognised`

func scanRequest(r sqldb.Row) (aikagi.ResetRequest, error) {
	var q aikagi.ResetRequest
	var created, answered, closed int64
	err := r.Scan(&q.InstanceID, &q.ID, &q.Username, &q.UserID, &q.State, &q.Reason, &q.Count, &q.Address, &q.Locale,
		&q.Attempt, &created, &answered, &closed, &q.ClosedBy, &q.Recognised)
	q.CreatedAt, q.AnsweredAt, q.ClosedAt = sqldb.At(created), sqldb.At(answered), sqldb.At(closed)
	return q, err
}

const insertRequest = `
INSERT INTO reset_requests (instance_id, id, username, user_id, state, reason, asked, address, locale, attempt,
 run_at, created_at, answered_at, closed_at, closed_by, recognised)
VALUES ($1, $2, $3, '', 'new', '', 1, $4, $5, 0, $6, $6, 0, 0, '', '')`

// InsertRequest keeps what somebody typed on the "forgot password" page: the
// one row that is the same for every name.
func (tx *Tx) InsertRequest(ctx context.Context, q aikagi.ResetRequest) error {
	return tx.Exec(ctx, "reset_request", "insert reset request", insertRequest,
		q.InstanceID, q.ID, q.Username, q.Address, q.Locale, sqldb.Ms(q.CreatedAt))
}

const findRequest = `SELECT ` + requestColumns + ` FROM reset_requests WHERE instance_id = $1 AND id = $2`

// FindRequest reads a reset request.
func (tx *Tx) FindRequest(ctx context.Context, instance aikagi.InstanceID, id aikagi.ResetRequestID) (aikagi.ResetRequest, error) {
	return sqldb.Find(ctx, tx.Tx, "reset_request", scanRequest, findRequest, instance, id)
}

// claimRequest takes the oldest request that is due, until the lease ends;
// claim tells why the inner query stands behind "=".
func claimRequest(e sqldb.Engine) string {
	return `
UPDATE reset_requests SET run_at = $2, attempt = attempt + 1
WHERE (instance_id, id) = (
 SELECT instance_id, id FROM reset_requests WHERE state = 'new' AND run_at <= $1
 ORDER BY run_at LIMIT 1` + e.SkipLocked() + `)
RETURNING ` + requestColumns
}

// ClaimRequest takes one new request for answering, until the lease ends;
// NotFound if none is due.
func (tx *Tx) ClaimRequest(ctx context.Context, now, lease time.Time) (aikagi.ResetRequest, error) {
	return sqldb.Find(ctx, tx.Tx, "reset_request", scanRequest, claimRequest(tx.Engine()), sqldb.Ms(now), sqldb.Ms(lease))
}

// answerRequest knows a new request by its times: a condition on the state could
// draw PostgreSQL to the index of what waits, and to a walk through all of it.
const answerRequest = `
UPDATE reset_requests SET state = $4, reason = $5, user_id = $6, username = $7, asked = $8, answered_at = $9
WHERE instance_id = $1 AND id = $2 AND attempt = $3 AND answered_at = 0 AND closed_at = 0`

// AnswerRequest stores what became of a new request. It is Expired if another
// worker took it over meanwhile.
func (tx *Tx) AnswerRequest(ctx context.Context, q aikagi.ResetRequest) error {
	takenOver := aikagi.Because(aikagi.Expired, "reset_request", "taken_over")
	return tx.ExecOr(ctx, takenOver, "reset_request", "answer reset request", answerRequest,
		q.InstanceID, q.ID, q.Attempt, q.State, q.Reason, q.UserID, q.Username, q.Count, sqldb.Ms(q.AnsweredAt))
}

const closeRequest = `
UPDATE reset_requests SET state = 'closed', closed_at = $3, closed_by = $4, recognised = $5
WHERE instance_id = $1 AND id = $2 AND state = 'waiting'`

// CloseRequest ends a waiting request; Conflict if somebody else did it first.
func (tx *Tx) CloseRequest(ctx context.Context, q aikagi.ResetRequest) error {
	n, err := tx.ExecCount(ctx, "reset_request", "close reset request", closeRequest,
		q.InstanceID, q.ID, sqldb.Ms(q.ClosedAt), q.ClosedBy, q.Recognised)
	if err == nil && n == 0 {
		return aikagi.Because(aikagi.Conflict, "reset_request", "changed")
	}
	return err
}

const reopenRequest = `
UPDATE reset_requests SET state = 'waiting', reason = $3
WHERE instance_id = $1 AND id = $2 AND state = 'sent' AND NOT EXISTS (
 SELECT 1 FROM reset_requests o
 WHERE o.instance_id = $1 AND o.user_id = reset_requests.user_id AND o.state = 'waiting')`

// ReopenRequest hands a request to the administrators whose mail did not
// arrive, unless one of the same user waits for them already.
func (tx *Tx) ReopenRequest(ctx context.Context, instance aikagi.InstanceID, id aikagi.ResetRequestID, reason aikagi.RequestReason) error {
	return tx.Exec(ctx, "reset_request", "reopen reset request", reopenRequest, instance, id, reason)
}

const listWaitingOfUser = `
SELECT ` + requestColumns + ` FROM reset_requests
WHERE instance_id = $1 AND user_id = $2 AND state = 'waiting' ORDER BY created_at`

// ListWaitingOfUser reads the open requests of one user: at most one, but for
// the moment between two.
func (tx *Tx) ListWaitingOfUser(ctx context.Context, instance aikagi.InstanceID, user aikagi.UserID) ([]aikagi.ResetRequest, error) {
	return sqldb.List(ctx, tx.Tx, "list waiting requests", scanRequest, listWaitingOfUser, instance, user)
}

const listWaitingRequests = `
SELECT ` + requestColumns + ` FROM reset_requests
WHERE instance_id = $1 AND state = 'waiting' AND created_at > $2 ORDER BY created_at, id LIMIT $3`

// ListWaitingRequests reads the requests that need an administrator, oldest
// first, made after since.
func (tx *Tx) ListWaitingRequests(ctx context.Context, instance aikagi.InstanceID, since time.Time, limit int) ([]aikagi.ResetRequest, error) {
	return sqldb.List(ctx, tx.Tx, "list waiting requests", scanRequest, listWaitingRequests, instance, sqldb.Ms(since), limit)
}

const countUnknownRequests = `
SELECT count(*) FROM (SELECT 1 FROM reset_requests
 WHERE instance_id = $1 AND user_id = '' AND created_at > $2 AND state = 'unknown' LIMIT 1001) AS capped`

// CountUnknownRequests counts, up to 1,001, requests for names nobody has.
func (tx *Tx) CountUnknownRequests(ctx context.Context, instance aikagi.InstanceID, since time.Time) (int, error) {
	n, err := sqldb.Find(ctx, tx.Tx, "reset_request", sqldb.ScanInt, countUnknownRequests, instance, sqldb.Ms(since))
	return int(n), err
}
