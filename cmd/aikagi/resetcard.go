package main

import (
	"context"

	"github.com/spf13/cobra"
)

// card is what "reset-card" answers.
type card struct {
	Username  string `json:"username"`
	Link      string `json:"link"`
	ExpiresAt string `json:"expires_at"`
}

func resetCardCommand(t *terminal) *cobra.Command {
	return withInstance(t, &cobra.Command{
		Use: "reset-card USER", Short: t.T("cli.card"), Long: t.T("cli.card.long"), Args: exactly(1),
		RunE: t.act(func(ctx context.Context, h *host, args []string) error {
			i, u, err := h.user(ctx, args[0])
			if err != nil {
				return err
			}
			issued, err := h.Resets.IssueCard(ctx, i.ID, u.ID)
			if err != nil {
				return err
			}
			if t.json {
				return t.answer(card{string(u.Username), issued.Link.Reveal(), stamp(issued.ExpiresAt)}, nil)
			}
			t.pairs(
				t.T("cli.col.username"), string(u.Username), t.T("cli.col.name"), u.FullName(t.locale),
				t.T("cli.col.link"), issued.Link.Reveal(), t.T("cli.col.until"), stamp(issued.ExpiresAt),
			)
			t.line("")
			return t.code(issued.Link)
		}),
	})
}
