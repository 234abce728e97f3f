package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi/internal/backup"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
)

func restoreCommand(t *terminal) *cobra.Command {
	var l locked
	return withLock(t, &cobra.Command{
		Use: "restore FILE", Short: t.T("cli.restore"), Long: t.T("cli.restore.long"), Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error { return t.restore(c, args[0], l) },
	}, &l)
}

// restore fills an empty database. The key file must be there already: it is
// never made for data that another one sealed (M05).
func (t *terminal) restore(c *cobra.Command, path string, l locked) error {
	settings, err := t.settings(c)
	if err != nil {
		return err
	}
	ring, err := secret.LoadRing(settings.KeyFile)
	if err != nil {
		return err
	}
	passphrase, err := t.passphrase(l, false)
	if err != nil {
		return err
	}
	db, err := store.Open(c.Context(), settings.Database.Reveal())
	if err != nil {
		return err
	}
	b := &backup.Backups{Store: db, Clock: clock.System{}, Ring: ring, Version: version()}
	sum, err := b.Restore(asHost(c.Context(), t.locale), path, passphrase)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := t.tellBackup(sum); err != nil {
		return err
	}
	t.note(t.T("cli.restore.done"))
	return nil
}
