package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

const (
	loginsInFlight = 64
	lookEvery      = 5 * time.Millisecond
)

// memoryFor measures P5: what many logins at once take up.
func (b *bench) memoryFor(ctx context.Context) error {
	b.stopServer()
	if err := b.startServer(ctx); err != nil {
		return err
	}
	if err := sleep(ctx, idle); err != nil {
		return err
	}
	pid := b.server.child.pid()
	before, err := rssOf(pid)
	if err != nil {
		return err
	}
	var most atomic.Int64
	done := make(chan struct{})
	go func() {
		for {
			if rss, err := rssOf(pid); err == nil && rss > most.Load() {
				most.Store(rss)
			}
			select {
			case <-done:
				return
			case <-time.After(lookEvery):
			}
		}
	}()
	_, err = b.run(ctx, loginsInFlight, 0, loginsWithin, b.loginOnce)
	close(done)
	if err != nil {
		return err
	}
	more := float64(most.Load()-before) / 1e6
	b.add(row{
		"P5", fmt.Sprintf("resident with %d logins in flight, above idle, ÷ 100 MB", loginsInFlight),
		fmt.Sprintf("%.0f MB + %.0f MB", float64(before)/1e6, more), more / 100, atMost(1),
	})
	return nil
}
