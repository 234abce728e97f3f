package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

const (
	loginWorkers = 8
	shiftWorkers = 32
	loginsWithin = 6 * time.Second
	rawWithin    = 3 * time.Second
	checkEvery   = 5 * time.Millisecond
	checkPatient = 5 * time.Second // idle checks before the shift starts
	// oneHash is what P4 calls one hash, where the machine's own is quicker.
	oneHash = 25 * time.Millisecond
)

// login logs the n-th user with a password in, from a source of its own.
func (b *bench) login(ctx context.Context, n int) (cookie string, err error) {
	return b.loginAs(ctx, username(n%ownPassword), ownPasswordOf(n%ownPassword))
}

// loginAdmin logs the administrator of the first instance in.
func (b *bench) loginAdmin(ctx context.Context) (cookie string, err error) {
	return b.loginAs(ctx, adminName, adminPassword)
}

func (b *bench) loginAs(ctx context.Context, name, password string) (cookie string, err error) {
	a, err := b.web.post(ctx, b.server.instance(0, "/login"), anySource(),
		url.Values{"username": {name}, "password": {password}})
	if err != nil {
		return "", err
	}
	if err := a.expect(http.StatusSeeOther); err != nil {
		return "", fmt.Errorf("log in as %s: %w", name, err)
	}
	return a.session(), nil
}

func (b *bench) loginOnce(ctx context.Context, n int) error {
	_, err := b.login(ctx, n)
	return err
}

const (
	slicesOfARound = 3
	rawSlice       = 1500 * time.Millisecond
	loginSlice     = 2500 * time.Millisecond
)

// loginsFor measures P1 and P2: what a login costs beside its hash. Hashes alone
// and logins take turns in short slices, so that whatever else the machine does
// meets both.
func (b *bench) loginsFor(ctx context.Context) error {
	if err := b.ensureServer(ctx); err != nil {
		return err
	}
	if _, err := b.run(ctx, loginWorkers, 32, loginsWithin, b.loginOnce); err != nil { // warm
		return err
	}
	var byCPU, byRate, raws, costs, rates, besides []float64
	for range b.rounds * slicesOfARound {
		raw, err := b.rawHashes(rawSlice)
		if err != nil {
			return err
		}
		cost, rate, err := b.loginSlice(ctx)
		if err != nil {
			return err
		}
		byCPU = append(byCPU, over(raw.cpu, cost))
		byRate = append(byRate, over(rate, raw.perSecond))
		raws, costs = append(raws, millis(raw.cpu)), append(costs, millis(cost))
		besides = append(besides, millis(cost-raw.cpu))
		rates = append(rates, rate)
	}
	least, most := 0.95, 1.5
	if b.engine != "sqlite" {
		least, most = 0.90, 3
	}
	b.add(row{
		"P1", "CPU of a raw hash ÷ CPU of a login",
		fmt.Sprintf("%.1f ms ÷ %.1f ms", median(raws), median(costs)), median(byCPU), atLeast(least),
	})
	b.add(row{
		"P1", fmt.Sprintf("logins/s at %d workers ÷ raw hashes/s", loginWorkers),
		fmt.Sprintf("%.0f/s", median(rates)), median(byRate), atLeast(0.90),
	})
	b.add(row{
		"P2", fmt.Sprintf("CPU of a login less that of a raw hash before it ÷ %.1f ms", most),
		fmt.Sprintf("%.1f ms, median of %d pairs", median(besides), len(besides)), median(besides) / most, atMost(1),
	})
	return nil
}

// loginSlice lets people log in for a moment; it tells what one cost the server,
// and how many a second there were.
func (b *bench) loginSlice(ctx context.Context) (cost time.Duration, perSecond float64, err error) {
	before, err := b.cpu()
	if err != nil {
		return 0, 0, err
	}
	var done load
	err = b.profiled(ctx, "P1", func() (err error) {
		done, err = b.run(ctx, loginWorkers, 0, loginSlice, b.loginOnce)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	used, err := b.cpu()
	return (used - before) / time.Duration(max(len(done.times), 1)), done.perSecond(), err
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// shiftStartFor measures P4: a session check while many people log in.
func (b *bench) shiftStartFor(ctx context.Context) error {
	if err := b.ensureServer(ctx); err != nil {
		return err
	}
	cookie, err := b.login(ctx, 0)
	if err != nil {
		return err
	}
	check := func(ctx context.Context) error { return b.check(ctx, cookie) }
	var p50, p99, byRate, idle50, busy50, busy99 []float64
	for range b.rounds {
		idle, err := b.paced(ctx, checkEvery, after(checkPatient), check)
		if err != nil {
			return err
		}
		raw, err := b.rawHashes(rawWithin)
		if err != nil {
			return err
		}
		busy, logins, err := b.shiftStart(ctx, check)
		if err != nil {
			return err
		}
		p50 = append(p50, over(busy.p(50), idle.p(50)))
		p99 = append(p99, over(busy.p(99), max(raw.alone, oneHash)))
		byRate = append(byRate, over(logins.perSecond(), raw.perSecond))
		idle50, busy50 = append(idle50, millis(idle.p(50))), append(busy50, millis(busy.p(50)))
		busy99 = append(busy99, millis(busy.p(99)))
	}
	b.add(row{
		"P4", fmt.Sprintf("session check p50 while %d people log in ÷ idle", shiftWorkers),
		fmt.Sprintf("%.2f ms ÷ %.2f ms", median(busy50), median(idle50)), median(p50), atMost(2),
	})
	b.add(row{
		"P4", "session check p99 meanwhile ÷ one hash (25 ms, or this machine's)",
		fmt.Sprintf("%.1f ms", median(busy99)), median(p99), atMost(1),
	})
	b.add(row{"P4", "logins/s meanwhile ÷ raw hashes/s", "", median(byRate), atLeast(0.85)})
	return nil
}

// shiftStart checks a session while others log in.
func (b *bench) shiftStart(ctx context.Context, check func(context.Context) error) (busy, logins load, err error) {
	done := make(chan struct{})
	var failed error
	go func() {
		defer close(done)
		logins, failed = b.run(ctx, shiftWorkers, 0, loginsWithin, b.loginOnce)
	}()
	busy, err = b.paced(ctx, checkEvery, done, check)
	<-done
	if err == nil {
		err = failed
	}
	return busy, logins, err
}
