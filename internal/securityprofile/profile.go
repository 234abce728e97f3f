package securityprofile

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/store"
)

// Profiles holds the rules about security profiles themselves.
type Profiles struct {
	Store *store.Store
	Clock clock.Clock
}

// Amazon Connect's limits.
const (
	maxDescription = 250 // characters
	maxPermissions = 500
	maxPermission  = 128 // bytes of a name
	maxProfiles    = 100 // of an instance
)

// Listed is a profile with how many users hold it, counted up to
// store.CountCap, and whether it makes its holder stronger than others.
type Listed struct {
	Profile aikagi.SecurityProfile
	Holders int
	Guarded bool
}

// List reads the profiles of an instance.
func (p *Profiles) List(ctx context.Context, instance aikagi.InstanceID) ([]Listed, error) {
	var listed []Listed
	err := p.Store.View(ctx, func(tx *store.Tx) error {
		r, i, err := p.enter(ctx, tx, instance, aikagi.SecurityProfilesView)
		if err != nil {
			return err
		}
		all, err := r.listProfiles(ctx, tx, instance)
		if err != nil {
			return err
		}
		listed = make([]Listed, 0, len(all))
		for _, t := range all {
			one := t.Profile
			set := store.UserRange{Instance: instance, Set: store.UsersOfProfile, Of: string(one.ID)}
			n, err := tx.CountUsers(ctx, set, store.CountCap)
			if err != nil {
				return err
			}
			listed = append(listed, Listed{
				Profile: one, Holders: n, Guarded: Guards(i, aikagi.Effective(one.Permissions)),
			})
		}
		return nil
	})
	return listed, err
}

// Find reads a profile.
func (p *Profiles) Find(ctx context.Context, instance aikagi.InstanceID, id aikagi.SecurityProfileID) (aikagi.SecurityProfile, error) {
	var found aikagi.SecurityProfile
	err := p.view(ctx, instance, func(tx *store.Tx, r Rights) (err error) {
		found, err = r.FindProfile(ctx, tx, instance, id, aikagi.SecurityProfilesView)
		return err
	})
	return found, err
}

// view runs read for an actor who may see profiles, be it some.
func (p *Profiles) view(ctx context.Context, instance aikagi.InstanceID, read func(*store.Tx, Rights) error) error {
	return p.Store.View(ctx, func(tx *store.Tx) error {
		r, _, err := p.enter(ctx, tx, instance, aikagi.SecurityProfilesView)
		if err != nil {
			return err
		}
		return read(tx, r)
	})
}

// enter lets in whoever may do something to some profile; to which is judged when
// the profile is read.
func (p *Profiles) enter(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, needed aikagi.Permission) (Rights, aikagi.Instance, error) {
	i, r, err := Enter(ctx, tx, instance, p.Clock.Now())
	if err == nil {
		err = r.RequireSomewhere(needed)
	}
	return r, i, err
}

// Create makes a profile of an instance as wished, with tags if there are some.
// Nobody makes one that he may not give.
func (p *Profiles) Create(ctx context.Context, wish aikagi.SecurityProfile, tags ...aikagi.Tag) (aikagi.SecurityProfile, error) {
	made, instance := wish, wish.InstanceID
	made.ID, made.Permissions, made.Version = aikagi.SecurityProfileID(aikagi.NewID()), sorted(wish.Permissions), 1
	var broken aikagi.Invalids
	_, err := aikagi.ParseSecurityProfileName(wish.Name)
	broken.AddErr("profile_name", err)
	check(&broken, wish.Description, wish.Permissions)
	broken = append(broken, checkScope(made)...)
	tags, err = aikagi.ParseTags(tags)
	broken.AddErr("tags", err)
	if err := broken.Err(); err != nil {
		return made, err
	}
	err = p.Store.Update(ctx, func(tx *store.Tx) error {
		r, _, err := p.enter(ctx, tx, instance, aikagi.SecurityProfilesCreate)
		if err != nil {
			return err
		}
		tags, err := r.adoptProfile(tags)
		if err != nil {
			return err
		}
		if err := r.mayMake(ctx, tx, made); err != nil {
			return err
		}
		if err := scopeGroup(ctx, tx, made); err != nil {
			return err
		}
		made.CreatedAt = p.Clock.Now()
		made.UpdatedAt = made.CreatedAt
		if err := tx.InsertSecurityProfile(ctx, made); err != nil {
			return err
		}
		changes := differences(aikagi.SecurityProfile{}, made)
		for _, t := range tags {
			changes = append(changes, aikagi.Change{Field: "tags", After: t.String()})
		}
		if err := tx.ReplaceTags(ctx, instance, resource(made.ID), tags); err != nil {
			return err
		}
		return p.record(ctx, tx, "security_profile.create", made, changes)
	})
	return made, err
}

