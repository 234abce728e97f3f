package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/store"
)

// instanceView is an instance as the commands show it.
type instanceView struct {
	Alias          string `json:"alias"`
	ID             string `json:"id"`
	ARN            string `json:"arn"`
	Name           string `json:"name"`
	LoginURL       string `json:"login_url"`
	Users          int64  `json:"users"`
	UsersNoEmail   int64  `json:"users_without_email"`
	Administrators int    `json:"administrators"` // who can log in and repair; counted up to 100
	CreatedAt      string `json:"created_at"`
}

const countAdministrators = 100

func instanceCommand(t *terminal) *cobra.Command {
	var name string
	create := withSettings(t, &cobra.Command{
		Use: "create ALIAS", Short: t.T("cli.instance.create"), Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			settings, err := t.settings(c)
			if err != nil {
				return err
			}
			return t.on(c, settings, func(ctx context.Context, h *host) error { return t.createInstance(ctx, h, args[0], name) })
		},
	})
	create.Flags().StringVar(&name, "name", "", t.T("cli.flag.name"))
	list := withSettings(t, &cobra.Command{
		Use: "list", Short: t.T("cli.instance.list"), Args: exactly(0), RunE: t.act(t.listInstances),
	})
	show := withSettings(t, &cobra.Command{
		Use: "show ALIAS", Short: t.T("cli.instance.show"), Args: exactly(1),
		RunE: t.act(func(ctx context.Context, h *host, args []string) error {
			i, err := h.find(ctx, args[0])
			if err != nil {
				return err
			}
			return t.showInstance(ctx, h, i)
		}),
	})
	return parent(t, "instance", "cli.instance", create, list, show)
}

// createInstance also makes the account, if this is the first thing that ever
// happened here.
func (t *terminal) createInstance(ctx context.Context, h *host, alias, name string) error {
	if _, err := h.Accounts.Bootstrap(ctx); err != nil {
		return err
	}
	if h.MadeKey {
		t.note(t.T("cli.key.made", "path", h.settings.KeyFile))
	}
	settings := aikagi.DefaultInstanceSettings()
	settings.DisplayName, settings.Locale = name, h.settings.Locale
	i, err := h.Instances.Create(ctx, instance.New{Alias: alias, Identity: aikagi.ConnectManaged, Settings: settings})
	if err != nil {
		return err
	}
	return t.showInstance(ctx, h, i)
}

func (h *host) describe(ctx context.Context, i aikagi.Instance) (instanceView, error) {
	account, err := h.Accounts.Account(ctx)
	if err != nil {
		return instanceView{}, err
	}
	able, err := h.Directory.CountRepairers(ctx, i.ID, countAdministrators)
	scope := aikagi.Scope{Region: h.Region, Account: account.ID, Instance: i.ID}
	return instanceView{
		Alias: i.Alias, ID: string(i.ID), ARN: string(scope.InstanceARN()), Name: i.Name(),
		LoginURL: h.URLs.Instance(i.Alias, "/login"), Users: i.UserCount, UsersNoEmail: i.NoEmailCount,
		Administrators: able, CreatedAt: stamp(i.CreatedAt),
	}, err
}

func (t *terminal) showInstance(ctx context.Context, h *host, i aikagi.Instance) error {
	v, err := h.describe(ctx, i)
	if err != nil {
		return err
	}
	return t.answer(v, func() {
		t.pairs(
			t.T("cli.col.alias"), v.Alias, t.T("cli.col.name"), v.Name, "ID", v.ID, "ARN", v.ARN,
			t.T("cli.col.login_url"), v.LoginURL, t.T("cli.col.users"), strconv.FormatInt(v.Users, 10),
			t.T("cli.col.no_email"), strconv.FormatInt(v.UsersNoEmail, 10),
			t.T("cli.col.administrators"), strconv.Itoa(v.Administrators), t.T("cli.col.created"), v.CreatedAt,
		)
	})
}

func (t *terminal) listInstances(ctx context.Context, h *host, _ []string) error {
	views, rows := []instanceView{}, [][]string{}
	for after := ""; ; {
		var page []aikagi.Instance
		err := h.Store.View(ctx, func(tx *store.Tx) (err error) {
			page, err = tx.ListInstances(ctx, after, listPage)
			return err
		})
		if err != nil {
			return err
		}
		for _, i := range page {
			v, err := h.describe(ctx, i)
			if err != nil {
				return err
			}
			views = append(views, v)
			rows = append(rows, []string{v.Alias, v.Name, strconv.FormatInt(v.Users, 10), strconv.FormatInt(v.UsersNoEmail, 10), v.LoginURL})
			after = i.Alias
		}
		if len(page) < listPage {
			break
		}
	}
	return t.answer(views, func() {
		t.table([]string{t.T("cli.col.alias"), t.T("cli.col.name"), t.T("cli.col.users"), t.T("cli.col.no_email"), t.T("cli.col.login_url")}, rows)
	})
}

const listPage = 100
