package directory

import (
	"context"
	"slices"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// labelled is a kind of resources that carry tags: what people of the instance
// need to see and to change them, and how the name of one is found. Without
// permissions they are for the account alone.
type labelled struct {
	see, change aikagi.Permission
	name        func(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id string) (string, error)
	// reach asks whether the actor has the permission about this one, of kinds about
	// some of which rights may be. Other tags may take it out of his sight; not by him.
	reach func(ctx context.Context, s scene, id string, needed aikagi.Permission) error
	stays func(ctx context.Context, s scene, id string, tags []aikagi.Tag) error
}

// labelledKinds is the table of all kinds that carry tags.
func labelledKinds() map[aikagi.ResourceKind]labelled {
	return map[aikagi.ResourceKind]labelled{
		aikagi.ResourceUser:            {aikagi.UsersView, aikagi.UsersEdit, nameOfUser, reachUser, keepUser},
		aikagi.ResourceSecurityProfile: {aikagi.SecurityProfilesView, aikagi.SecurityProfilesEdit, nameOfProfile, reachProfile, keepProfile},
		aikagi.ResourceHierarchyGroup:  {see: aikagi.AgentGroupingView, change: aikagi.AgentGroupingEdit, name: nameOfGroup},
		aikagi.ResourceRoutingProfile:  {see: "RoutingPolicies.View", change: "RoutingPolicies.Edit", name: nameOfRoutingProfile},
		aikagi.ResourceQueue:           {see: "Queues.View", change: "Queues.Edit", name: nameOfQueue},
		aikagi.ResourceHours:           {see: "HoursOfOperation.View", change: "HoursOfOperation.Edit", name: nameOfHours},
		aikagi.ResourceInstance:        {name: nameOfInstance},
	}
}

func kindOf(r aikagi.Resource) (labelled, error) {
	kind, known := labelledKinds()[r.Kind]
	if !known {
		return kind, aikagi.E(aikagi.NotFound, "resource", nil)
	}
	return kind, nil
}

func reachUser(ctx context.Context, s scene, id string, needed aikagi.Permission) error {
	_, err := s.find(ctx, aikagi.UserID(id), needed)
	return err
}

func keepUser(ctx context.Context, s scene, id string, tags []aikagi.Tag) error {
	u, err := s.tx.FindUser(ctx, s.instance.ID, aikagi.UserID(id))
	if err != nil {
		return err
	}
	return s.rights.MayPlace(ctx, s.tx, u, tags, "tags")
}

func reachProfile(ctx context.Context, s scene, id string, needed aikagi.Permission) error {
	_, err := s.rights.FindProfile(ctx, s.tx, s.instance.ID, aikagi.SecurityProfileID(id), needed)
	return err
}

func keepProfile(_ context.Context, s scene, _ string, tags []aikagi.Tag) error {
	return s.rights.MayRetagProfile(tags)
}

func nameOfUser(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id string) (string, error) {
	u, err := tx.FindUser(ctx, instance, aikagi.UserID(id))
	return string(u.Username), err
}

func nameOfProfile(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id string) (string, error) {
	p, err := tx.FindSecurityProfile(ctx, instance, aikagi.SecurityProfileID(id))
	return p.Name, err
}

func nameOfGroup(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id string) (string, error) {
	g, err := tx.FindHierarchyGroup(ctx, instance, aikagi.HierarchyGroupID(id))
	return g.Name, err
}

func nameOfRoutingProfile(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id string) (string, error) {
	p, err := tx.FindRoutingProfile(ctx, instance, aikagi.RoutingProfileID(id))
	return p.Name, err
}

func nameOfQueue(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id string) (string, error) {
	all, err := tx.ListQueues(ctx, instance)
	return oneOf(all, err, aikagi.ResourceQueue, func(q aikagi.Queue) (string, bool) { return q.Name, q.ID == id })
}

func nameOfHours(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id string) (string, error) {
	all, err := tx.ListHours(ctx, instance)
	return oneOf(all, err, aikagi.ResourceHours, func(h aikagi.HoursOfOperation) (string, bool) { return h.Name, h.ID == id })
}

// oneOf is the name of the one that is meant, of those an instance has a few of.
func oneOf[T any](all []T, err error, kind aikagi.ResourceKind, meant func(T) (string, bool)) (string, error) {
	for _, one := range all {
		if name, ok := meant(one); ok {
			return name, nil
		}
	}
	if err == nil {
		err = aikagi.E(aikagi.NotFound, string(kind), nil)
	}
	return "", err
}

func nameOfInstance(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id string) (string, error) {
	if id != string(instance) {
		return "", aikagi.E(aikagi.NotFound, "instance", nil)
	}
	i, err := tx.FindInstance(ctx, instance)
	return i.Alias, err
}

// SetTags gives a resource exactly these tags. A tag is no way in and gives its
// bearer no right, so who may edit a resource may tag it, whatever powers a user
// holds; but not out of his own sight.
func (d *Directory) SetTags(ctx context.Context, instance aikagi.InstanceID, r aikagi.Resource, tags []aikagi.Tag) error {
	tags, err := aikagi.ParseTags(tags)
	if err != nil {
		return err
	}
	return d.retag(ctx, instance, r, func([]aikagi.Tag) ([]aikagi.Tag, error) { return tags, nil })
}

// AddTags gives a resource tags beside those that it has; of a key that it has,
// it changes the value.
func (d *Directory) AddTags(ctx context.Context, instance aikagi.InstanceID, r aikagi.Resource, added []aikagi.Tag) error {
	added, err := aikagi.ParseTags(added)
	if err != nil {
		return err
	}
	return d.retag(ctx, instance, r, func(before []aikagi.Tag) ([]aikagi.Tag, error) {
		kept := slices.DeleteFunc(slices.Clone(before), func(t aikagi.Tag) bool {
			return slices.ContainsFunc(added, func(a aikagi.Tag) bool { return a.Key == t.Key })
		})
		return aikagi.ParseTags(append(kept, added...))
	})
}

// RemoveTags takes the tags with these keys off a resource; one that it has not
// is gone already.
func (d *Directory) RemoveTags(ctx context.Context, instance aikagi.InstanceID, r aikagi.Resource, keys []string) error {
	return d.retag(ctx, instance, r, func(before []aikagi.Tag) ([]aikagi.Tag, error) {
		return slices.DeleteFunc(slices.Clone(before), func(t aikagi.Tag) bool { return slices.Contains(keys, t.Key) }), nil
	})
}

// ListTags reads the tags of a resource in the order of their keys.
func (d *Directory) ListTags(ctx context.Context, instance aikagi.InstanceID, r aikagi.Resource) ([]aikagi.Tag, error) {
	var tags []aikagi.Tag
	err := d.Store.View(ctx, func(tx *store.Tx) error {
		kind, err := kindOf(r)
		if err != nil {
			return err
		}
		if _, err := d.enterAsLabeller(ctx, tx, instance, r.ID, kind, kind.see); err != nil {
			return err
		}
		if _, err := kind.name(ctx, tx, instance, r.ID); err != nil {
			return err
		}
		tags, err = tx.ListTags(ctx, instance, r)
		return err
	})
	return tags, err
}

func (d *Directory) retag(ctx context.Context, instance aikagi.InstanceID, r aikagi.Resource,
	change func(before []aikagi.Tag) ([]aikagi.Tag, error),
) error {
	return d.Store.Update(ctx, func(tx *store.Tx) error {
		kind, err := kindOf(r)
		if err != nil {
			return err
		}
		s, err := d.enterAsLabeller(ctx, tx, instance, r.ID, kind, kind.change)
		if err != nil {
			return err
		}
		name, err := kind.name(ctx, tx, instance, r.ID)
		if err != nil {
			return err
		}
		before, err := tx.ListTags(ctx, instance, r)
		if err != nil {
			return err
		}
		after, err := change(before)
		if err != nil {
			return err
		}
		if kind.stays != nil {
			if err := kind.stays(ctx, s, r.ID, after); err != nil {
				return err
			}
		}
		if err := tx.ReplaceTags(ctx, instance, r, after); err != nil {
			return err
		}
		return audit.Record(ctx, tx, d.Clock.Now(), audit.Event{
			Instance: instance, Action: "tags.replace", Changes: relabelled("tags", before, after, aikagi.Tag.String),
			TargetKind: string(r.Kind), TargetID: r.ID, TargetName: name,
		})
	})
}

// enterAsLabeller enters an instance for the tags of one of a kind of resources.
// Those of an instance itself are the account's: of its principals the signed call
// is judged, like any other.
func (d *Directory) enterAsLabeller(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id string,
	kind labelled, needed aikagi.Permission,
) (scene, error) {
	switch {
	case kind.reach != nil:
		s, err := d.enterSome(ctx, tx, instance, needed)
		if err != nil {
			return s, err
		}
		return s, kind.reach(ctx, s, id, needed)
	case needed != "":
		return d.enter(ctx, tx, instance, needed)
	}
	if err := securityprofile.AccountOnly(ctx); err != nil {
		return scene{}, err
	}
	return d.enter(ctx, tx, instance)
}
