package sample

import (
	"context"
	"fmt"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
)

// Filler puts a sample call centre into an empty database.
type Filler struct {
	Store     *store.Store
	Clock     clock.Clock
	Hashes    *password.Gate
	Throttle  *throttle.Throttle
	Instances *instance.Instances
	Directory *directory.Directory
	Accounts  *account.Accounts
}

// Login is a person one can log in as.
type Login struct {
	Role     string `json:"role"`
	Username string `json:"username"`
	Password string `json:"password"`
	Email    string `json:"email"`
}

// Centre is what was filled in.
type Centre struct {
	Instance aikagi.Instance
	Account  aikagi.Account
	Owner    Login // of the account console
	Key      aikagi.AccessKey
	Secret   aikagi.Secret // of the key
	Logins   []Login
}

// Alias is the sample instance's.
const Alias = "sakura"

const (
	people       = 128
	withoutEmail = 7
	lockedAfter  = 100 // failures in a row
)

// Fill makes the sample. The database must be empty.
func (f *Filler) Fill(ctx context.Context) (Centre, error) {
	ctx = aikagi.WithActor(ctx, aikagi.Actor{Kind: aikagi.ActorSystem, Name: "demo", Source: "cli"})
	var c Centre
	if err := f.owner(ctx, &c); err != nil {
		return c, fmt.Errorf("make sample account: %w", err)
	}
	settings := aikagi.DefaultInstanceSettings()
	settings.DisplayName = "さくらコールセンター"
	settings.Contact = "情報システム 内線 1234"
	var err error
	c.Instance, err = f.Instances.Create(ctx, instance.New{Alias: Alias, Identity: aikagi.ConnectManaged, Settings: settings})
	if err != nil {
		return c, fmt.Errorf("make sample instance: %w", err)
	}
	groups, err := f.groups(ctx, c.Instance)
	if err != nil {
		return c, fmt.Errorf("make sample hierarchy: %w", err)
	}
	if err := f.staff(ctx, &c, groups); err != nil {
		return c, fmt.Errorf("make sample people: %w", err)
	}
	return c, nil
}

// owner makes the first principal and an access key, as a person would through
// the set-up link.
func (f *Filler) owner(ctx context.Context, c *Centre) error {
	link, err := f.Accounts.Bootstrap(ctx)
	if err != nil {
		return err
	}
	secret := password.Generate()
	c.Owner = Login{Role: "owner", Username: "owner", Password: secret.Reveal(), Email: "owner@" + Alias + ".example"}
	opened, err := f.Accounts.Claim(ctx, link.Token, account.Claim{
		Name: c.Owner.Username, Contact: aikagi.Email(c.Owner.Email), Password: secret,
	})
	if err != nil {
		return err
	}
	ctx = aikagi.WithActor(ctx, aikagi.Actor{
		Kind: aikagi.ActorPrincipal, PrincipalID: opened.Principal.ID, Name: opened.Principal.Name, Source: "cli",
	})
	if c.Key, c.Secret, err = f.Accounts.CreateAccessKey(ctx, opened.Principal.ID); err != nil {
		return err
	}
	c.Account, err = f.Accounts.Account(ctx)
	return err
}

func (f *Filler) groups(ctx context.Context, i aikagi.Instance) ([]aikagi.HierarchyGroupID, error) {
	var teams []aikagi.HierarchyGroupID
	for _, site := range []string{"東京センター", "大阪センター"} {
		top, err := f.Directory.CreateGroup(ctx, i.ID, "", site)
		if err != nil {
			return nil, err
		}
		for _, team := range []string{"受注チーム", "サポートチーム"} {
			group, err := f.Directory.CreateGroup(ctx, i.ID, top.ID, team)
			if err != nil {
				return nil, err
			}
			teams = append(teams, group.ID)
		}
	}
	return teams, nil
}

// role is what one of the people with a password is.
type role struct {
	name, profile string
	noEmail       bool
}

