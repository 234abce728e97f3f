package mails

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const findAnyMessage = `SELECT ` + messageColumns + ` FROM outbox WHERE id = $1`

// FindAnyMessage reads a message of whichever instance, for what comes back.
func (tx Outbox) FindAnyMessage(ctx context.Context, id aikagi.MessageID) (aikagi.Message, error) {
	return sqldb.Find(ctx, tx.Tx, "message", scanMessage, findAnyMessage, id)
}

// bounceMessage takes a message from a worker that has it, too: what came back
// need not be sent again.
const bounceMessage = `
UPDATE outbox SET state = 'bounced', done_at = $2, last_reply = $3, sealed = $4, fence = fence + 1
WHERE id = $1 AND state IN ('sent', 'waiting', 'sending')`

// BounceMessage marks a message as come back, and tells whether it was not yet.
func (tx Outbox) BounceMessage(ctx context.Context, id aikagi.MessageID, reply string, now time.Time) (bool, error) {
	n, err := tx.ExecCount(ctx, "message", "bounce message", bounceMessage, id, sqldb.Ms(now), reply, sqldb.Blob(nil))
	return n > 0, err
}

const noteReport = `
INSERT INTO message_attempts (message_id, number, attempted_at, outcome, reply)
SELECT o.id, 1 + o.attempt + (SELECT count(*) FROM message_attempts a WHERE a.message_id = $1),
 CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS TEXT)
FROM outbox o WHERE o.id = $1 AND NOT EXISTS (
 SELECT 1 FROM message_attempts b WHERE b.message_id = $1 AND b.outcome = $3 AND b.reply = $4)`

// NoteReport keeps what a report said, beside the tries to send the message,
// and tells whether it was not kept yet.
func (tx Outbox) NoteReport(ctx context.Context, a aikagi.Attempt) (bool, error) {
	n, err := tx.ExecCount(ctx, "message", "note report", noteReport, a.MessageID, sqldb.Ms(a.At), a.Outcome, a.Reply)
	return n > 0, err
}

const markBounced = `
UPDATE users SET email_bounced_at = $4 WHERE instance_id = $1 AND id = $2 AND email = $3`

// MarkBounced notes that mail to an address came back, if the user still has it.
func (tx Outbox) MarkBounced(ctx context.Context, m aikagi.Message, now time.Time) error {
	return tx.Exec(ctx, "user", "mark address", markBounced, m.InstanceID, m.UserID, m.To, sqldb.Ms(now))
}

const clearBounced = `
UPDATE users SET email_bounced_at = 0 WHERE instance_id = $1 AND id = $2 AND email_bounced_at <> 0`

// ClearBounced notes that mail to the user's address has arrived.
func (tx Outbox) ClearBounced(ctx context.Context, instance aikagi.InstanceID, user aikagi.UserID) error {
	return tx.Exec(ctx, "user", "clear address", clearBounced, instance, user)
}

const endToken = `
UPDATE reset_tokens SET ended_at = $4, ended_by = $3
WHERE instance_id = $1 AND id = $2 AND used_at = 0 AND ended_at = 0`

// EndToken ends one reset secret and keeps why.
func (tx Outbox) EndToken(ctx context.Context, instance aikagi.InstanceID, id aikagi.ResetTokenID, why string, now time.Time) error {
	return tx.Exec(ctx, "reset_token", "end reset token", endToken, instance, id, why, sqldb.Ms(now))
}
