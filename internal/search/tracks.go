package search

import (
	"cmp"
	"slices"

	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/walk"
)

// tracks are the ways on which everybody is who meets the condition; nil, if no
// index knows it. Of conditions that all must hold, one is enough to enter by; of
// those of which one must, each is needed.
func (c Condition) tracks() []track {
	switch {
	case len(c.Any) > 0:
		var all []track
		for _, child := range c.Any {
			ways := child.tracks()
			if ways == nil {
				return nil
			}
			all = append(all, ways...)
		}
		return all
	case len(c.All) > 0:
		var best []track
		for _, child := range c.All {
			if ways := child.tracks(); ways != nil && (best == nil || breadth(ways) < breadth(best)) {
				best = ways
			}
		}
		return best
	case c.Text != nil:
		return c.Text.tracks(c)
	case c.Group != nil:
		return c.Group.tracks(c)
	case c.Tag != nil && c.Tag.Value == nil:
		return []track{{walk.Track{By: walk.ByTag, Value: c.Tag.Key}, c}}
	case c.Tag != nil:
		return []track{{walk.Track{By: walk.ByTagValue, Value: c.Tag.Key, With: *c.Tag.Value}, c}}
	case len(c.Good) > 0:
		return skillTracks(c)
	}
	return nil
}

// skillTracks are those of a proficiency whose name, or name and value, are said
// exactly.
func skillTracks(c Condition) []track {
	said := map[string]string{}
	for _, one := range c.Good {
		if one.Text != nil && one.Text.Comparison == exact {
			said[one.Text.Field] = one.Text.Value
		}
	}
	name, value := said["name"], said["value"]
	switch {
	case name == "":
		return nil
	case value == "":
		return []track{{walk.Track{By: walk.BySkill, Value: name}, c}}
	}
	return []track{{walk.Track{By: walk.BySkilled, Value: name, With: value}, c}}
}

func (t TextCondition) tracks(c Condition) []track {
	by := walk.By("")
	switch {
	case t.Comparison == exact:
		by = map[string]walk.By{
			"resourceId": walk.ByID, "Username": walk.ByUsername, "FirstName": walk.ByKey, "LastName": walk.ByKey,
			"SecurityProfileId": walk.ByProfile, "RoutingProfileId": walk.ByRouting,
		}[t.Field]
	case t.Comparison == startsWith && slices.Contains([]string{"Username", "FirstName", "LastName"}, t.Field):
		by = walk.ByKey
	}
	value := t.Value
	if by == walk.ByKey {
		value = store.StoredKey(t.Value)
	}
	if by == "" || value == "" {
		return nil
	}
	return []track{{walk.Track{By: by, Value: value}, c}}
}

func (g GroupCondition) tracks(c Condition) []track {
	all := make([]track, 0, len(g.in))
	for id := range g.in {
		only := c
		only.Group = &GroupCondition{in: map[string]bool{id: true}}
		all = append(all, track{walk.Track{By: walk.ByGroup, Value: id}, only})
	}
	slices.SortFunc(all, func(a, b track) int { return cmp.Compare(a.Value, b.Value) }) // a token names a track by its number
	return all
}

// breadth guesses how many users lie along tracks: an id has one, a profile
// many.
func breadth(tracks []track) int {
	width := map[walk.By]int{
		walk.ByID: 1, walk.ByUsername: 1, walk.ByKey: 20, walk.ByTagValue: 200, walk.ByTag: 500,
		walk.BySkilled: 200, walk.BySkill: 500, walk.ByGroup: 300, walk.ByRouting: 1_500, walk.ByProfile: 2_000,
	}
	sum := 0
	for _, l := range tracks {
		sum += width[l.By]
	}
	return sum
}
