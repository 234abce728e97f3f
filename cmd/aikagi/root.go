package main

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
)

// The exit statuses, which scripts may rely on.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2 // the command line or a setting is wrong; nothing was tried
	exitFound  = 3 // the command worked and found something that needs care
)

// execute runs one command and returns the exit status. Without a command it
// serves.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	t := &terminal{in: os.Stdin, out: stdout, err: stderr, environ: os.Environ()}
	t.locale = chooseLocale(args, t.environ)
	if len(args) == 0 {
		args = []string{"serve"}
	}
	root := newRoot(t)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		return t.fail(err)
	}
	return exitOK
}

func newRoot(t *terminal) *cobra.Command {
	root := &cobra.Command{
		Use: "aikagi", Short: t.T("cli.root"), Long: t.T("cli.root.long"), SilenceUsage: true, SilenceErrors: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage{"cli.usage.command", args[0]}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.PersistentFlags().BoolVar(&t.json, "json", false, t.T("cli.flag.json"))
	root.PersistentFlags().String("lang", "", t.T("cli.flag.lang"))
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage{"cli.usage.flag", err.Error()} })
	root.SetUsageTemplate(t.usageTemplate())
	root.AddCommand(
		serveCommand(t), demoCommand(t), devCommand(t),
		instanceCommand(t), userCommand(t), profileCommand(t), importCommand(t), exportCommand(t), resetCardCommand(t), unreachableCommand(t),
		emergencyCommand(t), accountCommand(t), consoleCommand(t),
		backupCommand(t), restoreCommand(t), verifyCommand(t), doctorCommand(t), mailCommand(t), auditCommand(t),
		keyCommand(t), configCommand(t), versionCommand(t),
	)
	root.AddCommand(topics(t)...)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Short = t.T("cli.help")
		case "completion":
			c.Short = t.T("cli.completion")
		}
	}
	return root
}

// topics are texts that "aikagi help TOPIC" shows.
func topics(t *terminal) []*cobra.Command {
	return []*cobra.Command{
		{Use: "settings", Short: t.T("cli.topic.settings"), Long: t.T("cli.topic.settings.long") + "\n\n" + settingsTable(t)},
		{Use: "exit-status", Short: t.T("cli.topic.exit"), Long: t.T("cli.topic.exit.long")},
		{Use: "locked-out", Short: t.T("cli.topic.locked_out"), Long: t.T("cli.topic.locked_out.long")},
	}
}

// chooseLocale takes --lang, then AIKAGI_LANG, then what POSIX says about the
// language of messages. A terminal without one may not show Japanese.
func chooseLocale(args, environ []string) aikagi.Locale {
	for i, arg := range args {
		value, found := strings.CutPrefix(arg, "--lang=")
		if arg == "--lang" && i+1 < len(args) {
			value, found = args[i+1], true
		}
		if l := aikagi.ParseLocale(value); found && l != "" {
			return l
		}
	}
	for _, name := range []string{"AIKAGI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		for _, entry := range environ {
			value, found := strings.CutPrefix(entry, name+"=")
			if !found || value == "" {
				continue
			}
			language, _, _ := strings.Cut(value, "_")
			if aikagi.ParseLocale(language) == aikagi.Japanese {
				return aikagi.Japanese
			}
			return aikagi.English
		}
	}
	return aikagi.English
}

// usageTemplate is cobra's own, in the language of the terminal.
func (t *terminal) usageTemplate() string {
	return t.T("cli.usage") + `{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} …{{end}}{{if .HasExample}}

` + t.T("cli.usage.examples") + `
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}

` + t.T("cli.usage.commands") + `{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

` + t.T("cli.usage.flags") + `
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

` + t.T("cli.usage.global") + `
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasHelpSubCommands}}

` + t.T("cli.usage.topics") + `{{range .Commands}}{{if .IsAdditionalHelpTopicCommand}}
  {{rpad .CommandPath .CommandPathPadding}} {{.Short}}{{end}}{{end}}{{end}}
`
}

// parent makes a command that only groups others.
func parent(t *terminal, use string, short i18n.Key, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: t.T(short),
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage{"cli.usage.command", c.Name() + " " + args[0]}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(children...)
	return c
}

// exactly asks for the arguments that the usage line names.
func exactly(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usage{"cli.usage.arguments", c.UseLine()}
		}
		return nil
	}
}
