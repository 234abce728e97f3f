package securityprofile

import (
	"context"
	"errors"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/store"
)

// Rights are what the actor of a context may do in one instance. Of somebody whose
// profiles are about some users only, they say nothing but what holds of all, until
// Toward or FindUser names a user: a rule that does not ask is closed to him.
type Rights struct {
	Actor     aikagi.Actor
	self      aikagi.User // who acts; zero if no user does
	held      aikagi.Permissions
	powers    aikagi.Permissions // held about everything, to be compared with others (S26)
	somewhere aikagi.Permissions // held about anything
	scoped    []aikagi.SecurityProfile
	guarded   aikagi.Permissions
	all       bool // emergency access, host commands, background jobs, and principals whose policies allow the call
}

// Enter reads an instance and what the actor may do there. A principal is judged
// before anything else is read (S35).
func Enter(ctx context.Context, tx *store.Tx, id aikagi.InstanceID, now time.Time) (aikagi.Instance, Rights, error) {
	if actor := aikagi.ActorFrom(ctx); actor.Kind == aikagi.ActorPrincipal {
		if err := iam.RequireCall(ctx, tx, now, id); err != nil {
			return aikagi.Instance{}, Rights{Actor: actor}, err
		}
		i, err := tx.FindInstance(ctx, id)
		return i, Rights{Actor: actor, all: err == nil}, err
	}
	i, err := tx.FindInstance(ctx, id)
	if err != nil {
		return i, Rights{}, err
	}
	r, err := Of(ctx, tx, i, now)
	return i, r, err
}

// Of reads the rights of the actor in ctx. Nobody has rights in an instance
// that is not his own: to him it is unknown (S29).
func Of(ctx context.Context, tx *store.Tx, instance aikagi.Instance, now time.Time) (Rights, error) {
	r := Rights{
		Actor:   aikagi.ActorFrom(ctx),
		guarded: aikagi.GuardedPermissions(instance.Settings.ExtraGuarded...),
	}
	switch r.Actor.Kind {
	case aikagi.ActorHost, aikagi.ActorSystem:
		r.all = true
		return r, nil
	case aikagi.ActorUser:
		return r.ofUser(ctx, tx, instance)
	case aikagi.ActorEmergency:
		return r.ofGrant(ctx, tx, instance, now)
	case aikagi.ActorPrincipal: // decision 7: judged by policies alone
		err := iam.RequireCall(ctx, tx, now, instance.ID)
		r.all = err == nil
		return r, err
	case aikagi.ActorAnonymous:
	}
	return r, aikagi.E(aikagi.Unauthenticated, "session", nil)
}

func (r Rights) ofUser(ctx context.Context, tx *store.Tx, instance aikagi.Instance) (Rights, error) {
	if r.Actor.InstanceID != instance.ID {
		return r, aikagi.E(aikagi.NotFound, "instance", nil)
	}
	user, err := tx.FindUser(ctx, instance.ID, r.Actor.UserID)
	if aikagi.CodeOf(err) == aikagi.NotFound || err == nil && !user.Enabled {
		return r, aikagi.E(aikagi.Unauthenticated, "session", nil)
	}
	if err != nil {
		return r, err
	}
	r.self = user
	profiles, err := tx.ListProfilesOfUser(ctx, instance.ID, user.ID)
	r.powers, r.somewhere = Powers(profiles...), union(profiles)
	r.held, r.scoped = r.powers, narrowed(profiles)
	return r, err
}

func (r Rights) ofGrant(ctx context.Context, tx *store.Tx, instance aikagi.Instance, now time.Time) (Rights, error) {
	grant, err := tx.FindGrant(ctx, r.Actor.GrantID)
	if err != nil && aikagi.CodeOf(err) != aikagi.NotFound {
		return r, err
	}
	live := err == nil && grant.InstanceID == instance.ID && !grant.UsedAt.IsZero() &&
		grant.EndedAt.IsZero() && now.Before(grant.UsedAt.Add(aikagi.GrantSessionTTL))
	if !live {
		return r, aikagi.E(aikagi.Unauthenticated, "session", nil)
	}
	r.all = true
	return r, nil
}

