package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	floodPerSecond = 500
	floodSources   = 4
	floodFor       = 30 * time.Second
	// floodInFlight bounds what the flood itself keeps open; what does not fit is
	// not sent, and told.
	floodInFlight = 2000
	rightEvery    = 250 * time.Millisecond
	rightWithin   = 3 * time.Second
	healthEvery   = 10 * time.Millisecond
	mostResident  = 300e6
	healthWithin  = 100 * time.Millisecond
)

// flood is what came of it.
type flood struct {
	mu       sync.Mutex
	statuses map[int]int
	sent     int
	held     int // not sent, because too many were open
	lost     int // without an answer
}

func (f *flood) note(status int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.lost++
		return
	}
	f.statuses[status]++
}

func (f *flood) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fmt.Sprintf("%d sent: %d wrong, %d told to wait, %d told that it is busy, %d without an answer; %d not sent", f.sent,
		f.statuses[http.StatusUnauthorized], f.statuses[http.StatusTooManyRequests], f.statuses[http.StatusServiceUnavailable], f.lost, f.held)
}

// run sends false logins for made-up names, so many a second whatever becomes of
// those before.
func (f *flood) run(ctx context.Context, b *bench) {
	web := newClient()
	defer web.forget()
	web.http.Transport.(*http.Transport).MaxIdleConnsPerHost = floodInFlight //nolint:forcetypeassert // newClient made it
	places := make(chan struct{}, floodInFlight)
	var open sync.WaitGroup
	defer open.Wait()
	began := b.now()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for due := int(b.now().Sub(began).Seconds() * floodPerSecond); n < due; n++ {
			select {
			case places <- struct{}{}:
			default:
				f.held++
				continue
			}
			f.sent++
			source := fmt.Sprintf("198.51.100.%d", n%floodSources+1)
			form := url.Values{"username": {fmt.Sprintf("made-up-%07d", n)}, "password": {"certainly not the password"}}
			open.Go(func() {
				defer func() { <-places }()
				a, err := web.post(context.WithoutCancel(ctx), b.server.instance(0, "/login"), source, form)
				f.note(a.status, err)
			})
		}
	}
}

// rights logs people in from elsewhere and tells how many it tried, and how many
// were in in time.
func (b *bench) rights(ctx context.Context) (tried, inTime int, times []time.Duration) {
	web := newClient()
	defer web.forget()
	var mu sync.Mutex
	var open sync.WaitGroup
	tick := time.NewTicker(rightEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			open.Wait()
			return tried, inTime, times
		case <-tick.C:
		}
		tried++
		open.Go(func() {
			began := b.now()
			a, err := web.post(context.WithoutCancel(ctx), b.server.instance(0, "/login"), anySource(),
				url.Values{"username": {username(n % ownPassword)}, "password": {ownPasswordOf(n % ownPassword)}})
			took := b.now().Sub(began)
			mu.Lock()
			defer mu.Unlock()
			times = append(times, took)
			if err == nil && a.status == http.StatusSeeOther && took <= rightWithin {
				inTime++
			}
		})
	}
}

// mostResidentOf samples the resident memory of the server until ctx ends.
func (b *bench) mostResidentOf(ctx context.Context) (most int64, err error) {
	for {
		now, err := rssOf(b.server.child.pid())
		if err != nil {
			return most, err
		}
		most = max(most, now)
		if sleep(ctx, 200*time.Millisecond) != nil {
			return most, nil
		}
	}
}

// floodingFor measures R11: false logins from a few sources, and what others feel.
func (b *bench) floodingFor(ctx context.Context) error {
	if err := b.ensureServer(ctx); err != nil {
		return err
	}
	during, cancel := context.WithTimeout(ctx, floodFor)
	defer cancel()
	f := &flood{statuses: make(map[int]int)}
	var tried, inTime int
	var times []time.Duration
	var resident int64
	var unread error
	var all sync.WaitGroup
	all.Go(func() { f.run(during, b) })
	all.Go(func() { tried, inTime, times = b.rights(during) })
	all.Go(func() { resident, unread = b.mostResidentOf(during) })
	web := newClient()
	defer web.forget()
	health, err := b.paced(ctx, healthEvery, during.Done(), func(ctx context.Context) error {
		a, err := web.get(ctx, b.server.ops+"/healthz", "")
		if err != nil {
			return err
		}
		return a.expect(http.StatusOK)
	})
	all.Wait()
	if err != nil {
		return err
	}
	if unread != nil {
		return unread
	}
	what := fmt.Sprintf("%d false logins/s from %d sources, %s: ", floodPerSecond, floodSources, floodFor)
	b.add(row{
		"R11", what + "resident ÷ 300 MB", fmt.Sprintf("%.0f MB; %s", float64(resident)/1e6, f),
		float64(resident) / mostResident, atMost(1),
	})
	b.add(row{
		"R11", "health check p99 meanwhile ÷ 100 ms", fmt.Sprintf("%.1f ms, p50 %.1f ms", millis(health.p(99)), millis(health.p(50))),
		over(health.p(99), healthWithin), atMost(1),
	})
	b.add(row{
		"R11", "right logins from elsewhere within 3 s ÷ all of them",
		fmt.Sprintf("%d of %d, p50 %.0f ms, p99 %.0f ms", inTime, tried, millis(percentile(times, 50)), millis(percentile(times, 99))),
		over(float64(inTime), float64(tried)), atLeast(0.95),
	})
	return nil
}
