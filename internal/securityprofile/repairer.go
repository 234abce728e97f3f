package securityprofile

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/store"
)

// holdersPage is how many holders of a profile are looked at in one read.
const holdersPage = 100

// HasRepairer reports whether some enabled user who can log in could bring the
// instance back in order (decision 10).
func HasRepairer(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID) (bool, error) {
	n, err := CountRepairers(ctx, tx, instance, 1)
	return n > 0, err
}

// CountRepairers counts, up to a limit, the users who can repair.
func CountRepairers(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, limit int) (int, error) {
	users, err := ListRepairers(ctx, tx, instance, limit)
	return len(users), err
}

// ListRepairers lists, up to a limit, the users who can repair.
func ListRepairers(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, limit int) ([]aikagi.User, error) {
	profiles, err := tx.ListSecurityProfiles(ctx, instance)
	if err != nil {
		return nil, err
	}
	var found []aikagi.User
	seen := map[aikagi.UserID]bool{}
	for _, p := range profiles {
		if !Powers(p).Has(aikagi.UsersEditPermission) {
			continue // some profile of a repairer holds the rarest of the three
		}
		found, err = addRepairers(ctx, tx, p, found, seen, limit)
		if err != nil || len(found) >= limit {
			return found, err
		}
	}
	return found, nil
}

func addRepairers(ctx context.Context, tx *store.Tx, p aikagi.SecurityProfile, found []aikagi.User,
	seen map[aikagi.UserID]bool, limit int,
) ([]aikagi.User, error) {
	var after aikagi.UserID
	for {
		ids, err := tx.ListHolders(ctx, p.InstanceID, p.ID, after, holdersPage)
		if err != nil {
			return found, err
		}
		for _, id := range ids {
			user, can, err := repairer(ctx, tx, p.InstanceID, id)
			if err != nil {
				return found, err
			}
			if can && !seen[id] {
				seen[id] = true
				found = append(found, user)
			}
			if len(found) >= limit {
				return found, nil
			}
		}
		if len(ids) < holdersPage {
			return found, nil
		}
		after = ids[len(ids)-1]
	}
}

func repairer(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id aikagi.UserID) (aikagi.User, bool, error) {
	user, err := tx.FindUser(ctx, instance, id)
	if err != nil {
		return user, false, err
	}
	_, powers, err := HeldAndPowers(ctx, tx, instance, id) // who sees some users only cannot bring back the others
	return user, user.Enabled && user.PasswordHash != "" && aikagi.CanRepair(powers), err
}

// KeepRepairer runs a change that may take somebody's rights and refuses it if
// the instance had a user who can repair before and has none after (S28). A
// principal may go further while some enabled principal may use emergency access
// to the instance (decision 10), and the host command always; the record tells
// who did.
func KeepRepairer(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, change func() error) error {
	before, err := HasRepairer(ctx, tx, instance)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	actor := aikagi.ActorFrom(ctx).Kind
	if !before || actor == aikagi.ActorHost {
		return nil
	}
	kept, err := HasRepairer(ctx, tx, instance)
	if err == nil && !kept && actor == aikagi.ActorPrincipal {
		kept, err = iam.SomebodyMay(ctx, tx, iam.EmergencyAccess, instance)
	}
	if err == nil && !kept {
		return aikagi.Because(aikagi.Conflict, "user", "last_administrator")
	}
	return err
}
