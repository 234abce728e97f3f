package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/store"
)

// Whom the database holds. The first instance has all users; the others serve
// goals that would meet an instance's own limit of requests (S3).
const (
	instances   = 8
	small       = 2048 // users of an instance that is not the first
	ownPassword = 64   // users with a hash of their own; the rest share one
	fewestUsers = 256
	perUpdate   = 1000

	sharedPassword = "a password that many share"
	adminName      = "bench-admin" // may do everything, in the first instance
	adminPassword  = "the password of the administrator"
)

// people tells who was filled in.
type people struct{ users int }

func alias(n int) string    { return fmt.Sprintf("bench-%d", n) }
func username(n int) string { return fmt.Sprintf("user-%07d", n) }

// ownPasswordOf is the password of one of the first users.
func ownPasswordOf(n int) string { return fmt.Sprintf("own password number %d", n) }

// Every sixteenth user of an instance has no e-mail, every sixteenth is disabled.
func noEmail(n int) bool  { return n%16 == 15 && n >= ownPassword }
func disabled(n int) bool { return n%16 == 7 && n >= ownPassword }

// nth returns the n-th user, counted round and round, of whom is holds.
func (p people) nth(n int, is func(int) bool) string {
	return username(ownPassword + (n%(p.users/16-ownPassword/16))*16 + offset(is))
}

func offset(is func(int) bool) int {
	for k := range 16 {
		if is(ownPassword + k) {
			return k
		}
	}
	return 0
}

// served is the n-th user without a password of his own who gets a reset link:
// fourteen of sixteen have an e-mail and are enabled.
func served(n int) int {
	place := n % 14
	if place >= 7 {
		place++ // the disabled one
	}
	return ownPassword + n/14*16 + place
}

// ordinary users have an e-mail and are enabled.
func ordinary(n int) bool { return n%16 == 3 }

