package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/unreachable"
)

// search is what "unreachable" is told.
type search struct {
	instances []string
	endpoint  string
	aws       bool
	amazon    unreachable.Amazon
	share     float64
	quota     unreachable.Quota
	failOver  int
	domains   bool
	fresh     bool
	files     unreachable.Files
	since     string // an earlier report
	mending   mending
}

func unreachableCommand(t *terminal) *cobra.Command {
	var s search
	c := withSettings(t, &cobra.Command{
		Use: "unreachable", Short: t.T("cli.unreachable"), Long: t.T("cli.unreachable.long"), Args: exactly(0),
		Example: "  aikagi unreachable\n  aikagi unreachable --aws --region ap-northeast-1\n  aikagi unreachable --endpoint https://id.example.jp --json",
		RunE: func(c *cobra.Command, _ []string) error {
			if err := s.check(); err != nil {
				return err
			}
			if s.aws {
				s.amazon.Region = c.Flags().Lookup("region").Value.String()
				if !c.Flags().Changed("region") {
					s.amazon.Region = "" // as the AWS tools are told
				}
				wire, err := s.amazon.Open(c.Context())
				if err != nil {
					return err
				}
				return t.unreachableWire(c.Context(), s, wire)
			}
			if s.endpoint != "" {
				server, err := t.server(c, s.endpoint)
				if err != nil {
					return err
				}
				return t.unreachableWire(c.Context(), s, unreachable.Wire{Client: server, Title: server.Endpoint, Own: true})
			}
			if s.mending.ways() > 0 {
				return usage{"cli.usage.fix_here", ""}
			}
			return t.act(func(ctx context.Context, h *host, _ []string) error {
				return t.unreachable(ctx, s, unreachable.Database{Store: h.Store, Title: h.URLs.Base(), Region: h.settings.Region})
			})(c, nil)
		},
	})
	f := c.Flags()
	f.StringSliceVarP(&s.instances, "instance", "i", nil, t.T("cli.flag.instances"))
	f.StringVar(&s.endpoint, "endpoint", "", t.T("cli.flag.endpoint"))
	f.BoolVar(&s.aws, "aws", false, t.T("cli.flag.aws"))
	f.StringVar(&s.amazon.Profile, "profile", "", t.T("cli.flag.aws_profile"))
	f.StringVar(&s.amazon.Role, "role", "", t.T("cli.flag.aws_role"))
	f.Float64Var(&s.share, "share", 0.5, t.T("cli.flag.share"))
	f.Float64Var(&s.quota.Rate, "rate", unreachable.AmazonsQuota.Rate, t.T("cli.flag.rate"))
	f.IntVar(&s.quota.Burst, "burst", unreachable.AmazonsQuota.Burst, t.T("cli.flag.burst"))
	f.IntVar(&s.failOver, "fail-over", 0, t.T("cli.flag.fail_over"))
	f.BoolVar(&s.domains, "check-domains", false, t.T("cli.flag.check_domains"))
	f.BoolVar(&s.fresh, "fresh", false, t.T("cli.flag.fresh"))
	f.StringVar(&s.files.CSV, "csv", "", t.T("cli.flag.csv"))
	f.StringVar(&s.files.HTML, "html", "", t.T("cli.flag.html"))
	f.StringVar(&s.files.Metrics, "metrics", "", t.T("cli.flag.metrics"))
	f.StringVar(&s.since, "since", "", t.T("cli.flag.since"))
	mendingFlags(t, c, &s.mending)
	return c
}

// check refuses what contradicts itself.
func (s search) check() error {
	switch {
	case s.share <= 0 || s.share > 1 || s.quota.Rate <= 0 || s.quota.Burst < 1:
		return usage{"cli.usage.share", ""}
	case s.aws && s.endpoint != "":
		return usage{"cli.usage.one_of", "--aws, --endpoint"}
	case s.mending.ways() > 1:
		return usage{"cli.usage.one_of", "--fix, --fix-pattern, --undo"}
	}
	return nil
}

// unreachableWire looks at a server elsewhere, or changes what is there.
func (t *terminal) unreachableWire(ctx context.Context, s search, w unreachable.Wire) error {
	if s.mending.ways() > 0 {
		return t.mend(ctx, s, w)
	}
	return t.unreachable(ctx, s, w)
}

