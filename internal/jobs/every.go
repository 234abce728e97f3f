package jobs

import (
	"context"
	"sync"
	"time"
)

// Every calls fn at intervals beside the work of its caller, until stop, which
// waits for the last call: a worker renews its lease with it while it waits for
// another machine.
func Every(ctx context.Context, interval time.Duration, fn func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				fn(ctx)
			}
		}
	})
	return func() {
		cancel()
		wait.Wait()
	}
}
