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
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // exitAfterDefer: the process ends here
	}
}

// options are what the command line says.
type options struct {
	users    int
	database string
	only     []string
	write    string
	data     string
	binary   string
	rounds   int
	profile  string
}

func parseOptions(args []string) (options, error) {
	var o options
	var only string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.IntVar(&o.users, "users", 100_000, "users in the database, at least 256")
	f.StringVar(&o.database, "database", "sqlite", "sqlite, postgres (a throw-away cluster) or a postgres:// URL of an empty database")
	f.StringVar(&only, "only", "", "goals to measure, with commas between: P4,P6 (default: all)")
	f.StringVar(&o.write, "write", "", "Markdown file to replace the results in (docs/performance.md)")
	f.StringVar(&o.data, "data", "", "directory to keep the SQLite database in, to be used again; default: a temporary one")
	f.StringVar(&o.binary, "binary", "", "an aikagi that was built with -tags bench; default: build one")
	f.IntVar(&o.rounds, "rounds", 3, "how often each pair of figures is taken; the median counts")
	f.StringVar(&o.profile, "profile", "", "directory for CPU profiles of the server, one for each goal; the figures suffer")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.users < fewestUsers || o.rounds < 1 || f.NArg() > 0 {
		return o, fmt.Errorf("at least %d users and one round, and no arguments", fewestUsers)
	}
	if only != "" {
		o.only = strings.Split(strings.ToUpper(only), ",")
	}
	return o, nil
}

// goal is one row group of the table and the function that measures it.
type goal struct {
	name    string
	measure func(b *bench, ctx context.Context) error
}

// goals are in the order of their numbers, but for those that leave work behind.
func goals() []goal {
	return []goal{
		{"P17", (*bench).startFor}, // the database is as it was filled
		{"P19", (*bench).anonymousFor},
		{"P1", (*bench).loginsFor},
		{"P4", (*bench).shiftStartFor},
		{"P6", (*bench).checksFor},
		{"P8", (*bench).forgotFor},
		{"P12", (*bench).sameTimeFor},
		{"P9", (*bench).sickRelayFor},
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case nullRole:
			return serveNull(ctx)
		case sinkRole:
			return serveSink(ctx)
		}
	}
	o, err := parseOptions(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	b, err := prepare(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	for _, g := range goals() {
		if len(o.only) > 0 && !slices.Contains(o.only, g.name) {
			continue
		}
		began := b.now()
		if err := g.measure(b, ctx); err != nil {
			return fmt.Errorf("measure %s: %w\n%s", g.name, err, b.complaints())
		}
		b.say("%s took %s", g.name, b.now().Sub(began).Round(time.Second))
	}
	return b.report()
}
