package main

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi/internal/app"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/i18n"
)

// demoCommand runs a sample call centre.
func demoCommand(t *terminal) *cobra.Command {
	o := app.DemoOptions{Clock: clock.System{}, Ready: t.announce}
	c := &cobra.Command{
		Use: "demo", Short: t.T("cli.demo"), Long: t.T("cli.demo.long"), Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			roomForOthers()
			o.Log = slog.New(slog.NewJSONHandler(t.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
			return app.RunDemo(c.Context(), o)
		},
	}
	c.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:8080", t.T("cli.demo.flag.listen"))
	c.Flags().StringVar(&o.OpsListen, "ops-listen", "127.0.0.1:0", t.T("cli.demo.flag.ops"))
	c.Flags().StringVar(&o.Data, "data", "", t.T("cli.demo.flag.data"))
	c.Flags().StringVar(&o.Database, "database", "", t.T("cli.demo.flag.database"))
	c.Flags().StringVar(&o.TLSCert, "tls-cert", "", t.T("cli.demo.flag.tls_cert"))
	c.Flags().StringVar(&o.TLSKey, "tls-key", "", t.T("cli.demo.flag.tls_key"))
	c.Flags().StringVar(&o.Region, "region", "ap-northeast-1", t.T("cli.demo.flag.region"))
	return c
}

// announce says where everything is, when everything answers.
func (t *terminal) announce(d app.Demo) {
	_ = t.answer(d, func() { // nobody may be reading
		t.line("")
		t.pairs(
			t.T("cli.demo.login"), d.Instance.LoginURL,
			t.T("cli.demo.admin"), d.Instance.AdminURL,
			t.T("cli.demo.mail"), d.MailURL,
			t.T("cli.demo.console"), d.ConsoleURL,
			t.T("cli.demo.ops"), d.OpsURL+"/healthz",
		)
		t.line("")
		rows := [][]string{{t.T("cli.demo.role.owner"), d.Console.Username, d.Console.Password}}
		for _, l := range d.Logins {
			rows = append(rows, []string{t.T(i18n.Key("cli.demo.role." + strings.ReplaceAll(l.Role, "-", "_"))), l.Username, l.Password})
		}
		t.table([]string{t.T("cli.demo.role"), t.T("cli.demo.username"), t.T("cli.demo.password")}, rows)
		t.line("\n" + t.T("cli.demo.next"))
		t.line(fmt.Sprintf("  AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s \\\n"+
			"  aws connect list-users --endpoint-url %s --region %s --instance-id %s",
			d.API.KeyID, d.API.Secret, d.API.Endpoint, d.API.Region, d.Instance.ID))
		t.line("\n" + t.T("cli.demo.stop"))
	})
}
