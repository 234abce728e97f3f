package mails

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// theServer is the one mail server; the column leaves room for others.
const theServer = "smtp"

func scanMailPause(r sqldb.Row) (aikagi.MailPause, error) {
	var p aikagi.MailPause
	var since, retry int64
	err := r.Scan(&p.Failures, &since, &retry, &p.Stage, &p.Reply)
	p.Since, p.RetryAt = sqldb.At(since), sqldb.At(retry)
	return p, err
}

const findMailPause = `SELECT failures, paused_at, retry_at, stage, reply FROM mail_pauses WHERE name = $1`

// FindMailPause reads why nothing is sent; without a pause it is the zero one.
func (tx Outbox) FindMailPause(ctx context.Context) (aikagi.MailPause, error) {
	p, err := sqldb.Find(ctx, tx.Tx, "mail_pause", scanMailPause, findMailPause, theServer)
	if aikagi.CodeOf(err) == aikagi.NotFound {
		return aikagi.MailPause{}, nil
	}
	return p, err
}

const probeMailServer = `
UPDATE mail_pauses SET retry_at = $4 WHERE name = $1 AND failures = $2 AND retry_at = $3`

// ProbeMailServer lets one worker of all nodes try during a pause; whoever
// comes second is told no.
func (tx Outbox) ProbeMailServer(ctx context.Context, p aikagi.MailPause, until time.Time) (bool, error) {
	n, err := tx.ExecCount(ctx, "mail_pause", "probe mail server", probeMailServer,
		theServer, p.Failures, sqldb.Ms(p.RetryAt), sqldb.Ms(until))
	return n > 0, err
}

const keepMailPause = `
INSERT INTO mail_pauses (name, failures, paused_at, retry_at, stage, reply) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (name) DO UPDATE SET failures = excluded.failures, retry_at = excluded.retry_at,
 stage = excluded.stage, reply = excluded.reply
WHERE mail_pauses.failures = $7`

// KeepMailPause begins a pause or makes it longer. seen is how many failures the
// worker knew of: of several that fail at the same time only one counts.
func (tx Outbox) KeepMailPause(ctx context.Context, p aikagi.MailPause, seen int) error {
	return tx.Exec(ctx, "mail_pause", "keep mail pause", keepMailPause,
		theServer, p.Failures, sqldb.Ms(p.Since), sqldb.Ms(p.RetryAt), p.Stage, p.Reply, seen)
}

const endMailPause = `DELETE FROM mail_pauses WHERE name = $1`

// EndMailPause lets everything be sent again.
func (tx Outbox) EndMailPause(ctx context.Context) error {
	return tx.Exec(ctx, "mail_pause", "end mail pause", endMailPause, theServer)
}
