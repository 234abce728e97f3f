package directory

import (
	"context"
	"slices"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/store"
)

// SetProficiencies tells exactly what a user is good at; version is the one that
// was read before. It is no way in: who may edit users may do it to all of them.
func (d *Directory) SetProficiencies(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID, version int64, all []aikagi.Proficiency) error {
	all, err := aikagi.ParseProficiencies(all)
	if err != nil {
		return err
	}
	return d.onProficiencies(ctx, instance, id, version, func([]aikagi.Proficiency) ([]aikagi.Proficiency, error) { return all, nil })
}

// AddProficiencies tells what else a user is good at. One that he has gets the new
// level, so that a repeated request changes nothing.
func (d *Directory) AddProficiencies(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID, added []aikagi.Proficiency) error {
	return d.onProficiencies(ctx, instance, id, AsItStands, func(held []aikagi.Proficiency) ([]aikagi.Proficiency, error) {
		return aikagi.ParseProficiencies(append(othersThan(held, added), added...))
	})
}

// ChangeProficiencies gives proficiencies that a user has other levels.
func (d *Directory) ChangeProficiencies(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID, changed []aikagi.Proficiency) error {
	return d.onProficiencies(ctx, instance, id, AsItStands, func(held []aikagi.Proficiency) ([]aikagi.Proficiency, error) {
		if len(othersThan(changed, held)) > 0 {
			return nil, aikagi.E(aikagi.NotFound, "proficiencies", nil)
		}
		return aikagi.ParseProficiencies(append(othersThan(held, changed), changed...))
	})
}

// RemoveProficiencies takes off what a user is no longer good at, whatever the
// levels; what he has not is no error.
func (d *Directory) RemoveProficiencies(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID, removed []aikagi.Proficiency) error {
	return d.onProficiencies(ctx, instance, id, AsItStands, func(held []aikagi.Proficiency) ([]aikagi.Proficiency, error) {
		return othersThan(held, removed), nil
	})
}

// othersThan returns those of a whose attribute and value are not among b.
func othersThan(a, b []aikagi.Proficiency) []aikagi.Proficiency {
	return slices.DeleteFunc(slices.Clone(a), func(p aikagi.Proficiency) bool {
		return slices.ContainsFunc(b, func(q aikagi.Proficiency) bool { return p.Attribute == q.Attribute && p.Value == q.Value })
	})
}

// onProficiencies makes other proficiencies of those that a user has, in the
// transaction that read them.
func (d *Directory) onProficiencies(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID, version int64,
	change func(held []aikagi.Proficiency) ([]aikagi.Proficiency, error),
) error {
	return d.Store.Update(ctx, func(tx *store.Tx) error {
		s, err := d.enterSome(ctx, tx, instance, aikagi.UsersEdit)
		if err != nil {
			return err
		}
		u, err := s.find(ctx, id, aikagi.UsersEdit)
		if err != nil {
			return err
		}
		if err := unchanged(u, version); err != nil {
			return err
		}
		before, err := tx.ListProficiencies(ctx, instance, id)
		if err != nil {
			return err
		}
		after, err := change(before)
		if err != nil {
			return err
		}
		return s.setProficiencies(ctx, u, before, after)
	})
}

func (s scene) setProficiencies(ctx context.Context, u aikagi.User, before, all []aikagi.Proficiency) error {
	after := u
	after.UpdatedAt = s.now
	if err := s.tx.UpdateUser(ctx, u, after); err != nil {
		return err
	}
	if err := s.tx.ReplaceProficiencies(ctx, u.InstanceID, u.ID, all); err != nil {
		return err
	}
	e := about("user.proficiencies", u)
	e.Changes = relabelled("proficiencies", before, all, aikagi.Proficiency.String)
	return audit.Record(ctx, s.tx, s.now, e)
}

// ListProficiencies reads what a user is good at, and the user himself.
func (d *Directory) ListProficiencies(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID) (aikagi.User, []aikagi.Proficiency, error) {
	var u aikagi.User
	all, err := viewSome(ctx, d, instance, aikagi.UsersView, func(s scene) ([]aikagi.Proficiency, error) {
		var err error
		if u, err = s.find(ctx, id, aikagi.UsersView); err != nil {
			return nil, err
		}
		u.PasswordHash = known(u.PasswordHash)
		return s.tx.ListProficiencies(ctx, instance, id)
	})
	return u, all, err
}
