package directory

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// NewUser is what it takes to make a user.
type NewUser struct {
	Draft
	Profiles []aikagi.SecurityProfileID
	// Temporary gives the user a generated password that must be changed at the
	// first login. Without it he has none until somebody sends an invitation.
	Temporary bool
	// Invite says that an invitation is to follow, which needs an address.
	Invite bool
	// OnWire makes the user as Amazon's CreateUser does: with its longer names, and
	// with a password that the caller chose, where the instance keeps passwords.
	OnWire   bool
	Password aikagi.Secret
	Phone    Phone // in place of the draft's
	Channels ChannelSettings
	Tags     []aikagi.Tag
}

// Create makes a user and returns him with his temporary password, if he got
// one; it is shown once and kept nowhere.
func (d *Directory) Create(ctx context.Context, instance aikagi.InstanceID, n NewUser) (aikagi.User, aikagi.Secret, error) {
	u, err := n.user()
	if err != nil {
		return u, aikagi.Secret{}, err
	}
	u.InstanceID = instance
	tags, err := aikagi.ParseTags(n.Tags)
	if err != nil {
		return u, aikagi.Secret{}, err
	}
	err = d.Store.View(ctx, func(tx *store.Tx) error {
		_, _, _, err := d.mayCreate(ctx, tx, n, u, tags)
		return err
	})
	if err != nil {
		return u, aikagi.Secret{}, err // before the costly hash
	}
	chosen, temporary := n.Password, aikagi.Secret{}
	if n.Temporary {
		temporary = password.Generate()
		chosen, u.MustChange = temporary, true
	}
	if !chosen.Empty() {
		if u.PasswordHash, err = d.Hashes.Hash(ctx, chosen); err != nil {
			return u, aikagi.Secret{}, err
		}
	}
	err = d.Store.Update(ctx, func(tx *store.Tx) error {
		s, profiles, tags, err := d.mayCreate(ctx, tx, n, u, tags)
		if err != nil {
			return err
		}
		return s.insert(ctx, &u, profiles, tags...)
	})
	return u, temporary, err
}

func (n NewUser) user() (aikagi.User, error) {
	limit := aikagi.MaxUsernameOnPages
	var broken aikagi.Invalids
	if n.OnWire {
		limit, n.onWire = aikagi.MaxUsernameOnWire, true
	}
	name, err := aikagi.ParseUsername(n.Username, limit)
	if n.OnWire && aikagi.ReasonOf(err) == "too_long" {
		err = aikagi.Because(aikagi.Invalid, "username", "too_long_on_wire")
	}
	broken.AddErr("username", err)
	u, err := n.apply(aikagi.User{})
	broken = append(broken, asInvalids(err)...)
	if n.OnWire {
		u, err = n.Phone.apply(u)
		broken = append(broken, asInvalids(err)...)
		u, err = n.Channels.apply(u)
		broken = append(broken, asInvalids(err)...)
	}
	if !n.Password.Empty() {
		broken.AddErr("password", password.CheckWire(n.Password))
	}
	if n.Invite && n.Email == "" {
		broken.Add("email", "to_invite")
	}
	if len(n.Profiles) == 0 {
		broken.Add("security_profiles", "required")
	}
	u.ID, u.Username, u.Enabled = aikagi.UserID(aikagi.NewID()), name, true
	u.SecurityProfileIDs = n.Profiles
	return u, broken.Err()
}

// mayCreate judges everything about a new user that the database must say, and
// returns the profiles he will hold and the tags he will carry.
func (d *Directory) mayCreate(ctx context.Context, tx *store.Tx, n NewUser, u aikagi.User, tags []aikagi.Tag) (
	s scene, profiles []aikagi.SecurityProfile, carried []aikagi.Tag, err error,
) {
	if s, err = d.enterSome(ctx, tx, u.InstanceID, aikagi.UsersCreate); err != nil {
		return s, nil, nil, err
	}
	err = first(
		func() error { return s.fitsIdentity(aikagi.User{}, u) },
		func() error { return s.fitsPassword(n) },
		func() (err error) { profiles, err = s.profiles(ctx, u.SecurityProfileIDs); return err },
		func() error { return s.rights.MayGive(profiles...) },
		func() error { return s.places(ctx, u) },
		func() error { return s.rights.MayRegister(u.Email) },
		func() (err error) { carried, err = s.rights.Adopt(ctx, tx, u, tags); return err },
		func() error { return s.nobodyHas(ctx, u.Username) },
	)
	return s, profiles, carried, err
}

// first asks rules in turn and returns the first refusal.
func first(rules ...func() error) error {
	for _, rule := range rules {
		if err := rule(); err != nil {
			return err
		}
	}
	return nil
}

func (s scene) nobodyHas(ctx context.Context, name aikagi.Username) error {
	_, err := s.tx.FindUserByName(ctx, s.instance.ID, name)
	switch {
	case err == nil:
		return aikagi.Because(aikagi.Conflict, "username", "taken")
	case aikagi.CodeOf(err) != aikagi.NotFound:
		return err
	}
	return nil
}

func (s scene) insert(ctx context.Context, u *aikagi.User, profiles []aikagi.SecurityProfile, tags ...aikagi.Tag) error {
	u.CreatedAt, u.UpdatedAt, u.Version, u.SecretEpoch = s.now, s.now, 1, 1
	if u.Email != "" {
		u.EmailSetBy, u.EmailSetAt = by(ctx), s.now
	}
	if err := s.tx.InsertUser(ctx, *u); err != nil {
		return err
	}
	if len(tags) > 0 {
		if err := s.tx.ReplaceTags(ctx, u.InstanceID, aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(u.ID)}, tags); err != nil {
			return err
		}
	}
	e := about("user.create", *u)
	e.Changes = append(introduced(*u, profiles), relabelled("tags", nil, tags, aikagi.Tag.String)...)
	return audit.Record(ctx, s.tx, s.now, e)
}

