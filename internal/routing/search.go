package routing

import (
	"context"
	"slices"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/criteria"
)

// Search says which page of which things. The zero Query is everything.
type Search struct {
	criteria.Query
	After string // name that the page before ended with
	Size  int
}

// Fields that conditions may be about, as Amazon Connect names them.
const (
	description      = "description"
	resourceID       = "resourceID"
	timeZone         = "timezone"           // of hours
	associatedQueues = "associatedQueueIds" // of routing profiles
)

// Found is a page of what was found, how much there is in all, and whether there is
// more.
type Found[T any] struct {
	Page  []T
	Total int
	More  bool
}

func list[T any](ctx context.Context, k kind[T], instance aikagi.InstanceID, s Search) (Found[T], error) {
	if err := s.Check(criteria.Name, description, resourceID, timeZone, associatedQueues); err != nil {
		return Found[T]{}, err
	}
	all, err := k.all(ctx, instance)
	all = slices.DeleteFunc(all, func(one T) bool {
		f := k.look(one)
		return !s.Matches(f.texts, f.tags)
	})
	f := Found[T]{Total: len(all)}
	all = slices.DeleteFunc(all, func(one T) bool { return k.look(one).name <= s.After })
	f.More = len(all) > s.Size
	f.Page = all[:min(len(all), s.Size)]
	return f, err
}

func (f face) texts(field string) []string {
	switch field {
	case criteria.Name:
		return []string{f.name}
	case description:
		return []string{f.description}
	case resourceID:
		return []string{f.id}
	case timeZone:
		return []string{f.zone}
	case associatedQueues:
		return f.queues
	}
	return nil
}