// AccountOnly refuses whoever acts inside an instance: what is about instances as a
// whole is the account's.
func AccountOnly(ctx context.Context) error {
	switch aikagi.ActorFrom(ctx).Kind {
	case aikagi.ActorHost, aikagi.ActorSystem, aikagi.ActorPrincipal:
		return nil
	case aikagi.ActorUser, aikagi.ActorEmergency:
		return aikagi.Because(aikagi.Forbidden, "instance", "account_only")
	case aikagi.ActorAnonymous:
	}
	return aikagi.E(aikagi.Unauthenticated, "session", nil)
}

// Held returns the effective permissions of a user, whatever they are about: the
// union of his profiles.
func Held(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id aikagi.UserID) (aikagi.Permissions, error) {
	profiles, err := tx.ListProfilesOfUser(ctx, instance, id)
	if err != nil {
		return nil, err
	}
	return union(profiles), nil
}

func union(profiles []aikagi.SecurityProfile) aikagi.Permissions {
	lists := make([][]aikagi.Permission, len(profiles))
	for i, p := range profiles {
		lists[i] = p.Permissions
	}
	return aikagi.Effective(lists...)
}

// HeldAndPowers returns what a user may do, and what of it is about everything.
func HeldAndPowers(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id aikagi.UserID) (held, powers aikagi.Permissions, err error) {
	profiles, err := tx.ListProfilesOfUser(ctx, instance, id)
	return union(profiles), Powers(profiles...), err
}

// May reports whether the actor has every one of the permissions.
func (r Rights) May(needed ...aikagi.Permission) bool { return r.all || r.held.Has(needed...) }

// Require refuses an actor who lacks one of the permissions; the reason names
// the first one missing, so that the page can say what to ask for.
func (r Rights) Require(needed ...aikagi.Permission) error {
	for _, p := range needed {
		switch {
		case r.May(p):
		case r.somewhere.Has(p):
			return aikagi.Because(aikagi.Forbidden, "user", "restricted")
		default:
			return aikagi.Because(aikagi.Forbidden, "permission", string(p))
		}
	}
	return nil
}

// RequireSomewhere refuses an actor who has one of the permissions about nothing.
// What it lets pass must be judged again, of the user whom it is about.
func (r Rights) RequireSomewhere(needed ...aikagi.Permission) error {
	for _, p := range needed {
		if !r.all && !r.somewhere.Has(p) {
			return r.Require(p)
		}
	}
	return nil
}

// MayChangeWaysIn refuses to touch the ways in (address, password, reset
// secrets, sessions, status, profiles) of a user who holds a guarded power
// that the actor lacks (S26, decision 7).
func (r Rights) MayChangeWaysIn(ctx context.Context, tx *store.Tx, target aikagi.User) error {
	if r.all {
		return nil
	}
	held, err := Held(ctx, tx, target.InstanceID, target.ID)
	if err != nil {
		return err
	}
	return r.refuse("user", held)
}

// MayGive refuses to hand out, or to widen, profiles with a guarded power that
// the actor lacks (S26).
func (r Rights) MayGive(profiles ...aikagi.SecurityProfile) error {
	if r.all {
		return nil
	}
	if err := r.refuse("security_profile", union(profiles)); err != nil || !r.Narrow() {
		return err
	}
	return r.mayScope(profiles)
}

func (r Rights) refuse(subject string, held aikagi.Permissions) error {
	lacked := aikagi.PowersLacked(r.powers, held, r.guarded)
	if len(lacked) == 0 {
		return nil
	}
	return &aikagi.Error{
		Code: aikagi.Forbidden, Subject: subject, Reason: "guarded",
		Err: errors.New("lacks " + string(lacked[0])),
	}
}

// Guards reports whether a set of permissions holds a guarded power; its
// holders choose longer passwords (decision 11).
func Guards(instance aikagi.Instance, held aikagi.Permissions) bool {
	return len(aikagi.PowersLacked(nil, held, aikagi.GuardedPermissions(instance.Settings.ExtraGuarded...))) > 0
}
