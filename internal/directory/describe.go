package directory

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/walk"
)

// Describe reads what programs may know of a user: himself, without the hash of
// his password, and his tags.
func (d *Directory) Describe(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID) (aikagi.User, []aikagi.Tag, error) {
	var tags []aikagi.Tag
	u, err := viewSome(ctx, d, instance, aikagi.UsersView, func(s scene) (aikagi.User, error) {
		u, err := s.find(ctx, id, aikagi.UsersView)
		if err != nil {
			return u, err
		}
		u.PasswordHash = known(u.PasswordHash)
		tags, err = s.tx.ListTags(ctx, instance, aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(id)})
		return u, err
	})
	return u, tags, err
}

// ListAfter reads up to a number of users in the order of their names after one,
// and tells whether there are more.
func (d *Directory) ListAfter(ctx context.Context, instance aikagi.InstanceID, after aikagi.Username, n int) ([]walk.Step, bool, error) {
	users, err := view(ctx, d, instance, aikagi.UsersView, func(s scene) ([]walk.Step, error) {
		users, _, err := s.tx.WalkUsers(ctx, instance, walk.Track{By: walk.Everybody}, string(after), n+1)
		return users, err
	})
	if len(users) > n {
		return users[:n], true, err
	}
	return users, false, err
}

// Unreachable is a page of the enabled users without an address, in the order of
// their names, and how many there are in all.
type Unreachable struct {
	Users []aikagi.User
	More  bool
	Total int64
}

// ListUnreachable reads up to a number of users who cannot reset their password
// by mail, after a name.
func (d *Directory) ListUnreachable(ctx context.Context, instance aikagi.InstanceID, after aikagi.Username, n int) (Unreachable, error) {
	return view(ctx, d, instance, aikagi.UsersView, func(s scene) (Unreachable, error) {
		users, err := s.tx.ListUsers(ctx, store.UserRange{
			Instance: instance, Set: store.UsersWithoutEmail, From: after, Limit: n + 1, Bare: true,
		})
		found := Unreachable{Users: users, Total: s.instance.NoEmailCount}
		if len(users) > n {
			found.Users, found.More = users[:n], true
		}
		return found, err
	})
}

// ListAddresses reads up to a number of users after a name, in the order of their names,
// with what decides whether they can reset their password, and tells whether there are
// more.
func (d *Directory) ListAddresses(ctx context.Context, instance aikagi.InstanceID, after aikagi.Username, n int) ([]aikagi.User, bool, error) {
	users, err := view(ctx, d, instance, aikagi.UsersView, func(s scene) ([]aikagi.User, error) {
		users, err := s.tx.ListUsers(ctx, store.UserRange{Instance: instance, Set: store.EveryUser, From: after, Limit: n + 1})
		for i := range users {
			users[i].PasswordHash = known(users[i].PasswordHash)
		}
		return users, err
	})
	if len(users) > n {
		return users[:n], true, err
	}
	return users, false, err
}
