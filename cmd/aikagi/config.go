package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/aikagi/aikagi/internal/config"
	"github.com/aikagi/aikagi/internal/i18n"
)

// settingView is one setting as "config print" shows it.
type settingView struct {
	Setting string `json:"setting"`
	Value   string `json:"value"`
	Place   string `json:"place"`
	From    string `json:"from,omitempty"`
}

func configCommand(t *terminal) *cobra.Command {
	show := withSettings(t, &cobra.Command{
		Use: "print", Short: t.T("cli.config.print"), Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := t.settings(c)
			if err != nil {
				return err
			}
			return t.printSettings(settings)
		},
	})
	return parent(t, "config", "cli.config", show)
}

func (t *terminal) printSettings(s config.Settings) error {
	views, rows := []settingView{}, [][]string{}
	for _, v := range s.Print() {
		views = append(views, settingView{v.Setting, v.Text, string(v.Source.Place), v.Source.Name})
		rows = append(rows, []string{v.Setting, v.Text, t.place(v.Source)})
	}
	err := t.answer(views, func() {
		t.table([]string{t.T("cli.col.setting"), t.T("cli.col.value"), t.T("cli.col.from")}, rows)
	})
	if len(s.Ignored) > 0 {
		t.note(t.T("doctor.settings_ignored", "names", strings.Join(s.Ignored, ", ")))
	}
	return err
}

// settingsTable is the list of settings in "aikagi help settings".
func settingsTable(t *terminal) string {
	flags := pflag.NewFlagSet("settings", pflag.ContinueOnError)
	config.AddFlags(flags, func(setting string) string { return t.T(i18n.Key("config.setting." + setting)) })
	flags.SortFlags = false
	var b strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		name := strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		b.WriteString("  AIKAGI_" + name + strings.Repeat(" ", max(1, 18-len(name))) + f.Usage + "\n")
	})
	return b.String()
}
