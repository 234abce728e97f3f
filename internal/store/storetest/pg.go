package storetest

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver of database/sql
)

// Postgres returns the postgres:// URL of a fresh, empty database, which is
// dropped when the test ends.
//
// The server is the one that AIKAGI_TEST_POSTGRES names (a URL whose user may
// create databases), or else a throw-away cluster made from the installed
// binaries, one for each test process. Where neither exists the test is
// skipped, or fails if AIKAGI_REQUIRE_POSTGRES=1. The throw-away cluster does
// not wait for the disk unless AIKAGI_TEST_POSTGRES_FSYNC=1.
func Postgres(t testing.TB) string {
	t.Helper()
	return postgres(t).create(t, "template1")
}

// PostgresTemplate is Postgres with a database that prepare has filled. In a
// throw-away cluster prepare runs once for each name and the result is copied,
// which is cheaper than running every migration for every test; on a server
// of somebody else's it runs each time, so that nothing is left behind.
// prepare must close its connections: a database in use cannot be copied.
func PostgresTemplate(t testing.TB, name string, prepare func(url string) error) string {
	t.Helper()
	s := postgres(t)
	if s.lifeline == nil {
		u := s.create(t, "template1")
		if err := prepare(u); err != nil {
			t.Fatalf("prepare PostgreSQL database %q: %v", name, err)
		}
		return u
	}
	template, err := s.template(t.Context(), name, prepare)
	if err != nil {
		t.Fatalf("prepare PostgreSQL template %q: %v", name, err)
	}
	return s.create(t, template)
}

// server is a PostgreSQL server on which tests may make databases.
type server struct {
	url   *url.URL
	admin *sql.DB

	// lifeline keeps the throw-away cluster alive: it is the standard input of
	// the shell that watches over the cluster, and it closes when this process
	// ends, in whatever way. Nil for a server of somebody else's.
	lifeline io.Closer

	mu        sync.Mutex // guards templates; held while one is being prepared
	templates map[string]template
}

// template is the outcome of preparing a database to be copied.
type template struct {
	database string
	err      error
}

// errAbsent says that there is no PostgreSQL to test with.
var errAbsent = errors.New("no PostgreSQL: initdb is neither in /usr/lib/postgresql/*/bin nor in PATH, " +
	"and AIKAGI_TEST_POSTGRES names no server")

// theServer finds or starts the server, once for each test process.
var theServer = sync.OnceValues(func() (*server, error) {
	raw := os.Getenv("AIKAGI_TEST_POSTGRES")
	if raw == "" {
		return startCluster()
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("read AIKAGI_TEST_POSTGRES: %w", err)
	}
	return open(u, nil)
})

