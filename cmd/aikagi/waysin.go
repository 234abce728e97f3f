package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi/internal/i18n"
)

// asked is what "user send-reset" answers.
type asked struct {
	Username string `json:"username"`
	Waiting  bool   `json:"mail_waiting"` // the server sends it
}

func sendResetCommand(t *terminal) *cobra.Command {
	return atDesk(t, &cobra.Command{Use: "send-reset USER", Short: t.T("cli.user.send_reset"), Long: t.T("cli.user.send_reset.long")},
		func(ctx context.Context, v visitor) error {
			if err := v.SendResetMail(ctx); err != nil {
				return err
			}
			return t.answer(asked{v.username, true}, func() { t.line(t.T("cli.user.reset_sent", "user", v.username)) })
		})
}

// ended is what "user end-sessions" answers.
type ended struct {
	Username string `json:"username"`
	Ended    int64  `json:"ended"`
}

func endSessionsCommand(t *terminal) *cobra.Command {
	return atDesk(t, &cobra.Command{Use: "end-sessions USER", Short: t.T("cli.user.end_sessions")},
		func(ctx context.Context, v visitor) error {
			n, err := v.EndSessions(ctx)
			if err != nil {
				return err
			}
			return t.answer(ended{v.username, n}, func() { t.pairs(t.T("cli.col.ended"), strconv.FormatInt(n, 10)) })
		})
}

// deliveryView is a mail as "user mail" shows it.
type deliveryView struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"`
	To        string `json:"to"`
	State     string `json:"state"`
	CreatedAt string `json:"created_at"`
	DoneAt    string `json:"done_at,omitempty"`
	Attempts  int    `json:"attempts"`
	LastReply string `json:"last_reply,omitempty"`
}

func userMailCommand(t *terminal) *cobra.Command {
	return atDesk(t, &cobra.Command{Use: "mail USER", Short: t.T("cli.user.mail")},
		func(ctx context.Context, v visitor) error {
			mails, err := v.Mail(ctx)
			if err != nil {
				return err
			}
			views, rows := make([]deliveryView, len(mails)), make([][]string, len(mails))
			for i, m := range mails {
				views[i] = deliveryView{
					m.ID, m.Kind, m.To, m.State, stamp(time.Time(m.CreatedAt)), stamp(time.Time(m.DoneAt)), m.Attempts, m.LastReply,
				}
				rows[i] = []string{
					views[i].CreatedAt, t.known("admin.mail_kind.", m.Kind), m.To, t.known("admin.mail_state.", m.State),
					strconv.Itoa(m.Attempts), m.LastReply,
				}
			}
			return t.answer(views, func() {
				t.table([]string{
					t.T("cli.col.made_at"), t.T("cli.col.mail"), t.T("cli.col.email"), t.T("cli.col.state"),
					t.T("cli.col.tries"), t.T("cli.col.reply"),
				}, rows)
			})
		})
}

// known is the text for a word of a server, or the word if that server is newer.
func (t *terminal) known(prefix, word string) string {
	if key := i18n.Key(prefix + word); i18n.Has(t.locale, key) {
		return t.T(key)
	}
	return word
}
