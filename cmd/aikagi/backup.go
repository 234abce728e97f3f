package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/backup"
	"github.com/aikagi/aikagi/internal/clock"
)

// locked are the flags that say what locks a backup.
type locked struct {
	file   string
	master bool
}

func withLock(t *terminal, c *cobra.Command, l *locked) *cobra.Command {
	c.Flags().StringVar(&l.file, "passphrase-file", "", t.T("cli.flag.passphrase_file"))
	c.Flags().BoolVar(&l.master, "master-key", false, t.T("cli.flag.master_key"))
	return withSettings(t, c)
}

const maxPassphrase = 4 << 10

// passphrase reads it from the file, or asks; twice where a mistyped one would
// be noticed years later. Empty is the master key.
func (t *terminal) passphrase(l locked, twice bool) (aikagi.Secret, error) {
	if l.master && l.file != "" {
		return aikagi.Secret{}, usage{"cli.usage.lock", ""}
	}
	if l.master {
		return aikagi.Secret{}, nil
	}
	if l.file != "" {
		return readPassphrase(l.file)
	}
	in, ok := t.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) { // #nosec G115 -- a descriptor is small
		return aikagi.Secret{}, usage{"cli.usage.lock", ""}
	}
	first, err := t.ask(in, t.T("cli.backup.passphrase"))
	if err != nil || !twice {
		return first, err
	}
	again, err := t.ask(in, t.T("cli.backup.passphrase_again"))
	if err != nil {
		return first, err
	}
	if first.Reveal() != again.Reveal() {
		return first, usage{"cli.usage.passphrases", ""}
	}
	return first, nil
}

func (t *terminal) ask(in *os.File, prompt string) (aikagi.Secret, error) {
	_, _ = fmt.Fprint(t.err, prompt)             // the answer counts
	text, err := term.ReadPassword(int(in.Fd())) // #nosec G115 -- a descriptor is small
	_, _ = fmt.Fprintln(t.err)                   // the typed line break was not shown
	if err != nil {
		return aikagi.Secret{}, fmt.Errorf("read passphrase: %w", err)
	}
	if len(text) == 0 {
		return aikagi.Secret{}, usage{"cli.usage.lock", ""}
	}
	return aikagi.NewSecret(string(text)), nil
}

func readPassphrase(path string) (aikagi.Secret, error) {
	text, err := os.ReadFile(path) // #nosec G304 -- the operator names the file
	if err != nil {
		return aikagi.Secret{}, &aikagi.Error{Code: aikagi.Invalid, Subject: "passphrase", Reason: "unreadable", Err: err}
	}
	text = bytes.TrimRight(text, "\r\n")
	if len(text) == 0 || len(text) > maxPassphrase {
		return aikagi.Secret{}, aikagi.Because(aikagi.Invalid, "passphrase", "unreadable")
	}
	return aikagi.NewSecret(string(text)), nil
}

func backupCommand(t *terminal) *cobra.Command {
	var l locked
	return withLock(t, &cobra.Command{
		Use: "backup FILE", Short: t.T("cli.backup"), Long: t.T("cli.backup.long"), Args: exactly(1),
		RunE: t.act(func(ctx context.Context, h *host, args []string) error {
			passphrase, err := t.passphrase(l, true)
			if err != nil {
				return err
			}
			sum, err := h.backups().Write(ctx, args[0], passphrase)
			if err != nil {
				return err
			}
			if err := t.tellBackup(sum); err != nil {
				return err
			}
			t.note(t.T("cli.backup.key_stays", "path", h.settings.KeyFile))
			return nil
		}),
	}, &l)
}

func (h *host) backups() *backup.Backups {
	return &backup.Backups{Store: h.Store, Clock: clock.System{}, Ring: h.Ring, Version: version()}
}

func (t *terminal) tellBackup(sum backup.Summary) error {
	return t.answer(sum, func() {
		t.pairs(
			t.T("cli.col.made_at"), stamp(sum.Manifest.MadeAt), t.T("cli.col.users"), strconv.FormatInt(sum.Rows["users"], 10),
			t.T("cli.col.events"), strconv.FormatInt(sum.Rows["audit_events"], 10),
			t.T("cli.col.bytes"), strconv.FormatInt(sum.Bytes, 10), "SHA-256", sum.SHA256,
		)
	})
}

func verifyCommand(t *terminal) *cobra.Command {
	var l locked
	return withLock(t, &cobra.Command{
		Use: "verify FILE", Short: t.T("cli.verify"), Args: exactly(1),
		RunE: t.act(func(ctx context.Context, h *host, args []string) error {
			passphrase, err := t.passphrase(l, false)
			if err != nil {
				return err
			}
			sum, err := h.backups().Check(ctx, args[0], passphrase)
			if err != nil {
				return err
			}
			return t.tellBackup(sum)
		}),
	}, &l)
}
