package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
)

// accountView is what "account show" answers.
type accountView struct {
	ID         string          `json:"id"`
	Contact    string          `json:"contact"`
	Principals []principalView `json:"principals"`
}

type principalView struct {
	Name      string   `json:"name"`
	Enabled   bool     `json:"enabled"`
	TOTP      bool     `json:"second_factor"`
	Policies  []string `json:"policies"`
	LastLogin string   `json:"last_login_at,omitempty"`
}

func accountCommand(t *terminal) *cobra.Command {
	show := withSettings(t, &cobra.Command{
		Use: "show", Short: t.T("cli.account.show"), Args: exactly(0), RunE: t.act(t.showAccount),
	})
	reset := withSettings(t, &cobra.Command{
		Use: "reset-principal NAME", Short: t.T("cli.account.reset"), Long: t.T("cli.account.reset.long"), Args: exactly(1),
		RunE: t.act(func(ctx context.Context, h *host, args []string) error {
			if _, err := h.Accounts.Bootstrap(ctx); err != nil { // a server that never served has no account yet
				return err
			}
			link, err := h.Accounts.ResetPrincipal(ctx, args[0])
			if err != nil {
				return err
			}
			v := struct {
				Name      string `json:"name"`
				Link      string `json:"link"`
				ExpiresAt string `json:"expires_at"`
			}{args[0], h.URLs.Base() + "/account/setup/" + link.Token.Reveal(), stamp(link.ExpiresAt)}
			return t.answer(v, func() {
				t.pairs(t.T("cli.col.principal"), v.Name, t.T("cli.col.link"), v.Link, t.T("cli.col.until"), v.ExpiresAt)
			})
		}),
	})
	return parent(t, "account", "cli.account", show, reset)
}

func (t *terminal) showAccount(ctx context.Context, h *host, _ []string) error {
	account, err := h.Accounts.Account(ctx)
	if err != nil {
		return err
	}
	v := accountView{ID: string(account.ID), Contact: string(account.Contact), Principals: []principalView{}}
	rows := [][]string{}
	for after := ""; ; {
		page, err := h.Accounts.ListPrincipals(ctx, after, listPage)
		if err != nil {
			return err
		}
		for _, p := range page {
			one := viewPrincipal(p)
			v.Principals = append(v.Principals, one)
			rows = append(rows, []string{one.Name, t.T(onOff(one.Enabled)), t.T(yesNo(one.TOTP)), strings.Join(one.Policies, " "), one.LastLogin})
			after = p.Name
		}
		if len(page) < listPage {
			break
		}
	}
	return t.answer(v, func() {
		t.pairs(t.T("cli.col.account"), v.ID, t.T("cli.col.contact"), v.Contact)
		t.line("")
		t.table([]string{
			t.T("cli.col.principal"), t.T("cli.col.state"), t.T("cli.col.totp"), t.T("cli.col.policies"), t.T("cli.col.last_login"),
		}, rows)
	})
}

func viewPrincipal(p aikagi.Principal) principalView {
	v := principalView{
		Name: p.Name, Enabled: p.Enabled, TOTP: len(p.TOTPSealed) > 0, Policies: []string{}, LastLogin: stamp(p.LastLoginAt),
	}
	for _, id := range p.Policies {
		v.Policies = append(v.Policies, string(id))
	}
	return v
}

func onOff(enabled bool) i18n.Key {
	if enabled {
		return "cli.state.ok"
	}
	return "cli.state.disabled"
}

func yesNo(yes bool) i18n.Key {
	if yes {
		return "cli.yes"
	}
	return "cli.no"
}
