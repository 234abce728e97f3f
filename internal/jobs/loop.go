package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aikagi/aikagi"
)

// Loop is one kind of background work.
type Loop struct {
	Name     string
	Interval time.Duration // how long at most until it looks again
	Workers  int           // how many work side by side; 0 is one
	// Work does one piece and says whether it found any. An error is logged
	// and the loop pauses for its interval.
	Work func(ctx context.Context) (found bool, err error)

	once sync.Once
	wake chan struct{}
}

// Wake tells the loop that something may be due. It never blocks.
func (l *Loop) Wake() {
	select {
	case l.bell() <- struct{}{}:
	default:
	}
}

func (l *Loop) bell() chan struct{} {
	l.once.Do(func() { l.wake = make(chan struct{}, max(l.Workers, 1)) })
	return l.wake
}

// Runner owns the goroutines of all loops.
type Runner struct {
	Log *slog.Logger

	quit   chan struct{}
	cancel context.CancelFunc
	wait   sync.WaitGroup
	panics atomic.Int64
}

// Panics tells how many pieces of work ended in a panic; an alarm is worth having
// on it (J14).
func (r *Runner) Panics() int64 { return r.panics.Load() }

// stopGrace is how long a piece of work in hand may go on after Stop.
const stopGrace = 8 * time.Second

// settle and apart say when a loop first looks for work by itself. All at once, and
// at once, they were in the way of the first page: on PostgreSQL each opened a
// connection of its own (P17).
const (
	settle = 250 * time.Millisecond
	apart  = 20 * time.Millisecond
)

// Start runs the loops until Stop, one a little after the other, unless they are
// woken. The actor of their work is the system.
func (r *Runner) Start(ctx context.Context, loops ...*Loop) {
	ctx = aikagi.WithActor(ctx, aikagi.Actor{Kind: aikagi.ActorSystem, Name: "system", Source: "job"})
	ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	r.quit = make(chan struct{})
	first := settle
	for _, l := range loops {
		for range max(l.Workers, 1) {
			r.wait.Add(1)
			go func(first time.Duration) {
				defer r.wait.Done()
				r.run(ctx, l, first)
			}(first)
			first += apart
		}
	}
}

// Stop tells the loops to end after the piece in hand and waits for them; what
// takes longer than stopGrace is cancelled and left to its lease.
func (r *Runner) Stop() {
	if r.cancel == nil {
		return
	}
	close(r.quit)
	late := time.AfterFunc(stopGrace, r.cancel)
	r.wait.Wait()
	late.Stop()
	r.cancel()
}

func (r *Runner) stopping() bool {
	select {
	case <-r.quit:
		return true
	default:
		return false
	}
}

func (r *Runner) run(ctx context.Context, l *Loop, first time.Duration) {
	timer := time.NewTimer(first)
	defer timer.Stop()
	for {
		select {
		case <-r.quit:
			return
		case <-l.bell():
		case <-timer.C:
		}
		r.untilIdle(ctx, l)
		timer.Reset(l.Interval)
	}
}

func (r *Runner) untilIdle(ctx context.Context, l *Loop) {
	for !r.stopping() {
		found, err := r.attempt(ctx, l)
		if err != nil && !r.stopping() {
			r.Log.ErrorContext(ctx, "background work failed", "op", l.Name, "error", err)
		}
		if err != nil || !found {
			return
		}
	}
}

// attempt keeps a panic in one piece of work from taking the process down.
func (r *Runner) attempt(ctx context.Context, l *Loop) (found bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.panics.Add(1)
			err = aikagi.E(aikagi.Internal, l.Name, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	return l.Work(ctx)
}
