package main

import (
	"context"
	"sync"
	"time"
)

// load is what a bounded number of workers did side by side.
type load struct {
	took  time.Duration
	times []time.Duration // of each operation
}

func (l load) perSecond() float64    { return over(float64(len(l.times)), l.took.Seconds()) }
func (l load) p(n int) time.Duration { return percentile(l.times, n) }

// run lets workers repeat op until time or count is up, whichever comes first;
// count 0 is no bound but time. The first error ends all.
func (b *bench) run(ctx context.Context, workers, count int, within time.Duration, op func(ctx context.Context, n int) error) (load, error) {
	ctx, cancel := context.WithTimeout(ctx, within+childPatience)
	defer cancel()
	var (
		mu     sync.Mutex
		next   int
		failed error
		all    = make([][]time.Duration, workers)
		wait   sync.WaitGroup
		began  = b.now()
	)
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		if failed != nil || count > 0 && next >= count || b.now().Sub(began) >= within {
			return 0, false
		}
		next++
		return next - 1, true
	}
	for w := range workers {
		wait.Go(func() {
			for {
				n, ok := take()
				if !ok {
					return
				}
				start := b.now()
				if err := op(ctx, n); err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
					return
				}
				all[w] = append(all[w], b.now().Sub(start))
			}
		})
	}
	wait.Wait()
	l := load{took: b.now().Sub(began)}
	for _, times := range all {
		l.times = append(l.times, times...)
	}
	return l, failed
}

// paced repeats op every so often on one connection until done closes. An op
// that takes longer than that stands for those that would have begun meanwhile,
// each with the wait that was left for it; otherwise a standstill would count
// once ("coordinated omission").
func (b *bench) paced(ctx context.Context, every time.Duration, done <-chan struct{}, op func(ctx context.Context) error) (load, error) {
	start := b.now()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var l load
	for {
		select {
		case <-done:
			l.took = b.now().Sub(start)
			return l, nil
		case <-ctx.Done():
			return l, ctx.Err()
		case <-tick.C:
		}
		began := b.now()
		if err := op(ctx); err != nil {
			return l, err
		}
		for wait := b.now().Sub(began); wait > 0; wait -= every {
			l.times = append(l.times, wait)
		}
	}
}

// after closes its channel when d has passed.
func after(d time.Duration) <-chan struct{} {
	done := make(chan struct{})
	time.AfterFunc(d, func() { close(done) })
	return done
}
