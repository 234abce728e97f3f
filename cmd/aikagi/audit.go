package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/i18n"
)

// auditView is what "audit verify" answers.
type auditView struct {
	Events    int64      `json:"events"`
	VouchedTo int64      `json:"vouched_to"`
	VouchedAt string     `json:"vouched_at,omitempty"`
	Mark      string     `json:"mark,omitempty"`
	Unchained string     `json:"unchained_since,omitempty"`
	Flaws     []flawView `json:"flaws"`
}

type flawView struct {
	Kind     string `json:"kind"`
	Sequence int64  `json:"sequence"`
	EventID  string `json:"event_id,omitempty"`
}

func auditCommand(t *terminal) *cobra.Command {
	var expect string
	verify := withSettings(t, &cobra.Command{
		Use: "verify", Short: t.T("cli.audit.verify"), Long: t.T("cli.audit.verify.long"), Args: exactly(0),
		RunE: t.act(func(ctx context.Context, h *host, _ []string) error {
			var kept *audit.Mark
			if expect != "" {
				mark, err := audit.ParseMark(expect)
				if err != nil {
					return err
				}
				kept = &mark
			}
			report, err := audit.Verify(ctx, h.Store, h.Ring, kept)
			if err != nil {
				return err
			}
			return t.tellReport(report)
		}),
	})
	verify.Flags().StringVar(&expect, "expect", "", t.T("cli.flag.expect"))
	return parent(t, "audit", "cli.audit", verify)
}

func (t *terminal) tellReport(r audit.Report) error {
	v := auditView{
		Events: r.Events, VouchedTo: r.Vouched.Sequence, VouchedAt: stamp(r.VouchedAt), Unchained: stamp(r.Unchained),
		Flaws: []flawView{},
	}
	if v.VouchedTo > 0 {
		v.Mark = r.Vouched.String()
	}
	for _, f := range r.Flaws {
		v.Flaws = append(v.Flaws, flawView{f.Kind, f.Sequence, f.EventID})
	}
	err := t.answer(v, func() { t.writeReport(v) })
	if err == nil && len(v.Flaws) > 0 {
		return errFound
	}
	return err
}

func (t *terminal) writeReport(v auditView) {
	t.pairs(
		t.T("cli.col.events"), strconv.FormatInt(v.Events, 10),
		t.T("cli.col.vouched"), strconv.FormatInt(v.VouchedTo, 10)+"  "+v.VouchedAt,
		t.T("cli.col.mark"), v.Mark, t.T("cli.col.unchained"), v.Unchained,
	)
	for _, f := range v.Flaws {
		t.line(t.T(i18n.Key("cli.flaw."+f.Kind), "sequence", strconv.FormatInt(f.Sequence, 10), "event", visible(f.EventID)))
	}
	if len(v.Flaws) == 0 {
		t.line(t.T("cli.audit.ok"))
		return
	}
	t.line(t.T("cli.audit.do"))
}
