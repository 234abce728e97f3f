package directory

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/store"
)

// Limits of the hierarchy, as Amazon Connect documents them.
const (
	MaxLevels    = 5
	maxGroups    = 500
	maxGroupName = 100
)

// Tree is the hierarchy of an instance.
type Tree struct {
	Levels []store.HierarchyLevel // the highest first
	Groups []aikagi.HierarchyGroup
}

// LevelNames are what the levels are called, the highest first.
func (t Tree) LevelNames() []string { return levelNames(t.Levels) }

func levelNames(levels []store.HierarchyLevel) []string {
	names := make([]string, len(levels))
	for i, l := range levels {
		names[i] = l.Name
	}
	return names
}

// Tree reads the hierarchy.
func (d *Directory) Tree(ctx context.Context, instance aikagi.InstanceID) (Tree, error) {
	return view(ctx, d, instance, aikagi.AgentGroupingView, func(s scene) (Tree, error) {
		var t Tree
		var err error
		if t.Levels, err = s.tx.ListHierarchyLevels(ctx, instance); err != nil {
			return t, err
		}
		t.Groups, err = s.tx.ListHierarchyGroups(ctx, instance)
		return t, err
	})
}

// CreateGroup makes a group below a parent, or on the first level without one,
// with tags if there are some.
func (d *Directory) CreateGroup(ctx context.Context, instance aikagi.InstanceID, parent aikagi.HierarchyGroupID, name string,
	tags ...aikagi.Tag,
) (aikagi.HierarchyGroup, error) {
	g := aikagi.HierarchyGroup{
		InstanceID: instance, ID: aikagi.HierarchyGroupID(aikagi.NewID()), ParentID: parent, Level: 1, Name: name,
	}
	if err := checkGroupName(name); err != nil {
		return g, err
	}
	tags, err := aikagi.ParseTags(tags)
	if err != nil {
		return g, err
	}
	err = d.Store.Update(ctx, func(tx *store.Tx) error {
		s, err := d.enter(ctx, tx, instance, aikagi.AgentGroupingCreate)
		if err != nil {
			return err
		}
		g.CreatedAt, g.UpdatedAt = s.now, s.now
		if g.Level, err = s.levelBelow(ctx, parent); err != nil {
			return err
		}
		if err := tx.InsertHierarchyGroup(ctx, g); err != nil {
			return err
		}
		if err := tx.ReplaceTags(ctx, instance, resourceOf(g), tags); err != nil {
			return err
		}
		changes := append(audit.Changed([3]string{"group_name", "", name}), relabelled("tags", nil, tags, aikagi.Tag.String)...)
		return s.recordGroup(ctx, "group.create", g, changes)
	})
	return g, err
}

func (s scene) levelBelow(ctx context.Context, parent aikagi.HierarchyGroupID) (int, error) {
	all, err := s.tx.ListHierarchyGroups(ctx, s.instance.ID)
	if err != nil {
		return 0, err
	}
	if len(all) >= maxGroups {
		return 0, aikagi.Because(aikagi.Conflict, "hierarchy_group", "too_many")
	}
	level := 1
	if parent != "" {
		above, err := s.tx.FindHierarchyGroup(ctx, s.instance.ID, parent)
		if err != nil {
			return 0, err
		}
		level = above.Level + 1
	}
	levels, err := s.tx.ListHierarchyLevels(ctx, s.instance.ID)
	if err == nil && level > len(levels) {
		err = aikagi.Because(aikagi.Invalid, "hierarchy_level", "missing")
	}
	return level, err
}

func resourceOf(g aikagi.HierarchyGroup) aikagi.Resource {
	return aikagi.Resource{Kind: aikagi.ResourceHierarchyGroup, ID: string(g.ID)}
}

// RenameGroup gives a group another name.
func (d *Directory) RenameGroup(ctx context.Context, instance aikagi.InstanceID, id aikagi.HierarchyGroupID, name string) error {
	if err := checkGroupName(name); err != nil {
		return err
	}
	return d.onGroup(ctx, instance, id, aikagi.AgentGroupingEdit, func(s scene, g aikagi.HierarchyGroup) error {
		before := g.Name
		g.Name, g.UpdatedAt = name, s.now
		if err := s.tx.RenameHierarchyGroup(ctx, g); err != nil {
			return err
		}
		return s.recordGroup(ctx, "group.rename", g, audit.Changed([3]string{"group_name", before, name}))
	})
}

// DeleteGroup removes a group that is empty. Amazon Connect names no permission
// for it; the nearest is to enable and disable.
func (d *Directory) DeleteGroup(ctx context.Context, instance aikagi.InstanceID, id aikagi.HierarchyGroupID) error {
	return d.onGroup(ctx, instance, id, aikagi.AgentGroupingEnableAndDisable, func(s scene, g aikagi.HierarchyGroup) error {
		if err := s.noProfileIsAbout(ctx, g); err != nil {
			return err
		}
		if err := s.tx.DeleteHierarchyGroup(ctx, g); err != nil {
			return err
		}
		return s.recordGroup(ctx, "group.delete", g, audit.Changed([3]string{"group_name", g.Name, ""}))
	})
}

// noProfileIsAbout refuses to take a group away that a security profile names: its
// holders would see nobody any more.
func (s scene) noProfileIsAbout(ctx context.Context, g aikagi.HierarchyGroup) error {
	profiles, err := s.tx.ListSecurityProfiles(ctx, g.InstanceID)
	for _, p := range profiles {
		if p.ScopeGroupID == g.ID {
			return aikagi.Because(aikagi.Conflict, "hierarchy_group", "in_use")
		}
	}
	return err
}

func (d *Directory) onGroup(ctx context.Context, instance aikagi.InstanceID, id aikagi.HierarchyGroupID,
	needed aikagi.Permission, do func(scene, aikagi.HierarchyGroup) error,
) error {
	return d.Store.Update(ctx, func(tx *store.Tx) error {
		s, err := d.enter(ctx, tx, instance, needed)
		if err != nil {
			return err
		}
		g, err := tx.FindHierarchyGroup(ctx, instance, id)
		if err != nil {
			return err
		}
		return do(s, g)
	})
}

func (s scene) recordGroup(ctx context.Context, action string, g aikagi.HierarchyGroup, changes []aikagi.Change) error {
	return audit.Record(ctx, s.tx, s.now, audit.Event{
		Instance: g.InstanceID, Action: action,
		TargetKind: "hierarchy_group", TargetID: string(g.ID), TargetName: g.Name, Changes: changes,
	})
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

func checkGroupName(name string) error {
	var broken aikagi.Invalids
	if name == "" {
		broken.Add("group_name", "required")
	}
	broken.CheckText("group_name", name, maxGroupName)
	return broken.Err()
}
