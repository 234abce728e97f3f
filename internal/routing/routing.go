package routing

import (
	"context"
	"slices"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/store"
)

// Routing holds the rules.
type Routing struct {
	Store *store.Store
	Clock clock.Clock
}

// Permissions that people need to see these things.
const (
	profilesView aikagi.Permission = "RoutingPolicies.View"
	queuesView   aikagi.Permission = "Queues.View"
	hoursView    aikagi.Permission = "HoursOfOperation.View"
)

// Profile is a routing profile with what belongs to it.
type Profile struct {
	aikagi.RoutingProfile
	Tags    []aikagi.Tag
	Default bool
	Queues  []aikagi.Queue // of its channels; the first is the one for calls out
}

// Queue is a queue with its tags.
type Queue struct {
	aikagi.Queue
	Tags []aikagi.Tag
}

// Hours are hours of operation with their tags, in the time zone of the instance.
type Hours struct {
	aikagi.HoursOfOperation
	TimeZone string
	Tags     []aikagi.Tag
}

// FindProfile reads a routing profile.
func (r *Routing) FindProfile(ctx context.Context, instance aikagi.InstanceID, id string) (Profile, error) {
	return find(ctx, r.profiles(), instance, id)
}

// ListProfiles reads a page of routing profiles.
func (r *Routing) ListProfiles(ctx context.Context, instance aikagi.InstanceID, s Search) (Found[Profile], error) {
	return list(ctx, r.profiles(), instance, s)
}

// FindQueue reads a queue.
func (r *Routing) FindQueue(ctx context.Context, instance aikagi.InstanceID, id string) (Queue, error) {
	return find(ctx, r.queues(), instance, id)
}

// ListQueues reads a page of queues.
func (r *Routing) ListQueues(ctx context.Context, instance aikagi.InstanceID, s Search) (Found[Queue], error) {
	return list(ctx, r.queues(), instance, s)
}

// FindHours reads hours of operation.
func (r *Routing) FindHours(ctx context.Context, instance aikagi.InstanceID, id string) (Hours, error) {
	return find(ctx, r.hours(), instance, id)
}

// ListHours reads a page of hours of operation.
func (r *Routing) ListHours(ctx context.Context, instance aikagi.InstanceID, s Search) (Found[Hours], error) {
	return list(ctx, r.hours(), instance, s)
}

// kind is how things of one sort are read and looked at.
type kind[T any] struct {
	rules    *Routing
	resource aikagi.ResourceKind
	needed   aikagi.Permission
	read     func(context.Context, *store.Tx, aikagi.Instance) ([]T, error)
	look     func(T) face
	label    func(*T, []aikagi.Tag)
}

// face is what of a thing is searched.
type face struct {
	id, name, description string
	zone                  string
	queues                []string
	tags                  []aikagi.Tag
}

func (r *Routing) profiles() kind[Profile] {
	return kind[Profile]{
		rules: r, resource: aikagi.ResourceRoutingProfile, needed: profilesView,
		read: func(ctx context.Context, tx *store.Tx, i aikagi.Instance) ([]Profile, error) {
			queues, err := tx.ListQueues(ctx, i.ID)
			if err != nil {
				return nil, err
			}
			all, err := tx.ListRoutingProfiles(ctx, i.ID)
			profiles := make([]Profile, len(all))
			for n, p := range all {
				profiles[n] = Profile{RoutingProfile: p, Default: p.Name == defaultProfile, Queues: queues}
			}
			return profiles, err
		},
		look: func(p Profile) face {
			f := face{id: string(p.ID), name: p.Name, description: p.Description, tags: p.Tags}
			for _, q := range p.Queues {
				f.queues = append(f.queues, q.ID)
			}
			return f
		},
		label: func(p *Profile, tags []aikagi.Tag) { p.Tags = tags },
	}
}

// defaultProfile is the one that came with the instance.
const defaultProfile = "Basic Routing Profile"

func (r *Routing) queues() kind[Queue] {
	return kind[Queue]{
		rules: r, resource: aikagi.ResourceQueue, needed: queuesView,
		read: func(ctx context.Context, tx *store.Tx, i aikagi.Instance) ([]Queue, error) {
			all, err := tx.ListQueues(ctx, i.ID)
			queues := make([]Queue, len(all))
			for n, q := range all {
				queues[n].Queue = q
			}
			return queues, err
		},
		look: func(q Queue) face {
			return face{id: q.ID, name: q.Name, description: q.Description, tags: q.Tags}
		},
		label: func(q *Queue, tags []aikagi.Tag) { q.Tags = tags },
	}
}

func (r *Routing) hours() kind[Hours] {
	return kind[Hours]{
		rules: r, resource: aikagi.ResourceHours, needed: hoursView,
		read: func(ctx context.Context, tx *store.Tx, i aikagi.Instance) ([]Hours, error) {
			all, err := tx.ListHours(ctx, i.ID)
			hours := make([]Hours, len(all))
			for n, h := range all {
				hours[n] = Hours{HoursOfOperation: h, TimeZone: i.Settings.TimeZone}
			}
			return hours, err
		},
		look: func(h Hours) face {
			return face{id: h.ID, name: h.Name, description: h.Description, zone: h.TimeZone, tags: h.Tags}
		},
		label: func(h *Hours, tags []aikagi.Tag) { h.Tags = tags },
	}
}

// all reads everything of a kind with its tags, in the order of names.
func (k kind[T]) all(ctx context.Context, instance aikagi.InstanceID) (all []T, err error) {
	err = k.rules.Store.View(ctx, func(tx *store.Tx) error {
		i, rights, err := securityprofile.Enter(ctx, tx, instance, k.rules.Clock.Now())
		if err != nil {
			return err
		}
		if err := rights.Require(k.needed); err != nil {
			return err
		}
		if all, err = k.read(ctx, tx, i); err != nil {
			return err
		}
		tags, err := tx.ListTagsOfKind(ctx, instance, k.resource)
		for n := range all {
			k.label(&all[n], tags[k.look(all[n]).id])
		}
		return err
	})
	return all, err
}

func find[T any](ctx context.Context, k kind[T], instance aikagi.InstanceID, id string) (T, error) {
	var none T
	all, err := k.all(ctx, instance)
	if err != nil {
		return none, err
	}
	at := slices.IndexFunc(all, func(one T) bool { return k.look(one).id == id })
	if at < 0 {
		return none, aikagi.E(aikagi.NotFound, string(k.resource), nil)
	}
	return all[at], nil
}
