package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/backup"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

const canary = "canary-9c41"

var now = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func passphrase() aikagi.Secret { return aikagi.NewSecret("さくら さくら 弥生の空は") }

func opened(t *testing.T, engine store.Engine) *backup.Backups {
	t.Helper()
	url := "sqlite:" + filepath.Join(t.TempDir(), "a.db")
	if engine == store.Postgres {
		url = storetest.Postgres(t)
	}
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &backup.Backups{Store: s, Clock: clock.NewSet(now), Ring: secret.NewRing([32]byte{7}), Version: "test"}
}

// fill writes at least a row into every table that matters, with canaries where
// a thief would look.
func fill(t *testing.T, b *backup.Backups) {
	t.Helper()
	ctx, later := t.Context(), now.Add(time.Hour)
	err := b.Store.Update(ctx, func(tx *store.Tx) error {
		for _, err := range []error{
			tx.InsertKeyPrint(ctx, b.Ring.Check(), now),
			tx.InsertAccount(ctx, aikagi.Account{ID: "123456789012", Contact: "owner@example.jp", CreatedAt: now}),
			tx.InsertPrincipal(ctx, aikagi.Principal{ID: "p", Name: "owner", PasswordHash: canary, TOTPSealed: []byte(canary), Enabled: true, CreatedAt: now}),
			tx.InsertInstance(ctx, aikagi.Instance{ID: "i", Alias: "sakura", Settings: aikagi.DefaultInstanceSettings(), CreatedAt: now}),
			tx.InsertSecurityProfile(ctx, aikagi.SecurityProfile{InstanceID: "i", ID: "admin", Name: "Admin", Permissions: []aikagi.Permission{aikagi.UsersView}, CreatedAt: now}),
			tx.InsertUser(ctx, aikagi.User{
				InstanceID: "i", ID: "u", Username: "tanaka", LastName: "田中", Email: canary + "@example.jp",
				PasswordHash: canary, Enabled: true, SecurityProfileIDs: []aikagi.SecurityProfileID{"admin"}, CreatedAt: now,
			}),
			tx.InsertSession(ctx, aikagi.Session{InstanceID: "i", Digest: []byte("s"), ID: "s", UserID: "u", ExpiresAt: later}),
			tx.KeepDevice(ctx, aikagi.KnownDevice{InstanceID: "i", Digest: []byte("d"), UserID: "u"}, now),
			tx.InsertToken(ctx, aikagi.ResetToken{InstanceID: "i", Digest: []byte("t"), ID: "t", UserID: "u", Kind: aikagi.KindCard, Epoch: 1, CreatedAt: now, ExpiresAt: later}),
			tx.InsertConsoleLink(ctx, store.ConsoleLink{Digest: []byte("l"), Kind: "setup", ExpiresAt: later}),
			tx.InsertConsoleSession(ctx, aikagi.ConsoleSession{ID: "c", Digest: []byte("c"), PrincipalID: "p", ExpiresAt: later}),
			tx.InsertGrant(ctx, aikagi.EmergencyGrant{ID: "g", InstanceID: "i", PrincipalID: "p", Digest: []byte("g"), CreatedAt: now, StartBefore: later}),
			tx.SpendChallenge(ctx, "challenge", later),
			tx.InsertRequest(ctx, aikagi.ResetRequest{InstanceID: "i", ID: "q", Username: "tanaka", CreatedAt: now}),
			tx.InsertMessage(ctx, aikagi.Message{ID: "link", InstanceID: "i", UserID: "u", TokenID: "t", To: "a@example.jp", Sealed: []byte{0, 1, 255}, CreatedAt: now, ExpiresAt: later}),
			tx.InsertMessage(ctx, aikagi.Message{ID: "notice", InstanceID: "i", UserID: "u", To: "a@example.jp", Sealed: []byte("<&>"), CreatedAt: now, ExpiresAt: later}),
			audit.Record(ctx, tx, now, audit.Event{Instance: "i", Action: "user.create", Note: "<i> & 田中\u2028"}),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	chainer := &audit.Chainer{Store: b.Store, Clock: b.Clock, Ring: b.Ring, Node: "one"}
	if _, err := chainer.Chain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// rows reads tables whole, as text.
func rows(t *testing.T, s *store.Store, tables ...string) string {
	t.Helper()
	var all []string
	err := s.Snapshot(t.Context(), func(tx *store.Tx) error {
		for _, table := range store.Tables() {
			if !slices.Contains(tables, table.Name) {
				continue
			}
			err := tx.Dump(t.Context(), table, func(values []any) error {
				all = append(all, table.Name+fmt.Sprintf(" %q", values))
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(all)
	return fmt.Sprintf("%d rows %q", len(all), all)
}

// TestR6ARestoreBringsBackPeopleAndNoSecrets on either engine, and across: who
// was there can log in, and what was handed out before the restore is dead.
func TestR6ARestoreBringsBackPeopleAndNoSecrets(t *testing.T) {
	t.Parallel()
	for _, way := range [][2]store.Engine{
		{store.SQLite, store.SQLite}, {store.SQLite, store.Postgres}, {store.Postgres, store.SQLite},
	} {
		t.Run(fmt.Sprint(way[0], " to ", way[1]), func(t *testing.T) {
			t.Parallel()
			from, to := opened(t, way[0]), opened(t, way[1])
			fill(t, from)
			path := filepath.Join(t.TempDir(), "b")
			written, err := from.Write(t.Context(), path, passphrase())
			if err != nil {
				t.Fatal(err)
			}
			restored, err := to.Restore(t.Context(), path, passphrase())
			if err != nil {
				t.Fatal(err)
			}
			if restored.SHA256 != written.SHA256 || restored.Rows["users"] != 1 || restored.Manifest.Engine != string(way[0]) {
				t.Errorf("restored %+v, wrote %+v", restored, written)
			}
			same := []string{
				"account", "key_ring", "principals", "instances", "security_profiles", "user_keys",
				"user_security_profiles", "audit_checkpoints",
			}
			if before, after := rows(t, from.Store, same...), rows(t, to.Store, same...); before != after {
				t.Errorf("was\n%s\nis\n%s", before, after)
			}
			report, err := audit.Verify(t.Context(), to.Store, to.Ring, nil)
			if err != nil || len(report.Flaws) != 0 || report.Events != 1 {
				t.Errorf("the record is %+v, %v", report, err)
			}
			secretsEnded(t, to)
		})
	}
}

// secretsEnded holds R6.
func secretsEnded(t *testing.T, b *backup.Backups) {
	t.Helper()
	ctx := t.Context()
	err := b.Store.View(ctx, func(tx *store.Tx) error {
		_, session := tx.FindSession(ctx, "i", []byte("s"))
		knocked, err := tx.FindKnocked(ctx, store.Knock{Instance: "i", Username: "tanaka", Device: []byte("d")})
		if err != nil || knocked.KnownDevice || knocked.ID == "" {
			t.Errorf("a known device came back: %+v, %v", knocked, err)
		}
		_, token := tx.FindToken(ctx, "i", []byte("t"))
		_, link := tx.FindConsoleLink(ctx, []byte("l"))
		_, console := tx.FindConsoleSession(ctx, []byte("c"))
		for what, err := range map[string]error{"session": session, "token": token, "link": link, "console": console} {
			if aikagi.CodeOf(err) != aikagi.NotFound {
				t.Errorf("%s came back: %v", what, err)
			}
		}
		u, _ := tx.FindUser(ctx, "i", "u")
		g, _ := tx.FindGrant(ctx, "g")
		q, _ := tx.FindRequest(ctx, "i", "q")
		mail, _ := tx.FindMessage(ctx, "i", "link")
		notice, _ := tx.FindMessage(ctx, "i", "notice")
		at, err := tx.RestoredAt(ctx)
		if u.SecretEpoch != 2 || g.EndedAt.IsZero() || q.State != aikagi.RequestClosed || !at.Equal(now) {
			t.Errorf("epoch %d, grant ended %s, request %s, restored at %s", u.SecretEpoch, g.EndedAt, q.State, at)
		}
		if mail.State != aikagi.MessageDropped || len(mail.Sealed) != 0 {
			t.Errorf("the mail with the link is %s with %d bytes", mail.State, len(mail.Sealed))
		}
		if notice.State != aikagi.MessageWaiting || string(notice.Sealed) != "<&>" {
			t.Errorf("the notice is %s, %q", notice.State, notice.Sealed)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestS39NoBackupShowsASecretOrAPerson(t *testing.T) {
	t.Parallel()
	for name, phrase := range map[string]aikagi.Secret{"passphrase": passphrase(), "master key": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := opened(t, store.SQLite)
			fill(t, b)
			path := filepath.Join(t.TempDir(), "b")
			if _, err := b.Write(t.Context(), path, phrase); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{canary, "tanaka", "田中", "sakura", "users"} {
				if bytes.Contains(text, []byte(word)) {
					t.Errorf("the file shows %q", word)
				}
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
		})
	}
}

func TestR6ADamagedBackupIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	t.Parallel()
	from := opened(t, store.SQLite)
	fill(t, from)
	dir := t.TempDir()
	locked, keyed := filepath.Join(dir, "locked"), filepath.Join(dir, "keyed")
	for path, phrase := range map[string]aikagi.Secret{locked: passphrase(), keyed: {}} {
		if _, err := from.Write(t.Context(), path, phrase); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(locked)
	if err != nil {
		t.Fatal(err)
	}
	altered := slices.Clone(whole)
	altered[len(altered)-1] ^= 1
	file := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct {
		name, path, reason string
		phrase             aikagi.Secret
		key                byte
	}{
		{"wrong passphrase", locked, "passphrase_wrong", aikagi.NewSecret("something else"), 7},
		{"no passphrase", locked, "passphrase_needed", aikagi.Secret{}, 7},
		{"other master key", keyed, "other_key", aikagi.Secret{}, 8},
		{"key file of other data", locked, "other_key_file", passphrase(), 8},
		{"altered", file("altered", altered), "damaged", passphrase(), 7},
		{"cut", file("cut", whole[:len(whole)-1]), "damaged", passphrase(), 7},
		{"cut to the header", file("header", whole[:100]), "damaged", passphrase(), 7},
		{"longer", file("longer", append(slices.Clone(whole), 0)), "damaged", passphrase(), 7},
		{"some other file", file("other", []byte("SQLite format 3\x00 and more")), "no_backup", passphrase(), 7},
		{"empty", file("empty", nil), "no_backup", passphrase(), 7},
		{"missing", filepath.Join(dir, "none"), "unreadable", passphrase(), 7},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			to := opened(t, store.SQLite)
			to.Ring = secret.NewRing([32]byte{tt.key})
			_, err := to.Restore(t.Context(), tt.path, tt.phrase)
			if got := aikagi.ReasonOf(err); got != tt.reason {
				t.Errorf("got %q (%v), want %q", got, err, tt.reason)
			}
			empty := false
			if err := to.Store.View(t.Context(), func(tx *store.Tx) (err error) { empty, err = tx.Empty(t.Context()); return err }); err != nil || !empty {
				t.Errorf("something was written: %v", err)
			}
		})
	}
}

func TestOnlyAnEmptyDatabaseIsFilled(t *testing.T) {
	t.Parallel()
	b := opened(t, store.SQLite)
	fill(t, b)
	path := filepath.Join(t.TempDir(), "b")
	if _, err := b.Write(t.Context(), path, passphrase()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Restore(t.Context(), path, passphrase()); aikagi.ReasonOf(err) != "database_not_empty" {
		t.Errorf("got %v", err)
	}
	if _, err := b.Write(t.Context(), path, passphrase()); aikagi.ReasonOf(err) != "exists" {
		t.Errorf("got %v", err)
	}
	if _, err := b.Write(t.Context(), path+"2", aikagi.NewSecret("short")); aikagi.ReasonOf(err) != "passphrase_short" {
		t.Errorf("got %v", err)
	}
}

// TestABackupIsOneMoment writes while others write: the counts on the instance
// and the number of users must agree in the copy.
func TestABackupIsOneMoment(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			from, to := opened(t, engine), opened(t, store.SQLite)
			fill(t, from)
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				for i := 0; ctx.Err() == nil && i < 2000; i++ {
					id := fmt.Sprint("u", i)
					_ = from.Store.Update(t.Context(), func(tx *store.Tx) error { // the copy is judged, not this
						return tx.InsertUser(t.Context(), aikagi.User{InstanceID: "i", ID: aikagi.UserID(id), Username: aikagi.Username(id)})
					})
				}
			}()
			path := filepath.Join(t.TempDir(), "b")
			_, err := from.Write(t.Context(), path, aikagi.Secret{})
			stop()
			<-done
			if err != nil {
				t.Fatal(err)
			}
			sum, err := to.Restore(t.Context(), path, aikagi.Secret{})
			if err != nil {
				t.Fatal(err)
			}
			err = to.Store.View(t.Context(), func(tx *store.Tx) error {
				i, err := tx.FindInstance(t.Context(), "i")
				if i.UserCount != sum.Rows["users"] {
					t.Errorf("the instance counts %d users, and %d are there", i.UserCount, sum.Rows["users"])
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