// unreachable finds, reports, and ends with the status that --fail-over asks for.
func (t *terminal) unreachable(ctx context.Context, s search, source unreachable.Source) error {
	var earlier unreachable.Report
	if s.since != "" {
		var err error
		if earlier, err = unreachable.ReadReport(s.since); err != nil { // before minutes are spent
			return &aikagi.Error{Code: aikagi.NotFound, Subject: "report_file", Err: err}
		}
	}
	report, err := t.find(ctx, s, source)
	if err != nil {
		return err
	}
	if s.since != "" {
		t.tellChanges(report.Since(earlier))
	}
	if err := t.answer(report, func() { t.tellFindings(report) }); err != nil {
		return err
	}
	if err := s.files.Write(report, t.locale); err != nil {
		return &aikagi.Error{Code: aikagi.Unavailable, Subject: "report_file", Err: err}
	}
	switch {
	case report.Found() > s.failOver:
		return errFound
	case report.Unchecked() > 0 || report.Denied():
		return aikagi.Because(aikagi.Forbidden, "answer", "unchecked")
	}
	return nil
}

// tellChanges says beside the answer what is other than in the earlier report.
func (t *terminal) tellChanges(all []unreachable.Change) {
	t.note(t.T("cli.unreachable.changes", "count", strconv.Itoa(len(all))))
	why := func(r unreachable.Reason) string {
		if r == "" {
			return "–"
		}
		return t.T(i18n.Key("cli.reason." + string(r)))
	}
	for _, c := range all {
		t.note("  " + visible(c.Instance+" "+c.Username) + ": " + why(c.Before) + " → " + why(c.After))
	}
}

func (t *terminal) finder(ctx context.Context, s search, source unreachable.Source) *unreachable.Finder {
	f := &unreachable.Finder{
		Source: source, Only: s.instances, Quota: s.quota, Share: s.share, Clock: unreachable.SystemTime{Clock: clock.System{}},
		Progress: t.progress(),
	}
	if s.domains {
		f.Domains = unreachable.TakesMail(ctx)
	}
	return f
}

func (t *terminal) find(ctx context.Context, s search, source unreachable.Source) (unreachable.Report, error) {
	f := t.finder(ctx, s, source)
	if _, here := source.(unreachable.Database); here {
		return f.Find(ctx) // at once: there is nothing to go on with
	}
	return f.Resume(ctx, s.fresh, func(say i18n.Key, known int) { t.note(t.T(say, "count", strconv.Itoa(known))) })
}

// progress writes how far it is on a terminal, in one line that stays in its place.
func (t *terminal) progress() func(done, total int, left time.Duration) {
	f, ok := t.err.(*os.File)
	if t.json || !ok || !term.IsTerminal(int(f.Fd())) { // #nosec G115 -- a descriptor is small
		return nil
	}
	return func(done, total int, left time.Duration) {
		text := t.T("cli.unreachable.progress", "done", strconv.Itoa(done), "total", strconv.Itoa(total), "left", left.Round(time.Second).String())
		if done == total {
			text = ""
		}
		_, _ = fmt.Fprint(t.err, "\r\x1b[K"+text) // nobody may be reading
	}
}

// tellFindings writes the report for a person.
func (t *terminal) tellFindings(r unreachable.Report) {
	for n, i := range r.Instances {
		if n > 0 {
			t.line("")
		}
		t.line(t.T("cli.unreachable.instance", "alias", visible(i.Alias), "found", strconv.Itoa(i.Found()), "total", strconv.Itoa(i.Users.Total)))
		if i.Error != "" {
			t.line(t.T(i.Because()))
		}
		if i.IdentityType != string(aikagi.ConnectManaged) {
			t.line(t.T("cli.unreachable.elsewhere", "kind", i.IdentityType))
			continue
		}
		rows := [][]string{}
		for _, f := range i.Findings {
			rows = append(rows, []string{f.Username, t.T(i18n.Key("cli.reason." + string(f.Reason))), f.Detail})
		}
		if len(rows) > 0 {
			t.table([]string{t.T("cli.col.username"), t.T("cli.col.reason"), t.T("cli.col.detail")}, rows)
		}
		for _, text := range r.Advice(t.locale, i) {
			t.line("- " + visible(text))
		}
	}
}
