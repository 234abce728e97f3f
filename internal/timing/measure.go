package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// now is the machine's own clock: the product's is cut to milliseconds, and here
// is nothing that a test would set.
func now() time.Time { return time.Now() } //nolint:forbidigo // see above

// say tells how far the run is; the table comes at the end.
func say(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stderr, format+"\n", args...) // nobody may be reading
}

// state is what is met so often, and how: ready does what comes before, unmeasured.
type state struct {
	name  string
	ready func(ctx context.Context, n int) (*http.Request, error)
}

// group is states that must not be told apart. The first is the baseline and the
// second the control: the same again.
type group struct {
	name   string
	status int // of every answer
	before func(ctx context.Context, block int) error
	states []state
}

// client meets the server one request at a time, over one connection.
type client struct {
	*product
	http   *http.Client
	people int
	every  time.Duration
}

func newClient(p *product, people int, every time.Duration) *client {
	return &client{product: p, people: people, every: every, http: &http.Client{
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true},
	}}
}

// blockOf is how many samples of each state a block has.
const blockOf = 50

// measure takes n samples of each state of a group, and contrasts them with the
// baseline.
func (c *client) measure(ctx context.Context, g group, n int) ([]contrast, error) {
	blocks := make([][][]sample, len(g.states)) // state → block → samples
	count := 0
	for block := range (n + blockOf - 1) / blockOf {
		if g.before != nil {
			if err := g.before(ctx, block); err != nil {
				return nil, fmt.Errorf("%s: %w", g.name, err)
			}
		}
		for s := range blocks {
			blocks[s] = append(blocks[s], nil)
		}
		for _, at := range rand.Perm(blockOf * len(g.states)) { //nolint:gosec // G404: an order, not a secret
			s := at % len(g.states)
			took, err := c.once(ctx, g, g.states[s], block*blockOf+at/len(g.states))
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", g.name, g.states[s].name, err)
			}
			blocks[s][block] = append(blocks[s][block], took)
			count++
		}
		if block%10 == 9 {
			say("  %s: %d answers", g.name, count)
		}
	}
	// The control is met as often as the baseline and is the same: what is compared with
	// both strays less.
	var found []contrast
	for s := range g.states {
		baseline := blocks[0]
		if s > 1 {
			baseline = joined(blocks[0], blocks[1])
		}
		found = append(found, compare(g.states[s].name, baseline, blocks[s]))
	}
	return found, nil
}

// joined are the samples of two states, block by block.
func joined(a, b [][]sample) [][]sample {
	both := make([][]sample, len(a))
	for n := range a {
		both[n] = slices.Concat(a[n], b[n])
	}
	return both
}

// once prepares, waits until what the sample before left behind is done, and
// measures one answer to its last byte.
func (c *client) once(ctx context.Context, g group, s state, n int) (sample, error) {
	r, err := s.ready(ctx, n)
	if err != nil {
		return 0, err
	}
	time.Sleep(c.every)
	began := now()
	a, err := c.do(r)
	took := now().Sub(began)
	if err != nil {
		return 0, err
	}
	if a.status != g.status {
		return 0, fmt.Errorf("answer %d, want %d: %.300s", a.status, g.status, title(a.body))
	}
	return sample(took) / sample(time.Millisecond), nil
}

type answer struct {
	status int
	body   string
}

func (c *client) do(r *http.Request) (answer, error) {
	response, err := c.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }() // read to its end
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, string(body)}, err
}

func (c *client) get(ctx context.Context, path string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+path, nil)
	if err != nil {
		return answer{}, err
	}
	return c.do(r)
}

// form makes a POST as a browser behind the trusted proxy sends it, from source.
func (c *client) form(ctx context.Context, path, source string, fields url.Values) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, strings.NewReader(fields.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", source)
	return r, nil
}

// anySource is an address out of 2001:db8::/32, which RFC 3849 keeps for
// examples, in a network of its own.
func anySource() string {
	a := [16]byte{0x20, 0x01, 0x0d, 0xb8}
	for i := 4; i < len(a); i++ {
		a[i] = byte(rand.IntN(256)) //nolint:gosec // G404, G115: an address, below 256
	}
	return netip.AddrFrom16(a).String()
}

func title(page string) string {
	_, rest, _ := strings.Cut(page, "<title>")
	text, _, _ := strings.Cut(rest, "</title>")
	return text
}

// hidden is the value of a hidden field of a page.
func hidden(page, name string) string {
	_, rest, _ := strings.Cut(page, `name="`+name+`"`)
	tag, _, _ := strings.Cut(rest, ">")
	_, value, _ := strings.Cut(tag, `value="`)
	value, _, _ = strings.Cut(value, `"`)
	return value
}
