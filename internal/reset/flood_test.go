package reset_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// TestA04AFullOutboxRefusesEverybodyAlike: before anybody is looked up, and with
// the challenge still good for later.
func TestA04AFullOutboxRefusesEverybodyAlike(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		names := []string{"sato", "without", "disabled", "nobody"}
		w.User(t, "sato")
		w.User(t, "without", without)
		w.User(t, "disabled", disabled)
		w.Resets.MostUnserved = 3
		for n := range 3 {
			_, err := w.Ask(t, fmt.Sprint("192.0.2.", n), "sato")
			must(t, err)
		}
		w.Clock.Move(2 * time.Second) // the count is that old at most
		texts := map[string]bool{}
		kept := make(map[string]reset.Ask)
		for _, name := range names {
			token, answer := w.Challenge(t)
			kept[name] = reset.Ask{Username: name, Challenge: token, Answer: answer}
			_, err := w.Resets.Ask(resettest.From(t, "192.0.2.9"), w.Instance, kept[name])
			wants(t, name, err, aikagi.Unavailable, "")
			texts[err.Error()] = true
		}
		if len(texts) != 1 {
			t.Errorf("the answers differ: %v", texts)
		}
		w.Answers(t) // three requests become three mails
		w.Clock.Move(2 * time.Second)
		_, err := w.Ask(t, "192.0.2.9", "nobody")
		wants(t, "with three mails to send", err, aikagi.Unavailable, "")
		w.Sends(t)
		w.Clock.Move(2 * time.Second)
		for _, name := range names[:3] {
			if _, err := w.Resets.Ask(resettest.From(t, "192.0.2.9"), w.Instance, kept[name]); err != nil {
				t.Errorf("%s, when there is room: %v", name, err)
			}
		}
	})
}

// TestA04AReadOnlyDatabaseShowsNobody: neither who asks for a link nor who logs in.
func TestA04AReadOnlyDatabaseShowsNobody(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t, store.Postgres)
	s, err := store.Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	w := resettest.New(t, s)
	w.User(t, "sato")
	w.User(t, "disabled", disabled)
	readOnly(t, url)
	for range 20 { // connections that the server ended
		_ = s.Ping(t.Context())
	}
	texts := map[string]bool{}
	for _, name := range []string{"sato", "disabled", "nobody"} {
		_, err := w.Ask(t, "192.0.2.1", name)
		wants(t, name+" asks", err, aikagi.Unavailable, "")
		_, err = w.LogIn(t, "192.0.2.1", name, resettest.Password)
		wants(t, name+" logs in", err, aikagi.Unavailable, "")
		var said *aikagi.Error
		if errors.As(err, &said) {
			texts[said.Subject] = true
		}
	}
	if len(texts) != 1 {
		t.Errorf("the answers differ: %v", texts)
	}
}

// readOnly makes the database refuse writes, as one that another took over from does.
func readOnly(t *testing.T, url string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	must(t, err)
	defer func() { _ = db.Close() }()
	var name string
	must(t, db.QueryRowContext(t.Context(), "SELECT current_database()").Scan(&name))
	_, err = db.ExecContext(t.Context(), `ALTER DATABASE "`+name+`" SET default_transaction_read_only = on`)
	must(t, err)
	_, err = db.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	must(t, err)
}

// asks lets many ask at once, and counts who was let.
func asks(t *testing.T, w *resettest.World, count int, address func(n int) string) (let int) {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for n := worker; n < count; n += 8 {
				_, err := w.Ask(t, address(n), fmt.Sprint("agent-", n))
				mu.Lock()
				switch {
				case err == nil:
					let++
				case aikagi.CodeOf(err) != aikagi.Throttled:
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return let
}

// TestA07ManyNamesFromOneAddress: forty and no more; others are served, and the
// administrators hear of it once.
func TestA07ManyNamesFromOneAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *resettest.World) {
		boss := repairer(t, w)
		if let := asks(t, w, 200, func(int) string { return "192.0.2.1" }); let != 40 {
			t.Errorf("%d of 200 were let", let)
		}
		if _, err := w.Ask(t, "192.0.2.2", "sato"); err != nil {
			t.Errorf("somebody elsewhere: %v", err)
		}
		toldOnce(t, w, boss)
	})
}

// TestA07ManyNamesFromManyAddresses: what all share holds, and who asks for little
// is served nevertheless.
func TestA07ManyNamesFromManyAddresses(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	boss := repairer(t, w)
	let := asks(t, w, 2300, func(n int) string { return fmt.Sprintf("198.51.100.%d", n%100) })
	if let < 1900 || let > 2050 {
		t.Errorf("%d of 2,300 were let", let)
	}
	for n := range 20 {
		if _, err := w.Ask(t, fmt.Sprint("192.0.2.", n), "sato"); err != nil {
			t.Fatalf("person %d elsewhere: %v", n, err)
		}
	}
	if _, err := w.Ask(t, "198.51.100.1", "sato"); aikagi.CodeOf(err) != aikagi.Throttled {
		t.Errorf("one of the flood: %v", err)
	}
	toldOnce(t, w, boss)
}

func repairer(t *testing.T, w *resettest.World) aikagi.User {
	t.Helper()
	return w.Holder(t, "boss", aikagi.UsersView, aikagi.UsersEdit, aikagi.UsersEditPermission)
}

func toldOnce(t *testing.T, w *resettest.World, boss aikagi.User) {
	t.Helper()
	for found := true; found; {
		var err error
		found, err = w.Watch.Work(resettest.System(t))
		must(t, err)
	}
	w.Sends(t)
	if mails := len(w.Mailbox.Messages(string(boss.Email))); mails != 1 {
		t.Errorf("the administrator got %d mails", mails)
	}
	if got := strings.Count(w.Actions(t), "reset.flood"); got != 1 {
		t.Errorf("recorded %d times", got)
	}
}
