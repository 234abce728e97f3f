package instance

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/store"
)

// MayReadSettings refuses who may not see the settings of an instance: they say
// what is guarded, so they are for those who see the security profiles.
func (s *Instances) MayReadSettings(ctx context.Context, id aikagi.InstanceID) error {
	return s.Store.View(ctx, func(tx *store.Tx) error {
		at, err := s.enter(ctx, tx, id)
		if err != nil {
			return err
		}
		return at.rights.Require(aikagi.SecurityProfilesView)
	})
}

// UpdateSettings stores what an administrator chose for the instance. It takes
// every guarded power, those added before and now included: who lacks one could
// otherwise take the guard from it.
func (s *Instances) UpdateSettings(ctx context.Context, id aikagi.InstanceID, version int64, settings aikagi.InstanceSettings) error {
	var broken aikagi.Invalids
	checkSettings(&broken, settings)
	if err := broken.Err(); err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error {
		at, err := s.enter(ctx, tx, id)
		if err != nil {
			return err
		}
		needed := aikagi.GuardedPermissions(at.instance.Settings.ExtraGuarded...).
			Union(aikagi.GuardedPermissions(settings.ExtraGuarded...))
		if err := at.rights.Require(needed.Sorted()...); err != nil {
			return err
		}
		if at.instance.Version != version {
			return aikagi.Because(aikagi.Conflict, "instance", "changed")
		}
		before := at.instance.Settings
		at.instance.Settings = settings
		if err := tx.UpdateInstanceSettings(ctx, at.instance); err != nil {
			return err
		}
		if err := at.promote(ctx, before.ExtraGuarded, settings.ExtraGuarded); err != nil {
			return err
		}
		e := at.about("instance.settings")
		e.Changes = changedSettings(before, settings)
		return audit.Record(ctx, tx, at.now, e)
	})
}

// promote ends the reset secrets of everybody whom a longer list of guarded
// powers makes an administrator: what somebody weaker made for them before must
// not open what is guarded now (S6, S26).
func (at scene) promote(ctx context.Context, before, after []aikagi.Permission) error {
	was, is := aikagi.GuardedPermissions(before...), aikagi.GuardedPermissions(after...)
	added := aikagi.NewPermissions(was.Missing(is)...)
	if len(added) == 0 {
		return nil
	}
	profiles, err := at.tx.ListSecurityProfiles(ctx, at.instance.ID)
	if err != nil {
		return err
	}
	for _, p := range profiles {
		if len(aikagi.PowersLacked(nil, aikagi.Effective(p.Permissions), added)) == 0 {
			continue
		}
		if err := at.tx.MoveEpochOfHolders(ctx, at.instance.ID, p.ID); err != nil {
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

func checkSettings(broken *aikagi.Invalids, s aikagi.InstanceSettings) {
	broken.CheckText("display_name", s.DisplayName, maxDisplayName)
	broken.CheckText("contact", s.Contact, maxContact)
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
