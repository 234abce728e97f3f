package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const growthLogins = 250 // in each database

// growthFor measures P3: a login among many users beside one among few, in turn,
// so that whatever else the machine does meets both.
func (b *bench) growthFor(ctx context.Context) error {
	few := b.smallest
	if few == b {
		b.add(row{goal: "P3", what: "login among many users ÷ among few", figure: "one size only"})
		return nil
	}
	for _, one := range []*bench{few, b} {
		if err := one.ensureServer(ctx); err != nil {
			return err
		}
	}
	defer few.stopServer()
	benches := []*bench{few, b}
	times := make([][]time.Duration, 2)
	for range growthLogins {
		for _, n := range rand.Perm(2) { //nolint:gosec // G404: an order, not a secret
			began := b.now()
			if err := benches[n].loginOfAnybody(ctx); err != nil {
				return err
			}
			times[n] = append(times[n], b.now().Sub(began))
		}
	}
	small, large := median(times[0]), median(times[1])
	b.add(row{
		"P3", fmt.Sprintf("login among %d users ÷ among %d, medians of %d in turn", b.users, few.users, growthLogins),
		fmt.Sprintf("%.2f ms ÷ %.2f ms", millis(large), millis(small)), over(large, small), atMost(1.05),
	})
	return nil
}

// loginOfAnybody logs in somebody out of all users.
func (b *bench) loginOfAnybody(ctx context.Context) error {
	n := served(rand.IntN((b.users - ownPassword) / 16 * 14)) //nolint:gosec // G404: a user, not a secret
	_, err := b.loginAs(ctx, username(n), sharedPassword)
	return err
}
