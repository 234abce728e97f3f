package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// Dump hands every row of a table to each, in the order of the columns: a
// string, an int64, a bool or bytes.
func (tx *Tx) Dump(ctx context.Context, t Table, each func(values []any) error) error {
	scan := func(r sqldb.Row) error {
		into := make([]any, len(t.Columns))
		for i, c := range t.Columns {
			into[i] = c.Kind.target()
		}
		if err := r.Scan(into...); err != nil {
			return err
		}
		for i := range into {
			into[i] = pointed(into[i])
		}
		return each(into)
	}
	return sqldb.Each(ctx, tx.Tx, "dump "+t.Name, scan, "SELECT "+t.names()+" FROM "+t.Name) // names of schema.sql
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
	return tx.Exec(ctx, t.Name, "load "+t.Name, statement, values...)
}

// Empty reports whether no table holds a row: only then is it safe to load a
// backup.
func (tx *Tx) Empty(ctx context.Context) (bool, error) {
	for _, t := range Tables() {
		found, err := sqldb.List(ctx, tx.Tx, "look at "+t.Name, sqldb.ScanInt, "SELECT 1 FROM "+t.Name+" LIMIT 1")
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
		{endAllGrants, []any{sqldb.Ms(now)}},
		{closeNewRequests, []any{sqldb.Ms(now)}},
		{dropSecretMessages, []any{sqldb.Ms(now), []byte{}}},
	} {
		if err := tx.Exec(ctx, "backup", "end restored secrets", step.statement, step.args...); err != nil {
			return err
		}
	}
	return tx.PutSetting(ctx, restorePoint, strconv.FormatInt(sqldb.Ms(now), 10))
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
	return sqldb.At(stored), nil
}
