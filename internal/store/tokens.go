package store

import (
	"context"
	"time"

	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// Token is one that is taken from a limit: of which, what it costs, and how far
// ahead of now the limit may be.
type Token struct {
	Lane         []byte
	Every, Burst time.Duration
}

// takeThreeTokens is takeToken for three limits, which are taken in the order of
// the values. A row is to be kept for an hour longer than it counts, so that most
// tokens leave the index of expiry alone: on PostgreSQL a busy row is then changed
// in place, and on SQLite two pages fewer are written. The same hour says what only
// a clock that was wrong can have set (R9).
const takeThreeTokens = `
INSERT INTO throttle_counters (lane, tat, expires_at) VALUES ($2, $3, $4), ($5, $6, $7), ($8, $9, $10)
ON CONFLICT (lane) DO UPDATE SET
 tat = CASE WHEN throttle_counters.tat > $1 AND throttle_counters.tat <= excluded.expires_at
  THEN throttle_counters.tat ELSE $1 END + excluded.tat - $1,
 expires_at = CASE WHEN throttle_counters.expires_at
   BETWEEN excluded.expires_at - 3600000 AND excluded.expires_at + 3600000
  THEN throttle_counters.expires_at ELSE excluded.expires_at END
WHERE throttle_counters.tat <= excluded.expires_at - 3600000 - excluded.tat + $1
 OR throttle_counters.tat > excluded.expires_at
RETURNING lane`

func scanLane(r sqldb.Row) (string, error) {
	var lane []byte
	err := r.Scan(&lane)
	return string(lane), err
}

// TakeTokens takes one token from each of three limits and tells which of them
// refused first; -1 if none did. The transaction is to be given up then, because
// the others may have given theirs.
func (tx *Tx) TakeTokens(ctx context.Context, now time.Time, tokens [3]Token) (refused int, err error) {
	args := []any{sqldb.Ms(now)}
	for _, t := range tokens {
		args = append(args, t.Lane, sqldb.Ms(now.Add(t.Every)), sqldb.Ms(now.Add(t.Every+t.Burst+clockJump)))
	}
	taken, err := sqldb.List(ctx, tx.Tx, "take tokens", scanLane, takeThreeTokens, args...)
	if err != nil {
		return -1, err
	}
	got := make(map[string]bool, len(taken))
	for _, lane := range taken {
		got[lane] = true
	}
	for n, t := range tokens {
		if !got[string(t.Lane)] {
			return n, nil
		}
	}
	return -1, nil
}
