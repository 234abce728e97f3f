package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi/internal/bounce"
)

// bouncesView is what "mail bounces" answers: how many mails were what.
type bouncesView struct {
	Mails      int `json:"mails"`
	Bounced    int `json:"bounced"`
	Delayed    int `json:"delayed"`
	Repeated   int `json:"repeated"`
	Ignored    int `json:"ignored"`
	Unknown    int `json:"unknown"`
	Forged     int `json:"forged"`
	Unreadable int `json:"unreadable"`
}

func (v *bouncesView) count(o bounce.Outcome) {
	v.Mails++
	switch o {
	case bounce.Bounced:
		v.Bounced++
	case bounce.Noted:
		v.Delayed++
	case bounce.Repeated:
		v.Repeated++
	case bounce.Ignored:
		v.Ignored++
	case bounce.Unknown:
		v.Unknown++
	case bounce.Forged:
		v.Forged++
	case bounce.Unreadable:
		v.Unreadable++
	}
}

func mailCommand(t *terminal) *cobra.Command {
	return parent(t, "mail", "cli.mail", withSettings(t, &cobra.Command{
		Use: "bounces FILE|DIRECTORY|-", Short: t.T("cli.mail.bounces"), Long: t.T("cli.mail.bounces.long"), Args: exactly(1),
		RunE: t.act(func(ctx context.Context, h *host, args []string) error {
			var v bouncesView
			take := func(raw []byte) error {
				outcome, err := h.Bounces.Take(ctx, raw)
				v.count(outcome)
				return err
			}
			if err := t.eachMail(args[0], take); err != nil {
				return err
			}
			return t.answer(v, func() { t.writeBounces(v) })
		}),
	}))
}

func (t *terminal) eachMail(path string, take func(raw []byte) error) error {
	if path == "-" {
		return bounce.Each(t.in, take)
	}
	return bounce.EachIn(path, take)
}

func (t *terminal) writeBounces(v bouncesView) {
	n := strconv.Itoa
	t.pairs(
		t.T("cli.col.mails"), n(v.Mails), t.T("cli.col.bounced"), n(v.Bounced), t.T("cli.col.delayed"), n(v.Delayed),
		t.T("cli.col.repeated"), n(v.Repeated), t.T("cli.col.ignored"), n(v.Ignored), t.T("cli.col.unknown"), n(v.Unknown),
		t.T("cli.col.forged"), n(v.Forged), t.T("cli.col.unreadable"), n(v.Unreadable),
	)
	if v.Bounced > 0 {
		t.line(t.T("cli.mail.bounces.do"))
	}
}
