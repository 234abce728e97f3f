package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/aikagi/aikagi/internal/config"
)

// stand is what all runs share: the product, the null server and the sink.
type stand struct {
	options
	dir  string // removed at the end
	web  *client
	null *child
	sink *child
	mail mailbox // what the sink took
}

// bench is one run, on one engine with one number of users.
type bench struct {
	*stand
	home     string // of the database
	engine   string // "sqlite" or "postgres"
	env      []string
	people   people
	users    int
	rounds   int
	largest  bool
	smallest *bench  // the run of the same engine with the fewest users
	server   *server // nil between goals
	pg       *cluster
	rows     []row
	began    time.Time
	busy     string // load average before the run
}

// now is the machine's own clock: the product's is cut to milliseconds, and here
// is nothing that a test would set.
func (*stand) now() time.Time { return time.Now() } //nolint:forbidigo // see above

// say tells how far the run is; the table comes at the end.
func (*stand) say(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stderr, format+"\n", args...) // nobody may be reading
}

// newStand builds the product and starts the null server and the sink.
func newStand(ctx context.Context, o options) (*stand, error) {
	s := &stand{options: o, web: newClient()}
	var err error
	if s.dir, err = os.MkdirTemp("", "aikagi-bench-"); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{s.build, s.startOthers} {
		if err := step(ctx); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// prepare makes a database and fills it.
func (s *stand) prepare(ctx context.Context, database string, users int, largest bool) (*bench, error) {
	b := &bench{stand: s, users: users, largest: largest, rounds: 1}
	if largest {
		b.rounds = s.options.rounds
	}
	b.began, b.busy = b.now(), busy()
	err := b.chooseDatabase(ctx, database)
	if err == nil {
		err = b.fill(ctx)
	}
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// build makes the binary as `make build` does, but for the tag.
func (s *stand) build(ctx context.Context) error {
	if s.binary != "" {
		return nil
	}
	s.say("building the product with the tag bench")
	s.binary = filepath.Join(s.dir, "aikagi")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "bench", "-ldflags", "-s -w", //nolint:gosec // G204: our own arguments
		"-o", s.binary, "github.com/aikagi/aikagi/cmd/aikagi")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

func (b *bench) chooseDatabase(ctx context.Context, database string) error {
	above := b.dir
	if b.data != "" {
		above = b.data
	}
	b.engine = "postgres"
	if database == "sqlite" {
		b.engine = "sqlite"
	}
	b.home = filepath.Join(above, fmt.Sprintf("%s-%d", b.engine, b.users))
	if err := os.MkdirAll(b.home, 0o700); err != nil {
		return err
	}
	url := database
	switch {
	case database == "sqlite":
		url = "sqlite:" + filepath.Join(b.home, "aikagi.db")
	case database == "postgres":
		var err error
		if b.pg, err = startCluster(ctx, b.dir, filepath.Base(b.home)+"-cluster"); err != nil {
			return err
		}
		url = b.pg.url
	case !strings.HasPrefix(database, "postgres://"):
		return fmt.Errorf("unknown database %q", database)
	}
	b.env = []string{
		"AIKAGI_DATABASE=" + url,
		"AIKAGI_DATA=" + b.home,
		"AIKAGI_KEY_FILE=" + filepath.Join(b.home, "key"),
		"AIKAGI_TRUSTED_PROXIES=127.0.0.1/32",
		"AIKAGI_MAIL_FROM=noreply@bench.example",
	}
	return nil
}

// settings reads the environment as the server will.
func (b *bench) settings() (config.Settings, error) {
	return config.Load(config.Sources{Environ: b.env})
}

func (s *stand) startOthers(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if s.null, err = spawn(ctx, nil, io.Discard, nil, self, nullRole); err != nil {
		return err
	}
	s.sink, err = spawn(ctx, nil, io.Discard, s.mail.took, self, sinkRole)
	return err
}

// delayMail makes the sink wait before it accepts a message.
func (s *stand) delayMail(d time.Duration) error {
	_, err := fmt.Fprintln(s.sink.stdin, d)
	return err
}

// family tells whether processor time includes the children of the process.
const family = true

// cpu is the processor time of the server so far, and of its database.
func (b *bench) cpu() (time.Duration, error) {
	own, err := cpuOf(b.server.child.pid(), !family)
	if err != nil || b.pg == nil {
		return own, err
	}
	database, err := cpuOf(b.pg.pid, family)
	return own + database, err
}

func (b *bench) close() {
	b.stopServer()
	if b.pg != nil {
		b.pg.stop()
	}
}

func (s *stand) close() {
	for _, c := range []*child{s.null, s.sink} {
		if c != nil {
			c.stop()
		}
	}
	if err := os.RemoveAll(s.dir); err != nil {
		s.say("remove %s: %v", s.dir, err)
	}
}

// machine describes where the figures come from.
func machine() string {
	model := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d × %s, %s/%s, %s", runtime.NumCPU(), model, runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// errTooFew says that a measurement did not get its samples.
var errTooFew = errors.New("too few samples")
