package store_test

import (
	"database/sql"
	"strings"
	"testing"
)

// raw is a second way into a database, past the store.
func raw(t *testing.T, url string) *sql.DB {
	t.Helper()
	driver, source := "pgx", url
	if path, found := strings.CutPrefix(url, "sqlite:"); found {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
