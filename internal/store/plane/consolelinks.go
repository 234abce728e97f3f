package plane

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// ConsoleLink is a one-time way into the console. Package account says what
// its kinds are for; only the digest of its secret is kept.
type ConsoleLink struct {
	Digest      []byte
	Kind        string
	PrincipalID aikagi.PrincipalID // empty until the first principal exists
	CreatedAt   time.Time
	ExpiresAt   time.Time
	UsedAt      time.Time
}

const consoleLinkColumns = `digest, kind, principal_id, created_at, expires_at, used_at`

func scanConsoleLink(r sqldb.Row) (ConsoleLink, error) {
	var l ConsoleLink
	var created, expires, used int64
	err := r.Scan(&l.Digest, &l.Kind, &l.PrincipalID, &created, &expires, &used)
	l.CreatedAt, l.ExpiresAt, l.UsedAt = sqldb.At(created), sqldb.At(expires), sqldb.At(used)
	return l, err
}

const insertConsoleLink = `
INSERT INTO console_links (` + consoleLinkColumns + `) VALUES ($1, $2, $3, $4, $5, 0)`

// InsertConsoleLink keeps a one-time way into the console; only the digest of
// its secret.
func (tx Rows) InsertConsoleLink(ctx context.Context, l ConsoleLink) error {
	return tx.Exec(ctx, "console_link", "insert console link", insertConsoleLink,
		l.Digest, l.Kind, l.PrincipalID, sqldb.Ms(l.CreatedAt), sqldb.Ms(l.ExpiresAt))
}

const findConsoleLink = `SELECT ` + consoleLinkColumns + ` FROM console_links WHERE digest = $1`

// FindConsoleLink reads a console link by the digest of its secret.
func (tx Rows) FindConsoleLink(ctx context.Context, digest []byte) (ConsoleLink, error) {
	return sqldb.Find(ctx, tx.Tx, "console_link", scanConsoleLink, findConsoleLink, digest)
}

const spendConsoleLink = `
UPDATE console_links SET used_at = $2 WHERE digest = $1 AND used_at = 0 AND expires_at > $2`

// SpendConsoleLink uses a link up, once and in time; Expired otherwise.
func (tx Rows) SpendConsoleLink(ctx context.Context, digest []byte, now time.Time) error {
	n, err := tx.ExecCount(ctx, "console_link", "spend console link", spendConsoleLink, digest, sqldb.Ms(now))
	if err == nil && n == 0 {
		return aikagi.Because(aikagi.Expired, "console_link", "spent")
	}
	return err
}

const endConsoleLinksOf = `UPDATE console_links SET used_at = $2 WHERE principal_id = $1 AND used_at = 0`

// EndConsoleLinksOf makes every unused link of a principal good for nothing.
func (tx Rows) EndConsoleLinksOf(ctx context.Context, principal aikagi.PrincipalID, now time.Time) error {
	return tx.Exec(ctx, "console_link", "end console links", endConsoleLinksOf, principal, sqldb.Ms(now))
}
