package audit_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// world is a database with some events, and another way into it, as somebody
// has who can write the file.
type world struct {
	store *store.Store
	ring  *secret.Ring
	clock *clock.Set
	raw   *sql.DB
}

func newWorld(t *testing.T, engine store.Engine) *world {
	t.Helper()
	url, driver, name := "sqlite:"+filepath.Join(t.TempDir(), "a.db"), "sqlite", ""
	name = strings.TrimPrefix(url, "sqlite:")
	if engine == store.Postgres {
		url = storetest.Postgres(t)
		driver, name = "pgx", url
	}
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = raw.Close(), s.Close() })
	return &world{
		store: s, raw: raw, ring: secret.NewRing([32]byte{1, 2, 3}),
		clock: clock.NewSet(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)),
	}
}

func (w *world) write(t *testing.T, n int) {
	t.Helper()
	err := w.store.Update(t.Context(), func(tx *store.Tx) error {
		for i := range n {
			e := audit.Event{
				Action: "user.update", TargetKind: "user", TargetName: fmt.Sprint("田中 ", i),
				Changes: []aikagi.Change{{Field: "email", After: "a@example.jp"}},
			}
			if err := audit.Record(t.Context(), tx, w.clock.Now(), e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) chainer(node string) *audit.Chainer {
	return &audit.Chainer{Store: w.store, Clock: w.clock, Ring: w.ring, Node: node}
}

func (w *world) chain(t *testing.T) {
	t.Helper()
	for {
		found, err := w.chainer("one").Chain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			return
		}
	}
}

func (w *world) tamper(t *testing.T, statement string) {
	t.Helper()
	result, err := w.raw.ExecContext(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := result.RowsAffected(); n == 0 {
		t.Fatalf("%s changed nothing", statement)
	}
}

func (w *world) verify(t *testing.T, kept *audit.Mark) audit.Report {
	t.Helper()
	r, err := audit.Verify(t.Context(), w.store, w.ring, kept)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestI09TheCommandFindsWhatWasDoneToTheRecord has three checkpoints, at 3, 6
// and 9, and one event that is not chained yet.
func TestI09TheCommandFindsWhatWasDoneToTheRecord(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, statement string
		flaws           string
		vouched         int64
	}{
		{"nothing", "", "", 9},
		{"altered", "UPDATE audit_events SET actor_name = 'x' WHERE sequence = 5", "altered 5", 3},
		{"altered before everything", "UPDATE audit_events SET event_time = event_time + 1 WHERE sequence = 1", "altered 1", 0},
		{"changes altered", "UPDATE audit_events SET changes = 'null' WHERE sequence = 9", "altered 9", 6},
		{"removed", "DELETE FROM audit_events WHERE sequence = 5", "missing 5", 3},
		{"first removed", "DELETE FROM audit_events WHERE sequence = 1", "missing 1", 0},
		{"tail cut", "DELETE FROM audit_events WHERE sequence >= 8", "missing 8", 6},
		{"all cut", "DELETE FROM audit_events", "missing 1, missing 4, missing 7", 0},
		{"taken out of the chain", "UPDATE audit_events SET sequence = 0 WHERE sequence = 9", "missing 9", 6},
		{"given a number twice", "UPDATE audit_events SET sequence = 4 WHERE sequence = 0", "extra 4", 3},
		{"given a number at the end", "UPDATE audit_events SET sequence = 99 WHERE sequence = 0", "extra 99", 9},
		{"given a number before all", "UPDATE audit_events SET sequence = -1 WHERE sequence = 0", "extra -1", 0},
		{"checkpoint altered", "UPDATE audit_checkpoints SET created_at = 1 WHERE sequence = 6", "checkpoint 6", 3},
		{"checkpoint moved", "UPDATE audit_checkpoints SET sequence = 8 WHERE sequence = 9", "checkpoint 8, extra 9", 6},
		{"last checkpoint removed", "DELETE FROM audit_checkpoints WHERE sequence = 9", "extra 7, extra 8, extra 9", 6},
		{"checkpoint between removed", "DELETE FROM audit_checkpoints WHERE sequence = 6", "", 9},
	}
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		for _, tt := range tests {
			t.Run(string(engine)+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, engine)
				for range 3 {
					w.write(t, 3)
					w.chain(t)
				}
				w.write(t, 1)
				if tt.statement != "" {
					w.tamper(t, tt.statement)
				}
				r := w.verify(t, nil)
				var flaws []string
				for _, f := range r.Flaws {
					flaws = append(flaws, fmt.Sprint(f.Kind, " ", f.Sequence))
				}
				if got := strings.Join(flaws, ", "); got != tt.flaws || r.Vouched.Sequence != tt.vouched {
					t.Errorf("found %q, vouched to %d; want %q, %d", got, r.Vouched.Sequence, tt.flaws, tt.vouched)
				}
			})
		}
	}
}

func TestI09ATailCutWithItsCheckpointsMissesTheMark(t *testing.T) {
	t.Parallel()
	w := newWorld(t, store.SQLite)
	w.write(t, 3)
	w.chain(t)
	w.write(t, 3)
	w.chain(t)
	mark, err := audit.ParseMark(w.verify(t, nil).Vouched.String())
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, 1)
	w.chain(t)
	if r := w.verify(t, &mark); len(r.Flaws) != 0 {
		t.Errorf("an honest record has flaws %v", r.Flaws)
	}
	w.tamper(t, "DELETE FROM audit_events WHERE sequence > 3")
	w.tamper(t, "DELETE FROM audit_checkpoints WHERE sequence > 3")
	if r := w.verify(t, nil); len(r.Flaws) != 0 {
		t.Errorf("without the mark nothing can be seen, and yet %v", r.Flaws)
	}
	if r := w.verify(t, &mark); len(r.Flaws) != 1 || r.Flaws[0].Kind != audit.FlawMark {
		t.Errorf("flaws %v", r.Flaws)
	}
}

func TestAnotherKeyVouchesForNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, store.SQLite)
	w.write(t, 3)
	w.chain(t)
	w.ring = secret.NewRing([32]byte{9})
	if r := w.verify(t, nil); len(r.Flaws) != 1 || r.Flaws[0].Kind != audit.FlawCheckpoint || r.Vouched.Sequence != 0 {
		t.Errorf("got %+v", r)
	}
}

func TestR8TwoNodesMakeOneChain(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, engine)
			w.write(t, 1200)
			var nodes sync.WaitGroup
			for i := range 4 {
				nodes.Go(func() {
					for range 4 {
						if _, err := w.chainer(fmt.Sprint("node ", i)).Chain(t.Context()); err != nil {
							t.Error(err)
						}
					}
				})
			}
			nodes.Wait()
			w.clock.Move(time.Hour) // past every lease
			w.chain(t)
			if r := w.verify(t, nil); r.Events != 1200 || len(r.Flaws) != 0 || !r.Unchained.IsZero() {
				t.Errorf("got %+v", r)
			}
		})
	}
}

// TestP19NothingToChainIsNothingWritten: no lease either, of a server that nobody uses.
func TestP19NothingToChainIsNothingWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, store.SQLite)
	leases := func() (n int) {
		if err := w.raw.QueryRowContext(t.Context(), `SELECT count(*) FROM jobs`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	w.chain(t)
	idle := leases()
	w.write(t, 1)
	w.chain(t)
	if busy := leases(); idle != 0 || busy != 1 {
		t.Errorf("leases: %d while idle, %d after an event", idle, busy)
	}
}

func TestMarksAreReadStrictly(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "-", "1-", "0-aa", "x-aa", "1-zz", "-1-aa"} {
		if _, err := audit.ParseMark(s); aikagi.CodeOf(err) != aikagi.Invalid {
			t.Errorf("%q: %v", s, err)
		}
	}
}
