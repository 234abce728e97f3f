package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/store"
)

// The instances. In the federated one nobody has a password here.
const (
	home      = "timing"
	federated = "federate"
)

// right is the password of everybody who has one.
const right = "mikan no tsukimi 77"

// name is the n-th name of a state: all are equally long, because an answer may
// repeat what was typed.
func name(state byte, n int) string { return fmt.Sprintf("%c%07d", state, n) }

// The states of an account, by the first letter of its names. Nobody has names
// that begin with u or v; l and w are alike but that l's exist.
const (
	unknown      = 'u'
	ordinary     = 'a'
	noEmail      = 'e'
	disabled     = 'd'
	passwordless = 'p'
	mustChange   = 'm'
	locked       = 'l' // besieged before the measurement
	unknownToo   = 'w' // besieged likewise, and nobody's
	cheapArgon   = 'c'
	dearArgon    = 'x'
	bcryptHash   = 'b'
)

// besieged is how many names are made to take only other ways in.
const besieged = 20

// fill makes the instances and so many people in each state.
func fill(ctx context.Context, p *product, each int) error {
	settings, err := p.settings()
	if err != nil {
		return err
	}
	opened, err := app.Open(ctx, settings, p.url, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return errors.Join(fillIn(ctx, opened.App, each), opened.Store.Close())
}

func fillIn(ctx context.Context, a *app.App, each int) error {
	ctx = aikagi.WithActor(ctx, aikagi.Actor{Kind: aikagi.ActorSystem, Name: "timing", Source: "cli"})
	if _, err := a.Accounts.Bootstrap(ctx); err != nil {
		return err
	}
	ours, err := a.Hashes.Hash(ctx, aikagi.NewSecret(right))
	if err != nil {
		return err
	}
	old, err := bcrypt.GenerateFromPassword([]byte(right), 8)
	if err != nil {
		return err
	}
	cheap, dear := argon(1, 8<<10), argon(2, 32<<10)
	for alias, identity := range map[string]aikagi.IdentityType{home: aikagi.ConnectManaged, federated: aikagi.SAML} {
		i, err := a.Instances.Create(ctx, instance.New{Alias: alias, Identity: identity, Settings: aikagi.DefaultInstanceSettings()})
		if err != nil {
			return err
		}
		for state, change := range map[byte]func(u *aikagi.User){
			ordinary:     func(*aikagi.User) {},
			noEmail:      func(u *aikagi.User) { u.Email = "" },
			disabled:     func(u *aikagi.User) { u.Enabled = false },
			passwordless: func(u *aikagi.User) { u.PasswordHash = "" },
			mustChange:   func(u *aikagi.User) { u.MustChange = true },
			locked:       func(*aikagi.User) {},
			cheapArgon:   func(u *aikagi.User) { u.PasswordHash = cheap },
			dearArgon:    func(u *aikagi.User) { u.PasswordHash = dear },
			bcryptHash:   func(u *aikagi.User) { u.PasswordHash = string(old) },
		} {
			if err := insert(ctx, a.Store, i, state, each, func(u *aikagi.User) { u.PasswordHash = ours; change(u) }); err != nil {
				return fmt.Errorf("fill in %c: %w", state, err)
			}
		}
	}
	return nil
}

// argon is a hash of right as an earlier version may have kept it.
func argon(passes, memory uint32) string {
	salt := []byte("0123456789abcdef")
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=1$%s$%s", memory, passes, b64(salt),
		b64(argon2.IDKey([]byte(right), salt, passes, memory, 1, 32)))
}

func insert(ctx context.Context, s *store.Store, i aikagi.Instance, state byte, each int, change func(u *aikagi.User)) error {
	var routing aikagi.RoutingProfileID
	var profile aikagi.SecurityProfileID
	err := s.View(ctx, func(tx *store.Tx) error {
		profiles, err := tx.ListSecurityProfiles(ctx, i.ID)
		if err != nil {
			return err
		}
		for _, p := range profiles {
			if p.Name == "Agent" {
				profile = p.ID
			}
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
	return s.Update(ctx, func(tx *store.Tx) error {
		for n := range each {
			u := aikagi.User{
				InstanceID: i.ID, ID: aikagi.UserID(aikagi.NewID()), Username: aikagi.Username(name(state, n)),
				FirstName: "花子", LastName: "佐藤", Email: aikagi.Email(name(state, n) + "@timing.example"),
				Phone: aikagi.PhoneConfig{Type: aikagi.SoftPhone}, Enabled: true, RoutingProfileID: routing,
				SecurityProfileIDs: []aikagi.SecurityProfileID{profile}, CreatedAt: i.CreatedAt,
			}
			change(&u)
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
}
