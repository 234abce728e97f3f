package directory

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/throttle"
)

// Person is everything that a user's page shows. Of the password it only tells,
// by a hash of "set", that there is one.
type Person struct {
	User     aikagi.User
	Profiles []aikagi.SecurityProfile
	Tags     []aikagi.Tag
	// Proficiencies are what the user is good at, for routing.
	Proficiencies []aikagi.Proficiency

	Sessions []aikagi.Session
	Failures int  // failed logins in a row from unknown devices
	Locked   bool // so many that unknown devices cannot log in
	Beyond   bool // holds a guarded power that the actor lacks (S26)
	Self     bool
	Shared   bool // somebody else has the address too
	// May reports whether the actor has permissions about him; for the page's buttons.
	May func(needed ...aikagi.Permission) bool
}

// Find reads a user. Sessions and failed logins are for those who may end them.
func (d *Directory) Find(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID) (Person, error) {
	return viewSome(ctx, d, instance, aikagi.UsersView, func(s scene) (Person, error) {
		var p Person
		var err error
		if p.User, err = s.find(ctx, id, aikagi.UsersView); err != nil {
			return p, err
		}
		p.May = s.rights.May
		p.User.PasswordHash = known(p.User.PasswordHash)
		p.Self = s.isSelf(p.User)
		shared, err := s.shared(ctx, p.User)
		if err != nil {
			return p, err
		}
		p.Shared = shared[p.User.Email]
		if p.Profiles, err = s.tx.ListProfilesOfUser(ctx, instance, id); err != nil {
			return p, err
		}
		if p.Tags, err = s.tx.ListTags(ctx, instance, aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(id)}); err != nil {
			return p, err
		}
		if p.Proficiencies, err = s.tx.ListProficiencies(ctx, instance, id); err != nil {
			return p, err
		}
		if err := s.rights.MayChangeWaysIn(ctx, s.tx, p.User); aikagi.CodeOf(err) == aikagi.Forbidden && err != nil {
			p.Beyond = true
		} else if err != nil {
			return p, err
		}
		if !s.rights.May(aikagi.UsersEdit) {
			return p, nil
		}
		if p.Sessions, err = s.tx.ListSessions(ctx, instance, id); err != nil {
			return p, err
		}
		p.Failures, err = d.Throttle.Failures(ctx, s.tx, instance, p.User.Username, s.now)
		p.Locked = throttle.Locked(p.Failures)
		return p, err
	})
}

// known keeps from a hash only whether there is one: no page needs more (F15).
func known(hash string) string {
	if hash == "" {
		return ""
	}
	return "set"
}

// Choices are what the form of a user offers.
type Choices struct {
	Profiles []aikagi.SecurityProfile
	Routing  []aikagi.RoutingProfile
	Groups   []aikagi.HierarchyGroup
	// Giveable tells which profiles the actor may give.
	Giveable map[aikagi.SecurityProfileID]bool
}

// Choices reads what the form of a user offers.
func (d *Directory) Choices(ctx context.Context, instance aikagi.InstanceID) (Choices, error) {
	return viewSome(ctx, d, instance, aikagi.UsersView, func(s scene) (Choices, error) { return s.choices(ctx) })
}

func (s scene) choices(ctx context.Context) (Choices, error) {
	c := Choices{Giveable: map[aikagi.SecurityProfileID]bool{}}
	var err error
	if c.Profiles, err = s.tx.ListSecurityProfiles(ctx, s.instance.ID); err != nil {
		return c, err
	}
	for _, p := range c.Profiles {
		c.Giveable[p.ID] = s.rights.MayGive(p) == nil
	}
	if c.Routing, err = s.tx.ListRoutingProfiles(ctx, s.instance.ID); err != nil {
		return c, err
	}
	c.Groups, err = s.tx.ListHierarchyGroups(ctx, s.instance.ID)
	return c, err
}

// CountRepairers tells how many users, up to a limit, could bring the instance
// back in order; with one left a page warns.
func (d *Directory) CountRepairers(ctx context.Context, instance aikagi.InstanceID, limit int) (int, error) {
	var n int
	err := d.Store.View(ctx, func(tx *store.Tx) error {
		_, err := d.enterSome(ctx, tx, instance, aikagi.UsersView)
		if err != nil {
			return err
		}
		n, err = securityprofile.CountRepairers(ctx, tx, instance, limit)
		return err
	})
	return n, err
}
