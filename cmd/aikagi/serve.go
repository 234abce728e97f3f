package main

import (
	"log/slog"
	"runtime"

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
			return app.Serve(c.Context(), app.ServeOptions{Settings: settings, Log: log, Ready: t.welcome})
		},
	})
}

// roomForOthers lets one thread more run than the hashes may take, so that
// other requests stay quick while many people log in.
func roomForOthers() { runtime.GOMAXPROCS(runtime.NumCPU() + 1) }

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
