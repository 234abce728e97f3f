package store

import (
	"context"
	"time"

	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// Expired names rows that are of no use after some time.
type Expired string

// What can be removed, each by the age that its name says.
const (
	ExpiredSessions        Expired = "sessions"         // past their absolute end
	UnusedDevices          Expired = "known_devices"    // not used since
	ExpiredFailures        Expired = "login_failures"   // past the count's end
	ExpiredCounters        Expired = "counters"         // past the limit's window
	ExpiredChallenges      Expired = "challenges"       // past the challenge's end
	ExpiredConsoleSessions Expired = "console_sessions" // past their end
	ExpiredConsoleLinks    Expired = "console_links"    // past their end
	ExpiredResetTokens     Expired = "reset_tokens"     // past their end
	OldResetRequests       Expired = "reset_requests"   // made before
	OldImports             Expired = "imports"          // uploaded before
	ExpiredAnswers         Expired = "idempotency_keys" // past their end
)

func (e Expired) statement() string {
	switch e {
	case ExpiredSessions:
		return `DELETE FROM sessions WHERE (instance_id, digest) IN (
 SELECT instance_id, digest FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`
	case UnusedDevices:
		return `DELETE FROM known_devices WHERE (instance_id, digest) IN (
 SELECT instance_id, digest FROM known_devices WHERE last_used_at < $1 ORDER BY last_used_at LIMIT $2)`
	case ExpiredFailures:
		return `DELETE FROM login_failures WHERE (instance_id, lane) IN (
 SELECT instance_id, lane FROM login_failures WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`
	case ExpiredCounters:
		return `DELETE FROM throttle_counters WHERE lane IN (
 SELECT lane FROM throttle_counters WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`
	case ExpiredChallenges:
		return `DELETE FROM spent_challenges WHERE id IN (
 SELECT id FROM spent_challenges WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`
	case ExpiredConsoleSessions:
		return `DELETE FROM console_sessions WHERE digest IN (
 SELECT digest FROM console_sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`
	case ExpiredConsoleLinks:
		return `DELETE FROM console_links WHERE digest IN (
 SELECT digest FROM console_links WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`
	case ExpiredResetTokens:
		return `DELETE FROM reset_tokens WHERE (instance_id, digest) IN (
 SELECT instance_id, digest FROM reset_tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`
	case OldResetRequests:
		return `DELETE FROM reset_requests WHERE (instance_id, id) IN (
 SELECT instance_id, id FROM reset_requests WHERE created_at < $1 ORDER BY created_at LIMIT $2)`
	case OldImports:
		return `DELETE FROM imports WHERE (instance_id, id) IN (
 SELECT instance_id, id FROM imports WHERE created_at < $1 ORDER BY created_at LIMIT $2)`
	case ExpiredAnswers:
		return `DELETE FROM idempotency_keys WHERE (principal_id, operation, token) IN (
 SELECT principal_id, operation, token FROM idempotency_keys WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`
	}
	return ""
}

// Remove deletes up to limit rows of a kind that are older than a moment and
// tells how many; small batches keep logins from waiting behind it.
func (tx *Tx) Remove(ctx context.Context, what Expired, before time.Time, limit int) (int64, error) {
	return tx.ExecCount(ctx, string(what), "remove "+string(what), what.statement(), sqldb.Ms(before), limit)
}

const closeOldRequests = `
UPDATE reset_requests SET state = 'closed', closed_at = $2, closed_by = 'expired'
WHERE (instance_id, id) IN (
 SELECT instance_id, id FROM reset_requests
 WHERE created_at < $1 AND state IN ('waiting', 'new') ORDER BY created_at LIMIT $3)`

// CloseOldRequests ends up to limit open requests that were made before a
// moment, and tells how many.
func (tx *Tx) CloseOldRequests(ctx context.Context, before, now time.Time, limit int) (int64, error) {
	return tx.ExecCount(ctx, "reset_request", "close old requests", closeOldRequests, sqldb.Ms(before), sqldb.Ms(now), limit)
}

const (
	dueMessages = `UPDATE outbox SET run_at = $1 WHERE state IN ('waiting', 'sending') AND run_at > $2`
	dueRequests = `UPDATE reset_requests SET run_at = $1 WHERE state = 'new' AND run_at > $2`
)

// MakeDue makes work due that is put off beyond a moment, as only a clock does that
// was wrong (R9).
func (tx *Tx) MakeDue(ctx context.Context, now, beyond time.Time) error {
	if err := tx.Exec(ctx, "message", "make messages due", dueMessages, sqldb.Ms(now), sqldb.Ms(beyond)); err != nil {
		return err
	}
	return tx.Exec(ctx, "reset_request", "make requests due", dueRequests, sqldb.Ms(now), sqldb.Ms(beyond))
}

const countFailureRows = `SELECT count(*) FROM (SELECT lane FROM login_failures LIMIT $1) f`

const dropFailures = `
DELETE FROM login_failures WHERE (instance_id, lane) IN (
 SELECT instance_id, lane FROM login_failures ORDER BY expires_at LIMIT $1)`

// TrimFailures keeps the most rows of failed logins that live longest, and removes
// up to limit of the others. The order is that of their ends: whether anybody has
// the name does not count.
func (tx *Tx) TrimFailures(ctx context.Context, most, limit int) (int64, error) {
	n, err := sqldb.Find(ctx, tx.Tx, "login_failures", sqldb.ScanInt, countFailureRows, most+limit)
	if err != nil || n <= int64(most) {
		return 0, err
	}
	return tx.ExecCount(ctx, "login_failures", "drop failures", dropFailures, n-int64(most))
}
