package sheet

import (
	"context"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/store"
)

// named is what a table may call by name.
type named struct {
	profiles    map[string]aikagi.SecurityProfile
	profileName map[aikagi.SecurityProfileID]string
	routing     map[string]aikagi.RoutingProfileID
	routingName map[aikagi.RoutingProfileID]string
	groups      map[string]aikagi.HierarchyGroupID // by path
	groupPaths  map[aikagi.HierarchyGroupID]string
	fallback    aikagi.RoutingProfileID // of new users without one
}

func namesOf(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID) (named, error) {
	n := named{
		profiles: map[string]aikagi.SecurityProfile{}, profileName: map[aikagi.SecurityProfileID]string{},
		routing: map[string]aikagi.RoutingProfileID{}, routingName: map[aikagi.RoutingProfileID]string{},
		groups: map[string]aikagi.HierarchyGroupID{},
	}
	profiles, err := tx.ListSecurityProfiles(ctx, instance)
	if err != nil {
		return n, err
	}
	for _, p := range profiles {
		n.profiles[p.Name], n.profileName[p.ID] = p, p.Name
	}
	routing, err := tx.ListRoutingProfiles(ctx, instance)
	if err != nil {
		return n, err
	}
	for _, r := range routing {
		n.routing[r.Name], n.routingName[r.ID] = r.ID, r.Name
	}
	if len(routing) > 0 {
		n.fallback = routing[0].ID
	}
	groups, err := tx.ListHierarchyGroups(ctx, instance)
	n.groupPaths = directory.GroupPaths(groups)
	for _, g := range groups {
		n.groups[n.groupPaths[g.ID]] = g.ID
	}
	return n, err
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
