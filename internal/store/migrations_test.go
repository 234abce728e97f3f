package store_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/sqldb"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// before are the migrations below a number.
func before(t *testing.T, number string) fs.FS {
	t.Helper()
	names, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, name := range names {
		if filepath.Base(name) < number {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = &fstest.MapFile{Data: text}
		}
	}
	return files
}

// filledBefore5 are rows of the tables that migration 5 makes anew.
var filledBefore5 = []string{
	`INSERT INTO instances (id, alias, identity_type, settings, version, user_count, no_email_count, created_at)
 VALUES ('i', 'a', 'CONNECT_MANAGED', '{}', 1, 1, 0, 0)`,
	`INSERT INTO users (instance_id, id, username, first_name, last_name, email, secondary_email, mobile,
 phone_type, phone_auto_accept, phone_after_work, phone_desk_number, phone_persistent, channel_configs, routing_profile_id, hierarchy_group_id,
 locale, enabled, password_hash, must_change, version, secret_epoch, email_set_by, email_set_at, created_at, updated_at, last_login_at)
 VALUES ('i', 'u', 'user', 'f', 'l', '', '', '', 'SOFT_PHONE', false, 0, '', false, '', 'r', '', '', true, '', false, 1, 1, '', 0, 0, 0, 0)`,
	`INSERT INTO security_profiles VALUES ('i', 'p', 'p', '', '[]', 1, 0, 0)`,
	`INSERT INTO user_keys VALUES ('i', 'user', 'u')`,
	`INSERT INTO user_security_profiles VALUES ('i', 'u', 'p')`,
	`INSERT INTO sessions VALUES ('i', 'x', 's', 'u', '', 1, 2, 3, 'address', 'agent')`,
	`INSERT INTO known_devices VALUES ('i', 'x', 'u', 1, 2)`,
	`INSERT INTO login_failures VALUES ('i', 'x', 1, 2, 3, 4)`,
	`INSERT INTO throttle_counters VALUES ('x', 1, 2)`,
	`INSERT INTO spent_challenges VALUES ('c', 1)`,
	`INSERT INTO reset_requests VALUES ('i', 'q', 'user', 'u', 'waiting', 'r', 1, 'address', 'ja', 2, 3, 4, 5, 6, 'by', 'how')`,
	`INSERT INTO outbox VALUES ('m', 'i', 'u', '', '', 'k', 'to', 'h', '', 'sent', 1, 1, 0, 0, 0, 0, '')`,
	`INSERT INTO message_attempts VALUES ('m', 1, 2, 'sent', 'reply')`,
}

// TestR10RebuiltTablesKeepTheirRows fills a database as it was before migration 5
// and compares what is in the tables after it.
func TestR10RebuiltTablesKeepTheirRows(t *testing.T) {
	t.Parallel()
	tables := []string{
		"user_keys", "user_security_profiles", "sessions", "known_devices", "login_failures",
		"throttle_counters", "spent_challenges", "reset_requests", "message_attempts",
	}
	for _, e := range []struct{ name, url string }{
		{"sqlite", "sqlite:" + filepath.Join(t.TempDir(), "old.db")}, {"postgres", storetest.Postgres(t)},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			old, err := sqldb.Open(t.Context(), e.url, before(t, "0005"))
			if err != nil {
				t.Fatal(err)
			}
			if err := old.Close(); err != nil {
				t.Fatal(err)
			}
			db := raw(t, e.url)
			for _, statement := range filledBefore5 {
				if e.name == "sqlite" { // STRICT wants bytes as bytes
					statement = strings.NewReplacer("'x'", "x'78'", "'', 'sent'", "x'', 'sent'").Replace(statement)
				}
				run(t, db, statement)
			}
			want := map[string][][]string{}
			for _, table := range tables {
				if want[table] = rowsOf(t, db, "SELECT * FROM "+table); len(want[table]) != 1 {
					t.Fatalf("%s was not filled", table)
				}
			}
			now, err := store.Open(t.Context(), e.url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = now.Close() })
			for _, table := range tables {
				if diff := cmp.Diff(want[table], rowsOf(t, db, "SELECT * FROM "+table)); diff != "" {
					t.Errorf("%s before (-) and after (+):\n%s", table, diff)
				}
			}
		})
	}
}
