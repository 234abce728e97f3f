package store

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// HierarchyLevel is a level of an instance's hierarchy, and when it got its name.
type HierarchyLevel struct {
	Name      string
	UpdatedAt time.Time
}

func scanLevel(r sqldb.Row) (HierarchyLevel, error) {
	var l HierarchyLevel
	var updated int64
	err := r.Scan(&l.Name, &updated)
	l.UpdatedAt = sqldb.At(updated)
	return l, err
}

const insertHierarchyLevel = `INSERT INTO hierarchy_levels (instance_id, level, name, updated_at) VALUES ($1, $2, $3, $4)`

const listHierarchyLevels = `SELECT name, updated_at FROM hierarchy_levels WHERE instance_id = $1 ORDER BY level`

// ListHierarchyLevels reads the levels, the highest first.
func (tx *Tx) ListHierarchyLevels(ctx context.Context, instance aikagi.InstanceID) ([]HierarchyLevel, error) {
	return sqldb.List(ctx, tx.Tx, "list hierarchy levels", scanLevel, listHierarchyLevels, instance)
}

const deleteHierarchyLevels = `DELETE FROM hierarchy_levels WHERE instance_id = $1`

// ReplaceHierarchyLevels gives an instance exactly these levels, the highest
// first.
func (tx *Tx) ReplaceHierarchyLevels(ctx context.Context, instance aikagi.InstanceID, levels []HierarchyLevel) error {
	if err := tx.Exec(ctx, "hierarchy_level", "delete hierarchy levels", deleteHierarchyLevels, instance); err != nil {
		return err
	}
	for i, l := range levels {
		err := tx.Exec(ctx, "hierarchy_level", "insert hierarchy level", insertHierarchyLevel, instance, i+1, l.Name, sqldb.Ms(l.UpdatedAt))
		if err != nil {
			return err
		}
	}
	return nil
}

const groupColumns = `instance_id, id, parent_id, level, name, created_at, updated_at`

func scanGroup(r sqldb.Row) (aikagi.HierarchyGroup, error) {
	var g aikagi.HierarchyGroup
	var created, updated int64
	err := r.Scan(&g.InstanceID, &g.ID, &g.ParentID, &g.Level, &g.Name, &created, &updated)
	g.CreatedAt, g.UpdatedAt = sqldb.At(created), sqldb.At(updated)
	return g, err
}

const insertHierarchyGroup = `INSERT INTO hierarchy_groups (` + groupColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $6)`

// InsertHierarchyGroup keeps a new group; a name taken below the same parent is
// a Conflict.
func (tx *Tx) InsertHierarchyGroup(ctx context.Context, g aikagi.HierarchyGroup) error {
	return tx.Exec(ctx, "group_name", "insert hierarchy group", insertHierarchyGroup,
		g.InstanceID, g.ID, g.ParentID, g.Level, g.Name, sqldb.Ms(g.CreatedAt))
}

const findHierarchyGroup = `SELECT ` + groupColumns + ` FROM hierarchy_groups WHERE instance_id = $1 AND id = $2`

// FindHierarchyGroup reads a group by id.
func (tx *Tx) FindHierarchyGroup(ctx context.Context, instance aikagi.InstanceID, id aikagi.HierarchyGroupID) (aikagi.HierarchyGroup, error) {
	return sqldb.Find(ctx, tx.Tx, "hierarchy_group", scanGroup, findHierarchyGroup, instance, id)
}

const listHierarchyGroups = `
SELECT ` + groupColumns + ` FROM hierarchy_groups WHERE instance_id = $1 ORDER BY parent_id, name`

// ListHierarchyGroups reads all groups of an instance; Amazon's quota is 500.
func (tx *Tx) ListHierarchyGroups(ctx context.Context, instance aikagi.InstanceID) ([]aikagi.HierarchyGroup, error) {
	return sqldb.List(ctx, tx.Tx, "list hierarchy groups", scanGroup, listHierarchyGroups, instance)
}

const renameHierarchyGroup = `UPDATE hierarchy_groups SET name = $3, updated_at = $4 WHERE instance_id = $1 AND id = $2`

// RenameHierarchyGroup stores a new name and since when; one taken below the same parent is a
// Conflict.
func (tx *Tx) RenameHierarchyGroup(ctx context.Context, g aikagi.HierarchyGroup) error {
	n, err := tx.ExecCount(ctx, "group_name", "rename hierarchy group", renameHierarchyGroup,
		g.InstanceID, g.ID, g.Name, sqldb.Ms(g.UpdatedAt))
	if err == nil && n == 0 {
		return aikagi.E(aikagi.NotFound, "hierarchy_group", nil)
	}
	return err
}

const countSubgroups = `SELECT count(*) FROM (SELECT 1 FROM hierarchy_groups
 WHERE instance_id = $1 AND parent_id = $2 LIMIT 1) AS counted`

const deleteHierarchyGroup = `DELETE FROM hierarchy_groups WHERE instance_id = $1 AND id = $2`

// DeleteHierarchyGroup removes a group that nobody is in and that has no groups
// below it; otherwise a Conflict with the reason in_use, as Amazon answers.
func (tx *Tx) DeleteHierarchyGroup(ctx context.Context, g aikagi.HierarchyGroup) error {
	below, err := sqldb.Find(ctx, tx.Tx, "hierarchy_group", sqldb.ScanInt, countSubgroups, g.InstanceID, g.ID)
	if err != nil {
		return err
	}
	members, err := tx.CountUsers(ctx, UserRange{Instance: g.InstanceID, Set: UsersOfGroup, Of: string(g.ID)}, 1)
	if err != nil {
		return err
	}
	if below > 0 || members > 0 {
		return aikagi.Because(aikagi.Conflict, "hierarchy_group", "in_use")
	}
	if err := tx.dropTags(ctx, g.InstanceID, aikagi.ResourceHierarchyGroup, string(g.ID)); err != nil {
		return err
	}
	return tx.ExecOne(ctx, "hierarchy_group", "delete hierarchy group", deleteHierarchyGroup, g.InstanceID, g.ID)
}
