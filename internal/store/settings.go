package store

import (
	"context"

	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const findSetting = `SELECT value FROM settings WHERE name = $1`

// FindSetting reads a fact about the server.
func (tx *Tx) FindSetting(ctx context.Context, name string) (string, error) {
	return sqldb.Find(ctx, tx.Tx, "setting", sqldb.ScanString, findSetting, name)
}

const putSetting = `
INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`

// PutSetting keeps a fact about the server.
func (tx *Tx) PutSetting(ctx context.Context, name, value string) error {
	return tx.Exec(ctx, "setting", "put setting", putSetting, name, value)
}
