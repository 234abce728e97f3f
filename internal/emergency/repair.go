package emergency

import (
	"context"
	"slices"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// adminProfile is the profile that a new instance's administrators hold.
const adminProfile = "Admin"

// administratorsShown bounds the lists of the repair panel.
const administratorsShown = 50

// Findings are what is wrong with the administration of an instance.
type Findings struct {
	Administrators []aikagi.User // who can log in and repair; up to 50
	WithoutEmail   []aikagi.User // those of them who cannot reset a password
	AdminProfile   ProfileState
	AdminProfileID aikagi.SecurityProfileID // empty if missing
}

// ProfileState is how the Admin profile stands.
type ProfileState string

// The states.
const (
	ProfileGood    ProfileState = "good"
	ProfileMissing ProfileState = "missing"
	ProfileWeak    ProfileState = "weak" // its holders could not repair the instance
)

// Broken reports whether something needs to be mended.
func (f Findings) Broken() bool {
	return len(f.Administrators) == 0 || len(f.WithoutEmail) > 0 || f.AdminProfile != ProfileGood
}

// Findings looks for what keeps administrators out. It is for emergency access,
// commands and whoever may repair.
func (e *Emergency) Findings(ctx context.Context, instance aikagi.InstanceID) (Findings, error) {
	var f Findings
	err := e.Store.View(ctx, func(tx *store.Tx) error {
		if _, err := e.enter(ctx, tx, instance); err != nil {
			return err
		}
		profile, err := findAdminProfile(ctx, tx, instance)
		if err != nil {
			return err
		}
		f.AdminProfile, f.AdminProfileID = stateOf(profile), profile.ID
		f.Administrators, err = securityprofile.ListRepairers(ctx, tx, instance, administratorsShown)
		for _, u := range f.Administrators {
			if u.Email == "" {
				f.WithoutEmail = append(f.WithoutEmail, u)
			}
		}
		return err
	})
	return f, err
}

// enter asks for what makes a repairer: emergency access has it.
func (e *Emergency) enter(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID) (securityprofile.Rights, error) {
	i, err := tx.FindInstance(ctx, instance)
	if err != nil {
		return securityprofile.Rights{}, err
	}
	rights, err := securityprofile.Of(ctx, tx, i, e.Clock.Now())
	if err != nil {
		return rights, err
	}
	return rights, rights.Require(aikagi.UsersView, aikagi.UsersEdit, aikagi.UsersEditPermission)
}

// findAdminProfile returns the zero profile if there is none.
func findAdminProfile(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID) (aikagi.SecurityProfile, error) {
	profiles, err := tx.ListSecurityProfiles(ctx, instance)
	for _, p := range profiles {
		if p.Name == adminProfile {
			return p, err
		}
	}
	return aikagi.SecurityProfile{}, err
}

func stateOf(p aikagi.SecurityProfile) ProfileState {
	switch {
	case p.ID == "":
		return ProfileMissing
	case !aikagi.CanRepair(securityprofile.Powers(p)):
		return ProfileWeak
	}
	return ProfileGood
}

// RecreateAdminProfile makes the Admin profile anew with the permissions of a
// new instance, or gives a weakened one those permissions back. A good one is a
// Conflict: there is nothing to mend.
func (e *Emergency) RecreateAdminProfile(ctx context.Context, instance aikagi.InstanceID) error {
	now := e.Clock.Now()
	fresh, err := defaultAdmin(instance)
	if err != nil {
		return err
	}
	fresh.CreatedAt, fresh.UpdatedAt = now, now
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		rights, err := e.enter(ctx, tx, instance)
		if err != nil {
			return err
		}
		if err := rights.Require(aikagi.SecurityProfilesCreate, aikagi.SecurityProfilesEdit); err != nil {
			return err
		}
		if err := rights.MayGive(fresh); err != nil {
			return err
		}
		return e.restore(ctx, tx, fresh)
	})
}

func (e *Emergency) restore(ctx context.Context, tx *store.Tx, fresh aikagi.SecurityProfile) error {
	stored, err := findAdminProfile(ctx, tx, fresh.InstanceID)
	if err != nil {
		return err
	}
	event := audit.Event{
		Instance: fresh.InstanceID, Action: "security_profile.create", TargetKind: "security_profile",
		TargetID: string(fresh.ID), TargetName: fresh.Name, Note: "emergency repair",
	}
	switch stateOf(stored) {
	case ProfileGood:
		return aikagi.Because(aikagi.Conflict, "security_profile", "nothing_to_mend")
	case ProfileMissing:
		err = tx.InsertSecurityProfile(ctx, fresh)
	case ProfileWeak:
		event.Action, event.TargetID = "security_profile.update", string(stored.ID)
		fresh.ID, fresh.Description, fresh.Version, fresh.CreatedAt = stored.ID, stored.Description, stored.Version, stored.CreatedAt
		stored = fresh // about everything again, too
		if err = tx.UpdateSecurityProfile(ctx, stored); err == nil {
			// A reset secret made for a holder while the profile was weak must not
			// open an administrator (S6, S26).
			err = tx.MoveEpochOfHolders(ctx, stored.InstanceID, stored.ID)
		}
	}
	if err != nil {
		return err
	}
	return audit.Record(ctx, tx, fresh.UpdatedAt, event)
}

func defaultAdmin(instance aikagi.InstanceID) (aikagi.SecurityProfile, error) {
	all := aikagi.DefaultSecurityProfiles()
	i := slices.IndexFunc(all, func(p aikagi.DefaultSecurityProfile) bool { return p.Name == adminProfile })
	if i < 0 {
		return aikagi.SecurityProfile{}, aikagi.E(aikagi.Internal, "security_profile", nil)
	}
	return aikagi.SecurityProfile{
		InstanceID: instance, ID: aikagi.SecurityProfileID(aikagi.NewID()), Name: adminProfile,
		Description: all[i].Description, Permissions: all[i].Permissions,
	}, nil
}
