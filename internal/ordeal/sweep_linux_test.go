package ordeal

import (
	"errors"
	"fmt"
	"math"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/store"
)

// point is a call at which the server dies.
type point struct {
	n    int
	torn bool // after the first half of a write
}

// outcome is what a point showed.
type outcome struct {
	point
	reached  bool
	at       call
	during   string
	problems problems
	took     time.Duration // until the next process was ready
}

// TestL01ADeathAtAnyCallLosesNothing kills the server at the n-th system call of
// the whole story, starts it again, and compares it with what people were told;
// then the story goes on to its end (R1, R2, B24, K10, K11). In the long form n
// goes over every call.
func TestL01ADeathAtAnyCallLosesNothing(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts the server many times")
	}
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			calls := countCalls(t, engine)
			s := &sweep{engine: engine, began: time.Now()}
			deaths, halves := shortDeaths, shortTorn
			if full() {
				deaths, halves = min(calls, fullDeaths), min(calls, fullTorn)
			}
			s.points = spread(calls, deaths, false)
			if engine == store.SQLite { // the other's files are not ours to tear
				s.points = append(s.points, spread(calls, halves, true)...)
			}
			s.run(t)
			s.report(t, calls)
		})
	}
}

const (
	shortDeaths, shortTorn = 16, 4
	fullDeaths, fullTorn   = 1100, 300
	workers                = 2
)

// countCalls plays the story once without any fault.
func countCalls(t *testing.T, engine store.Engine) int {
	t.Helper()
	o := try(t, engine, point{n: math.MaxInt})
	if len(o.problems) > 0 {
		t.Fatalf("without a fault: %v", o.problems)
	}
	return o.at.n
}

// spread lays k points over n calls so that the first few cover all of them:
// multiples of the golden section fall farthest apart.
func spread(n, k int, torn bool) []point {
	const golden = 0.6180339887498949
	taken := map[int]bool{}
	var points []point
	for i := 0; len(points) < min(k, n); i++ {
		_, part := math.Modf(float64(i) * golden)
		at := 1 + int(part*float64(n))
		for taken[at] {
			at = at%n + 1
		}
		taken[at] = true
		points = append(points, point{at, torn})
	}
	return points
}

// sweep tries points, some at a time.
type sweep struct {
	engine store.Engine
	points []point
	began  time.Time

	mu   sync.Mutex
	done []outcome
}

func (s *sweep) run(t *testing.T) {
	t.Helper()
	todo := make(chan point)
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for p := range todo {
				t.Run(fmt.Sprintf("%d %v", p.n, p.torn), func(t *testing.T) { s.one(t, p) })
			}
		})
	}
	for _, p := range s.points {
		todo <- p
	}
	close(todo)
	wait.Wait()
}

func (s *sweep) one(t *testing.T, p point) {
	o := try(t, s.engine, p)
	for _, problem := range o.problems {
		t.Errorf("%s %s, %s: %s", o.at.name, o.at.what, o.during, problem)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = append(s.done, o)
	if n := len(s.done); full() && (n%20 == 0 || len(o.problems) > 0) {
		left := time.Since(s.began) / time.Duration(n) * time.Duration(len(s.points)-n)
		fmt.Fprintf(os.Stderr, "%s: %d of %d points, %d violations, %s left\n",
			s.engine, n, len(s.points), s.violations(), left.Round(time.Second))
		for _, problem := range o.problems {
			fmt.Fprintf(os.Stderr, "  %d %s %s, %s: %s\n", p.n, o.at.name, o.at.what, o.during, problem)
		}
	}
}

func (s *sweep) violations() (n int) {
	for _, o := range s.done {
		n += len(o.problems)
	}
	return n
}

// try plays the story with a death at one point.
func try(t *testing.T, engine store.Engine, p point) (o outcome) {
	t.Helper()
	o.point = p
	s := newStory(newServer(t, newPlace(t, engine)))
	o.problems = s.dies(p)
	tracer, died := s.tracer, time.Now()
	o.at, o.during = tracer.last, s.where()
	if o.reached = tracer.last.n > 0; !o.reached {
		o.at.n = tracer.count
	}
	if len(o.problems) > 0 {
		return o
	}
	if err := s.start(nil); err != nil {
		o.problems.must(err)
		return o
	}
	o.took = s.took
	o.problems.must(s.hurry(died))
	o.problems = append(o.problems, s.checks()...)
	o.problems.must(s.goes())
	o.problems = append(o.problems, s.ends()...)
	s.kill()
	o.problems = append(o.problems, s.rests()...)
	return o
}

// dies plays the story until the process is gone: killed at the point, or stopped
// by its operator at the end.
func (s *story) dies(p point) (found problems) {
	err := s.start(func(c call) verdict {
		switch {
		case c.n != p.n:
			return pass
		case p.torn:
			return torn
		}
		return kill
	})
	if err == nil {
		if err = s.goes(); err == nil {
			_ = s.stop() // it may be killed while it stops
			s.process = nil
			<-s.tracer.done
			return nil
		}
	}
	if s.tracer.done == nil {
		found.must(err)
		return found
	}
	select {
	case <-s.tracer.done:
	case <-time.After(patience):
		found.add("the process goes on: %v", err)
		s.kill()
		<-s.tracer.done
		return found
	}
	<-s.gone
	s.process = nil
	if s.tracer.last.n == 0 && !errors.Is(err, errDied) || s.tracer.last.n == 0 {
		found.add("the process died by itself: %v", err)
	}
	return found
}

// where names the step in hand.
func (s *story) where() string {
	if s.done < len(steps) {
		if s.done == 0 && !s.pending {
			return "starting"
		}
		return steps[s.done].name
	}
	return "stopping"
}

func (s *sweep) report(t *testing.T, calls int) {
	t.Helper()
	text := s.table(calls)
	t.Log(text)
	if to := os.Getenv("AIKAGI_FAULTS_WRITE"); full() && to != "" {
		if err := writeBetween(to, "sweep "+string(s.engine), text); err != nil {
			t.Error(err)
		}
	}
}
