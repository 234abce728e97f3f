package routing

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aikagi/aikagi"
)

// Search says which page of which things. The zero Search is everything.
type Search struct {
	Criteria *Criteria
	Tags     [][]aikagi.Tag // all tags of one of the lists; none: whatever
	After    string         // name that the page before ended with
	Size     int
}

// Criteria is a condition on a field, or conditions that must hold all or one of
// them.
type Criteria struct {
	And, Or    []Criteria
	Field      Field
	Value      string
	Comparison Comparison
}

// Field is what a condition is about, as Amazon Connect names it.
type Field string

// The fields.
const (
	Name             Field = "name"
	Description      Field = "description"
	ResourceID       Field = "resourceID"
	TimeZone         Field = "timezone"           // of hours
	AssociatedQueues Field = "associatedQueueIds" // of routing profiles
)

// Comparison is how a value is compared.
type Comparison string

// The comparisons.
const (
	StartsWith Comparison = "STARTS_WITH"
	Contains   Comparison = "CONTAINS"
	Exact      Comparison = "EXACT"
)

// Found is a page of what was found, how much there is in all, and whether there is
// more.
type Found[T any] struct {
	Page  []T
	Total int
	More  bool
}

func list[T any](ctx context.Context, k kind[T], instance aikagi.InstanceID, s Search) (Found[T], error) {
	if s.Criteria != nil {
		if err := s.Criteria.check(); err != nil {
			return Found[T]{}, err
		}
	}
	all, err := k.all(ctx, instance, func(one T) bool { return s.Criteria.holds(k.look(one)) })
	all = slices.DeleteFunc(all, func(one T) bool { return !carries(k.look(one).tags, s.Tags) })
	f := Found[T]{Total: len(all)}
	all = slices.DeleteFunc(all, func(one T) bool { return k.look(one).name <= s.After })
	f.More = len(all) > s.Size
	f.Page = all[:min(len(all), s.Size)]
	return f, err
}

// Amazon Connect's limits of a text that is contained.
const (
	minContained = 2
	maxContained = 25
)

func (c *Criteria) check() error {
	for _, inner := range slices.Concat(c.And, c.Or) {
		if err := inner.check(); err != nil {
			return err
		}
	}
	if c.Field == "" && c.Comparison == "" && c.Value == "" {
		return nil
	}
	switch c.Field {
	case Name, Description, ResourceID, TimeZone, AssociatedQueues:
	default:
		return aikagi.Because(aikagi.Invalid, "search_field", "unknown")
	}
	switch c.Comparison {
	case StartsWith, Exact:
	case Contains:
		if n := utf8.RuneCountInString(c.Value); n < minContained || n > maxContained {
			return aikagi.Because(aikagi.Invalid, "search_value", "length")
		}
	default:
		return aikagi.Because(aikagi.Invalid, "search_comparison", "unknown")
	}
	return nil
}

// holds compares regardless of case; what Amazon does there is written nowhere.
func (c *Criteria) holds(f face) bool {
	if c == nil {
		return true
	}
	holds := func(inner Criteria) bool { return inner.holds(f) }
	for _, inner := range c.And {
		if !holds(inner) {
			return false
		}
	}
	if len(c.Or) > 0 && !slices.ContainsFunc(c.Or, holds) {
		return false
	}
	return c.Field == "" || slices.ContainsFunc(f.texts(c.Field), c.matches)
}

func (f face) texts(field Field) []string {
	switch field {
	case Name:
		return []string{f.name}
	case Description:
		return []string{f.description}
	case ResourceID:
		return []string{f.id}
	case TimeZone:
		return []string{f.zone}
	case AssociatedQueues:
		return f.queues
	}
	return nil
}

func (c *Criteria) matches(text string) bool {
	text, value := strings.ToLower(text), strings.ToLower(c.Value)
	switch c.Comparison {
	case StartsWith:
		return strings.HasPrefix(text, value)
	case Contains:
		return strings.Contains(text, value)
	case Exact:
	}
	return text == value
}

// carries reports whether all tags of one of the lists are there; a wanted tag
// without a value stands for each of its key.
func carries(tags []aikagi.Tag, wanted [][]aikagi.Tag) bool {
	has := func(want aikagi.Tag) bool {
		return slices.ContainsFunc(tags, func(t aikagi.Tag) bool {
			return t.Key == want.Key && (want.Value == "" || t.Value == want.Value)
		})
	}
	return len(wanted) == 0 || slices.ContainsFunc(wanted, func(all []aikagi.Tag) bool {
		return !slices.ContainsFunc(all, func(t aikagi.Tag) bool { return !has(t) })
	})
}
