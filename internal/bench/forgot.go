package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	forgotWorkers = 8
	// forgotCount stays below what an instance takes at once (limit
	// forgot_all in package reset: 2,000 and then 100 a second).
	forgotCount  = 1500
	forgotWithin = 30 * time.Second
	// fixedAnswer is what a build with the tag bench accepts.
	fixedAnswer = "BENCH"
	drainWithin = 120 * time.Second
)

// challenges fetches as many forms of an instance as there will be requests,
// and returns their tokens. Nothing is measured here.
func (b *bench) challenges(ctx context.Context, instance, count int) ([]string, error) {
	tokens := make([]string, count)
	_, err := b.run(ctx, forgotWorkers, count, forgotWithin, func(ctx context.Context, n int) error {
		a, err := b.web.get(ctx, b.server.instance(instance, "/forgot"), "")
		if err != nil {
			return err
		}
		tokens[n] = field(string(a.body), "token")
		if tokens[n] == "" {
			return fmt.Errorf("no challenge in the form: %w", a.expect(0))
		}
		return nil
	})
	if err == nil && tokens[count-1] == "" {
		err = errTooFew
	}
	return tokens, err
}

// field is the value of a hidden field of a page.
func field(page, name string) string {
	_, rest, _ := strings.Cut(page, `name="`+name+`"`)
	tag, _, _ := strings.Cut(rest, ">")
	_, value, _ := strings.Cut(tag, `value="`)
	value, _, _ = strings.Cut(value, `"`)
	return value
}

// forgot asks for a reset link.
func (b *bench) forgot(ctx context.Context, instance int, name, token string) error {
	a, err := b.web.post(ctx, b.server.instance(instance, "/forgot"), anySource(),
		url.Values{"username": {name}, "token": {token}, "challenge": {fixedAnswer}})
	if err != nil {
		return err
	}
	if err := a.expect(http.StatusSeeOther); err != nil {
		return fmt.Errorf("ask for a link: %w", err)
	}
	return nil
}

// forgotFor measures P8: requests for a link, each with its challenge.
func (b *bench) forgotFor(ctx context.Context) error {
	if err := b.ensureServer(ctx); err != nil {
		return err
	}
	flushes, err := b.flushesPerSecond(ctx, 2*time.Second)
	if err != nil {
		return err
	}
	b.add(row{goal: "–", what: "4 KiB written and flushed, one after the other", figure: fmt.Sprintf("%.0f/s", flushes)})
	if err := b.delayMail(0); err != nil {
		return err
	}
	var ratios, rates, nulls, inside, whole []float64
	for round := range b.rounds {
		one, err := b.forgotRound(ctx, 1+round%(instances-1))
		if err != nil {
			return err
		}
		ratios = append(ratios, over(one.rate, one.null))
		rates, nulls = append(rates, one.rate), append(nulls, one.null)
		inside, whole = append(inside, one.cpu), append(whole, one.cpuWithMail)
	}
	b.add(row{
		"P8", fmt.Sprintf("requests for a link/s ÷ null server at %d workers", forgotWorkers),
		fmt.Sprintf("%.0f/s ÷ %.0f/s", median(rates), median(nulls)), median(ratios), atLeast(0.08),
	})
	b.add(row{
		"P8", "CPU of a request for a link, in ms; jobs that ran beside it included",
		fmt.Sprintf("%.2f ms; with look-up, mail and delivery to the end %.2f ms", median(inside), median(whole)),
		median(inside), atMost(1),
	})
	return nil
}

// forgotFigures are of one round.
type forgotFigures struct {
	rate, null       float64
	cpu, cpuWithMail float64 // ms a request
}

func (b *bench) forgotRound(ctx context.Context, instance int) (forgotFigures, error) {
	var f forgotFigures
	null, err := b.run(ctx, forgotWorkers, 0, checksWithin, b.nullOnce)
	if err != nil {
		return f, err
	}
	tokens, err := b.challenges(ctx, instance, forgotCount)
	if err != nil {
		return f, err
	}
	before, err := b.cpu()
	if err != nil {
		return f, err
	}
	var done load
	err = b.profiled(ctx, "P8", func() (err error) {
		done, err = b.run(ctx, forgotWorkers, forgotCount, forgotWithin, func(ctx context.Context, n int) error {
			return b.forgot(ctx, instance, username(n%min(b.users, small)), tokens[n])
		})
		return err
	})
	if err != nil {
		return f, err
	}
	inside, err := b.cpu()
	if err != nil {
		return f, err
	}
	if err := b.drain(ctx); err != nil {
		return f, err
	}
	whole, err := b.cpu()
	f.rate, f.null = done.perSecond(), null.perSecond()
	f.cpu = millis(inside-before) / forgotCount
	f.cpuWithMail = millis(whole-before) / forgotCount
	return f, err
}

// drain waits until the server has nothing more to do: no CPU for a second but
// that of looking for work.
func (b *bench) drain(ctx context.Context) error {
	deadline := b.now().Add(drainWithin)
	before, err := b.cpu()
	for err == nil && b.now().Before(deadline) {
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
		var used time.Duration
		used, err = b.cpu()
		if used-before <= 20*time.Millisecond {
			return err
		}
		before = used
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("the server is still busy: %w", errTooFew)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
