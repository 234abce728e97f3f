package directory

import (
	"context"
	"strconv"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/criteria"
)

// FoundGroup is a group with its tags and its path: the groups above it, the
// highest first, and itself.
type FoundGroup struct {
	Group aikagi.HierarchyGroup
	Path  []aikagi.HierarchyGroup
	Tags  []aikagi.Tag
}

// DescribeGroup reads a group.
func (d *Directory) DescribeGroup(ctx context.Context, instance aikagi.InstanceID, id aikagi.HierarchyGroupID) (FoundGroup, error) {
	return view(ctx, d, instance, aikagi.AgentGroupingView, func(s scene) (FoundGroup, error) {
		var found FoundGroup
		var err error
		if found.Group, err = s.tx.FindHierarchyGroup(ctx, instance, id); err != nil {
			return found, err
		}
		groups, err := s.tx.ListHierarchyGroups(ctx, instance)
		if err != nil {
			return found, err
		}
		found.Path = pathTo(found.Group, groupsByID(groups))
		found.Tags, err = s.tx.ListTags(ctx, instance, resourceOf(found.Group))
		return found, err
	})
}

// SearchGroups finds the groups of an instance, at most five hundred, that a
// query asks for by tags and by the fields that Amazon Connect names: "name",
// "parentId", "levelId" and "resourceID".
func (d *Directory) SearchGroups(ctx context.Context, instance aikagi.InstanceID, q criteria.Query) ([]FoundGroup, error) {
	if err := q.Check(criteria.Name, "parentId", "levelId", "resourceID"); err != nil {
		return nil, err
	}
	return view(ctx, d, instance, aikagi.AgentGroupingView, func(s scene) ([]FoundGroup, error) {
		groups, err := s.tx.ListHierarchyGroups(ctx, instance)
		if err != nil {
			return nil, err
		}
		tags, err := s.tx.ListTagsOfKind(ctx, instance, aikagi.ResourceHierarchyGroup)
		if err != nil {
			return nil, err
		}
		byID := groupsByID(groups)
		var found []FoundGroup
		for _, g := range groups {
			f := FoundGroup{g, pathTo(g, byID), tags[string(g.ID)]}
			if q.Matches(fieldOf(g), f.Tags) {
				found = append(found, f)
			}
		}
		return found, nil
	})
}

func fieldOf(g aikagi.HierarchyGroup) func(field string) []string {
	return func(field string) []string {
		switch field {
		case criteria.Name:
			return []string{g.Name}
		case "parentId":
			return []string{string(g.ParentID)}
		case "levelId":
			return []string{strconv.Itoa(g.Level)}
		}
		return []string{string(g.ID)}
	}
}

func groupsByID(groups []aikagi.HierarchyGroup) map[aikagi.HierarchyGroupID]aikagi.HierarchyGroup {
	byID := make(map[aikagi.HierarchyGroupID]aikagi.HierarchyGroup, len(groups))
	for _, g := range groups {
		byID[g.ID] = g
	}
	return byID
}

// pathTo walks up at most as many levels as there are.
func pathTo(g aikagi.HierarchyGroup, byID map[aikagi.HierarchyGroupID]aikagi.HierarchyGroup) []aikagi.HierarchyGroup {
	path := []aikagi.HierarchyGroup{g}
	for len(path) < MaxLevels {
		above, ok := byID[path[0].ParentID]
		if !ok {
			break
		}
		path = append([]aikagi.HierarchyGroup{above}, path...)
	}
	return path
}
