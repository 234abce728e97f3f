package mails

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const messageColumns = `id, instance_id, user_id, token_id, request_id, kind, recipient, header_id, sealed, state,
 attempt, fence, run_at, expires_at, created_at, done_at, last_reply`

func scanMessage(r sqldb.Row) (aikagi.Message, error) {
	var m aikagi.Message
	var run, expires, created, done int64
	err := r.Scan(&m.ID, &m.InstanceID, &m.UserID, &m.TokenID, &m.RequestID, &m.Kind, &m.To, &m.HeaderID, &m.Sealed,
		&m.State, &m.Attempt, &m.Fence, &run, &expires, &created, &done, &m.LastReply)
	m.RunAt, m.ExpiresAt, m.CreatedAt, m.DoneAt = sqldb.At(run), sqldb.At(expires), sqldb.At(created), sqldb.At(done)
	return m, err
}

const insertMessage = `
INSERT INTO outbox (` + messageColumns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', 0, 0, $10, $11, $10, 0, '')`

// InsertMessage puts a sealed message into the outbox, in the transaction of
// its cause.
func (tx Outbox) InsertMessage(ctx context.Context, m aikagi.Message) error {
	return tx.Exec(ctx, "message", "insert message", insertMessage,
		m.ID, m.InstanceID, m.UserID, m.TokenID, m.RequestID, m.Kind, m.To, m.HeaderID, sqldb.Blob(m.Sealed),
		sqldb.Ms(m.CreatedAt), sqldb.Ms(m.ExpiresAt))
}

// Choice is which message a worker takes: a condition and an order. $1 is now, $2
// until when the worker has it.
type Choice string

// The choices.
const (
	DueLongest Choice = `run_at <= $1 ORDER BY run_at`
	NewestLink Choice = `token_id <> '' AND run_at <= $1 AND created_at > $3 ORDER BY created_at DESC`
	TooLate    Choice = `expires_at <= $1 AND (state = 'waiting' OR run_at <= $1) ORDER BY expires_at`
)

// Statement takes one message of those that are chosen. One whose worker let its
// lease run out is due again; the fence keeps that worker from recording anything
// afterwards. The inner query stands behind "=", where PostgreSQL runs it once;
// behind IN it may run again and lock another row.
func (c Choice) Statement(e sqldb.Engine) string {
	return `
UPDATE outbox SET state = 'sending', run_at = $2, fence = fence + 1, attempt = attempt + 1
WHERE id = (
 SELECT id FROM outbox WHERE state IN ('waiting', 'sending') AND ` + string(c) + ` LIMIT 1` + e.SkipLocked() + `)
RETURNING ` + messageColumns
}

// linkLife is how long any link can live; what is older need not be looked at.
const linkLife = max(aikagi.MaxResetTTL, aikagi.InviteTTL)

// ClaimLink takes the newest message with a link for sending, until the lease
// ends: its owner is most likely still waiting for it (K16). NotFound if none is
// due.
func (tx Outbox) ClaimLink(ctx context.Context, now, lease time.Time) (aikagi.Message, error) {
	return sqldb.Find(ctx, tx.Tx, "message", scanMessage, NewestLink.Statement(tx.Engine()),
		sqldb.Ms(now), sqldb.Ms(lease), sqldb.Ms(now.Add(-linkLife)))
}

// ClaimExpired takes a message that is too late for sending, also while nothing
// is sent; NotFound if there is none.
func (tx Outbox) ClaimExpired(ctx context.Context, now, lease time.Time) (aikagi.Message, error) {
	return sqldb.Find(ctx, tx.Tx, "message", scanMessage, TooLate.Statement(tx.Engine()), sqldb.Ms(now), sqldb.Ms(lease))
}

// ClaimMessage takes one message for sending, until the lease ends; NotFound if
// none is due.
func (tx Outbox) ClaimMessage(ctx context.Context, now, lease time.Time) (aikagi.Message, error) {
	return sqldb.Find(ctx, tx.Tx, "message", scanMessage, DueLongest.Statement(tx.Engine()), sqldb.Ms(now), sqldb.Ms(lease))
}

