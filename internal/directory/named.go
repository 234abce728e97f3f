package directory

import (
	"context"
	"strings"

	"github.com/aikagi/aikagi"
)

// named is what a sheet may call by name.
type named struct {
	profiles    map[string]aikagi.SecurityProfile
	profileName map[aikagi.SecurityProfileID]string
	routing     map[string]aikagi.RoutingProfileID
	routingName map[aikagi.RoutingProfileID]string
	groups      map[string]aikagi.HierarchyGroupID // by path
	groupPaths  map[aikagi.HierarchyGroupID]string
	fallback    aikagi.RoutingProfileID // of new users without one
}

func (s scene) named(ctx context.Context) (named, error) {
	n := named{
		profiles: map[string]aikagi.SecurityProfile{}, profileName: map[aikagi.SecurityProfileID]string{},
		routing: map[string]aikagi.RoutingProfileID{}, routingName: map[aikagi.RoutingProfileID]string{},
		groups: map[string]aikagi.HierarchyGroupID{},
	}
	profiles, err := s.tx.ListSecurityProfiles(ctx, s.instance.ID)
	if err != nil {
		return n, err
	}
	for _, p := range profiles {
		n.profiles[p.Name], n.profileName[p.ID] = p, p.Name
	}
	routing, err := s.tx.ListRoutingProfiles(ctx, s.instance.ID)
	if err != nil {
		return n, err
	}
	for _, r := range routing {
		n.routing[r.Name], n.routingName[r.ID] = r.ID, r.Name
	}
	if len(routing) > 0 {
		n.fallback = routing[0].ID
	}
	groups, err := s.tx.ListHierarchyGroups(ctx, s.instance.ID)
	n.groupPaths = GroupPaths(groups)
	for _, g := range groups {
		n.groups[n.groupPaths[g.ID]] = g.ID
	}
	return n, err
}

// GroupPaths names each group with those above it, "Tokyo / Support / Night".
func GroupPaths(groups []aikagi.HierarchyGroup) map[aikagi.HierarchyGroupID]string {
	byID := map[aikagi.HierarchyGroupID]aikagi.HierarchyGroup{}
	for _, g := range groups {
		byID[g.ID] = g
	}
	paths := map[aikagi.HierarchyGroupID]string{}
	for _, g := range groups {
		path := g.Name
		for above, n := g.ParentID, 0; above != "" && n < MaxLevels; n++ {
			path = byID[above].Name + " / " + path
			above = byID[above].ParentID
		}
		paths[g.ID] = path
	}
	return paths
}

// mostTypos is how far a suggestion may be from what was typed.
const mostTypos = 2

// nearest is the name closest to what was typed; "" if none is close.
func nearest[T any](typed string, names map[string]T) string {
	best, least := "", mostTypos+1
	for name := range names {
		d := distance([]rune(strings.ToLower(typed)), []rune(strings.ToLower(name)))
		if d < least || d == least && best != "" && name < best {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to insert, delete or replace (Levenshtein).
func distance(a, b []rune) int {
	if len(a)-len(b) > mostTypos || len(b)-len(a) > mostTypos {
		return mostTypos + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		corner := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := corner
			if x != y {
				cost++
			}
			corner = row[j+1]
			row[j+1] = min(cost, row[j]+1, corner+1)
		}
	}
	return row[len(b)]
}