// introduced lists everything about a new user.
func introduced(u aikagi.User, profiles []aikagi.SecurityProfile) []aikagi.Change {
	return append(differences(aikagi.User{}, u), audit.Changed([3]string{"security_profiles", "", profileNames(profiles)})...)
}

func about(action string, u aikagi.User) audit.Event {
	return audit.Event{
		Instance: u.InstanceID, Action: action,
		TargetKind: "user", TargetID: string(u.ID), TargetName: string(u.Username),
	}
}

func profileIDs(profiles []aikagi.SecurityProfile) []aikagi.SecurityProfileID {
	var ids []aikagi.SecurityProfileID
	for _, p := range profiles {
		ids = append(ids, p.ID)
	}
	return ids
}

func profileNames(profiles []aikagi.SecurityProfile) string {
	names := make([]string, len(profiles))
	for i, p := range profiles {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

// differences lists what changed about a user; nothing secret is among it.
func differences(a, b aikagi.User) []aikagi.Change {
	return audit.Changed(
		[3]string{"first_name", a.FirstName, b.FirstName},
		[3]string{"last_name", a.LastName, b.LastName},
		[3]string{"email", string(a.Email), string(b.Email)},
		[3]string{"secondary_email", string(a.SecondaryEmail), string(b.SecondaryEmail)},
		[3]string{"mobile", a.Mobile, b.Mobile},
		[3]string{"phone_type", string(a.Phone.Type), string(b.Phone.Type)},
		[3]string{"auto_accept", yes(a.Phone.AutoAccept), yes(b.Phone.AutoAccept)},
		[3]string{"after_contact_work", strconv.Itoa(a.Phone.AfterContactWork), strconv.Itoa(b.Phone.AfterContactWork)},
		[3]string{"desk_phone", a.Phone.DeskPhoneNumber, b.Phone.DeskPhoneNumber},
		[3]string{"persistent_connection", yes(a.Phone.PersistentConnection), yes(b.Phone.PersistentConnection)},
		[3]string{"channels", channels(a.Phone), channels(b.Phone)},
		[3]string{"routing_profile", string(a.RoutingProfileID), string(b.RoutingProfileID)},
		[3]string{"hierarchy_group", string(a.HierarchyGroupID), string(b.HierarchyGroupID)},
		[3]string{"locale", string(a.Locale), string(b.Locale)},
	)
}

// channels names the channels that have settings of their own.
func channels(p aikagi.PhoneConfig) string {
	names := make([]string, len(p.Channels))
	for i, c := range p.Channels {
		names[i] = string(c.Channel)
	}
	return strings.Join(names, ", ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// ReplaceProfiles gives a user exactly these profiles; version is the one that they
// were chosen for. His sessions and reset
// secrets end: both belong to what he was allowed before (S6, S15).
func (d *Directory) ReplaceProfiles(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID, version int64,
	ids []aikagi.SecurityProfileID,
) error {
	return d.Store.Update(ctx, func(tx *store.Tx) error {
		s, err := d.enterSome(ctx, tx, instance, aikagi.UsersEditPermission)
		if err != nil {
			return err
		}
		u, err := s.target(ctx, id, aikagi.UsersEditPermission)
		if err != nil {
			return err
		}
		if err := unchanged(u, version); err != nil {
			return err
		}
		profiles, err := s.profiles(ctx, ids)
		if err != nil {
			return err
		}
		if err := s.rights.MayGive(without(profiles, u.SecurityProfileIDs)...); err != nil {
			return err
		}
		return securityprofile.KeepRepairer(ctx, tx, instance, func() error { return s.replaceProfiles(ctx, u, profiles) })
	})
}

// without returns the profiles that are not among those held already.
func without(profiles []aikagi.SecurityProfile, held []aikagi.SecurityProfileID) []aikagi.SecurityProfile {
	var added []aikagi.SecurityProfile
	for _, p := range profiles {
		if !slices.Contains(held, p.ID) {
			added = append(added, p)
		}
	}
	return added
}

func (s scene) replaceProfiles(ctx context.Context, u aikagi.User, profiles []aikagi.SecurityProfile) error {
	before, err := s.tx.ListProfilesOfUser(ctx, u.InstanceID, u.ID)
	if err != nil {
		return err
	}
	u.SecurityProfileIDs, u.UpdatedAt = profileIDs(profiles), s.now
	if err := s.tx.ReplaceUserProfiles(ctx, u); err != nil {
		return err
	}
	if err := s.shutOut(ctx, u, "rights"); err != nil {
		return err
	}
	after, err := s.tx.ListProfilesOfUser(ctx, u.InstanceID, u.ID)
	if err != nil {
		return err
	}
	e := about("user.profiles", u)
	e.Changes = audit.Changed([3]string{"security_profiles", profileNames(before), profileNames(after)})
	return audit.Record(ctx, s.tx, s.now, e)
}

// shutOut ends the sessions and open reset secrets of a user.
func (s scene) shutOut(ctx context.Context, u aikagi.User, why string) error {
	if _, err := s.tx.EndSessionsOfUser(ctx, u.InstanceID, u.ID, ""); err != nil {
		return err
	}
	return s.tx.EndTokens(ctx, u.InstanceID, u.ID, why, s.now)
}

func unchanged(u aikagi.User, version int64) error {
	if version != AsItStands && u.Version != version {
		return aikagi.Because(aikagi.Conflict, "user", "changed")
	}
	return nil
}
