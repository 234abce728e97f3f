package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
)

// SchemaVersion tells which migration was the last that Open brought in.
func (s *Store) SchemaVersion() (int64, error) {
	provider, err := s.provider()
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	sources := provider.ListSources()
	return sources[len(sources)-1].Version, nil
}

// Snapshot runs fn for reading; all its statements see the database as it was
// at one moment, while others go on writing.
func (s *Store) Snapshot(ctx context.Context, fn func(*Tx) error) error {
	tx, err := s.read.BeginTx(ctx, s.engine.snapshot())
	if err != nil {
		return decide("database", fmt.Errorf("begin: %w", err))
	}
	defer func() { _ = tx.Rollback() }() // only read
	return fn(&Tx{engine: s.engine, db: tx})
}

// Dump hands every row of a table to each, in the order of the columns: a
// string, an int64, a bool or bytes.
func (tx *Tx) Dump(ctx context.Context, t Table, each func(values []any) error) error {
	rows, err := tx.rows(ctx, "SELECT "+t.names()+" FROM "+t.Name, nil) // names of schema.sql
	if err != nil {
		return decide(t.Name, fmt.Errorf("dump %s: %w", t.Name, err))
	}
	defer func() { _ = rows.Close() }() // Err tells what matters
	for rows.Next() {
		into := make([]any, len(t.Columns))
		for i, c := range t.Columns {
			into[i] = c.Kind.target()
		}
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("dump %s: %w", t.Name, err)
		}
		for i := range into {
			into[i] = pointed(into[i])
		}
		if err := each(into); err != nil {
			return err
		}
	}
	return decide(t.Name, rows.Err())
}

func (k Kind) target() any {
	switch k {
	case Number:
		return new(int64)
	case Boolean:
		return new(bool)
	case Bytes:
		return new([]byte)
	case Text:
	}
	return new(string)
}

func pointed(v any) any {
	switch v := v.(type) {
	case *int64:
		return *v
	case *bool:
		return *v
	case *[]byte:
		return *v
	case *string:
		return *v
	}
	return nil
}

// Load stores one row as Dump gave it.
func (tx *Tx) Load(ctx context.Context, t Table, values []any) error {
	marks := make([]string, len(values))
	for i := range values {
		marks[i] = "$" + strconv.Itoa(i+1)
	}
	statement := "INSERT INTO " + t.Name + " (" + t.names() + ") VALUES (" + strings.Join(marks, ", ") + ")"
	return tx.exec(ctx, t.Name, "load "+t.Name, statement, values...)
}

// Empty reports whether no table holds a row: only then is it safe to load a
// backup.
func (tx *Tx) Empty(ctx context.Context) (bool, error) {
	for _, t := range Tables() {
		found, err := list(ctx, tx, "look at "+t.Name, scanInt, "SELECT 1 FROM "+t.Name+" LIMIT 1")
		if err != nil || len(found) > 0 {
			return false, err
		}
	}
	return true, nil
}

const (
	moveAllEpochs = `UPDATE users SET secret_epoch = secret_epoch + 1`

	endAllGrants = `UPDATE emergency_grants SET ended_at = $1 WHERE ended_at = 0`

	closeNewRequests = `
UPDATE reset_requests SET state = 'closed', closed_at = $1, closed_by = 'restore' WHERE state = 'new'`

	dropSecretMessages = `
UPDATE outbox SET state = 'dropped', done_at = $1, sealed = $2
WHERE state IN ('waiting', 'sending') AND token_id <> ''`
)

// EndRestored ends every secret that was loaded from a backup and could still
// be used (R6): links and cards by their users' epochs, emergency access, and
// mails that carry a link.
func (tx *Tx) EndRestored(ctx context.Context, now time.Time) error {
	for _, step := range []struct {
		statement string
		args      []any
	}{
		{moveAllEpochs, nil},
		{endAllGrants, []any{ms(now)}},
		{closeNewRequests, []any{ms(now)}},
		{dropSecretMessages, []any{ms(now), []byte{}}},
	} {
		if err := tx.exec(ctx, "backup", "end restored secrets", step.statement, step.args...); err != nil {
			return err
		}
	}
	return tx.PutSetting(ctx, restorePoint, strconv.FormatInt(ms(now), 10))
}

// restorePoint is the setting that tells when a backup was loaded.
const restorePoint = "restored_at"

// RestoredAt tells when the database was filled from a backup; zero if never.
func (tx *Tx) RestoredAt(ctx context.Context) (time.Time, error) {
	text, err := tx.FindSetting(ctx, restorePoint)
	if err != nil {
		if aikagi.CodeOf(err) == aikagi.NotFound {
			err = nil
		}
		return time.Time{}, err
	}
	stored, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("read restore point: %w", err)
	}
	return at(stored), nil
}
