package main

import (
	"net"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/doctor"
	"github.com/aikagi/aikagi/internal/i18n"
)

func doctorCommand(t *terminal) *cobra.Command {
	return withSettings(t, &cobra.Command{
		Use: "doctor", Short: t.T("cli.doctor"), Long: t.T("cli.doctor.long"), Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := t.settings(c)
			if err != nil {
				return err
			}
			resolver := &net.Resolver{}
			d := &doctor.Doctor{Settings: settings, Clock: clock.System{}, LookupTXT: resolver.LookupTXT}
			found := d.Examine(c.Context())
			if err := t.tellFindings(found); err != nil {
				return err
			}
			if doctor.NeedsCare(found) {
				return errFound
			}
			return nil
		},
	})
}

// told is a finding with its texts, for --json.
type told struct {
	doctor.Finding
	What string `json:"what"`
	Do   string `json:"do,omitempty"`
}

func (t *terminal) tellFindings(found []doctor.Finding) error {
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
	return t.answer(all, func() {
		for _, f := range all {
			t.line(t.T(i18n.Key("cli.level."+string(f.Level))) + "  " + f.What)
			if f.Do != "" {
				t.line("      → " + f.Do)
			}
		}
	})
}
