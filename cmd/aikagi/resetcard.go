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
	return atDesk(t, &cobra.Command{Use: "reset-card USER", Short: t.T("cli.card"), Long: t.T("cli.card.long")},
		func(ctx context.Context, v visitor) error {
			link, until, err := v.IssueResetCard(ctx)
			if err != nil {
				return err
			}
			if t.json {
				return t.answer(card{v.username, link.Reveal(), stamp(until)}, nil)
			}
			t.pairs(
				t.T("cli.col.username"), v.username, t.T("cli.col.name"), v.name,
				t.T("cli.col.link"), link.Reveal(), t.T("cli.col.until"), stamp(until),
			)
			t.line("")
			return t.code(link)
		})
}
