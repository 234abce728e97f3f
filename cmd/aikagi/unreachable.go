package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/mail/dns"
	"github.com/aikagi/aikagi/internal/unreachable"
)

// search is what "unreachable" is told.
type search struct {
	instances []string
	endpoint  string
	aws       bool
	amazon    amazon
	share     float64
	quota     unreachable.Quota
	failOver  int
	domains   bool
	fresh     bool
	csv       string
}

func unreachableCommand(t *terminal) *cobra.Command {
	var s search
	c := withSettings(t, &cobra.Command{
		Use: "unreachable", Short: t.T("cli.unreachable"), Long: t.T("cli.unreachable.long"), Args: exactly(0),
		Example: "  aikagi unreachable\n  aikagi unreachable --aws --region ap-northeast-1\n  aikagi unreachable --endpoint https://id.example.jp --json",
		RunE: func(c *cobra.Command, _ []string) error {
			if s.share <= 0 || s.share > 1 || s.quota.Rate <= 0 || s.quota.Burst < 1 {
				return usage{"cli.usage.share", ""}
			}
			if s.aws {
				s.amazon.region = c.Flags().Lookup("region").Value.String()
				if !c.Flags().Changed("region") {
					s.amazon.region = "" // as the AWS tools are told
				}
				wire, err := t.amazonConnect(c.Context(), s.amazon)
				if err != nil {
					return err
				}
				return t.unreachable(c.Context(), s, wire)
			}
			if s.endpoint != "" {
				server, err := t.server(c, s.endpoint)
				if err != nil {
					return err
				}
				return t.unreachable(c.Context(), s, unreachable.Wire{Client: server, Title: server.Endpoint})
			}
			return t.act(func(ctx context.Context, h *host, _ []string) error {
				return t.unreachable(ctx, s, hostSource{h})
			})(c, nil)
		},
	})
	f := c.Flags()
	f.StringSliceVarP(&s.instances, "instance", "i", nil, t.T("cli.flag.instances"))
	f.StringVar(&s.endpoint, "endpoint", "", t.T("cli.flag.endpoint"))
	f.BoolVar(&s.aws, "aws", false, t.T("cli.flag.aws"))
	f.StringVar(&s.amazon.profile, "profile", "", t.T("cli.flag.aws_profile"))
	f.StringVar(&s.amazon.role, "role", "", t.T("cli.flag.aws_role"))
	f.Float64Var(&s.share, "share", 0.5, t.T("cli.flag.share"))
	f.Float64Var(&s.quota.Rate, "rate", unreachable.AmazonsQuota.Rate, t.T("cli.flag.rate"))
	f.IntVar(&s.quota.Burst, "burst", unreachable.AmazonsQuota.Burst, t.T("cli.flag.burst"))
	f.IntVar(&s.failOver, "fail-over", 0, t.T("cli.flag.fail_over"))
	f.BoolVar(&s.domains, "check-domains", false, t.T("cli.flag.check_domains"))
	f.BoolVar(&s.fresh, "fresh", false, t.T("cli.flag.fresh"))
	f.StringVar(&s.csv, "csv", "", t.T("cli.flag.csv"))
	return c
}

// unreachable finds, reports, and ends with the status that --fail-over asks for.
func (t *terminal) unreachable(ctx context.Context, s search, source unreachable.Source) error {
	report, err := t.find(ctx, s, source)
	if err != nil {
		return err
	}
	if err := t.answer(report, func() { t.tellFindings(report) }); err != nil {
		return err
	}
	if s.csv != "" {
		if err := writeFile(s.csv, report.CSV()); err != nil {
			return err
		}
	}
	switch {
	case report.Found() > s.failOver:
		return errFound
	case report.Unchecked() > 0 || report.Denied():
		return aikagi.Because(aikagi.Forbidden, "answer", "unchecked")
	}
	return nil
}

func (t *terminal) find(ctx context.Context, s search, source unreachable.Source) (unreachable.Report, error) {
	f := unreachable.Finder{
		Source: source, Only: s.instances, Quota: s.quota, Share: s.share, Clock: unreachable.SystemTime{Clock: clock.System{}},
		Progress: t.progress(),
	}
	if s.domains {
		f.Domains = takesMail(ctx)
	}
	if source.Whole() {
		return f.Find(ctx)
	}
	path, err := savedPath(source.Name())
	if err != nil {
		return unreachable.Report{}, err
	}
	if s.fresh {
		_ = os.Remove(path) // it may not be there
	}
	if f.Saved, err = unreachable.OpenSaved(path, source.Name()); err != nil {
		return unreachable.Report{}, &aikagi.Error{Code: aikagi.Unavailable, Subject: "saved_run", Err: err}
	}
	if n := f.Saved.Known(); n > 0 {
		t.note(t.T("cli.unreachable.resumed", "count", strconv.Itoa(n)))
	}
	report, err := f.Find(ctx)
	if err != nil {
		if n := f.Saved.Known(); n > 0 {
			t.note(t.T("cli.unreachable.kept", "count", strconv.Itoa(n)))
		}
		return report, errors.Join(err, f.Saved.Close())
	}
	return report, f.Saved.Remove()
}

// savedPath is where a run on a source is kept until it ends.
func savedPath(source string) (string, error) {
	dir := os.Getenv("XDG_STATE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find a place for the run: %w", err)
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "aikagi", "unreachable-"+unreachable.FileName(source)+".jsonl"), nil
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

// takesMail looks up whether a domain takes mail (RFC 5321 §5.1, RFC 7505).
func takesMail(ctx context.Context) func(context.Context, string) (bool, error) {
	names := dns.New(ctx, net.DefaultResolver)
	return func(ctx context.Context, domain string) (bool, error) {
		servers, err := names.MX(ctx, domain)
		if err == nil && len(servers) > 0 {
			return servers[0] != "", nil
		}
		if err != nil && !errors.Is(err, dns.ErrNone) {
			return true, err
		}
		addresses, err := names.Addresses(ctx, domain)
		if errors.Is(err, dns.ErrNone) {
			return false, nil
		}
		return len(addresses) > 0, err
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
			t.line(t.T("cli.unreachable.denied"))
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
	}
	if r.Found() > 0 {
		t.note(t.T("cli.unreachable.do"))
	}
}

// writeFile writes a report beside the answer, for its owner alone: it names people.
func writeFile(path string, text []byte) error {
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return &aikagi.Error{Code: aikagi.Unavailable, Subject: "report_file", Err: err}
	}
	return nil
}
