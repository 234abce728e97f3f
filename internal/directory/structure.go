package directory

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/store"
)

const maxLevelName = 50

// UpdateStructure gives the hierarchy exactly these levels, the highest first;
// none takes it away. A level that has groups cannot go.
func (d *Directory) UpdateStructure(ctx context.Context, instance aikagi.InstanceID, levels []string) error {
	if err := checkLevels(levels); err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx *store.Tx) error {
		s, err := d.enter(ctx, tx, instance, aikagi.AgentGroupingEdit)
		if err != nil {
			return err
		}
		groups, err := tx.ListHierarchyGroups(ctx, instance)
		if err != nil {
			return err
		}
		for _, g := range groups {
			if g.Level > len(levels) {
				return aikagi.Because(aikagi.Conflict, "hierarchy_level", "in_use")
			}
		}
		before, err := tx.ListHierarchyLevels(ctx, instance)
		if err != nil {
			return err
		}
		if err := tx.ReplaceHierarchyLevels(ctx, instance, renamed(before, levels, s.now)); err != nil {
			return err
		}
		return audit.Record(ctx, tx, s.now, audit.Event{
			Instance: instance, Action: "hierarchy.structure", Changes: changedLevels(levelNames(before), levels),
			TargetKind: "instance", TargetID: string(instance), TargetName: s.instance.Alias,
		})
	})
}

// renamed are levels with new names; one that keeps its name keeps its time.
func renamed(before []store.HierarchyLevel, names []string, now time.Time) []store.HierarchyLevel {
	after := make([]store.HierarchyLevel, len(names))
	for i, name := range names {
		after[i] = store.HierarchyLevel{Name: name, UpdatedAt: now}
		if i < len(before) && before[i].Name == name {
			after[i] = before[i]
		}
	}
	return after
}

func checkLevels(levels []string) error {
	if len(levels) > MaxLevels {
		return aikagi.Because(aikagi.Invalid, "hierarchy_level", "too_many")
	}
	var broken aikagi.Invalids
	for _, name := range levels {
		if name == "" {
			broken.Add("level_name", "required")
		}
		broken.CheckText("level_name", name, maxLevelName)
	}
	return broken.Err()
}

// changedLevels tells of each level what it was called and is called now.
func changedLevels(before, after []string) []aikagi.Change {
	var fields [][3]string
	for level := range MaxLevels {
		field := [3]string{"level_name", "", ""}
		if level < len(before) {
			field[1] = before[level]
		}
		if level < len(after) {
			field[2] = after[level]
		}
		fields = append(fields, field)
	}
	return audit.Changed(fields...)
}