func resource(id aikagi.SecurityProfileID) aikagi.Resource {
	return aikagi.Resource{Kind: aikagi.ResourceSecurityProfile, ID: string(id)}
}

func (r Rights) mayMake(ctx context.Context, tx *store.Tx, made aikagi.SecurityProfile) error {
	if err := r.MayGive(made); err != nil {
		return err
	}
	all, err := tx.ListSecurityProfiles(ctx, made.InstanceID)
	if err != nil {
		return err
	}
	if len(all) >= maxProfiles {
		return aikagi.Because(aikagi.Conflict, "security_profile", "too_many")
	}
	if slices.ContainsFunc(all, func(p aikagi.SecurityProfile) bool { return p.Name == made.Name }) {
		return aikagi.Because(aikagi.Conflict, "profile_name", "taken")
	}
	return nil
}

// Change is what of a profile is to be another; what is nil stays.
type Change struct {
	Description *string
	Permissions *[]aikagi.Permission
	ScopeChange
}

// Update stores what is given; version is the one the form was
// filled in from. Amazon Connect does not rename profiles.
func (p *Profiles) Update(ctx context.Context, instance aikagi.InstanceID, id aikagi.SecurityProfileID, version int64, c Change) error {
	return p.change(ctx, instance, id, c, func(before aikagi.SecurityProfile) error {
		if before.Version != version {
			return aikagi.Because(aikagi.Conflict, "security_profile", "changed")
		}
		return nil
	})
}

// Amend stores what is given, whatever the profile was before: programs say
// what they want to be, and have read no version.
func (p *Profiles) Amend(ctx context.Context, instance aikagi.InstanceID, id aikagi.SecurityProfileID, c Change) error {
	return p.change(ctx, instance, id, c, func(aikagi.SecurityProfile) error { return nil })
}

func (p *Profiles) change(ctx context.Context, instance aikagi.InstanceID, id aikagi.SecurityProfileID, c Change,
	current func(before aikagi.SecurityProfile) error,
) error {
	if err := c.check(); err != nil {
		return err
	}
	return p.Store.Update(ctx, func(tx *store.Tx) error {
		r, i, err := p.enter(ctx, tx, instance, aikagi.SecurityProfilesEdit)
		if err != nil {
			return err
		}
		before, err := r.FindProfile(ctx, tx, instance, id, aikagi.SecurityProfilesEdit)
		if err != nil {
			return err
		}
		if err := current(before); err != nil {
			return err
		}
		after := c.apply(before)
		after.UpdatedAt = p.Clock.Now()
		if err := checkScope(after).Err(); err != nil {
			return err
		}
		if err := scopeGroup(ctx, tx, after); err != nil {
			return err
		}
		if err := r.mayWiden(ctx, tx, before, after); err != nil {
			return err
		}
		return KeepRepairer(ctx, tx, instance, func() error { return p.store(ctx, tx, i, before, after) })
	})
}

func (c Change) check() error {
	var broken aikagi.Invalids
	var description string
	if c.Description != nil {
		description = *c.Description
	}
	var permissions []aikagi.Permission
	if c.Permissions != nil {
		permissions = *c.Permissions
	}
	check(&broken, description, permissions)
	return broken.Err()
}

func (c Change) apply(p aikagi.SecurityProfile) aikagi.SecurityProfile {
	if c.Description != nil {
		p.Description = *c.Description
	}
	if c.Permissions != nil {
		p.Permissions = sorted(*c.Permissions)
	}
	return c.ScopeChange.Apply(p)
}

