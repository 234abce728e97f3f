package ordeal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the "sqlite" driver of database/sql

	"github.com/aikagi/aikagi/internal/app"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/sample"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// centre is a sample call centre at rest: what a machine finds when it starts.
type centre struct {
	logins map[string]sample.Login // by role
	ids    map[string]string       // of these users
	files  map[string][]byte       // of the data directory, the master key among them
}

// place is where one server has its data.
type place struct {
	centre
	dir, database string
}

var (
	preparing sync.Mutex
	prepared  = map[store.Engine]centre{}
)

// newPlace copies the prepared centre: files for SQLite, a database for PostgreSQL.
func newPlace(t testing.TB, engine store.Engine) place {
	t.Helper()
	p := place{dir: t.TempDir()}
	preparing.Lock()
	defer preparing.Unlock()
	if engine == store.Postgres {
		p.database = socketed(storetest.PostgresTemplate(t, "ordeal", func(url string) error {
			c, err := prepare(socketed(url))
			prepared[engine] = c
			return err
		}))
	} else {
		p.database = "sqlite:" + filepath.Join(p.dir, "aikagi.db")
		if _, ready := prepared[engine]; !ready {
			c, err := prepare("")
			if err != nil {
				t.Fatalf("prepare: %v", err)
			}
			prepared[engine] = c
		}
	}
	p.centre = prepared[engine]
	p.write(t)
	return p
}

// write puts the files of the centre where the place has them.
func (p place) write(t testing.TB) {
	t.Helper()
	for name, data := range p.files {
		if err := os.WriteFile(filepath.Join(p.dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// socketed names a host, which the settings want; the socket's directory is among
// the parameters and decides.
func socketed(address string) string {
	u, err := url.Parse(address)
	if err == nil && u.Host == "" {
		u.Host = "localhost"
		return u.String()
	}
	return address
}

// prepare runs a demo and lets somebody log in, so that there is an event that is
// not chained yet; database is empty for SQLite.
func prepare(database string) (c centre, err error) {
	dir, err := os.MkdirTemp("", "aikagi-centre-")
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	ready, ended := make(chan app.Demo, 1), make(chan error, 1)
	go func() {
		ended <- app.RunDemo(ctx, app.DemoOptions{
			Listen: "127.0.0.1:0", OpsListen: "127.0.0.1:0", Data: dir, Database: database, Region: "ap-northeast-1",
			Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Ready: func(d app.Demo) { ready <- d },
		})
	}()
	select {
	case err := <-ended:
		return c, err
	case d := <-ready:
		c.logins = map[string]sample.Login{}
		for _, l := range d.Logins {
			c.logins[l.Role] = l
		}
		viewer := newBrowser()
		p, err := viewer.do(d.BaseURL, http.MethodPost, "/login",
			url.Values{"username": {c.logins["viewer"].Username}, "password": {c.logins["viewer"].Password}})
		if err != nil || p.status != http.StatusSeeOther {
			return c, fmt.Errorf("log in: %d, %w", p.status, err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		return c, err
	}
	if c.ids, err = userIDs(dir, database, c.logins); err != nil {
		return c, err
	}
	c.files = map[string][]byte{}
	for _, name := range []string{"aikagi.db", "key"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && (database == "" || name == "key") {
			return c, err
		}
		if err == nil {
			c.files[name] = data
		}
	}
	return c, nil
}

func userIDs(dir, database string, logins map[string]sample.Login) (map[string]string, error) {
	if database == "" {
		database = "sqlite:" + filepath.Join(dir, "aikagi.db")
	}
	db, err := place{database: database}.open()
	if err != nil {
		return nil, err
	}
	defer db.Close()
	ids := map[string]string{}
	for role, l := range logins {
		var id string
		if err := db.QueryRow("SELECT id FROM users WHERE username = $1", l.Username).Scan(&id); err != nil {
			return nil, err
		}
		ids[role] = id
	}
	return ids, nil
}

// open looks into the database behind the server's back.
func (p place) open() (*sql.DB, error) {
	if path, lite := strings.CutPrefix(p.database, "sqlite:"); lite {
		return sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	}
	return sql.Open("pgx", p.database)
}

// number asks the database for one number.
func (p place) number(query string, args ...any) (n int, err error) {
	db, err := p.open()
	if err != nil {
		return 0, err
	}
	defer db.Close()
	err = db.QueryRow(query, args...).Scan(&n)
	return n, err
}

// hurry lets the leases of a process run out that died at a time; those of the one
// that runs now are later.
func (p place) hurry(died time.Time) error {
	db, err := p.open()
	if err != nil {
		return err
	}
	defer db.Close()
	ms := died.UnixMilli()
	for _, late := range []struct {
		statement string
		lease     int64
	}{
		{"UPDATE outbox SET run_at = run_at - 61000 WHERE state = 'sending' AND run_at <= $1", ms + 60_000},
		{"UPDATE reset_requests SET run_at = run_at - 31000 WHERE state = 'new' AND run_at <= $1", ms + 30_000},
		{"UPDATE jobs SET locked_until = 0 WHERE locked_until <= $1", ms + 60_000},
	} {
		if _, err := db.Exec(late.statement, late.lease); err != nil {
			return fmt.Errorf("%s: %w", late.statement, err)
		}
	}
	return nil
}
