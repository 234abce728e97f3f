package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
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
	sizes     []int
	databases []string
	only      []string
	write     string
	data      string
	binary    string
	rounds    int
	profile   string
}

func parseOptions(args []string) (options, error) {
	var o options
	var only, users, databases string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&users, "users", "1000,100000", "users in the database, at least 256; with commas between: a database for each, and P3 compares the first with the last")
	f.StringVar(&databases, "database", "sqlite", "sqlite, postgres (a throw-away cluster), both with a comma between, or a postgres:// URL of an empty database")
	f.StringVar(&only, "only", "", "goals to measure, with commas between: P4,P6 (default: all)")
	f.StringVar(&o.write, "write", "", "Markdown file to replace the results in (docs/performance.md)")
	f.StringVar(&o.data, "data", "", "directory to keep the SQLite databases in, to be used again; default: a temporary one")
	f.StringVar(&o.binary, "binary", "", "an aikagi that was built with -tags bench; default: build one")
	f.IntVar(&o.rounds, "rounds", 3, "how often each pair of figures is taken; the median counts; databases but the largest get one round")
	f.StringVar(&o.profile, "profile", "", "directory for CPU profiles of the server, one for each goal; the figures suffer")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	for text := range strings.SplitSeq(users, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < fewestUsers {
			return o, fmt.Errorf("users %q: a number from %d", text, fewestUsers)
		}
		o.sizes = append(o.sizes, n)
	}
	slices.Sort(o.sizes)
	if o.rounds < 1 || f.NArg() > 0 {
		return o, errors.New("at least one round, and no arguments")
	}
	o.databases = strings.Split(databases, ",")
	if only != "" {
		o.only = strings.Split(strings.ToUpper(only), ",")
	}
	return o, nil
}

// goal is one row group of the table and the function that measures it.
type goal struct {
	name    string
	grows   bool // may depend on how many users there are: measured at every size
	measure func(b *bench, ctx context.Context) error
}

// goals are in the order of their numbers, but for those that leave work behind.
func goals() []goal {
	return []goal{
		{"P17", true, (*bench).startFor}, // the database is as it was filled
		{"P19", false, (*bench).anonymousFor},
		{"P1", true, (*bench).loginsFor},
		{"P3", false, (*bench).growthFor},
		{"P4", false, (*bench).shiftStartFor},
		{"P5", false, (*bench).memoryFor},
		{"P6", true, (*bench).checksFor},
		{"P7", false, (*bench).endedFor},
		{"P8", true, (*bench).forgotFor},
		{"P12", false, (*bench).sameTimeFor},
		{"R11", false, (*bench).floodingFor},
		{"P9", false, (*bench).sickRelayFor},
		{"P10", false, (*bench).mailFor},
		{"P11", false, (*bench).crashFor},
		{"P13", true, (*bench).createFor},
		{"P15", false, (*bench).listsFor},
		{"P16", false, (*bench).searchesFor},
		{"P14", false, (*bench).importFor},
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
	s, err := newStand(ctx, o)
	if err != nil {
		return err
	}
	defer s.close()
	for _, database := range o.databases {
		if err := s.measure(ctx, database); err != nil {
			return err
		}
	}
	return nil
}

// measure fills a database of each size and measures; the smallest stays for P3.
func (s *stand) measure(ctx context.Context, database string) error {
	var smallest *bench
	for n, users := range s.sizes {
		b, err := s.prepare(ctx, database, users, n == len(s.sizes)-1)
		if err != nil {
			return err
		}
		defer b.close()
		if smallest == nil {
			smallest = b
		}
		b.smallest = smallest
		if err := b.measure(ctx); err != nil {
			return err
		}
	}
	return nil
}

// measure takes every goal that was asked for. One that fails leaves its error in
// the table, and the others a new server.
func (b *bench) measure(ctx context.Context) error {
	for _, g := range goals() {
		if len(b.only) > 0 && !slices.Contains(b.only, g.name) || !g.grows && !b.largest {
			continue
		}
		began := b.now()
		if err := g.measure(b, ctx); err != nil {
			if ctx.Err() != nil {
				return err
			}
			b.say("%s: %v\n%s", g.name, err, b.complaints())
			b.add(row{g.name, "could not be measured", oneLine(err), 0, never})
			b.stopServer()
		}
		b.say("%s took %s", g.name, b.now().Sub(began).Round(time.Second))
	}
	b.stopServer()
	return b.report()
}
