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

// bench is one run.
type bench struct {
	options
	dir    string // removed at the end
	engine string // "sqlite" or "postgres"
	env    []string
	people people
	web    *client
	null   *child
	sink   *child
	server *server // nil between goals
	pg     *cluster
	rows   []row
	began  time.Time
	busy   string // load average before the run
}

// now is the machine's own clock: the product's is cut to milliseconds, and here
// is nothing that a test would set.
func (*bench) now() time.Time { return time.Now() } //nolint:forbidigo // see above

// say tells how far the run is; the table comes at the end.
func (*bench) say(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stderr, format+"\n", args...) // nobody may be reading
}

// prepare builds the product, fills the database and starts the null server and
// the sink.
func prepare(ctx context.Context, o options) (*bench, error) {
	b := &bench{options: o, web: newClient()}
	b.began, b.busy = b.now(), busy()
	var err error
	if b.dir, err = os.MkdirTemp("", "aikagi-bench-"); err != nil {
		return nil, err
	}
	steps := []func(context.Context) error{b.build, b.chooseDatabase, b.fill, b.startOthers}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			b.close()
			return nil, err
		}
	}
	return b, nil
}

// build makes the binary as `make build` does, but for the tag.
func (b *bench) build(ctx context.Context) error {
	if b.binary != "" {
		return nil
	}
	b.say("building the product with the tag bench")
	b.binary = filepath.Join(b.dir, "aikagi")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "bench", "-ldflags", "-s -w", //nolint:gosec // G204: our own arguments
		"-o", b.binary, "github.com/aikagi/aikagi/cmd/aikagi")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

func (b *bench) chooseDatabase(ctx context.Context) error {
	home := b.dir
	if b.data != "" {
		home = b.data
		if err := os.MkdirAll(home, 0o700); err != nil {
			return err
		}
	}
	b.engine = "postgres"
	url := b.database
	switch {
	case b.database == "sqlite":
		b.engine = "sqlite"
		url = "sqlite:" + filepath.Join(home, "aikagi.db")
	case b.database == "postgres":
		var err error
		if b.pg, err = startCluster(ctx, b.dir); err != nil {
			return err
		}
		url = b.pg.url
	case !strings.HasPrefix(b.database, "postgres://"):
		return fmt.Errorf("unknown database %q", b.database)
	}
	b.env = []string{
		"AIKAGI_DATABASE=" + url,
		"AIKAGI_DATA=" + home,
		"AIKAGI_KEY_FILE=" + filepath.Join(home, "key"),
		"AIKAGI_TRUSTED_PROXIES=127.0.0.1/32",
		"AIKAGI_MAIL_FROM=noreply@bench.example",
	}
	return nil
}

// settings reads the environment as the server will.
func (b *bench) settings() (config.Settings, error) {
	return config.Load(config.Sources{Environ: b.env})
}

func (b *bench) startOthers(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if b.null, err = spawn(ctx, nil, io.Discard, self, nullRole); err != nil {
		return err
	}
	b.sink, err = spawn(ctx, nil, io.Discard, self, sinkRole)
	return err
}

// delayMail makes the sink wait before it accepts a message.
func (b *bench) delayMail(d time.Duration) error {
	_, err := fmt.Fprintln(b.sink.stdin, d)
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
	for _, c := range []*child{b.null, b.sink} {
		if c != nil {
			c.stop()
		}
	}
	if b.pg != nil {
		b.pg.stop()
	}
	if err := os.RemoveAll(b.dir); err != nil {
		b.say("remove %s: %v", b.dir, err)
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
