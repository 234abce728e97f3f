package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/aikagi/aikagi/internal/store"
)

// Open returns a migrated store on a database of the test's own.
func Open(t testing.TB, engine store.Engine) *store.Store {
	t.Helper()
	return Connect(t, URL(t, engine))
}

// Connect opens a database; the store is closed when the test ends.
func Connect(t testing.TB, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	return s
}

// Each runs a test on SQLite and, where it is installed, on PostgreSQL.
func Each(t *testing.T, run func(t *testing.T, s *store.Store)) {
	t.Helper()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			run(t, Open(t, engine))
		})
	}
}

// URL returns the address of a migrated database of the test's own. The
// migrations run once in each test process; the others get copies.
func URL(t testing.TB, engine store.Engine) string {
	t.Helper()
	if engine == store.Postgres {
		return PostgresTemplate(t, "migrated", migrated)
	}
	file, err := theSQLiteFile()
	if err != nil {
		t.Fatalf("prepare SQLite database: %v", err)
	}
	path := filepath.Join(t.TempDir(), "aikagi.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

func migrated(url string) error {
	s, err := store.Open(context.Background(), url)
	if err != nil {
		return err
	}
	return s.Close()
}

// theSQLiteFile is a migrated database as bytes.
var theSQLiteFile = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "aikagi-sqlite-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "aikagi.db")
	if err := migrated("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
