package main

import (
	"context"

	"github.com/spf13/cobra"
)

// entry is what "emergency" answers.
type entry struct {
	Instance    string `json:"instance"`
	Link        string `json:"link"`
	StartBefore string `json:"start_before"`
}

func emergencyCommand(t *terminal) *cobra.Command {
	var reason string
	c := withSettings(t, &cobra.Command{
		Use: "emergency ALIAS --reason TEXT", Short: t.T("cli.emergency"), Long: t.T("cli.emergency.long"), Args: exactly(1),
		RunE: t.act(func(ctx context.Context, h *host, args []string) error {
			i, err := h.find(ctx, args[0])
			if err != nil {
				return err
			}
			begun, err := h.Emergency.BeginAsHost(ctx, i.ID, reason)
			if err != nil {
				return err
			}
			v := entry{i.Alias, h.URLs.Instance(i.Alias, "/emergency/"+begun.Token.Reveal()), stamp(begun.Grant.StartBefore)}
			return t.answer(v, func() {
				t.pairs(t.T("cli.col.alias"), v.Instance, t.T("cli.col.link"), v.Link, t.T("cli.col.until"), v.StartBefore)
				t.note(t.T("cli.emergency.once"))
			})
		}),
	})
	c.Flags().StringVar(&reason, "reason", "", t.T("cli.flag.reason"))
	return c
}
