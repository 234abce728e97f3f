package ordeal

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/store"
)

// onFiles reports whether a call stores something in the database's files.
func onFiles(c call) bool {
	return c.what == "wal" || c.what == "database" || c.what == "shared memory" || c.what == "create"
}

// TestL04AFailedFlushStopsWriting: whether the change is there is unknown, and so
// is what a later flush would be worth. Everybody is told the same, readiness is
// red, pages that only read go on, and a restart puts it right (R1).
func TestL04AFailedFlushStopsWriting(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts the server many times")
	}
	each(t, some(30, 5), func(t *testing.T, nth int) {
		s := newStory(newServer(t, newPlace(t, store.SQLite)))
		s.hurt = make(chan struct{})
		var flushes atomic.Int32
		failing := func(c call) verdict {
			if c.name == "fsync" && c.what == "wal" && int(flushes.Add(1)) == nth {
				close(s.hurt)
				return eio
			}
			return pass
		}
		err := s.start(failing)
		if err == nil {
			err = s.goes()
			if !s.becomes(t, "/readyz", http.StatusServiceUnavailable) {
				t.Fatalf("ready after a failed flush; the story: %v", err)
			}
			s.refusesChanges(t)
			if nth%2 == 0 {
				_ = s.stop() // it may say that the files cannot be closed
			}
		}
		s.kill()
		died := time.Now()
		s.goesOn(t, died)
	})
}

// each runs a test for some numbers, a few at a time.
func each(t *testing.T, numbers []int, run func(t *testing.T, n int)) {
	t.Helper()
	room := make(chan struct{}, workers)
	for _, n := range numbers {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			room <- struct{}{}
			defer func() { <-room }()
			run(t, n)
		})
	}
}

// some are all numbers up to n in the long form, and a few of them in the short.
func some(n, few int) []int {
	if full() {
		few = n
	}
	var numbers []int
	for _, p := range spread(n, few, false) {
		numbers = append(numbers, p.n)
	}
	return numbers
}

// becomes waits until the operator's listener gives an answer.
func (s *story) becomes(t *testing.T, path string, want int) bool {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(50 * time.Millisecond) {
		if status, _, err := s.asksOps(path); err == nil && status == want {
			return true
		}
	}
	return false
}

// refusesChanges wants one answer for every name, and pages that only read.
func (s *story) refusesChanges(t *testing.T) {
	t.Helper()
	var bodies []string
	for _, name := range []string{s.login("agent").Username, "nobody.at.all", s.login("agent-without-email").Username} {
		p, err := newBrowser().asks(s.base, name) // A04
		if err != nil || p.status != http.StatusServiceUnavailable || p.header.Get("Retry-After") == "" {
			t.Errorf("asking for %s: %d, %v", name, p.status, err)
		}
		bodies = append(bodies, text(p.body))
		if _, err := newBrowser().logsIn(s.base, name, "some password or other"); !is(err, http.StatusServiceUnavailable) {
			t.Errorf("logging in as %s: %v", name, err)
		}
	}
	if bodies[0] != bodies[1] || bodies[0] != bodies[2] {
		t.Errorf("the refusals differ:\n%q", bodies)
	}
	for _, path := range []string{"/login", "/forgot"} {
		if p, err := newBrowser().get(s.base, path); err != nil || p.status != http.StatusOK {
			t.Errorf("%s: %d, %v", path, p.status, err)
		}
	}
	if s.did(stepLoginAgain) && !s.maybe(stepEnd) || s.did(stepLogin) && !s.maybe(stepSet) {
		if in, err := s.isIn(s.agent); err != nil || !in {
			t.Errorf("the session of somebody who only reads: %v, %v", in, err)
		}
	}
}

func is(err error, status int) bool {
	var u unexpected
	return errors.As(err, &u) && u.page.status == status
}

// goesOn starts the next process, compares, and plays the story to its end.
func (s *story) goesOn(t *testing.T, died time.Time) {
	t.Helper()
	s.hurt = nil
	if err := s.start(nil); err != nil {
		t.Fatal(err)
	}
	var found problems
	found.must(s.hurry(died))
	found = append(found, s.checks()...)
	found.must(s.goes())
	found = append(found, s.ends()...)
	s.kill()
	for _, problem := range append(found, s.rests()...) {
		t.Error(problem)
	}
}

// TestL03WritingGoesOnWhenThereIsSpaceAgain without a restart: some writes in a
// row fail for want of space, or fail at all, or the file system is read-only for
// a while (R5, L05).
func TestL03WritingGoesOnWhenThereIsSpaceAgain(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts the server many times")
	}
	for name, v := range map[string]verdict{"ENOSPC": enospc, "EIO": eio, "EROFS": erofs} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, some(600, 3), func(t *testing.T, nth int) {
				s := newStory(newServer(t, newPlace(t, store.SQLite)))
				var calls atomic.Int32
				failing := func(c call) verdict {
					if c.name == "fsync" || !onFiles(c) {
						return pass
					}
					if n := int(calls.Add(1)); n >= nth && n < nth+failures {
						return v
					}
					return pass
				}
				if err := s.start(failing); err != nil {
					if !errors.Is(err, errDied) {
						t.Fatal(err)
					}
					s.process = nil
					s.goesOn(t, time.Now())
					return
				}
				s.perseveres(t)
				s.kill()
				s.goesOn(t, time.Now())
			})
		})
	}
}

// failures is how many writes in a row fail.
const failures = 25

// perseveres plays the story with somebody who tries again after each 503.
func (s *story) perseveres(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(2 * patience); ; <-time.After(50 * time.Millisecond) {
		err := s.goes()
		switch {
		case err == nil:
			return
		case !is(err, http.StatusServiceUnavailable):
			t.Fatal(err)
		case time.Now().After(end):
			t.Fatalf("no end: %v", err)
		}
	}
}