// mayWiden judges a change of a profile: nobody touches one with a guarded power
// that he lacks, makes one of it, or gives himself anything by widening a
// profile that he holds (S26, F05).
func (r Rights) mayWiden(ctx context.Context, tx *store.Tx, before, after aikagi.SecurityProfile) error {
	if err := r.MayGive(before, after); err != nil {
		return err
	}
	if r.all {
		return nil
	}
	own, err := tx.FindUser(ctx, before.InstanceID, r.Actor.UserID)
	if err != nil {
		return err
	}
	if !slices.Contains(own.SecurityProfileIDs, before.ID) {
		return nil
	}
	if gained := r.somewhere.Missing(aikagi.Effective(after.Permissions)); len(gained) > 0 {
		return aikagi.Because(aikagi.Forbidden, "security_profile", "own")
	}
	return nil
}

func (p *Profiles) store(ctx context.Context, tx *store.Tx, i aikagi.Instance, before, after aikagi.SecurityProfile) error {
	if err := tx.UpdateSecurityProfile(ctx, after); err != nil {
		return err
	}
	// A reset secret that was made for a holder while the profile had no such
	// power must not open what it opens now (S6, S26).
	guarded := aikagi.GuardedPermissions(i.Settings.ExtraGuarded...)
	gained := aikagi.PowersLacked(aikagi.Effective(before.Permissions), aikagi.Effective(after.Permissions), guarded)
	if len(gained) > 0 || scopeOf(before) != scopeOf(after) {
		if err := tx.MoveEpochOfHolders(ctx, after.InstanceID, after.ID); err != nil {
			return err
		}
	}
	return p.record(ctx, tx, "security_profile.update", after, differences(before, after))
}

// Delete removes a profile that nobody holds.
func (p *Profiles) Delete(ctx context.Context, instance aikagi.InstanceID, id aikagi.SecurityProfileID) error {
	return p.Store.Update(ctx, func(tx *store.Tx) error {
		r, _, err := p.enter(ctx, tx, instance, aikagi.SecurityProfilesDelete)
		if err != nil {
			return err
		}
		found, err := r.FindProfile(ctx, tx, instance, id, aikagi.SecurityProfilesDelete)
		if err != nil {
			return err
		}
		if err := r.MayGive(found); err != nil {
			return err
		}
		return KeepRepairer(ctx, tx, instance, func() error {
			if err := tx.DeleteSecurityProfile(ctx, instance, id); err != nil {
				return err
			}
			return p.record(ctx, tx, "security_profile.delete", found, differences(found, aikagi.SecurityProfile{}))
		})
	})
}

func (p *Profiles) record(ctx context.Context, tx *store.Tx, action string, about aikagi.SecurityProfile, changes []aikagi.Change) error {
	return audit.Record(ctx, tx, p.Clock.Now(), audit.Event{
		Instance: about.InstanceID, Action: action,
		TargetKind: "security_profile", TargetID: string(about.ID), TargetName: about.Name, Changes: changes,
	})
}

// differences lists what changed; permissions as those added and removed,
// because the whole lists are long.
func differences(a, b aikagi.SecurityProfile) []aikagi.Change {
	before, after := aikagi.NewPermissions(a.Permissions...), aikagi.NewPermissions(b.Permissions...)
	return audit.Changed(
		[3]string{"profile_name", a.Name, b.Name},
		[3]string{"description", a.Description, b.Description},
		[3]string{"permissions", joined(after.Missing(before)), joined(before.Missing(after))},
		[3]string{"scope", scopeOf(a), scopeOf(b)},
	)
}

func joined(names []aikagi.Permission) string {
	all := make([]string, len(names))
	for i, p := range names {
		all[i] = string(p)
	}
	return strings.Join(all, ", ")
}

func sorted(permissions []aikagi.Permission) []aikagi.Permission {
	return aikagi.NewPermissions(permissions...).Sorted()
}

// check refuses what Amazon Connect's model refuses. Names that are not in the
// catalogue pass: Amazon adds some all the time, and they give nothing here.
func check(broken *aikagi.Invalids, description string, permissions []aikagi.Permission) {
	if len(description) > 4*maxDescription || utf8.RuneCountInString(description) > maxDescription {
		broken.Add("description", "too_long")
	} else if strings.ContainsFunc(description, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		broken.Add("description", "characters")
	}
	if len(permissions) > maxPermissions {
		broken.Add("permissions", "too_many")
	}
	for _, p := range permissions {
		if p == "" || len(p) > maxPermission || !utf8.ValidString(string(p)) || strconv.Quote(string(p)) != `"`+string(p)+`"` {
			broken.Add("permissions", "unknown")
			return
		}
	}
}
