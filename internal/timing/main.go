package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "timing:", err)
		os.Exit(1) //nolint:gocritic // exitAfterDefer: the process ends here
	}
}

// order is what is measured first: the longest comes last, because a server that has
// met old hashes takes longer for every wrong password.
var order = []string{"asking", "failed", "federated", "waiting", "locked", "old"}

// options are what the command line says.
type options struct {
	n        int
	only     []string
	database string
	binary   string
	write    string
	every    time.Duration
}

func parseOptions(args []string) (options, error) {
	var o options
	var only string
	f := flag.NewFlagSet("timing", flag.ContinueOnError)
	f.IntVar(&o.n, "n", 5000, "samples of each state")
	f.StringVar(&only, "only", strings.Join(order, ","), "what to measure, with commas between")
	f.StringVar(&o.database, "database", "sqlite", "sqlite, or a postgres:// URL of an empty database")
	f.StringVar(&o.binary, "binary", "", "an aikagi that was built with -tags bench; default: build one")
	f.StringVar(&o.write, "write", "", "Markdown file to replace the results in (docs/timing.md)")
	f.DurationVar(&o.every, "every", 8*time.Millisecond, "rest before each sample; an instance takes 100 requests for a link a second")
	err := f.Parse(args)
	o.only = strings.Split(only, ",")
	if err == nil && (o.n < 2*blockOf || f.NArg() > 0) {
		err = fmt.Errorf("at least %d samples, and no arguments", 2*blockOf)
	}
	for _, part := range o.only {
		if err == nil && !slices.Contains(order, part) {
			err = fmt.Errorf("-only %s: there are %s", part, strings.Join(order, ", "))
		}
	}
	return o, err
}

// people is how many there are in each state: a name is met a few times at most,
// so that no limit of its own is reached.
func (o options) people() int { return max(blockOf, o.n/4) }

func run(ctx context.Context, args []string) error {
	o, err := parseOptions(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	p, err := prepare(ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = p.close() }() // a temporary directory at worst
	say("filling in %d people in each state", o.people())
	if err := fill(ctx, p, o.people()); err != nil {
		return err
	}
	if err := p.start(ctx, "/i/"+home+"/login"); err != nil {
		return err
	}
	c := newClient(p, o.people(), o.every)
	if err := c.besiege(ctx); err != nil {
		return err
	}
	var groups []group
	parts := c.parts()
	for _, part := range o.only {
		groups = append(groups, parts[part]...)
	}
	r := newReport(o)
	for _, g := range groups {
		began := now()
		found, err := c.measure(ctx, g, o.n)
		if ctx.Err() != nil {
			say("%s: stopped; the groups before it are reported", g.name)
			break
		}
		if err != nil {
			return err
		}
		r.add(g.name, found)
		say("%s took %s", g.name, now().Sub(began).Round(time.Second))
	}
	return r.finish()
}
