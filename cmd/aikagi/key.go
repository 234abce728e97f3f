package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi/internal/secret"
)

// keyView is what the commands about the key answer.
type keyView struct {
	Path string `json:"path"`
	Fits bool   `json:"fits,omitempty"` // the database was sealed with it
}

func keyCommand(t *terminal) *cobra.Command {
	path := withSettings(t, &cobra.Command{
		Use: "path", Short: t.T("cli.key.path"), Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := t.settings(c)
			if err != nil {
				return err
			}
			return t.answer(keyView{Path: settings.KeyFile}, func() { t.line(settings.KeyFile) })
		},
	})
	create := withSettings(t, &cobra.Command{
		Use: "create", Short: t.T("cli.key.create"), Long: t.T("cli.key.create.long"), Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := t.settings(c)
			if err != nil {
				return err
			}
			if _, err := secret.CreateRing(settings.KeyFile); err != nil {
				return err
			}
			return t.answer(keyView{Path: settings.KeyFile}, func() { t.line(t.T("cli.key.made", "path", settings.KeyFile)) })
		},
	})
	check := withSettings(t, &cobra.Command{
		Use: "check", Short: t.T("cli.key.check"), Args: exactly(0),
		RunE: t.act(func(_ context.Context, h *host, _ []string) error { // opening has compared them
			return t.answer(keyView{h.settings.KeyFile, true}, func() { t.line(t.T("cli.key.fits", "path", h.settings.KeyFile)) })
		}),
	})
	return parent(t, "key", "cli.key", path, create, check)
}
