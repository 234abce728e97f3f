package main

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/doctor"
	"github.com/aikagi/aikagi/internal/i18n"
)

func doctorCommand(t *terminal) *cobra.Command {
	c := withSettings(t, &cobra.Command{
		Use: "doctor", Short: t.T("cli.doctor"), Long: t.T("cli.doctor.long"), Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := t.settings(c)
			if err != nil {
				return err
			}
			d := &doctor.Doctor{Settings: settings, Clock: clock.System{}, Resolver: net.DefaultResolver}
			found := d.Examine(c.Context())
			all := t.tell(found)
			return needsCare(found, t.answer(all, func() { t.writeFindings(all) }))
		},
	})
	c.AddCommand(doctorMailCommand(t))
	return c
}

// mailView is what "doctor mail" answers.
type mailView struct {
	Findings []told          `json:"findings"`
	Records  []doctor.Record `json:"records"`
}

func doctorMailCommand(t *terminal) *cobra.Command {
	var addresses []net.IP
	c := withSettings(t, &cobra.Command{
		Use: "mail", Short: t.T("cli.doctor.mail"), Long: t.T("cli.doctor.mail.long"), Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := t.settings(c)
			if err != nil {
				return err
			}
			d := &doctor.Doctor{Settings: settings, Clock: clock.System{}, Resolver: net.DefaultResolver}
			for _, ip := range addresses {
				if a, ok := netip.AddrFromSlice(ip); ok {
					d.SendingFrom = append(d.SendingFrom, a.Unmap())
				}
			}
			found, records := d.ExamineMail(c.Context())
			v := mailView{Findings: t.tell(found), Records: records}
			if v.Records == nil {
				v.Records = []doctor.Record{}
			}
			return needsCare(found, t.answer(v, func() { t.writeFindings(v.Findings); t.writeRecords(v.Records) }))
		},
	})
	c.Flags().IPSliceVar(&addresses, "address", nil, t.T("cli.flag.address"))
	return c
}

func needsCare(found []doctor.Finding, err error) error {
	if err == nil && doctor.NeedsCare(found) {
		return errFound
	}
	return err
}

// told is a finding with its texts, for --json.
type told struct {
	doctor.Finding
	What string `json:"what"`
	Do   string `json:"do,omitempty"`
}

func (t *terminal) tell(found []doctor.Finding) []told {
	all := make([]told, len(found))
	for i, f := range found {
		var args []any
		for name, value := range f.Args {
			args = append(args, name, visible(value))
		}
		all[i] = told{Finding: f, What: t.T(i18n.Key("doctor."+f.Reason), args...)}
		if f.Level != doctor.OK {
			all[i].Do = t.T(i18n.Key("doctor."+f.Reason+".do"), args...)
		}
	}
	return all
}

func (t *terminal) writeFindings(found []told) {
	for _, f := range found {
		t.line(t.T(i18n.Key("cli.level."+string(f.Level))) + "  " + f.What)
		if f.Do != "" {
			t.line("      → " + f.Do)
		}
	}
}

// writeRecords writes records as a zone file takes them (RFC 1035 §5.1).
func (t *terminal) writeRecords(records []doctor.Record) {
	if len(records) == 0 {
		return
	}
	t.line("")
	t.line(t.T("cli.doctor.records"))
	for _, r := range records {
		state := t.T("cli.doctor.record.wanted")
		if r.Published {
			state = t.T("cli.doctor.record.published")
		}
		t.line("")
		t.line("  ; " + state)
		t.line("  " + visible(r.Name) + ". IN " + r.Type + " " + quoted(r.Value))
	}
}

// quoted writes a text in strings of at most 255 octets.
func quoted(text string) string {
	var parts []string
	for part := range slices.Chunk([]byte(text), 255) {
		escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(visible(string(part)))
		parts = append(parts, `"`+escaped+`"`)
	}
	return strings.Join(parts, " ")
}