const renewMessage = `UPDATE outbox SET run_at = $3 WHERE id = $1 AND fence = $2 AND state = 'sending'`

// RenewMessage prolongs the lease of a message that is being sent; Expired if
// another worker took it.
func (tx Outbox) RenewMessage(ctx context.Context, m aikagi.Message, lease time.Time) error {
	n, err := tx.ExecCount(ctx, "message", "renew message", renewMessage, m.ID, m.Fence, sqldb.Ms(lease))
	if err == nil && n == 0 {
		return aikagi.Because(aikagi.Expired, "message", "taken_over")
	}
	return err
}

const recordAttempt = `
UPDATE outbox SET state = $3, run_at = $4, done_at = $5, last_reply = $6, sealed = $7
WHERE id = $1 AND fence = $2 AND state = 'sending'`

const insertAttempt = `
INSERT INTO message_attempts (message_id, number, attempted_at, outcome, reply) VALUES ($1, $2, $3, $4, $5)`

// RecordAttempt stores how a try ended, together with the message's new state;
// Expired if the worker lost its lease. The content of a message that will not
// be sent again is wiped by passing it empty.
func (tx Outbox) RecordAttempt(ctx context.Context, m aikagi.Message, a aikagi.Attempt) error {
	takenOver := aikagi.Because(aikagi.Expired, "message", "taken_over")
	err := tx.ExecOr(ctx, takenOver, "message", "record attempt", recordAttempt,
		m.ID, m.Fence, m.State, sqldb.Ms(m.RunAt), sqldb.Ms(m.DoneAt), m.LastReply, sqldb.Blob(m.Sealed))
	if err != nil {
		return err
	}
	return tx.Exec(ctx, "message", "insert attempt", insertAttempt, m.ID, a.Number, sqldb.Ms(a.At), a.Outcome, a.Reply)
}

const findMessage = `SELECT ` + messageColumns + ` FROM outbox WHERE instance_id = $1 AND id = $2`

// FindMessage reads one message of an instance.
func (tx Outbox) FindMessage(ctx context.Context, instance aikagi.InstanceID, id aikagi.MessageID) (aikagi.Message, error) {
	return sqldb.Find(ctx, tx.Tx, "message", scanMessage, findMessage, instance, id)
}

const listMessages = `
SELECT ` + messageColumns + ` FROM outbox WHERE instance_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`

// ListMessages reads a page of an instance's messages, newest first, before an
// id; "~" is the start.
func (tx Outbox) ListMessages(ctx context.Context, instance aikagi.InstanceID, before aikagi.MessageID, limit int) ([]aikagi.Message, error) {
	return sqldb.List(ctx, tx.Tx, "list messages", scanMessage, listMessages, instance, before, limit)
}

const listMessagesOfUser = `
SELECT ` + messageColumns + ` FROM outbox WHERE instance_id = $1 AND user_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4`

// ListMessagesOfUser reads a page of the messages to one user, newest first.
func (tx Outbox) ListMessagesOfUser(ctx context.Context, instance aikagi.InstanceID, user aikagi.UserID, before aikagi.MessageID, limit int) ([]aikagi.Message, error) {
	return sqldb.List(ctx, tx.Tx, "list messages of user", scanMessage, listMessagesOfUser, instance, user, before, limit)
}

func scanAttempt(r sqldb.Row) (aikagi.Attempt, error) {
	var a aikagi.Attempt
	var when int64
	err := r.Scan(&a.MessageID, &a.Number, &when, &a.Outcome, &a.Reply)
	a.At = sqldb.At(when)
	return a, err
}

const listAttempts = `
SELECT message_id, number, attempted_at, outcome, reply FROM message_attempts WHERE message_id = $1 ORDER BY number`

// ListAttempts reads every try to send a message.
func (tx Outbox) ListAttempts(ctx context.Context, id aikagi.MessageID) ([]aikagi.Attempt, error) {
	return sqldb.List(ctx, tx.Tx, "list attempts", scanAttempt, listAttempts, id)
}
