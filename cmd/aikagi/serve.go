package main

import (
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi/internal/app"
)

// serveCommand runs the server.
func serveCommand(t *terminal) *cobra.Command {
	return withSettings(t, &cobra.Command{
		Use: "serve", Short: t.T("cli.serve"), Long: t.T("cli.serve.long"), Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := t.settings(c)
			if err != nil {
				return err
			}
			roomForOthers()
			log := slog.New(slog.NewJSONHandler(t.err, &slog.HandlerOptions{Level: settings.LogLevel}))
			return app.Serve(c.Context(), app.ServeOptions{Settings: settings, Log: log, Ready: func(s app.Served) {
				t.welcome(s)
				// What starting took is not kept while nobody comes (P17).
				time.AfterFunc(afterStart, debug.FreeOSMemory)
			}})
		},
	})
}

// afterStart is how long the first visitors come before the collector's full run.
const afterStart = 2 * time.Second

// gcPercent and gcLimit say when the collector runs. A hash leaves 19 MiB of
// garbage. With Go's default the collector runs for every third hash and gives
// memory back to the kernel, only to ask for it again; without a percentage, only
// bounded by a limit, it would fault in far more pages a hash (measured: 1,900
// against 440). These two cost a login least (P1, P2); a lower limit of 112 MiB
// would keep 64 logins within 100 MB above idle (P5), for a sixth of a hash each.
const (
	gcPercent = 200
	gcLimit   = 160 << 20
)

// roomForOthers lets one thread more run than the hashes may take, and the
// collector run less often than they would make it, so that other requests stay
// quick while many people log in (P1, P4).
func roomForOthers() {
	runtime.GOMAXPROCS(runtime.NumCPU() + 1)
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(gcLimit)
}

// served is what serve --json prints when ready.
type served struct {
	BaseURL  string `json:"base_url"`
	SetUpURL string `json:"set_up_url,omitempty"`
	KeyFile  string `json:"new_key_file,omitempty"`
}

// welcome tells a person where to go on.
func (t *terminal) welcome(s app.Served) {
	_ = t.answer(served{s.Origin, s.SetUp.Reveal(), s.KeyFile}, func() { // nobody may be reading
		t.line(t.T("cli.serve.ready", "origin", s.Origin))
		if s.KeyFile != "" {
			t.line(t.T("cli.serve.key", "path", s.KeyFile))
		}
		if !s.SetUp.Empty() {
			t.line(t.T("cli.serve.setup", "link", s.SetUp.Reveal()))
		}
	})
}
