package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
)

// Backups writes and reads backups of one database.
type Backups struct {
	Store   *store.Store
	Clock   clock.Clock
	Ring    *secret.Ring
	Version string // of this program, for the manifest
}

// Manifest is the first line of a backup.
type Manifest struct {
	Version string    `json:"version"` // of the program
	Schema  int64     `json:"schema"`
	Engine  string    `json:"engine"`
	MadeAt  time.Time `json:"made_at"`
	// Keys are the fingerprints of the master keys that sealed data in it.
	Keys []string `json:"key_fingerprints"`
}

// Summary is what a backup holds.
type Summary struct {
	Manifest Manifest         `json:"manifest"`
	Rows     map[string]int64 `json:"rows"`
	Bytes    int64            `json:"bytes"`
	SHA256   string           `json:"sha256"` // of the file
}

// left are the tables that a backup does not hold: what is in them is good for
// nothing after a restore, or must not be (R6).
func left() []string {
	return []string{
		"jobs", "console_sessions", "console_links", "sessions", "known_devices",
		"login_failures", "throttle_counters", "spent_challenges", "reset_tokens",
	}
}

// Write makes a backup at path. Nothing may be there; what appears is whole,
// flushed, and readable by its owner only.
//
// With a passphrase the file is locked with that, and without one with the
// master key.
func (b *Backups) Write(ctx context.Context, path string, passphrase aikagi.Secret) (Summary, error) {
	if err := longEnough(passphrase); err != nil {
		return Summary{}, err
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return Summary{}, because("exists", err)
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".aikagi-backup-*") // made with mode 0600
	if err != nil {
		return Summary{}, because("not_writable", err)
	}
	defer func() { _ = os.Remove(draft.Name()) }() // gone from this name if all went well
	err = b.write(ctx, draft, lock{passphrase, b.Ring})
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return Summary{}, err
	}
	// What cannot be read back is no backup.
	sum, err := b.Check(ctx, draft.Name(), passphrase)
	if err != nil {
		return Summary{}, err
	}
	if err := os.Link(draft.Name(), path); errors.Is(err, fs.ErrExist) {
		return Summary{}, because("exists", err)
	} else if err != nil {
		return Summary{}, because("not_writable", err)
	}
	if err := flushDir(filepath.Dir(path)); err != nil {
		return sum, err
	}
	return sum, b.record(ctx, sum)
}

// record notes that all data went into a file.
func (b *Backups) record(ctx context.Context, sum Summary) error {
	return b.Store.Update(ctx, func(tx *store.Tx) error {
		return audit.Record(ctx, tx, b.Clock.Now(), event("backup.write", sum))
	})
}

func event(action string, sum Summary) audit.Event {
	return audit.Event{
		Action: action, TargetKind: "backup", TargetName: sum.Manifest.MadeAt.UTC().Format(time.RFC3339), Note: sum.SHA256,
	}
}

func longEnough(passphrase aikagi.Secret) error {
	if !passphrase.Empty() && utf8.RuneCountInString(passphrase.Reveal()) < MinPassphrase {
		return aikagi.Because(aikagi.Invalid, "backup", "passphrase_short")
	}
	return nil
}

func because(reason string, err error) error {
	return &aikagi.Error{Code: aikagi.Conflict, Subject: "backup", Reason: reason, Err: err}
}

