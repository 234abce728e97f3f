package unreachable

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// Database is a database of this product, which tells everything at once.
type Database struct {
	Store  *store.Store
	Title  string // for the report
	Region string // of the ARNs that policies name
}

// Name is the title.
func (d Database) Name() string { return d.Title }

const databasePage = 500

// Instances reads a page in the order of aliases.
func (d Database) Instances(ctx context.Context, token string) ([]Instance, string, error) {
	var page []Instance
	err := d.Store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.ListInstances(ctx, token, databasePage)
		for _, i := range all {
			page = append(page, Instance{ID: string(i.ID), Alias: i.Alias, IdentityType: string(i.IdentityType)})
		}
		return err
	})
	if len(page) < databasePage {
		return page, "", err
	}
	return page, page[len(page)-1].Alias, err
}

// Users reads a page in the order of user names.
func (d Database) Users(ctx context.Context, i Instance, token string) ([]Person, string, error) {
	var page []Person
	err := d.Store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.ListUsers(ctx, store.UserRange{
			Instance: aikagi.InstanceID(i.ID), Set: store.EveryUser, From: aikagi.Username(token), Limit: databasePage,
		})
		for _, u := range all {
			page = append(page, Person{
				ID: string(u.ID), Username: string(u.Username), Email: string(u.Email),
				Disabled: !u.Enabled, Bounced: !u.EmailBouncedAt.IsZero(), Profiles: texts(u.SecurityProfileIDs), Whole: true,
			})
		}
		return err
	})
	if len(page) < databasePage {
		return page, "", err
	}
	return page, page[len(page)-1].Username, err
}

func texts[T ~string](all []T) []string {
	texts := make([]string, len(all))
	for n, one := range all {
		texts[n] = string(one)
	}
	return texts
}

// Guards is true: guarded powers keep administrators from being taken over (S26).
func (Database) Guards() bool { return true }

// Profiles reads all security profiles and what they permit about everybody: whoever
// looks after some users only cannot bring back the others.
func (d Database) Profiles(ctx context.Context, i Instance, _ string) ([]Profile, string, error) {
	var all []Profile
	err := d.Store.View(ctx, func(tx *store.Tx) error {
		found, err := tx.ListSecurityProfiles(ctx, aikagi.InstanceID(i.ID))
		for _, p := range found {
			all = append(all, Profile{ID: string(p.ID), Name: p.Name, Permissions: texts(securityprofile.Powers(p).Sorted())})
		}
		return err
	})
	return all, "", err
}

// Permissions is never asked for: Profiles tells everything.
func (Database) Permissions(context.Context, Instance, string, string) ([]string, string, error) {
	return nil, "", aikagi.E(aikagi.Internal, "security_profile", nil)
}

// Look is never asked for: Users tells everything.
func (Database) Look(context.Context, Instance, string) (Person, error) {
	return Person{}, aikagi.E(aikagi.Internal, "user", nil)
}
