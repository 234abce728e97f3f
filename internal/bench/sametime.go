package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

const (
	samples     = 500 // of each kind
	sampleEvery = 8 * time.Millisecond
)

// kind is a state of an account, and how to meet it for the n-th time.
type kind struct {
	name string
	meet func(ctx context.Context, n int) error
}

// sameTimeFor measures P12: nobody learns from the clock who exists.
func (b *bench) sameTimeFor(ctx context.Context) error {
	if err := b.ensureServer(ctx); err != nil {
		return err
	}
	if err := b.delayMail(0); err != nil {
		return err
	}
	if err := b.sameForgot(ctx); err != nil {
		return err
	}
	if err := b.sameLogin(ctx); err != nil {
		return err
	}
	return b.sameWait(ctx)
}

func (b *bench) sameForgot(ctx context.Context) error {
	tokens, err := b.challenges(ctx, 0, 3*samples)
	if err != nil {
		return err
	}
	next := 0
	ask := func(name func(n int) string) func(ctx context.Context, n int) error {
		return func(ctx context.Context, n int) error {
			token := tokens[next]
			next++
			return b.forgot(ctx, 0, name(n), token)
		}
	}
	return b.compare(ctx, "forgot", []kind{
		{"existing", ask(func(n int) string { return b.people.nth(n, ordinary) })},
		{"unknown", ask(func(n int) string { return fmt.Sprintf("nobody-%06d", n) })},
		{"no e-mail", ask(func(n int) string { return b.people.nth(n, noEmail) })},
	})
}

func (b *bench) sameLogin(ctx context.Context) error {
	try := func(name func(n int) string) func(ctx context.Context, n int) error {
		return func(ctx context.Context, n int) error {
			return b.wrongLogin(ctx, name(n), anySource(), http.StatusUnauthorized)
		}
	}
	return b.compare(ctx, "login", []kind{
		{"wrong", try(func(n int) string { return b.people.nth(n, ordinary) })},
		{"unknown", try(func(n int) string { return fmt.Sprintf("nobody-%06d", n) })},
		{"disabled", try(func(n int) string { return b.people.nth(n, disabled) })},
	})
}

func (b *bench) wrongLogin(ctx context.Context, name, source string, want int) error {
	a, err := b.web.post(ctx, b.server.instance(0, "/login"), source,
		url.Values{"username": {name}, "password": {"certainly not the password"}})
	if err != nil {
		return err
	}
	return a.expect(want)
}

// tries is after how many failures a name waits for a source (S14).
const tries = 10

// sameWait compares names that wait: the answer says so, for known and unknown
// names alike.
func (b *bench) sameWait(ctx context.Context) error {
	known, unknown, source := b.people.nth(samples+1, ordinary), "nobody-that-waits", anySource()
	for range tries {
		for _, name := range []string{known, unknown} {
			if err := b.wrongLogin(ctx, name, source, http.StatusUnauthorized); err != nil {
				return err
			}
		}
	}
	wait := func(name string) func(ctx context.Context, _ int) error {
		return func(ctx context.Context, _ int) error {
			return b.wrongLogin(ctx, name, source, http.StatusTooManyRequests)
		}
	}
	return b.compare(ctx, "login while the name waits", []kind{{"known", wait(known)}, {"unknown", wait(unknown)}})
}

// compare takes samples of all kinds in one shuffled order: what a sample leaves
// behind is done beside the next one, whose kind must not follow from it.
func (b *bench) compare(ctx context.Context, what string, kinds []kind) error {
	times := make([][]time.Duration, len(kinds))
	for _, n := range rand.Perm(samples * len(kinds)) { //nolint:gosec // G404: an order, not a secret
		if err := sleep(ctx, sampleEvery); err != nil {
			return err
		}
		k := n % len(kinds)
		began := b.now()
		if err := kinds[k].meet(ctx, n/len(kinds)); err != nil {
			return fmt.Errorf("%s, %s: %w", what, kinds[k].name, err)
		}
		times[k] = append(times[k], b.now().Sub(began))
	}
	for k := 1; k < len(kinds); k++ {
		first, other := median(times[0]), median(times[k])
		b.add(row{
			"P12", what + ": " + kinds[0].name + " ÷ " + kinds[k].name,
			fmt.Sprintf("%.3f ms ÷ %.3f ms, %d of each", millis(first), millis(other), samples),
			over(first, other),
			limit{0.95, 1.05},
		})
	}
	return nil
}
