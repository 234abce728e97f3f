package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi/internal/app"
	"github.com/aikagi/aikagi/internal/clock"
)

// demoCommand runs a sample call centre.
func demoCommand() *cobra.Command {
	o := app.DemoOptions{Clock: clock.System{}}
	var asJSON bool
	c := &cobra.Command{
		Use: "demo", Args: cobra.NoArgs,
		Short: "run a sample call centre on this machine",
		RunE: func(c *cobra.Command, _ []string) error {
			runtime.GOMAXPROCS(runtime.NumCPU() + 1) // one above the gate of the hashes
			o.Log = slog.New(slog.NewJSONHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
			o.Ready = func(d app.Demo) { announce(c.OutOrStdout(), d, asJSON) }
			return app.RunDemo(c.Context(), o)
		},
	}
	c.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:8080", "loopback address of the pages")
	c.Flags().StringVar(&o.OpsListen, "ops-listen", "127.0.0.1:0", "loopback address of health and metrics")
	c.Flags().StringVar(&o.Data, "data", "", "directory to keep the sample in (default: removed at the end)")
	c.Flags().StringVar(&o.Database, "database", "", "database (default: SQLite in the directory)")
	c.Flags().StringVar(&o.TLSCert, "tls-cert", "", "certificate file; pages are served by https then")
	c.Flags().StringVar(&o.TLSKey, "tls-key", "", "key file of the certificate")
	c.Flags().StringVar(&o.Region, "region", "ap-northeast-1", "region of the ARNs")
	c.Flags().BoolVar(&asJSON, "json", false, "print one line of JSON when ready, and nothing else")
	return c
}

func announce(w io.Writer, d app.Demo, asJSON bool) {
	if asJSON {
		_ = json.NewEncoder(w).Encode(d) // nobody reads any more
		return
	}
	_, _ = fmt.Fprint(w, d.Text()) // likewise
}