// fill makes the account, the instances and the users, as the rules would; or
// uses a directory that was filled before.
func (b *bench) fill(ctx context.Context) error {
	b.people = people{users: b.users}
	mark := filepath.Join(b.home, "filled")
	if b.data != "" && b.engine == "sqlite" {
		if _, err := os.Stat(mark); err == nil {
			b.say("using the database in %s", b.data)
			return nil
		}
	}
	began := b.now()
	settings, err := b.settings()
	if err != nil {
		return err
	}
	opened, err := app.Open(ctx, settings, "http://127.0.0.1", slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	err = b.people.fill(ctx, opened.App)
	if err == nil {
		err = b.givePrograms(ctx, opened.App)
	}
	if err := errors.Join(err, opened.Store.Close()); err != nil {
		return fmt.Errorf("fill database: %w", err)
	}
	if b.data != "" && b.engine == "sqlite" {
		if err := os.WriteFile(mark, nil, 0o600); err != nil {
			return err
		}
	}
	b.say("filled in %d users in %s", b.users, b.now().Sub(began).Round(time.Second))
	return nil
}

func (p people) fill(ctx context.Context, a *app.App) error {
	ctx = aikagi.WithActor(ctx, aikagi.Actor{Kind: aikagi.ActorSystem, Name: "bench", Source: "cli"})
	if _, err := a.Accounts.Bootstrap(ctx); err != nil {
		return err
	}
	hashes := make([]string, ownPassword+1) // the last one is shared
	for n := range hashes {
		password := ownPasswordOf(n)
		if n == ownPassword {
			password = sharedPassword
		}
		var err error
		if hashes[n], err = a.Hashes.Hash(ctx, aikagi.NewSecret(password)); err != nil {
			return err
		}
	}
	for n := range instances {
		settings := aikagi.DefaultInstanceSettings()
		settings.DisplayName = "Bench " + alias(n)
		i, err := a.Instances.Create(ctx, instance.New{Alias: alias(n), Identity: aikagi.ConnectManaged, Settings: settings})
		if err != nil {
			return err
		}
		users := p.users
		if n > 0 {
			users = min(users, small)
		} else if err := insertGroups(ctx, a, i); err != nil {
			return err
		}
		if err := insertUsers(ctx, a, i, users, hashes); err != nil {
			return err
		}
		if n == 0 {
			err = insertAdmin(ctx, a, i)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// given is what users of an instance get.
type given struct {
	profile aikagi.SecurityProfileID
	routing aikagi.RoutingProfileID
}

func give(ctx context.Context, a *app.App, i aikagi.Instance, name string) (given, error) {
	var g given
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		profiles, err := tx.ListSecurityProfiles(ctx, i.ID)
		for _, p := range profiles {
			if p.Name == name {
				g.profile = p.ID
			}
		}
		if err != nil {
			return err
		}
		all, err := tx.ListRoutingProfiles(ctx, i.ID)
		if len(all) > 0 {
			g.routing = all[0].ID
		}
		return err
	})
	return g, err
}

func insertAdmin(ctx context.Context, a *app.App, i aikagi.Instance) error {
	g, err := give(ctx, a, i, "Admin")
	if err != nil {
		return err
	}
	hash, err := a.Hashes.Hash(ctx, aikagi.NewSecret(adminPassword))
	if err != nil {
		return err
	}
	u := person(i, ownPassword, nil)
	u.Username, u.PasswordHash = adminName, hash
	u.CreatedAt, u.RoutingProfileID, u.SecurityProfileIDs = a.Clock.Now(), g.routing, []aikagi.SecurityProfileID{g.profile}
	return a.Store.Update(ctx, func(tx *store.Tx) error { return tx.InsertUser(ctx, u) })
}

func insertUsers(ctx context.Context, a *app.App, i aikagi.Instance, users int, hashes []string) error {
	g, err := give(ctx, a, i, "Agent")
	if err != nil {
		return err
	}
	now := a.Clock.Now()
	for first := 0; first < users; first += perUpdate {
		err := a.Store.Update(ctx, func(tx *store.Tx) error {
			for n := first; n < min(first+perUpdate, users); n++ {
				u := person(i, n, hashes)
				u.CreatedAt, u.RoutingProfileID = now, g.routing
				u.SecurityProfileIDs = []aikagi.SecurityProfileID{g.profile}
				if i.Alias == alias(0) {
					u.HierarchyGroupID = groupID(n % groups)
				}
				if err := tx.InsertUser(ctx, u); err != nil {
					return err
				}
				if err := tag(ctx, tx, u, n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// The first instance has groups, which everybody is in one of, and every fiftieth
// user a tag; twenty have the same.
const (
	groups  = 20
	tagged  = 50
	perSite = 20
)

func groupID(n int) aikagi.HierarchyGroupID {
	return aikagi.HierarchyGroupID(fmt.Sprintf("00000000-0000-4000-9000-%012d", n))
}

func insertGroups(ctx context.Context, a *app.App, i aikagi.Instance) error {
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.ReplaceHierarchyLevels(ctx, i.ID, []store.HierarchyLevel{{Name: "Site", UpdatedAt: i.CreatedAt}}); err != nil {
			return err
		}
		for n := range groups {
			err := tx.InsertHierarchyGroup(ctx, aikagi.HierarchyGroup{
				InstanceID: i.ID, ID: groupID(n), Level: 1, Name: fmt.Sprintf("Site %d", n), CreatedAt: a.Clock.Now(),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func tag(ctx context.Context, tx *store.Tx, u aikagi.User, n int) error {
	if n%tagged > 0 {
		return nil
	}
	site := aikagi.Tag{Key: "site", Value: fmt.Sprintf("site-%d", n/tagged/perSite)}
	return tx.ReplaceTags(ctx, u.InstanceID, aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(u.ID)}, []aikagi.Tag{site})
}

// ownID is the id of one of the first users; the others' are as random as usual.
func ownID(n int) aikagi.UserID {
	return aikagi.UserID(fmt.Sprintf("00000000-0000-4000-8000-%012d", n))
}

func person(i aikagi.Instance, n int, hashes []string) aikagi.User {
	name := username(n)
	u := aikagi.User{
		InstanceID: i.ID, ID: aikagi.UserID(aikagi.NewID()), Username: aikagi.Username(name),
		FirstName: fmt.Sprintf("花子%d", n), LastName: "佐藤", Email: aikagi.Email(name + "@bench.example"),
		Phone: aikagi.PhoneConfig{Type: aikagi.SoftPhone}, Enabled: !disabled(n),
	}
	if n < ownPassword {
		u.ID = ownID(n)
	}
	if len(hashes) > 0 {
		u.PasswordHash = hashes[min(n, ownPassword)]
	}
	if noEmail(n) {
		u.Email = ""
	}
	return u
}
