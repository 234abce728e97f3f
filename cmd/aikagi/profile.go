package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// profileView is a security profile as the commands show it.
type profileView struct {
	Name        string   `json:"name"`
	ID          string   `json:"id"`
	Description string   `json:"description"`
	Permissions []string `json:"permissions"`
}

func viewProfile(p aikagi.SecurityProfile) profileView {
	v := profileView{Name: p.Name, ID: string(p.ID), Description: p.Description, Permissions: []string{}}
	for _, one := range p.Permissions {
		v.Permissions = append(v.Permissions, string(one))
	}
	return v
}

func profileCommand(t *terminal) *cobra.Command {
	list := withInstance(t, &cobra.Command{
		Use: "list", Short: t.T("cli.profile.list"), Args: exactly(0),
		RunE: t.act(func(ctx context.Context, h *host, _ []string) error {
			all, err := h.profiles(ctx)
			if err != nil {
				return err
			}
			views, rows := []profileView{}, [][]string{}
			for _, p := range all {
				views = append(views, viewProfile(p))
				rows = append(rows, []string{p.Name, strconv.Itoa(len(p.Permissions)), p.Description})
			}
			return t.answer(views, func() {
				t.table([]string{t.T("cli.col.profile"), t.T("cli.col.permissions"), t.T("cli.col.description")}, rows)
			})
		}),
	})
	show := withInstance(t, &cobra.Command{
		Use: "show NAME", Short: t.T("cli.profile.show"), Args: exactly(1),
		RunE: t.act(func(ctx context.Context, h *host, args []string) error {
			all, err := h.profiles(ctx)
			if err != nil {
				return err
			}
			for _, p := range all {
				if p.Name == args[0] || string(p.ID) == args[0] {
					return t.showProfile(p)
				}
			}
			return aikagi.E(aikagi.NotFound, "security_profile", nil)
		}),
	})
	return parent(t, "profile", "cli.profile", list, show)
}

func (t *terminal) showProfile(p aikagi.SecurityProfile) error {
	v := viewProfile(p)
	return t.answer(v, func() {
		t.pairs(t.T("cli.col.profile"), v.Name, "ID", v.ID, t.T("cli.col.description"), v.Description)
		for _, one := range v.Permissions {
			t.line("  " + visible(one))
		}
	})
}

func (h *host) profiles(ctx context.Context) ([]aikagi.SecurityProfile, error) {
	i, err := h.instance(ctx)
	if err != nil {
		return nil, err
	}
	var all []aikagi.SecurityProfile
	err = h.Store.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.ListSecurityProfiles(ctx, i.ID)
		return err
	})
	return all, err
}
