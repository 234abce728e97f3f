package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi/client"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/web/console"
)

// accessKey is what the request is signed with.
type accessKey struct {
	id     string
	secret aikagi.Secret
}

func consoleCommand(t *terminal) *cobra.Command {
	return withSettings(t, &cobra.Command{
		Use: "console", Short: t.T("cli.console"), Long: t.T("cli.console.long"), Args: exactly(0),
		Example: "  AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… aikagi console --base-url https://id.example.jp",
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := t.settings(c)
			if err != nil {
				return err
			}
			key, err := t.accessKey()
			if err != nil {
				return err
			}
			server := &client.Client{
				Endpoint: settings.Origin(settings.Listen), Region: settings.Region, Credentials: key.provider(), Clock: clock.System{},
			}
			link, err := server.AskForConsoleLink(c.Context(), console.SigningService)
			if err != nil {
				return err
			}
			return t.answer(link, func() {
				t.pairs(t.T("cli.col.link"), link.URL, t.T("cli.col.until"), stamp(link.ExpiresAt))
			})
		},
	})
}

// accessKey reads the key where the AWS tools have it, or under our own names.
// There is no flag for it: ps would show it.
func (t *terminal) accessKey() (accessKey, error) {
	read := func(name string) string {
		for _, prefix := range []string{"AIKAGI_", "AWS_"} {
			for _, entry := range t.environ {
				if v, found := strings.CutPrefix(entry, prefix+name+"="); found && v != "" {
					return v
				}
			}
		}
		return ""
	}
	k := accessKey{read("ACCESS_KEY_ID"), aikagi.NewSecret(read("SECRET_ACCESS_KEY"))}
	if k.id == "" || k.secret.Empty() {
		return k, usage{"cli.usage.access_key", ""}
	}
	return k, nil
}
