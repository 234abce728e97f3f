package directory

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/store"
)

// BasicRoutingProfile is the routing profile that a new instance has, as Amazon
// Connect's have.
const BasicRoutingProfile = "Basic Routing Profile"

// CreateInstance makes an instance with Amazon Connect's four security profiles,
// the basic routing profile and the names of five hierarchy levels. Nobody
// inside an instance may make one: the account does, and its principals if their
// policies allow it.
func (d *Directory) CreateInstance(ctx context.Context, alias string, identity aikagi.IdentityType, settings aikagi.InstanceSettings) (aikagi.Instance, error) {
	if err := accountOnly(ctx); err != nil {
		return aikagi.Instance{}, err
	}
	i := aikagi.Instance{ID: aikagi.InstanceID(aikagi.NewID()), IdentityType: identity, Settings: settings, Version: 1}
	var broken aikagi.Invalids
	var err error
	i.Alias, err = aikagi.ParseAlias(alias)
	broken.AddErr("alias", err)
	switch identity {
	case aikagi.ConnectManaged, aikagi.SAML, aikagi.ExistingDirectory:
	default:
		broken.Add("identity_type", "unknown")
	}
	broken = append(broken, asInvalids(checkSettings(settings))...)
	if err := broken.Err(); err != nil {
		return i, err
	}
	i.CreatedAt = d.Clock.Now()
	err = d.Store.Update(ctx, func(tx *store.Tx) error {
		if err := iam.Require(ctx, tx, i.CreatedAt, iam.Request{Action: "connect:CreateInstance", Resource: "*"}); err != nil {
			return err
		}
		return furnish(ctx, tx, i)
	})
	return i, err
}

// accountOnly refuses whoever acts inside an instance.
func accountOnly(ctx context.Context) error {
	switch aikagi.ActorFrom(ctx).Kind {
	case aikagi.ActorHost, aikagi.ActorSystem, aikagi.ActorPrincipal:
		return nil
	case aikagi.ActorUser, aikagi.ActorEmergency:
		return aikagi.Because(aikagi.Forbidden, "instance", "account_only")
	case aikagi.ActorAnonymous:
	}
	return aikagi.E(aikagi.Unauthenticated, "session", nil)
}

func furnish(ctx context.Context, tx *store.Tx, i aikagi.Instance) error {
	if err := tx.InsertInstance(ctx, i); err != nil {
		return err
	}
	for _, p := range aikagi.DefaultSecurityProfiles() {
		err := tx.InsertSecurityProfile(ctx, aikagi.SecurityProfile{
			InstanceID: i.ID, ID: aikagi.SecurityProfileID(aikagi.NewID()), Name: p.Name,
			Description: p.Description, Permissions: p.Permissions, CreatedAt: i.CreatedAt, UpdatedAt: i.CreatedAt,
		})
		if err != nil {
			return err
		}
	}
	err := tx.InsertRoutingProfile(ctx, aikagi.RoutingProfile{
		InstanceID: i.ID, ID: aikagi.RoutingProfileID(aikagi.NewID()), Name: BasicRoutingProfile, CreatedAt: i.CreatedAt,
	})
	if err != nil {
		return err
	}
	for level := 1; level <= MaxLevels; level++ {
		if err := tx.InsertHierarchyLevel(ctx, i.ID, level, "Level "+strconv.Itoa(level)); err != nil {
			return err
		}
	}
	return audit.Record(ctx, tx, i.CreatedAt, audit.Event{
		Instance: i.ID, Action: "instance.create", TargetKind: "instance", TargetID: string(i.ID), TargetName: i.Alias,
		Changes: audit.Changed([3]string{"alias", "", i.Alias}, [3]string{"identity_type", "", string(i.IdentityType)}),
	})
}

// MayReadSettings refuses who may not see the settings of an instance: they say
// what is guarded, so they are for those who see the security profiles.
func (d *Directory) MayReadSettings(ctx context.Context, instance aikagi.InstanceID) error {
	_, err := view(ctx, d, instance, aikagi.SecurityProfilesView, func(scene) (struct{}, error) { return struct{}{}, nil })
	return err
}

