package directory

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/iam"
	"github.com/aikagi/aikagi/internal/store"
)

// SetTags gives a resource exactly these tags. A tag is no way in and gives no
// right, so who may edit a kind of resource may tag all of it, whatever powers a
// user holds. The tags of an instance are the account's.
func (d *Directory) SetTags(ctx context.Context, instance aikagi.InstanceID, r aikagi.Resource, tags []aikagi.Tag) error {
	tags, err := aikagi.ParseTags(tags)
	if err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx *store.Tx) error {
		name, err := d.mayTag(ctx, tx, instance, r)
		if err != nil {
			return err
		}
		before, err := tx.ListTags(ctx, instance, r)
		if err != nil {
			return err
		}
		if err := tx.ReplaceTags(ctx, instance, r, tags); err != nil {
			return err
		}
		return audit.Record(ctx, tx, d.Clock.Now(), audit.Event{
			Instance: instance, Action: "tags.replace", Changes: relabelled("tags", before, tags, aikagi.Tag.String),
			TargetKind: string(r.Kind), TargetID: r.ID, TargetName: name,
		})
	})
}

// mayTag judges the right to tag a resource and returns its name.
func (d *Directory) mayTag(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, r aikagi.Resource) (string, error) {
	enter := func(needed aikagi.Permission) error {
		_, err := d.enter(ctx, tx, instance, needed)
		return err
	}
	switch r.Kind {
	case aikagi.ResourceUser:
		if err := enter(aikagi.UsersEdit); err != nil {
			return "", err
		}
		u, err := tx.FindUser(ctx, instance, aikagi.UserID(r.ID))
		return string(u.Username), err
	case aikagi.ResourceSecurityProfile:
		if err := enter(aikagi.SecurityProfilesEdit); err != nil {
			return "", err
		}
		p, err := tx.FindSecurityProfile(ctx, instance, aikagi.SecurityProfileID(r.ID))
		return p.Name, err
	case aikagi.ResourceHierarchyGroup:
		if err := enter(aikagi.AgentGroupingEdit); err != nil {
			return "", err
		}
		g, err := tx.FindHierarchyGroup(ctx, instance, aikagi.HierarchyGroupID(r.ID))
		return g.Name, err
	case aikagi.ResourceInstance:
		return d.mayTagInstance(ctx, tx, instance, r)
	}
	return "", aikagi.E(aikagi.NotFound, "resource", nil)
}

// mayTagInstance asks the account plane: being a principal is not enough, its
// policies decide.
func (d *Directory) mayTagInstance(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, r aikagi.Resource) (string, error) {
	if err := accountOnly(ctx); err != nil {
		return "", err
	}
	account, err := tx.FindAccount(ctx)
	if err != nil && aikagi.CodeOf(err) != aikagi.NotFound { // before the set-up there is none, and only the host acts
		return "", err
	}
	arn := aikagi.Scope{Region: d.Region, Account: account.ID, Instance: instance}.InstanceARN()
	err = iam.Require(ctx, tx, d.Clock.Now(), iam.Request{Action: "connect:TagResource", Resource: string(arn)})
	if err != nil {
		return "", err
	}
	i, err := tx.FindInstance(ctx, aikagi.InstanceID(r.ID))
	if err == nil && i.ID != instance {
		err = aikagi.E(aikagi.NotFound, "instance", nil)
	}
	return i.Alias, err
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
