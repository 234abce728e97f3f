package store

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const listKeyPrints = `SELECT fingerprint FROM key_ring ORDER BY created_at`

// ListKeyPrints reads the fingerprints of the master keys that sealed data here.
func (tx *Tx) ListKeyPrints(ctx context.Context) ([][]byte, error) {
	texts, err := sqldb.List(ctx, tx.Tx, "list key fingerprints", sqldb.ScanString, listKeyPrints)
	prints := make([][]byte, 0, len(texts))
	for _, text := range texts {
		print, err := hex.DecodeString(text)
		if err != nil {
			return nil, err
		}
		prints = append(prints, print)
	}
	return prints, err
}

const insertKeyPrint = `
INSERT INTO key_ring (fingerprint, created_at) VALUES ($1, $2) ON CONFLICT (fingerprint) DO NOTHING`

// InsertKeyPrint notes that a master key seals data here.
func (tx *Tx) InsertKeyPrint(ctx context.Context, fingerprint []byte, now time.Time) error {
	return tx.Exec(ctx, "key_ring", "insert key fingerprint", insertKeyPrint, hex.EncodeToString(fingerprint), sqldb.Ms(now))
}
