package store_test

import (
	"database/sql"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// TestSchema compares schema.sql, which people read, with what the migrations
// make of an empty database.
func TestSchema(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		want, err := sql.Open("sqlite", "file:"+t.TempDir()+"/schema.db")
		if err != nil {
			t.Fatal(err)
		}
		defer want.Close()
		run(t, want, store.SQLite.DDL(string(text)))
		compare(t, schemaOfSQLite, want, raw(t, storetest.URL(t, store.SQLite)))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		want, err := sql.Open("pgx", storetest.Postgres(t))
		if err != nil {
			t.Fatal(err)
		}
		defer want.Close()
		run(t, want, store.Postgres.DDL(string(text)))
		compare(t, schemaOfPostgres, want, raw(t, storetest.URL(t, store.Postgres)))
	})
}

func compare(t *testing.T, queries []string, want, got *sql.DB) {
	t.Helper()
	for _, query := range queries {
		a, b := facts(t, want, query), facts(t, got, query)
		if len(a) < 10 {
			t.Fatalf("schema.sql makes only %d of: %s", len(a), query)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("schema.sql (-) and migrations (+) differ:\n%s", diff)
		}
	}
}

func facts(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	var all []string
	for _, row := range rowsOf(t, db, query) {
		fact := strings.Join(row, " ")
		if !strings.Contains(fact, "goose") && !strings.HasPrefix(fact, "sqlite_") { // the tools' own
			all = append(all, fact)
		}
	}
	slices.Sort(all)
	return all
}

var schemaOfSQLite = []string{
	`SELECT m.name, c.name, c.type, c."notnull", c.pk FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`,
	`SELECT name, type, strict, wr FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'`,
	`SELECT m.name, i.name, i."unique", i.partial, c.seqno, c.name, coalesce(x.sql, '') FROM sqlite_schema m
 JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) c LEFT JOIN sqlite_schema x ON x.name = i.name
 WHERE m.type = 'table'`,
	`SELECT m.name, f.seq, f."table", f."from", f."to", f.on_delete FROM sqlite_schema m
 JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`,
}

var schemaOfPostgres = []string{
	`SELECT table_name, column_name, data_type, is_nullable, collation_name FROM information_schema.columns WHERE table_schema = 'public'`,
	`SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'`,
	`SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace`,
}

// TestSchemaSuitsBothEngines holds what schema.sql relies on: SQLite checks the
// types, and PostgreSQL sorts text by its bytes as SQLite does (decision 13).
func TestSchemaSuitsBothEngines(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		db := raw(t, storetest.URL(t, store.SQLite))
		for _, row := range rowsOf(t, db, `SELECT name FROM pragma_table_list
 WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose%'`) {
			t.Errorf("table %s is not STRICT", row[0])
		}
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db := raw(t, storetest.URL(t, store.Postgres))
		for _, row := range rowsOf(t, db, `SELECT table_name, column_name FROM information_schema.columns
 WHERE table_schema = 'public' AND data_type = 'text' AND coalesce(collation_name, '') <> 'C' AND table_name NOT LIKE 'goose%'`) {
			t.Errorf("column %s.%s does not sort by bytes", row[0], row[1])
		}
	})
}