func postgres(t testing.TB) *server {
	t.Helper()
	s, err := theServer()
	switch {
	case errors.Is(err, errAbsent) && os.Getenv("AIKAGI_REQUIRE_POSTGRES") != "1":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	return s
}

func open(u *url.URL, lifeline io.Closer) (*server, error) {
	db, err := sql.Open("pgx", u.String())
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	// Copies of a template exclude each other, and an idle connection would
	// count against max_connections of a server that is not ours.
	db.SetMaxOpenConns(1)
	if err := db.PingContext(context.Background()); err != nil {
		return nil, fmt.Errorf("reach PostgreSQL: %w", err)
	}
	return &server{url: u, admin: db, lifeline: lifeline, templates: map[string]template{}}, nil
}

// create makes a database as a copy of another one, for one test.
func (s *server) create(t testing.TB, from string) string {
	t.Helper()
	name, err := s.copyOf(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context is over by now. FORCE (PostgreSQL 13) ends
		// connections that the test forgot.
		if err := s.exec(context.WithoutCancel(t.Context()), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return s.urlOf(name)
}

// template returns the database to copy for name, preparing it if this is the
// first time. A failure is kept: a second attempt would fail in the same way.
func (s *server) template(ctx context.Context, name string, prepare func(url string) error) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if made, ok := s.templates[name]; ok {
		return made.database, made.err
	}
	database, err := s.copyOf(ctx, "template1")
	if err == nil {
		err = prepare(s.urlOf(database))
	}
	s.templates[name] = template{database, err}
	return database, err
}

func (s *server) copyOf(ctx context.Context, from string) (string, error) {
	name := "aikagi_" + strings.ToLower(rand.Text())
	return name, s.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+from)
}

func (s *server) exec(ctx context.Context, statement string) error {
	if _, err := s.admin.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

func (s *server) urlOf(database string) string {
	u := *s.url
	u.Path = "/" + database
	return u.String()
}

// watch makes a cluster in $1 with the binaries in $2 and the settings in $3,
// says "ready", waits until its standard input closes, and removes everything.
// It outlives the test process by a moment, so it takes no notice of an
// interrupt from the keyboard.
//
// The default collation is a linguistic one where the server has ICU, so that
// a column that forgot COLLATE "C" sorts differently and a test notices.
const watch = `
trap '' HUP INT QUIT TERM
dir=$1 bin=$2 settings=$3
trap 'cd /; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
init() { "$bin/initdb" -D data -A trust -U postgres -E UTF8 --no-sync "$@" >>log 2>&1; }
init --locale=C --locale-provider=icu --icu-locale=und || init --locale=C || { cat log; exit 1; }
"$bin/pg_ctl" -D data -l log -w -t 60 -o "$settings" start >/dev/null || { cat log; exit 1; }
echo ready
cat >/dev/null
"$bin/pg_ctl" -D data -m immediate -w stop >/dev/null
`

// startCluster starts a server that listens on a Unix socket only (no port to
// be taken by somebody else), and which ends with this process.
func startCluster() (*server, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "aikagi-pg-")
	if err != nil {
		return nil, fmt.Errorf("make directory of the PostgreSQL cluster: %w", err)
	}
	cmd, err := watcher(dir, "/bin/sh", "-c", watch, "watch", dir, bin, settings(dir))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	lifeline, errIn := cmd.StdinPipe()
	stdout, errOut := cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut); err != nil {
		return nil, errors.Join(fmt.Errorf("pipe to the PostgreSQL watcher: %w", err), os.RemoveAll(dir))
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the PostgreSQL watcher: %w", err), os.RemoveAll(dir))
	}
	said := bufio.NewReader(stdout)
	if line, _ := said.ReadString('\n'); line != "ready\n" { // an error shows as another line
		rest, _ := io.ReadAll(said) // what could be read is all there is to report
		return nil, fmt.Errorf("start PostgreSQL from %s: %s%s", bin, line, rest)
	}
	u := &url.URL{
		Scheme: "postgres", User: url.User("postgres"), Path: "/postgres",
		RawQuery: url.Values{"host": {dir}, "port": {"5432"}}.Encode(),
	}
	return open(u, lifeline)
}

func settings(dir string) string {
	s := []string{
		"listen_addresses=", "port=5432", "unix_socket_directories=" + dir,
		"max_connections=200", "shared_buffers=64MB", "timezone=UTC",
	}
	if os.Getenv("AIKAGI_TEST_POSTGRES_FSYNC") != "1" {
		s = append(s, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	return "-c " + strings.Join(s, " -c ")
}

// watcher returns the command that runs args in dir. PostgreSQL refuses to run
// as root, so root hands the directory to the user postgres and runs as him.
func watcher(dir string, args ...string) (*exec.Cmd, error) {
	if os.Geteuid() != 0 {
		return exec.Command(args[0], args[1:]...), nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("find the user that PostgreSQL runs as: %w", err)
	}
	uid, errUID := strconv.Atoi(u.Uid)
	gid, errGID := strconv.Atoi(u.Gid)
	if err := errors.Join(errUID, errGID); err != nil {
		return nil, fmt.Errorf("read the ids of user postgres: %w", err)
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		return nil, fmt.Errorf("hand the PostgreSQL directory over: %w", err)
	}
	asPostgres := []string{"--reuid=" + u.Uid, "--regid=" + u.Gid, "--clear-groups", "--"}
	return exec.Command("setpriv", append(asPostgres, args...)...), nil // util-linux
}

// findBinaries returns the directory of initdb and pg_ctl, of the newest
// version where Debian keeps several.
func findBinaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", fmt.Errorf("look for initdb: %w", err)
	}
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int {
			return cmp.Compare(majorVersion(a), majorVersion(b))
		})), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errAbsent
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", fmt.Errorf("follow initdb: %w", err)
	}
	return filepath.Dir(path), nil
}

// majorVersion reads 15 from /usr/lib/postgresql/15/bin/initdb, and 0 from a
// path without a number there.
func majorVersion(initdb string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	if err != nil {
		return 0
	}
	return n
}
