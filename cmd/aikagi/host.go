package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/user"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app"
	"github.com/aikagi/aikagi/internal/config"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
)

// host is the product, opened for one command by somebody with access to the
// host. A server may be running on the same database.
type host struct {
	*app.Opened
	settings config.Settings
	alias    string // of --instance
}

// Flags of settings that the help of a command shows; the others are there and
// hidden, because "aikagi help settings" lists them.
func shownSettings() []string { return []string{"config", "data", "database", "key-file"} }

// withSettings gives a command the flags of the settings.
func withSettings(t *terminal, c *cobra.Command) *cobra.Command {
	flags := pflag.NewFlagSet("settings", pflag.ContinueOnError)
	config.AddFlags(flags, func(setting string) string { return t.T(i18n.Key("config.setting." + setting)) })
	flags.VisitAll(func(f *pflag.Flag) {
		f.Hidden = !slices.Contains(shownSettings(), f.Name)
		c.Flags().AddFlag(f)
	})
	return c
}

// withInstance adds the flag that names an instance.
func withInstance(t *terminal, c *cobra.Command) *cobra.Command {
	c.Flags().StringP("instance", "i", "", t.T("cli.flag.instance"))
	return withSettings(t, c)
}

func (t *terminal) settings(c *cobra.Command) (config.Settings, error) {
	keyFile, err := secret.DefaultKeyPath()
	if err != nil {
		keyFile = "" // a setting may name it; otherwise loading the key says so
	}
	return config.Load(config.Sources{Flags: c.Flags(), Environ: t.environ, DefaultKeyFile: keyFile})
}

// act opens the product and runs a command on it as the user of the operating
// system.
func (t *terminal) act(do func(ctx context.Context, h *host, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		settings, err := t.settings(c)
		if err != nil {
			return err
		}
		if err := present(settings); err != nil {
			return err
		}
		return t.on(c, settings, func(ctx context.Context, h *host) error { return do(ctx, h, args) })
	}
}

// on opens the product, which may be new.
func (t *terminal) on(c *cobra.Command, settings config.Settings, do func(ctx context.Context, h *host) error) error {
	log := slog.New(slog.NewJSONHandler(t.err, &slog.HandlerOptions{Level: slog.LevelError}))
	opened, err := app.Open(c.Context(), settings, settings.Origin(settings.Listen), log)
	if err != nil {
		return err
	}
	alias := ""
	if f := c.Flags().Lookup("instance"); f != nil {
		alias = f.Value.String()
	}
	err = do(asHost(c.Context(), t.locale), &host{opened, settings, alias})
	return errors.Join(err, opened.Store.Close())
}

// present refuses a SQLite file that is not there: a command that made one
// would hide a mistyped path behind an empty system.
func present(s config.Settings) error {
	path, lite := strings.CutPrefix(s.Database.Reveal(), "sqlite:")
	if !lite {
		return nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return &aikagi.Error{Code: aikagi.NotFound, Subject: "database", Reason: "absent", Err: err}
	}
	return nil
}

func asHost(ctx context.Context, l aikagi.Locale) context.Context {
	return aikagi.WithActor(ctx, aikagi.Actor{Kind: aikagi.ActorHost, Name: osUser(), Source: "cli", Locale: l})
}

// osUser is the name for the record. Whoever may write the database may also
// lie here; it helps the honest.
func osUser() string {
	name := "?"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if by := os.Getenv("SUDO_USER"); by != "" && by != name {
		name += " (" + visible(by) + ")"
	}
	return name
}

// instance finds the instance that the command is about: the one that --instance
// names, or the only one.
func (h *host) instance(ctx context.Context) (aikagi.Instance, error) {
	if h.alias != "" {
		return h.find(ctx, h.alias)
	}
	var all []aikagi.Instance
	err := h.Store.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.ListInstances(ctx, "", 2)
		return err
	})
	switch {
	case err != nil:
		return aikagi.Instance{}, err
	case len(all) == 0:
		return aikagi.Instance{}, aikagi.Because(aikagi.NotFound, "instance", "none")
	case len(all) > 1:
		return aikagi.Instance{}, usage{"cli.usage.which_instance", all[0].Alias}
	}
	return all[0], nil
}

// find reads an instance by alias or id.
func (h *host) find(ctx context.Context, name string) (aikagi.Instance, error) {
	var i aikagi.Instance
	err := h.Store.View(ctx, func(tx *store.Tx) (err error) {
		if id, bad := aikagi.ParseID("instance", name); bad == nil {
			i, err = tx.FindInstance(ctx, aikagi.InstanceID(id))
			return err
		}
		i, err = tx.FindInstanceByAlias(ctx, strings.ToLower(name))
		return err
	})
	return i, err
}

// user finds an instance and one of its users by name or id.
func (h *host) user(ctx context.Context, name string) (i aikagi.Instance, u aikagi.User, err error) {
	if i, err = h.instance(ctx); err != nil {
		return i, u, err
	}
	err = h.Store.View(ctx, func(tx *store.Tx) error {
		if id, bad := aikagi.ParseID("user", name); bad == nil {
			u, err = tx.FindUser(ctx, i.ID, aikagi.UserID(id))
			return err
		}
		u, err = tx.FindUserByName(ctx, i.ID, aikagi.Username(name))
		return err
	})
	return i, u, err
}
