package directory

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// SetEnabled lets a user log in or not. Disabling ends his sessions at once and
// every reset secret; enabling brings none of them back (S15).
func (d *Directory) SetEnabled(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID, enabled bool) error {
	return d.onTarget(ctx, instance, id, aikagi.UsersEnableAndDisable, func(s scene, u aikagi.User) error {
		if s.isSelf(u) {
			return aikagi.Because(aikagi.Forbidden, "user", "self")
		}
		if u.Enabled == enabled {
			return aikagi.Because(aikagi.Conflict, "user", "changed")
		}
		return securityprofile.KeepRepairer(ctx, s.tx, instance, func() error { return s.setEnabled(ctx, u, enabled) })
	})
}

func (s scene) setEnabled(ctx context.Context, before aikagi.User, enabled bool) error {
	u := before
	u.Enabled, u.UpdatedAt = enabled, s.now
	u.SecretEpoch++
	if err := s.tx.UpdateUser(ctx, before, u); err != nil {
		return err
	}
	if err := s.shutOut(ctx, u, "status"); err != nil {
		return err
	}
	e := about("user.disable", u)
	if enabled {
		e.Action = "user.enable"
	}
	e.Changes = audit.Changed([3]string{"enabled", yes(before.Enabled), yes(u.Enabled)})
	return audit.Record(ctx, s.tx, s.now, e)
}

// Delete removes a user for good. A new user of the same name is somebody else
// (E14); the record keeps the id.
func (d *Directory) Delete(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID) error {
	return d.onTarget(ctx, instance, id, aikagi.UsersDelete, func(s scene, u aikagi.User) error {
		if s.isSelf(u) {
			return aikagi.Because(aikagi.Forbidden, "user", "self")
		}
		return securityprofile.KeepRepairer(ctx, s.tx, instance, func() error { return s.delete(ctx, u) })
	})
}

func (s scene) delete(ctx context.Context, u aikagi.User) error {
	held, err := s.tx.ListProfilesOfUser(ctx, u.InstanceID, u.ID)
	if err != nil {
		return err
	}
	if err := s.shutOut(ctx, u, "status"); err != nil {
		return err
	}
	if err := s.closeRequests(ctx, u); err != nil {
		return err
	}
	if err := s.tx.DeleteUser(ctx, u); err != nil {
		return err
	}
	e := about("user.delete", u)
	e.Changes = append(differences(u, aikagi.User{}),
		audit.Changed([3]string{"security_profiles", profileNames(held), ""})...)
	return audit.Record(ctx, s.tx, s.now, e)
}

// closeRequests closes the open reset requests of somebody who goes away.
func (s scene) closeRequests(ctx context.Context, u aikagi.User) error {
	open, err := s.tx.ListWaitingOfUser(ctx, u.InstanceID, u.ID)
	if err != nil {
		return err
	}
	for _, q := range open {
		q.ClosedAt, q.ClosedBy = s.now, by(ctx)
		if err := s.tx.CloseRequest(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// EndSessions logs a user out everywhere and tells how many sessions ended.
func (d *Directory) EndSessions(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID) (int64, error) {
	var ended int64
	err := d.onTarget(ctx, instance, id, aikagi.UsersEdit, func(s scene, u aikagi.User) (err error) {
		if ended, err = s.tx.EndSessionsOfUser(ctx, instance, u.ID, ""); err != nil {
			return err
		}
		return audit.Record(ctx, s.tx, s.now, about("session.end_all", u))
	})
	return ended, err
}

// EndSession logs a user out of one browser.
func (d *Directory) EndSession(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID, session aikagi.SessionID) error {
	return d.onTarget(ctx, instance, id, aikagi.UsersEdit, func(s scene, u aikagi.User) error {
		open, err := s.tx.ListSessions(ctx, instance, u.ID)
		if err != nil {
			return err
		}
		for _, o := range open {
			if o.ID != session {
				continue
			}
			if err := s.tx.EndSession(ctx, instance, session); err != nil {
				return err
			}
			return audit.Record(ctx, s.tx, s.now, about("session.end", u))
		}
		return aikagi.E(aikagi.NotFound, "session", nil)
	})
}

// LiftWaits lets a user who was kept waiting after failed logins try again.
func (d *Directory) LiftWaits(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID) error {
	return d.onTarget(ctx, instance, id, aikagi.UsersEdit, func(s scene, u aikagi.User) error {
		if err := d.Throttle.Lift(ctx, s.tx, instance, u.Username); err != nil {
			return err
		}
		return audit.Record(ctx, s.tx, s.now, about("login.lift_waits", u))
	})
}

// onTarget runs a change of somebody's ways in, in one transaction, after both
// the permission and the rank of the target were judged in it.
func (d *Directory) onTarget(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID,
	needed aikagi.Permission, do func(scene, aikagi.User) error,
) error {
	return d.Store.Update(ctx, func(tx *store.Tx) error {
		s, err := d.enterSome(ctx, tx, instance, needed)
		if err != nil {
			return err
		}
		u, err := s.target(ctx, id, needed)
		if err != nil {
			return err
		}
		return do(s, u)
	})
}
