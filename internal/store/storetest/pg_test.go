package storetest_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/store/storetest"
)

func TestPostgresDatabasesAreEmptyAndApart(t *testing.T) {
	t.Parallel()
	first, second := connect(t, storetest.Postgres(t)), connect(t, storetest.Postgres(t))
	run(t, first, "CREATE TABLE things (id TEXT)")
	run(t, second, "CREATE TABLE things (id TEXT)") // fails if both are one database
}

func TestPostgresDropsTheDatabaseAfterTheTest(t *testing.T) {
	t.Parallel()
	var dropped string
	t.Run("uses a database and forgets to close it", func(t *testing.T) {
		dropped = storetest.Postgres(t)
		db, err := sql.Open("pgx", dropped)
		if err != nil {
			t.Fatal(err)
		}
		run(t, db, "SELECT 1")
	})
	err := connect(t, dropped).PingContext(t.Context())
	if err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("ping a database of a finished test: got %v, want that it does not exist", err)
	}
}

func TestPostgresTemplateIsPreparedOnce(t *testing.T) {
	t.Parallel()
	if os.Getenv("AIKAGI_TEST_POSTGRES") != "" {
		t.Skip("a server of somebody else's keeps no templates")
	}
	var prepared atomic.Int32
	prepare := func(u string) error {
		prepared.Add(1)
		db, err := sql.Open("pgx", u)
		if err != nil {
			return err
		}
		_, err = db.ExecContext(t.Context(), "CREATE TABLE things (id TEXT)")
		return errors.Join(err, db.Close())
	}
	t.Run("copies", func(t *testing.T) {
		for range 4 {
			t.Run("one", func(t *testing.T) {
				t.Parallel()
				db := connect(t, storetest.PostgresTemplate(t, "things", prepare))
				run(t, db, "INSERT INTO things (id) VALUES ('x')")
				var n int
				if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM things").Scan(&n); err != nil || n != 1 {
					t.Errorf("rows in a copy: got %d, %v; want 1", n, err)
				}
			})
		}
	})
	if got := prepared.Load(); got != 1 {
		t.Errorf("prepare ran %d times, want 1", got)
	}
}

// The design asks for COLLATE "C" on keys and names; a cluster that sorts by
// bytes anyway would hide a column that forgot it.
func TestPostgresSortsLinguisticallyByDefault(t *testing.T) {
	t.Parallel()
	db := connect(t, storetest.Postgres(t))
	var provider string
	var byDefault, byBytes bool
	err := db.QueryRowContext(t.Context(), `
SELECT datlocprovider::text, 'a' < 'B', 'a' < 'B' COLLATE "C"
FROM pg_database WHERE datname = current_database()`).Scan(&provider, &byDefault, &byBytes)
	if err != nil {
		t.Fatal(err)
	}
	if provider != "i" {
		t.Skip("this PostgreSQL has no ICU")
	}
	if !byDefault || byBytes {
		t.Errorf(`'a' < 'B': got %v by default and %v by COLLATE "C", want true and false`, byDefault, byBytes)
	}
}

// The test runs itself in a process of its own, lets that process die without
// a chance to clean up, and looks for what is left.
func TestPostgresClusterDiesWithItsProcess(t *testing.T) {
	t.Parallel()
	if os.Getenv("AIKAGI_TEST_POSTGRES") != "" {
		t.Skip("a server of somebody else's outlives us")
	}
	const tellURL = "STORETEST_TELL_URL"
	if file := os.Getenv(tellURL); file != "" {
		if err := os.WriteFile(file, []byte(storetest.Postgres(t)), 0o600); err != nil {
			t.Fatal(err)
		}
		os.Exit(3) // neither Cleanup nor defer runs, as in a panic or a time-out
	}
	storetest.Postgres(t) // skips, or fails, where there is no PostgreSQL

	file := t.TempDir() + "/url"
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), tellURL+"="+file)
	if out, err := child.CombinedOutput(); child.ProcessState.ExitCode() != 3 {
		t.Fatalf("child process: got %v, want exit code 3\n%s", err, out)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	dir := u.Query().Get("host")
	for deadline := time.Now().Add(20 * time.Second); ; <-time.After(20 * time.Millisecond) {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there 20 s after its process died", dir)
		}
	}
}

func connect(t *testing.T, u string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", u)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // the database is dropped right after
	return db
}

func run(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
