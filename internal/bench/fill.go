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
)

// people tells who was filled in.
type people struct{ users int }

func alias(n int) string    { return fmt.Sprintf("bench-%d", n) }
func username(n int) string { return fmt.Sprintf("user-%07d", n) }

// withPassword is a user who can log in, and his password.
func withPassword(n int) (name, password string) {
	n %= ownPassword
	return username(n), fmt.Sprintf("own password number %d", n)
}

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

// ordinary users have an e-mail and are enabled.
func ordinary(n int) bool { return n%16 == 3 }

// fill makes the account, the instances and the users, as the rules would; or
// uses a directory that was filled before.
func (b *bench) fill(ctx context.Context) error {
	b.people = people{users: b.users}
	mark := filepath.Join(b.data, fmt.Sprintf("filled-%d", b.users))
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
	if err := errors.Join(err, opened.Store.Close()); err != nil {
		return fmt.Errorf("fill database: %w", err)
	}
	if b.data != "" {
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
		_, password := withPassword(n)
		if n == ownPassword {
			password = "a password that many share"
		}
		var err error
		if hashes[n], err = a.Hashes.Hash(ctx, aikagi.NewSecret(password)); err != nil {
			return err
		}
	}
	for n := range instances {
		settings := aikagi.DefaultInstanceSettings()
		settings.DisplayName = "Bench " + alias(n)
		i, err := a.Directory.CreateInstance(ctx, alias(n), aikagi.ConnectManaged, settings)
		if err != nil {
			return err
		}
		users := p.users
		if n > 0 {
			users = min(users, small)
		}
		if err := insertUsers(ctx, a, i, users, hashes); err != nil {
			return err
		}
	}
	return nil
}

func insertUsers(ctx context.Context, a *app.App, i aikagi.Instance, users int, hashes []string) error {
	var agent aikagi.SecurityProfileID
	var routing aikagi.RoutingProfileID
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		profiles, err := tx.ListSecurityProfiles(ctx, i.ID)
		for _, p := range profiles {
			if p.Name == "Agent" {
				agent = p.ID
			}
		}
		if err != nil {
			return err
		}
		all, err := tx.ListRoutingProfiles(ctx, i.ID)
		if len(all) > 0 {
			routing = all[0].ID
		}
		return err
	})
	if err != nil {
		return err
	}
	now := a.Clock.Now()
	for first := 0; first < users; first += perUpdate {
		err := a.Store.Update(ctx, func(tx *store.Tx) error {
			for n := first; n < min(first+perUpdate, users); n++ {
				u := person(i, n, hashes)
				u.CreatedAt, u.RoutingProfileID = now, routing
				u.SecurityProfileIDs = []aikagi.SecurityProfileID{agent}
				if err := tx.InsertUser(ctx, u); err != nil {
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

func person(i aikagi.Instance, n int, hashes []string) aikagi.User {
	name := username(n)
	u := aikagi.User{
		InstanceID: i.ID, ID: aikagi.UserID(aikagi.NewID()), Username: aikagi.Username(name),
		FirstName: fmt.Sprintf("花子%d", n), LastName: "佐藤", Email: aikagi.Email(name + "@bench.example"),
		Phone: aikagi.PhoneConfig{Type: aikagi.SoftPhone}, Enabled: !disabled(n),
		PasswordHash: hashes[min(n, ownPassword)],
	}
	if noEmail(n) {
		u.Email = ""
	}
	return u
}
