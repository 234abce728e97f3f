package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

const (
	checkWorkers = 16
	checksWithin = 3 * time.Second
)

// check asks whether a session is good, as an embedded softphone does.
func (b *bench) check(ctx context.Context, cookie string) error {
	a, err := b.web.get(ctx, b.server.instance(0, "/auth/authorize"), cookie)
	if err != nil {
		return err
	}
	return a.expect(http.StatusOK)
}

// nullOnce asks the null server.
func (b *bench) nullOnce(ctx context.Context, _ int) error {
	_, err := b.web.get(ctx, b.null.first, "")
	return err
}

// checksFor measures P6: session checks beside a server that does nothing.
func (b *bench) checksFor(ctx context.Context) error {
	if err := b.ensureServer(ctx); err != nil {
		return err
	}
	cookies := make([]string, ownPassword)
	for n := range cookies {
		var err error
		if cookies[n], err = b.login(ctx, n); err != nil {
			return err
		}
	}
	check := func(ctx context.Context, n int) error { return b.check(ctx, cookies[n%len(cookies)]) }
	var ratios, rates, nulls, costs []float64
	for range b.rounds {
		null, err := b.run(ctx, checkWorkers, 0, checksWithin, b.nullOnce)
		if err != nil {
			return err
		}
		before, err := b.cpu()
		if err != nil {
			return err
		}
		var done load
		err = b.profiled(ctx, "P6", func() (err error) {
			done, err = b.run(ctx, checkWorkers, 0, checksWithin, check)
			return err
		})
		if err != nil {
			return err
		}
		used, err := b.cpu()
		if err != nil {
			return err
		}
		ratios = append(ratios, over(done.perSecond(), null.perSecond()))
		rates, nulls = append(rates, done.perSecond()), append(nulls, null.perSecond())
		costs = append(costs, millis(used-before)/float64(max(len(done.times), 1)))
	}
	least := 0.40
	if b.engine != "sqlite" {
		least = 0.15
	}
	b.add(row{
		"P6", fmt.Sprintf("session checks/s ÷ null server at %d workers", checkWorkers),
		fmt.Sprintf("%.0f/s ÷ %.0f/s; %.3f ms CPU each", median(rates), median(nulls), median(costs)),
		median(ratios), atLeast(least),
	})
	return nil
}
