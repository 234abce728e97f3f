package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

const (
	starts = 5
	idle   = 3 * time.Second // until what the start needed is given back
)

// startFor measures P17: how quickly the product is there, and what it takes up.
func (b *bench) startFor(ctx context.Context) error {
	b.stopServer()
	var times, sizes []float64
	for range starts {
		began := b.now()
		if err := b.startServer(ctx); err != nil {
			return err
		}
		times = append(times, millis(b.now().Sub(began)))
		if err := sleep(ctx, idle); err != nil {
			return err
		}
		rss, err := rssOf(b.server.child.pid())
		if err != nil {
			return err
		}
		sizes = append(sizes, float64(rss)/(1<<20))
		b.stopServer()
	}
	binary, err := os.Stat(b.binary)
	if err != nil {
		return err
	}
	mib := float64(binary.Size()) / (1 << 20)
	b.add(row{
		"P17", "start → first login page ÷ 90 ms (the goal is for 1,000,000 users)",
		fmt.Sprintf("%.0f ms", median(times)), median(times) / 90, atMost(1),
	})
	b.add(row{"P17", "resident when idle ÷ 35 MB", fmt.Sprintf("%.1f MiB", median(sizes)), median(sizes) / 35, atMost(1)})
	b.add(row{"P17", "binary, stripped ÷ 32 MB", fmt.Sprintf("%.1f MiB", mib), mib / 32, atMost(1)})
	return nil
}
