package securityprofile

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/criteria"
	"github.com/aikagi/aikagi/internal/store"
)

// Tagged is a profile with its tags.
type Tagged struct {
	Profile aikagi.SecurityProfile
	Tags    []aikagi.Tag
}

// Describe reads a profile and its tags.
func (p *Profiles) Describe(ctx context.Context, instance aikagi.InstanceID, id aikagi.SecurityProfileID) (Tagged, error) {
	var found Tagged
	err := p.view(ctx, instance, func(tx *store.Tx, r Rights) (err error) {
		if found.Profile, err = r.FindProfile(ctx, tx, instance, id, aikagi.SecurityProfilesView); err != nil {
			return err
		}
		found.Tags, err = tx.ListTags(ctx, instance, resource(id))
		return err
	})
	return found, err
}

// Search finds the profiles of an instance, at most a hundred, that a query asks
// for by "name" and tags, in the order of their names.
func (p *Profiles) Search(ctx context.Context, instance aikagi.InstanceID, q criteria.Query) ([]Tagged, error) {
	if err := q.Check(criteria.Name); err != nil {
		return nil, err
	}
	var found []Tagged
	err := p.view(ctx, instance, func(tx *store.Tx, r Rights) error {
		all, err := r.listProfiles(ctx, tx, instance)
		if err != nil {
			return err
		}
		found = nil
		for _, t := range all {
			if q.Matches(func(string) []string { return []string{t.Profile.Name} }, t.Tags) {
				found = append(found, t)
			}
		}
		return nil
	})
	return found, err
}
