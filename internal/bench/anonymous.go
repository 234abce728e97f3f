package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

const looks = 200 // at each page

// anonymousFor measures P19: looking writes nothing.
func (b *bench) anonymousFor(ctx context.Context) error {
	if err := b.ensureServer(ctx); err != nil {
		return err
	}
	if err := sleep(ctx, idle); err != nil { // what a start writes is written
		return err
	}
	before, err := b.stored(ctx)
	if err != nil {
		return err
	}
	got := 0
	for range looks {
		n, err := b.look(ctx)
		if err != nil {
			return err
		}
		got += n
	}
	if err := sleep(ctx, 2*time.Second); err != nil { // whatever was put off is done
		return err
	}
	after, err := b.stored(ctx)
	if err != nil {
		return err
	}
	b.add(row{
		"P19", fmt.Sprintf("what is stored after ÷ before %d anonymous GETs", got),
		fmt.Sprintf("%d → %d rows, %d → %d %s", before.rows, after.rows, before.written, after.written, b.unit()),
		over(float64(after.rows+after.written), float64(before.rows+before.written)),
		limit{1, 1},
	})
	return nil
}

// look opens each kind of page that needs no login, once.
func (b *bench) look(ctx context.Context) (int, error) {
	form, err := b.web.get(ctx, b.server.instance(0, "/forgot"), "")
	if err != nil {
		return 0, err
	}
	token := field(string(form.body), "token")
	pages := []string{
		"/", "/login", "/forgot", "/forgot/sent", "/forgot/code", "/reset", "/reset/" + strings.Repeat("A", 43),
		"/challenge/" + token + ".png", "/me", "/admin/users", "/auth/authorize", "/nothing",
	}
	for _, page := range pages {
		a, err := b.web.get(ctx, b.server.instance(0, page), "aikagi-session-x=never-made")
		if err != nil {
			return 0, err
		}
		if a.status >= http.StatusInternalServerError {
			return 0, fmt.Errorf("%s: %w", page, a.expect(http.StatusOK))
		}
	}
	return len(pages) + 1, nil
}

// stored is what the database holds.
type stored struct{ rows, written int64 }

// stored counts the rows of every table, and what tells of changes in them: the
// bytes of SQLite's files, or how often PostgreSQL wrote a row.
func (b *bench) stored(ctx context.Context) (stored, error) {
	settings, err := b.settings()
	if err != nil {
		return stored{}, err
	}
	url := settings.Database.Reveal()
	path, lite := strings.CutPrefix(url, "sqlite:")
	driver, tables := "pgx", `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`
	if lite {
		driver, tables = "sqlite", `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1`
		url = "file:" + path + "?mode=ro"
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		return stored{}, err
	}
	defer func() { _ = db.Close() }() // it only read
	s, err := count(ctx, db, tables)
	if err != nil || lite {
		s.written = size(path) + size(path+"-wal")
		return s, err
	}
	// A lease of background work is renewed by the clock, whatever is asked.
	err = db.QueryRowContext(ctx, `
SELECT COALESCE(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_user_tables WHERE relname <> 'jobs'`).Scan(&s.written)
	return s, err
}

func (b *bench) unit() string {
	if b.engine == "sqlite" {
		return "bytes"
	}
	return "rows written"
}

func count(ctx context.Context, db *sql.DB, tables string) (stored, error) {
	var s stored
	names, err := db.QueryContext(ctx, tables)
	if err != nil {
		return s, err
	}
	var all []string
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			return s, err
		}
		all = append(all, name)
	}
	if err := names.Err(); err != nil {
		return s, err
	}
	for _, name := range all {
		var n int64
		if err := db.QueryRowContext(ctx, `SELECT count(*) FROM "`+name+`"`).Scan(&n); err != nil { //nolint:gosec // G202: a name out of the catalogue
			return s, err
		}
		s.rows += n
	}
	return s, nil
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
