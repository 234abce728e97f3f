package ordeal

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/store"
)

func now() time.Time { return time.Now() }

// refuses wants a start that fails with status 1 and says all of these.
func (s *story) refuses(t *testing.T, texts ...string) {
	t.Helper()
	status, said, err := s.runs("serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--data", s.dir)
	if err != nil || status != 1 {
		t.Errorf("status %d, %v, want 1", status, err)
	}
	for _, text := range texts {
		if !strings.Contains(said, text) {
			t.Errorf("it says\n%s\nand not %q", said, text)
		}
	}
	if strings.Contains(said, "goroutine ") {
		t.Errorf("it panics:\n%s", said)
	}
}

// TestL09ASecondServerIsRefused while the first one has the database.
func TestL09ASecondServerIsRefused(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts the server")
	}
	s := newStory(newServer(t, newPlace(t, store.SQLite)))
	if err := s.start(nil); err != nil {
		t.Fatal(err)
	}
	s.refuses(t, "Another server uses this database", "Stop the running server")
	if err := s.goes(); err != nil {
		t.Error(err)
	}
	s.kill() // a lock that ends with its process keeps nobody out afterwards
	s.goesOn(t, now())
}

func (p place) file(name string) string { return filepath.Join(p.dir, name) }

// change rewrites a file of the place.
func (p place) change(t *testing.T, name string, how func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(p.file(name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.file(name), how(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestL06ADamagedDatabaseIsRefused at the start, where the damage shows at once.
func TestL06ADamagedDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts the server many times")
	}
	for name, damage := range map[string]func([]byte) []byte{
		"magic":         func(b []byte) []byte { b[3] ^= 0x20; return b },
		"header zeroed": func(b []byte) []byte { clear(b[:100]); return b },
		"half":          func(b []byte) []byte { return b[:len(b)/2] },
		"one page less": func(b []byte) []byte { return b[:len(b)-4096] },
		"one byte":      func(b []byte) []byte { return b[:1] },
		"first page":    func(b []byte) []byte { copy(b[100:4096], bytes.Repeat([]byte{0xa5}, 4096)); return b },
		"other file":    func([]byte) []byte { return []byte(strings.Repeat("notes about the call centre\n", 1000)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(newServer(t, newPlace(t, store.SQLite)))
			s.ran(t)
			s.change(t, "aikagi.db", damage)
			if name == "one byte" { // SQLite takes it for an empty one
				s.refuses(t, "now it is empty", "restore a backup", s.file("key.known"))
			} else {
				s.refuses(t, "damaged", "restore a backup")
			}
		})
	}
}

// TestL06AMissingDatabaseIsNoNewSystem: where the key says that there were data,
// an empty database is not taken for a first start (S33, R6).
func TestL06AMissingDatabaseIsNoNewSystem(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts the server")
	}
	s := newStory(newServer(t, newPlace(t, store.SQLite)))
	s.ran(t)
	whole, err := os.ReadFile(s.file("aikagi.db"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a refused start leaves nothing that the next one takes for data
		if err := os.Remove(s.file("aikagi.db")); err != nil {
			t.Fatal(err)
		}
		s.refuses(t, "now it is empty", "restore a backup", s.file("key.known"))
	}
	if err := os.WriteFile(s.file("aikagi.db"), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	s.goesOn(t, now()) // the disk is mounted again
}

// ran starts the server and stops it as an operator does, so that its data are in
// one file.
func (s *story) ran(t *testing.T) {
	t.Helper()
	if err := s.start(nil); err != nil {
		t.Fatal(err)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
}

// TestL06ADamagedPageStopsChanges where only looking at the pages shows it: the
// server starts, looks in the background, and takes no more changes.
func TestL06ADamagedPageStopsChanges(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts the server")
	}
	s := newStory(newServer(t, newPlace(t, store.SQLite)))
	s.ran(t)
	root, err := s.number("SELECT rootpage FROM sqlite_schema WHERE name = 'message_attempts'") // nobody reads it at the start
	if err != nil {
		t.Fatal(err)
	}
	s.change(t, "aikagi.db", func(b []byte) []byte { b[(root-1)*4096] = 0xa5; return b })
	if err := s.start(nil); err != nil {
		t.Fatal(err)
	}
	if !s.becomes(t, "/readyz", http.StatusServiceUnavailable) {
		t.Error("it is ready")
	}
	s.refusesChanges(t)
	if said := s.said.String(); !strings.Contains(said, "database.inspect") || !strings.Contains(said, "damaged") {
		t.Errorf("the log says\n%s", said)
	}
}

// TestL06AFlippedByteIsNoticedOrHarmless: wherever it is, the server refuses to
// start, or notices it and takes no more changes, or works as before.
func TestL06AFlippedByteIsNoticedOrHarmless(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts the server many times")
	}
	var refused, noticed, worked int
	flips := 8
	if full() {
		flips = 300
	}
	random := rand.New(rand.NewPCG(6, 6))
	for range flips {
		s := newStory(newServer(t, newPlace(t, store.SQLite)))
		var at int
		s.change(t, "aikagi.db", func(b []byte) []byte {
			at = random.IntN(len(b))
			b[at] ^= 1 << random.IntN(8)
			return b
		})
		if err := s.start(nil); err != nil {
			if strings.Contains(s.said.String(), "goroutine ") {
				t.Errorf("byte %d: %v", at, err)
			}
			s.process = nil
			refused++
			continue
		}
		err := s.goes()
		status, _, opsErr := s.asksOps("/readyz")
		var u unexpected
		switch {
		case !s.alive() || opsErr != nil:
			t.Errorf("byte %d: the process is gone: %v", at, err)
		case status == http.StatusServiceUnavailable:
			noticed++
		case err == nil:
			worked++
		case errors.As(err, &u) && u.page.status == http.StatusInternalServerError:
			t.Errorf("byte %d: %v", at, err)
		default:
			noticed++ // a password or a session that is not one any more
		}
		s.kill()
	}
	t.Logf("%d flipped bits: %d refused, %d noticed, %d harmless", flips, refused, noticed, worked)
}

// TestL06ACutLogIsNoticedByTheRecord: SQLite takes a damaged end of its log for one
// that was never written, so what was acknowledged may be gone without a word. A
// mark of the record that is kept elsewhere shows it.
func TestL06ACutLogIsNoticedByTheRecord(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts the server")
	}
	s := newStory(newServer(t, newPlace(t, store.SQLite)))
	if err := s.start(nil); err != nil {
		t.Fatal(err)
	}
	if err := s.goes(); err != nil {
		t.Fatal(err)
	}
	s.kill()
	if err := s.start(nil); err != nil { // chains what is new
		t.Fatal(err)
	}
	s.waitsForChain(t)
	s.kill()
	before := s.mark(t)
	s.change(t, "aikagi.db-wal", func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
	if status, said, err := s.runs("audit", "verify", "--expect", before, "--json"); err != nil || status != 3 {
		t.Errorf("status %d, %v: %s", status, err, said)
	}
}

// waitsForChain lets the job chain everything.
func (s *story) waitsForChain(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(50 * time.Millisecond) {
		if n, err := s.number("SELECT count(*) FROM audit_events WHERE sequence IS NULL OR sequence = 0"); err == nil && n == 0 {
			return
		}
	}
	t.Fatal("events are not chained")
}

// mark asks for the mark of the record, without touching the files of the server
// more than the command does.
func (s *story) mark(t *testing.T) string {
	t.Helper()
	copied := *s.server
	copied.dir = t.TempDir()
	copied.database = "sqlite:" + copied.file("aikagi.db")
	for _, name := range []string{"aikagi.db", "aikagi.db-wal", "key"} {
		data, err := os.ReadFile(s.file(name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied.file(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	status, said, err := copied.runs("audit", "verify", "--json")
	var report struct {
		Mark string `json:"mark"`
	}
	if err = errors.Join(err, json.Unmarshal([]byte(said), &report)); err != nil || status != 0 || report.Mark == "" {
		t.Fatalf("status %d, %v: %s", status, err, said)
	}
	return report.Mark
}

// TestL08ALogOfAnotherDatabaseIsNoticed: nothing in SQLite's format binds a log to
// its database, so a file that was left behind is replayed into another one. If
// that takes anything away, a mark of the record that is kept elsewhere shows it.
func TestL08ALogOfAnotherDatabaseIsNoticed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts the server")
	}
	first := newStory(newServer(t, newPlace(t, store.SQLite)))
	if err := first.start(nil); err != nil {
		t.Fatal(err)
	}
	if err := first.goes(); err != nil {
		t.Fatal(err)
	}
	first.kill()
	log, err := os.ReadFile(first.file("aikagi.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	s := newStory(newServer(t, newPlace(t, store.SQLite)))
	// A database with a history of its own: another one was restored, the log is old.
	if err := s.start(nil); err != nil {
		t.Fatal(err)
	}
	if err := s.goes(); err != nil {
		t.Fatal(err)
	}
	s.waitsForChain(t)
	before := s.mark(t)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.file("aikagi.db-wal"), log, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.start(nil); err != nil {
		s.process = nil
		return // refused
	}
	broken := s.checks()
	s.waitsForChain(t)
	status, _, err := s.asksOps("/readyz")
	s.kill()
	if err == nil && status == http.StatusServiceUnavailable {
		return // noticed
	}
	status, said, err := s.runs("audit", "verify", "--expect", before, "--json")
	if err != nil || status != 3 && (status != 0 || len(broken) > 0) {
		t.Errorf("%d promises are broken, and the record says: status %d, %v: %s", len(broken), status, err, said)
	}
}

// TestL08FilesOfAnotherOwnerAreRefused in words: somebody has run a command as
// root, and the log is root's now.
func TestL08FilesOfAnotherOwnerAreRefused(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts the server")
	}
	if os.Getuid() != 0 {
		t.Skip("only root gives files away")
	}
	const nobody = 65534
	for name, roots := range map[string][]string{
		"directory": {".", "aikagi.db", "key"}, "database": {"aikagi.db"}, "log": {"aikagi.db-wal", "aikagi.db-shm"}, "key": {"key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(newServer(t, newPlace(t, store.SQLite)))
			if err := s.start(nil); err != nil { // as root
				t.Fatal(err)
			}
			s.kill()
			if err := os.Remove(s.file("aikagi.db.lock")); err != nil {
				t.Fatal(err)
			}
			entries, err := os.ReadDir(s.dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if err := os.Chown(s.file(e.Name()), nobody, nobody); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chown(s.dir, nobody, nobody); err != nil {
				t.Fatal(err)
			}
			for _, name := range roots {
				if err := os.Chown(s.file(name), 0, 0); err != nil {
					t.Fatal(err)
				}
				mode := os.FileMode(0o600)
				if name == "." {
					mode = 0o700
				}
				if err := os.Chmod(s.file(name), mode); err != nil {
					t.Fatal(err)
				}
			}
			s.under = []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"}
			s.refuses(t, "owner")
		})
	}
}