func flushDir(dir string) error {
	d, err := os.Open(dir) // #nosec G304 -- the operator names the directory
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (b *Backups) write(ctx context.Context, to io.Writer, with lock) error {
	schema := b.Store.SchemaVersion()
	sealed, err := seal(to, with)
	if err != nil {
		return err
	}
	w := newWriter(sealed)
	m := Manifest{Version: b.Version, Schema: schema, Engine: string(b.Store.Engine()), MadeAt: b.Clock.Now()}
	err = b.Store.Snapshot(ctx, func(tx *store.Tx) error {
		prints, err := tx.ListKeyPrints(ctx)
		if err != nil {
			return err
		}
		for _, print := range append(prints, b.Ring.Check()) {
			m.Keys = append(m.Keys, hex.EncodeToString(print))
		}
		slices.Sort(m.Keys)
		m.Keys = slices.Compact(m.Keys)
		if err := w.line(lineManifest, m); err != nil {
			return err
		}
		return dump(ctx, tx, w)
	})
	if err != nil {
		return err
	}
	return errors.Join(w.end(), sealed.Close())
}

func dump(ctx context.Context, tx *store.Tx, w *writer) error {
	for _, t := range store.Tables() {
		if slices.Contains(left(), t.Name) {
			continue
		}
		if err := w.table(t); err != nil {
			return err
		}
		if err := tx.Dump(ctx, t, func(values []any) error { return w.row(t, values) }); err != nil {
			return err
		}
	}
	return nil
}

// Check reads a whole backup and writes nothing.
func (b *Backups) Check(ctx context.Context, path string, passphrase aikagi.Secret) (Summary, error) {
	sum := Summary{}
	m, rows, err := b.read(path, passphrase, func(store.Table, []any) error { return ctx.Err() })
	if err != nil {
		return sum, err
	}
	sum.Manifest, sum.Rows = m, rows
	sum.Bytes, sum.SHA256, err = digest(path)
	return sum, err
}

func (b *Backups) read(path string, passphrase aikagi.Secret, each func(store.Table, []any) error) (Manifest, map[string]int64, error) {
	f, err := os.Open(path) // #nosec G304 -- the operator names the file
	if err != nil {
		return Manifest{}, nil, &aikagi.Error{Code: aikagi.NotFound, Subject: "backup", Reason: "unreadable", Err: err}
	}
	defer func() { _ = f.Close() }() // only read
	plain, err := open(f, lock{passphrase, b.Ring})
	if err != nil {
		return Manifest{}, nil, err
	}
	r, m, err := newReader(plain)
	if err != nil {
		return m, nil, err
	}
	if err := b.fits(m); err != nil {
		return m, nil, err
	}
	return m, r.counts, r.rows(each)
}

// fits refuses a backup that this program and this key could not serve.
func (b *Backups) fits(m Manifest) error {
	schema := b.Store.SchemaVersion()
	if m.Schema != schema {
		return &aikagi.Error{
			Code: aikagi.Conflict, Subject: "backup", Reason: "other_schema",
			Err: fmt.Errorf("backup of schema %d by version %s, this program knows %d", m.Schema, m.Version, schema),
		}
	}
	for _, text := range m.Keys {
		print, err := hex.DecodeString(text)
		if err != nil {
			return damaged(err)
		}
		if !b.Ring.Made(print) {
			return aikagi.Because(aikagi.Conflict, "backup", "other_key_file")
		}
	}
	return nil
}

func digest(path string) (int64, string, error) {
	f, err := os.Open(path) // #nosec G304 -- the operator names the file
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	n, err := io.Copy(h, f)
	return n, hex.EncodeToString(h.Sum(nil)), err
}

// Restore fills the database, which must be empty, from a backup that was read
// to its end before the first row is written.
func (b *Backups) Restore(ctx context.Context, path string, passphrase aikagi.Secret) (Summary, error) {
	sum, err := b.Check(ctx, path, passphrase)
	if err != nil {
		return sum, err
	}
	now := b.Clock.Now()
	err = b.Store.Update(ctx, func(tx *store.Tx) error {
		empty, err := tx.Empty(ctx)
		if err != nil {
			return err
		}
		if !empty {
			return aikagi.Because(aikagi.Conflict, "backup", "database_not_empty")
		}
		_, _, err = b.read(path, passphrase, func(t store.Table, values []any) error { return tx.Load(ctx, t, values) })
		if err != nil {
			return err
		}
		if err := tx.EndRestored(ctx, now); err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, event("backup.restore", sum))
	})
	return sum, err
}
