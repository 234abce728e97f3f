package directory

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/store"
)

// SetProficiencies tells exactly what a user is good at; version is the one that
// was read before. It is no way in either.
func (d *Directory) SetProficiencies(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID, version int64, all []aikagi.Proficiency) error {
	all, err := aikagi.ParseProficiencies(all)
	if err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx *store.Tx) error {
		s, err := d.enter(ctx, tx, instance, aikagi.UsersEdit)
		if err != nil {
			return err
		}
		u, err := tx.FindUser(ctx, instance, id)
		if err != nil {
			return err
		}
		if err := unchanged(u, version); err != nil {
			return err
		}
		return s.setProficiencies(ctx, u, all)
	})
}

func (s scene) setProficiencies(ctx context.Context, u aikagi.User, all []aikagi.Proficiency) error {
	before, err := s.tx.ListProficiencies(ctx, u.InstanceID, u.ID)
	if err != nil {
		return err
	}
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

// relabelled lists what was taken off and what was put on, one change each; a
// new value is both.
func relabelled[T comparable](field string, before, after []T, text func(T) string) []aikagi.Change {
	held, kept := map[T]bool{}, map[T]bool{}
	for _, x := range before {
		held[x] = true
	}
	var changes []aikagi.Change
	for _, x := range after {
		kept[x] = true
		if !held[x] {
			changes = append(changes, aikagi.Change{Field: field, After: text(x)})
		}
	}
	for _, x := range before {
		if !kept[x] {
			changes = append(changes, aikagi.Change{Field: field, Before: text(x)})
		}
	}
	return changes
}
