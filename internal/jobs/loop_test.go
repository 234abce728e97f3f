package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/jobs"
)

// lines keeps what is logged.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func TestALoopWorksUntilIdleAndWakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var due, done atomic.Int32
		due.Store(3)
		l := &jobs.Loop{Name: "test", Interval: time.Hour, Work: func(ctx context.Context) (bool, error) {
			if aikagi.ActorFrom(ctx).Kind != aikagi.ActorSystem {
				t.Error("the work is not the system's")
			}
			if due.Load() == 0 {
				return false, nil
			}
			due.Add(-1)
			done.Add(1)
			return true, nil
		}}
		r := &jobs.Runner{Log: slog.New(slog.NewTextHandler(&lines{}, nil))}
		r.Start(t.Context(), l)
		time.Sleep(time.Second) // until the start is over
		synctest.Wait()
		if got := done.Load(); got != 3 {
			t.Errorf("at the start %d pieces were done, want 3", got)
		}
		due.Store(2)
		l.Wake()
		l.Wake()
		synctest.Wait()
		if got := done.Load(); got != 5 {
			t.Errorf("after waking %d pieces were done, want 5", got)
		}
		due.Store(1)
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := done.Load(); got != 6 {
			t.Errorf("after the interval %d pieces were done, want 6", got)
		}
		r.Stop()
		due.Store(1)
		l.Wake()
		synctest.Wait()
		if got := done.Load(); got != 6 {
			t.Error("it works after Stop")
		}
	})
}

// TestJ14AFailingPieceIsLoggedAndTriedLater, also if it panics.
func TestJ14AFailingPieceIsLoggedAndTriedLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var tries atomic.Int32
		l := &jobs.Loop{Name: "test", Interval: time.Minute, Work: func(context.Context) (bool, error) {
			switch tries.Add(1) {
			case 1:
				return true, errors.New("first failure")
			case 2:
				panic("second failure")
			}
			return false, nil
		}}
		said := &lines{}
		r := &jobs.Runner{Log: slog.New(slog.NewTextHandler(said, nil))}
		r.Start(t.Context(), l)
		time.Sleep(time.Second)
		for want := range int32(3) {
			synctest.Wait()
			if got := tries.Load(); got != want+1 {
				t.Fatalf("tried %d times, want %d", got, want+1)
			}
			time.Sleep(time.Minute)
		}
		r.Stop()
		if s := said.String(); !strings.Contains(s, "first failure") || !strings.Contains(s, "second failure") || !strings.Contains(s, "op=test") {
			t.Errorf("the log says\n%s", s)
		}
	})
}

// TestL23StopWaitsForThePieceInHand, and cancels what takes too long.
func TestL23StopWaitsForThePieceInHand(t *testing.T) {
	t.Parallel()
	for name, takes := range map[string]time.Duration{"a quick one": 5 * time.Second, "an endless one": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				finished, cancelled := false, false
				l := &jobs.Loop{Name: "test", Interval: time.Minute, Work: func(ctx context.Context) (bool, error) {
					select {
					case <-time.After(takes):
						finished = true
					case <-ctx.Done():
						cancelled = true
					}
					return true, nil
				}}
				r := &jobs.Runner{Log: slog.New(slog.NewTextHandler(&lines{}, nil))}
				r.Start(t.Context(), l)
				time.Sleep(time.Second)
				synctest.Wait()
				began := time.Now()
				r.Stop()
				if took := time.Since(began); took > 10*time.Second || finished == cancelled || finished != (takes < 8*time.Second) {
					t.Errorf("stopped after %s, finished %v, cancelled %v", took, finished, cancelled)
				}
			})
		})
	}
}

func TestEveryStopsAndWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		stop := jobs.Every(t.Context(), time.Second, func(context.Context) { calls++ })
		time.Sleep(3*time.Second + time.Millisecond)
		stop()
		time.Sleep(time.Minute)
		if calls != 3 {
			t.Errorf("called %d times in three seconds", calls)
		}
	})
}

func TestStopWithoutStart(t *testing.T) {
	t.Parallel()
	(&jobs.Runner{}).Stop()
}