// UpdateSettings stores what an administrator chose for the instance. It takes
// every guarded power, those added before and now included: who lacks one could
// otherwise take the guard from it.
func (d *Directory) UpdateSettings(ctx context.Context, instance aikagi.InstanceID, version int64, settings aikagi.InstanceSettings) error {
	if err := checkSettings(settings); err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx *store.Tx) error {
		s, err := d.enter(ctx, tx, instance)
		if err != nil {
			return err
		}
		needed := aikagi.GuardedPermissions(s.instance.Settings.ExtraGuarded...).
			Union(aikagi.GuardedPermissions(settings.ExtraGuarded...))
		if err := s.rights.Require(needed.Sorted()...); err != nil {
			return err
		}
		if s.instance.Version != version {
			return aikagi.Because(aikagi.Conflict, "instance", "changed")
		}
		before := s.instance.Settings
		s.instance.Settings = settings
		if err := tx.UpdateInstanceSettings(ctx, s.instance); err != nil {
			return err
		}
		if err := s.promote(ctx, before.ExtraGuarded, settings.ExtraGuarded); err != nil {
			return err
		}
		return audit.Record(ctx, tx, s.now, audit.Event{
			Instance: instance, Action: "instance.settings",
			TargetKind: "instance", TargetID: string(instance), TargetName: s.instance.Alias,
			Changes: changedSettings(before, settings),
		})
	})
}

// promote ends the reset secrets of everybody whom a longer list of guarded
// powers makes an administrator: what somebody weaker made for them before must
// not open what is guarded now (S6, S26).
func (s scene) promote(ctx context.Context, before, after []aikagi.Permission) error {
	was, is := aikagi.GuardedPermissions(before...), aikagi.GuardedPermissions(after...)
	added := aikagi.NewPermissions(was.Missing(is)...)
	if len(added) == 0 {
		return nil
	}
	profiles, err := s.tx.ListSecurityProfiles(ctx, s.instance.ID)
	if err != nil {
		return err
	}
	for _, p := range profiles {
		if len(aikagi.PowersLacked(nil, aikagi.Effective(p.Permissions), added)) == 0 {
			continue
		}
		if err := s.tx.MoveEpochOfHolders(ctx, s.instance.ID, p.ID); err != nil {
			return err
		}
	}
	return nil
}

// Longest texts of the settings, in characters.
const (
	maxDisplayName = 64
	maxContact     = 200
	minResetTTL    = 5 * time.Minute
)

func checkSettings(s aikagi.InstanceSettings) error {
	var broken aikagi.Invalids
	checkText(&broken, "display_name", s.DisplayName, maxDisplayName)
	checkText(&broken, "contact", s.Contact, maxContact)
	if aikagi.ParseLocale(string(s.Locale)) == "" {
		broken.Add("locale", "unknown")
	}
	if _, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "" || s.TimeZone == "Local" {
		broken.Add("time_zone", "unknown")
	}
	switch s.NoEmail {
	case aikagi.AnswerRequest, aikagi.AnswerExplain, aikagi.AnswerConnect:
	default:
		broken.Add("no_email", "unknown")
	}
	if s.ResetTTL < minResetTTL || s.ResetTTL > aikagi.MaxResetTTL {
		broken.Add("reset_ttl", "range")
	}
	if s.PasswordMin < 8 || s.PasswordMin > 64 {
		broken.Add("password_min", "range")
	}
	for _, p := range s.ExtraGuarded {
		if !p.Known() {
			broken.Add("extra_guarded", "unknown")
			break
		}
	}
	return broken.Err()
}

// checkText refuses texts that are too long or hold control characters: they
// get into pages and mails, where a line break would start something new (S21).
func checkText(broken *aikagi.Invalids, field, text string, limit int) {
	switch {
	case len(text) > 4*limit || utf8.RuneCountInString(text) > limit:
		broken.Add(field, "too_long")
	case !utf8.ValidString(text) || strings.ContainsFunc(text, isControl):
		broken.Add(field, "characters")
	}
}

func isControl(c rune) bool {
	return c < 0x20 || 0x7f <= c && c < 0xa0 || c == 0x2028 || c == 0x2029
}

func changedSettings(a, b aikagi.InstanceSettings) []aikagi.Change {
	return audit.Changed(
		[3]string{"display_name", a.DisplayName, b.DisplayName},
		[3]string{"contact", a.Contact, b.Contact},
		[3]string{"locale", string(a.Locale), string(b.Locale)},
		[3]string{"time_zone", a.TimeZone, b.TimeZone},
		[3]string{"no_email", string(a.NoEmail), string(b.NoEmail)},
		[3]string{"reset_ttl", a.ResetTTL.String(), b.ResetTTL.String()},
		[3]string{"password_min", strconv.Itoa(a.PasswordMin), strconv.Itoa(b.PasswordMin)},
		[3]string{"connect_password", yes(a.ConnectPassword), yes(b.ConnectPassword)},
		[3]string{"image_challenge", yes(a.ImageChallenge), yes(b.ImageChallenge)},
		[3]string{"sound_challenge", yes(a.SoundChallenge), yes(b.SoundChallenge)},
		[3]string{"extra_guarded", joined(a.ExtraGuarded), joined(b.ExtraGuarded)},
	)
}

func joined(permissions []aikagi.Permission) string {
	names := make([]string, len(permissions))
	for i, p := range permissions {
		names[i] = string(p)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
