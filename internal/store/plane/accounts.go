package plane

import (
	"context"
	"strconv"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const insertAccount = `INSERT INTO account (id, contact, created_at) VALUES ($1, $2, $3)`

// InsertAccount keeps the account of the server; once, at the first start.
func (tx Rows) InsertAccount(ctx context.Context, a aikagi.Account) error {
	return tx.Exec(ctx, "account", "insert account", insertAccount, a.ID, a.Contact, sqldb.Ms(a.CreatedAt))
}

const findAccount = `SELECT id, contact, created_at FROM account ORDER BY id LIMIT 1`

// FindAccount reads the account; NotFound before the first start made it.
func (tx Rows) FindAccount(ctx context.Context) (aikagi.Account, error) {
	return sqldb.Find(ctx, tx.Tx, "account", func(r sqldb.Row) (aikagi.Account, error) {
		var a aikagi.Account
		var created int64
		err := r.Scan(&a.ID, &a.Contact, &created)
		a.CreatedAt = sqldb.At(created)
		return a, err
	}, findAccount)
}

const setAccountContact = `UPDATE account SET contact = $2 WHERE id = $1`

// SetAccountContact stores whom to tell about emergency access.
func (tx Rows) SetAccountContact(ctx context.Context, id aikagi.AccountID, contact aikagi.Email) error {
	return tx.ExecOne(ctx, "account", "set account contact", setAccountContact, id, contact)
}

// claimedSetting says that the first principal exists or once did, so that the
// server never again starts as a new one (S33).
const claimedSetting = "account.claimed_at"

const insertClaimed = `INSERT INTO settings (name, value) VALUES ($1, $2)`

// MarkClaimed notes that the account has its first principal. A second claim
// is a Conflict, on whichever node it arrives.
func (tx Rows) MarkClaimed(ctx context.Context, now time.Time) error {
	return tx.Exec(ctx, "setup", "mark account claimed", insertClaimed, claimedSetting, strconv.FormatInt(sqldb.Ms(now), 10))
}

const countClaimed = `SELECT COUNT(*) FROM settings WHERE name = $1`

// Claimed reports whether the account ever had a principal.
func (tx Rows) Claimed(ctx context.Context) (bool, error) {
	n, err := sqldb.Find(ctx, tx.Tx, "setup", sqldb.ScanInt, countClaimed, claimedSetting)
	return n > 0, err
}
