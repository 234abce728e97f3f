package plane

import (
	"bytes"
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// Repeatable is a request with a client token, and what it was answered. Two
// principals may use the same token and do not meet.
type Repeatable struct {
	Principal aikagi.PrincipalID
	Operation string
	Token     []byte // digest
	Request   []byte // digest of what was asked
	Answer    string
	ExpiresAt time.Time
}

const findAnswer = `
SELECT request, answer FROM idempotency_keys WHERE principal_id = $1 AND operation = $2 AND token = $3`

// FindAnswer tells what the request was answered before. The same token with
// another request is a Conflict: one of the two is a mistake.
func (tx Rows) FindAnswer(ctx context.Context, r Repeatable) (answer string, found bool, err error) {
	before, err := sqldb.Find(ctx, tx.Tx, "client_token", func(row sqldb.Row) (b Repeatable, err error) {
		err = row.Scan(&b.Request, &b.Answer)
		return b, err
	}, findAnswer, r.Principal, r.Operation, r.Token)
	switch {
	case err != nil && aikagi.CodeOf(err) == aikagi.NotFound:
		return "", false, nil
	case err != nil:
		return "", false, err
	case !bytes.Equal(before.Request, r.Request):
		return "", false, aikagi.Because(aikagi.Conflict, "client_token", "reused")
	}
	return before.Answer, true, nil
}

const keepAnswer = `
INSERT INTO idempotency_keys (principal_id, operation, token, request, answer, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`

// KeepAnswer keeps what a request is answered, in the transaction that does what it
// asks for.
func (tx Rows) KeepAnswer(ctx context.Context, r Repeatable) error {
	return tx.Exec(ctx, "client_token", "keep answer", keepAnswer,
		r.Principal, r.Operation, r.Token, r.Request, r.Answer, sqldb.Ms(r.ExpiresAt))
}
