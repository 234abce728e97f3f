package main

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/unreachable"
)

// hostSource is this host's database, which tells everything at once.
type hostSource struct{ host *host }

func (s hostSource) Name() string { return s.host.URLs.Base() }

func (s hostSource) Whole() bool { return true }

const sourcePage = 500

func (s hostSource) Instances(ctx context.Context, token string) ([]unreachable.Instance, string, error) {
	var page []unreachable.Instance
	err := s.host.Store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.ListInstances(ctx, token, sourcePage)
		for _, i := range all {
			page = append(page, unreachable.Instance{ID: string(i.ID), Alias: i.Alias, IdentityType: string(i.IdentityType)})
		}
		return err
	})
	if len(page) < sourcePage {
		return page, "", err
	}
	return page, page[len(page)-1].Alias, err
}

func (s hostSource) Users(ctx context.Context, i unreachable.Instance, token string) ([]unreachable.Person, string, error) {
	var page []unreachable.Person
	err := s.host.Store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.ListUsers(ctx, store.UserRange{
			Instance: aikagi.InstanceID(i.ID), Set: store.EveryUser, From: aikagi.Username(token), Limit: sourcePage, Bare: true,
		})
		for _, u := range all {
			page = append(page, unreachable.Person{
				ID: string(u.ID), Username: string(u.Username), Email: string(u.Email),
				Disabled: !u.Enabled, Bounced: !u.EmailBouncedAt.IsZero(),
			})
		}
		return err
	})
	if len(page) < sourcePage {
		return page, "", err
	}
	return page, page[len(page)-1].Username, err
}

// Look is never asked for: Users tells everything.
func (hostSource) Look(context.Context, unreachable.Instance, string) (unreachable.Person, error) {
	return unreachable.Person{}, aikagi.E(aikagi.Internal, "user", nil)
}