func roles() []role {
	return []role{
		{"administrator", "Admin", false},
		{"editor", "Editor", false},
		{"viewer", "Viewer", false},
		{"agent", "Agent", false},
		{"agent-without-email", "Agent", true},
	}
}

// staff makes everybody. The first five have passwords that are told; the others
// share one that nobody knows.
func (f *Filler) staff(ctx context.Context, c *Centre, groups []aikagi.HierarchyGroupID) error {
	now := f.Clock.Now()
	hashes := make([]string, len(roles()))
	for n, r := range roles() {
		secret := password.Generate()
		hash, err := f.Hashes.Hash(ctx, secret)
		if err != nil {
			return err
		}
		hashes[n] = hash
		c.Logins = append(c.Logins, Login{Role: r.name, Password: secret.Reveal()})
	}
	unknown, err := f.Hashes.Hash(ctx, password.Generate())
	if err != nil {
		return err
	}
	return f.Store.Update(ctx, func(tx *store.Tx) error {
		profiles, routing, err := f.furniture(ctx, tx, c.Instance, now)
		if err != nil {
			return err
		}
		for n := range people {
			u := person(c.Instance, n)
			u.RoutingProfileID, u.HierarchyGroupID = routing, groups[n%len(groups)]
			u.CreatedAt = now.Add(-time.Duration(people-n) * 24 * time.Hour)
			profile := profiles["Agent"]
			u.PasswordHash = unknown
			if n < len(hashes) {
				r := roles()[n]
				profile, u.PasswordHash = profiles[r.profile], hashes[n]
				if r.noEmail {
					u.Email = ""
				}
				c.Logins[n].Username, c.Logins[n].Email = string(u.Username), string(u.Email)
			}
			if n > people-withoutEmail {
				u.Email = "" // with the agent above, seven
			}
			u.SecurityProfileIDs = []aikagi.SecurityProfileID{profile}
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
			seen := now.Add(-time.Duration(n*n%2000) * time.Hour) // today, last week, months ago
			if err := tx.RecordLogin(ctx, u.InstanceID, u.ID, seen); err != nil {
				return err
			}
		}
		if err := f.lock(ctx, tx, c.Instance, now); err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, audit.Event{
			Instance: c.Instance.ID, Action: "sample.fill", TargetKind: "instance",
			TargetID: string(c.Instance.ID), TargetName: c.Instance.Alias,
		})
	})
}

// furniture adds the profiles of the article (Users View + Edit, no more) and
// finds what a new instance has.
func (f *Filler) furniture(ctx context.Context, tx *store.Tx, i aikagi.Instance, now time.Time) (map[string]aikagi.SecurityProfileID, aikagi.RoutingProfileID, error) {
	for name, permissions := range map[string][]aikagi.Permission{
		"Editor": {aikagi.UsersView, aikagi.UsersEdit},
		"Viewer": {aikagi.UsersView},
	} {
		err := tx.InsertSecurityProfile(ctx, aikagi.SecurityProfile{
			InstanceID: i.ID, ID: aikagi.SecurityProfileID(aikagi.NewID()), Name: name,
			Permissions: permissions, CreatedAt: now,
		})
		if err != nil {
			return nil, "", err
		}
	}
	all, err := tx.ListSecurityProfiles(ctx, i.ID)
	if err != nil {
		return nil, "", err
	}
	ids := make(map[string]aikagi.SecurityProfileID, len(all))
	for _, p := range all {
		ids[p.Name] = p.ID
	}
	routing, err := tx.ListRoutingProfiles(ctx, i.ID)
	if err != nil {
		return nil, "", err
	}
	return ids, routing[0].ID, nil
}

// lock lets somebody be locked out: so many failures that only a reset helps.
func (f *Filler) lock(ctx context.Context, tx *store.Tx, i aikagi.Instance, now time.Time) error {
	victim := person(i, len(roles()))
	for n := range lockedAfter {
		_, err := f.Throttle.Count(ctx, tx, now, throttle.Try{
			Instance: i.ID, Username: string(victim.Username), Source: fmt.Sprintf("192.0.2.%d", n),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
