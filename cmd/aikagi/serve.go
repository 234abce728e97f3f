package main

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi/internal/app"
	"github.com/aikagi/aikagi/internal/config"
	"github.com/aikagi/aikagi/internal/secret"
)

// serveCommand runs the server.
func serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "serve", Args: cobra.NoArgs,
		Short: "run the server",
		RunE: func(c *cobra.Command, _ []string) error {
			keyFile, err := secret.DefaultKeyPath()
			if err != nil {
				return err
			}
			settings, err := config.Load(config.Sources{Flags: c.Flags(), Environ: os.Environ(), DefaultKeyFile: keyFile})
			if err != nil {
				return err
			}
			runtime.GOMAXPROCS(runtime.NumCPU() + 1) // one above the gate of the hashes
			log := slog.New(slog.NewJSONHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: settings.LogLevel}))
			return app.Serve(c.Context(), app.ServeOptions{
				Settings: settings, Log: log,
				Ready: func(s app.Served) { welcome(c, s) },
			})
		},
	}
	config.AddFlags(c.Flags(), func(setting string) string { return setting })
	return c
}

// welcome tells a person where to go on.
func welcome(c *cobra.Command, s app.Served) {
	out := c.OutOrStdout()
	_, _ = fmt.Fprintf(out, "Aikagi: %s\n", s.Origin) // nobody may be reading
	if s.KeyFile != "" {
		_, _ = fmt.Fprintf(out, "A master key was made: %s. Keep a copy away from the backups.\n", s.KeyFile)
	}
	if !s.SetUp.Empty() {
		_, _ = fmt.Fprintf(out, "Set up (15 minutes, once): %s\n", s.SetUp.Reveal())
	}
}
