package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const profileColumns = `instance_id, id, name, description, permissions, version, created_at, updated_at, scope`

// scope is how a profile's scope is written in its column.
type scope struct {
	Tags      []aikagi.Tag            `json:"tags,omitempty"`
	Tagged    []string                `json:"tagged,omitempty"`
	Hierarchy []string                `json:"hierarchy,omitempty"`
	Group     aikagi.HierarchyGroupID `json:"group,omitempty"`
}

func scanProfile(r sqldb.Row) (aikagi.SecurityProfile, error) {
	var p aikagi.SecurityProfile
	var permissions, about string
	var created, updated int64
	err := r.Scan(&p.InstanceID, &p.ID, &p.Name, &p.Description, &permissions, &p.Version, &created, &updated, &about)
	if err != nil {
		return p, err
	}
	p.CreatedAt, p.UpdatedAt = sqldb.At(created), sqldb.At(updated)
	var s scope // one that cannot be read must not pass for one about everything
	if err := sqldb.ReadJSON("scope of profile", about, &s); err != nil {
		return p, err
	}
	p.ScopeTags, p.TagScoped, p.HierarchyScoped, p.ScopeGroupID = s.Tags, s.Tagged, s.Hierarchy, s.Group
	return p, sqldb.ReadJSON("permissions of profile", permissions, &p.Permissions)
}

// written are the columns that are JSON.
func written(p aikagi.SecurityProfile) (permissions, about string, err error) {
	granted, err := json.Marshal(p.Permissions)
	if err != nil {
		return "", "", fmt.Errorf("write permissions: %w", err)
	}
	narrowed, err := json.Marshal(scope{p.ScopeTags, p.TagScoped, p.HierarchyScoped, p.ScopeGroupID})
	if err != nil {
		return "", "", fmt.Errorf("write scope: %w", err)
	}
	return string(granted), string(narrowed), nil
}

const insertSecurityProfile = `
INSERT INTO security_profiles (` + profileColumns + `) VALUES ($1, $2, $3, $4, $5, 1, $6, $6, $7)`

// InsertSecurityProfile keeps a new profile; a taken name is a Conflict.
func (tx *Tx) InsertSecurityProfile(ctx context.Context, p aikagi.SecurityProfile) error {
	permissions, about, err := written(p)
	if err != nil {
		return err
	}
	return tx.Exec(ctx, "profile_name", "insert security profile", insertSecurityProfile,
		p.InstanceID, p.ID, p.Name, p.Description, permissions, sqldb.Ms(p.CreatedAt), about)
}

const updateSecurityProfile = `
UPDATE security_profiles SET description = $4, permissions = $5, updated_at = $6, scope = $7, version = version + 1
WHERE instance_id = $1 AND id = $2 AND version = $3`

// UpdateSecurityProfile stores description, permissions and scope; a Conflict if the
// profile was changed since it was read. Amazon Connect does not rename.
func (tx *Tx) UpdateSecurityProfile(ctx context.Context, p aikagi.SecurityProfile) error {
	permissions, about, err := written(p)
	if err != nil {
		return err
	}
	n, err := tx.ExecCount(ctx, "security_profile", "update security profile", updateSecurityProfile,
		p.InstanceID, p.ID, p.Version, p.Description, permissions, sqldb.Ms(p.UpdatedAt), about)
	if err == nil && n == 0 {
		return aikagi.Because(aikagi.Conflict, "security_profile", "changed")
	}
	return err
}

const deleteSecurityProfile = `DELETE FROM security_profiles WHERE instance_id = $1 AND id = $2`

// DeleteSecurityProfile removes a profile that nobody holds; one in use is a
// Conflict with the reason in_use.
func (tx *Tx) DeleteSecurityProfile(ctx context.Context, instance aikagi.InstanceID, id aikagi.SecurityProfileID) error {
	if err := tx.dropTags(ctx, instance, aikagi.ResourceSecurityProfile, string(id)); err != nil {
		return err
	}
	return tx.ExecOne(ctx, "security_profile", "delete security profile", deleteSecurityProfile, instance, id)
}

const findSecurityProfile = `SELECT ` + profileColumns + ` FROM security_profiles WHERE instance_id = $1 AND id = $2`

// FindSecurityProfile reads a profile by id.
func (tx *Tx) FindSecurityProfile(ctx context.Context, instance aikagi.InstanceID, id aikagi.SecurityProfileID) (aikagi.SecurityProfile, error) {
	return sqldb.Find(ctx, tx.Tx, "security_profile", scanProfile, findSecurityProfile, instance, id)
}

const listSecurityProfiles = `SELECT ` + profileColumns + ` FROM security_profiles WHERE instance_id = $1 ORDER BY name`

// ListSecurityProfiles reads all profiles of an instance; Amazon's quota is 100.
func (tx *Tx) ListSecurityProfiles(ctx context.Context, instance aikagi.InstanceID) ([]aikagi.SecurityProfile, error) {
	return sqldb.List(ctx, tx.Tx, "list security profiles", scanProfile, listSecurityProfiles, instance)
}

const listProfilesOfUser = `
SELECT p.instance_id, p.id, p.name, p.description, p.permissions, p.version, p.created_at, p.updated_at, p.scope
FROM user_security_profiles u
JOIN security_profiles p ON p.instance_id = u.instance_id AND p.id = u.profile_id
WHERE u.instance_id = $1 AND u.user_id = $2 ORDER BY p.name`

// ListProfilesOfUser reads the profiles that a user holds.
func (tx *Tx) ListProfilesOfUser(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID) ([]aikagi.SecurityProfile, error) {
	return sqldb.List(ctx, tx.Tx, "list profiles of user", scanProfile, listProfilesOfUser, instance, id)
}

const listHolders = `
SELECT p.user_id FROM user_security_profiles p
JOIN users u ON u.instance_id = p.instance_id AND u.id = p.user_id
WHERE p.instance_id = $1 AND p.profile_id = $2 AND p.user_id > $3 AND u.enabled
ORDER BY p.user_id LIMIT $4`

// ListHolders reads a page of the enabled users who hold a profile.
func (tx *Tx) ListHolders(ctx context.Context, instance aikagi.InstanceID, profile aikagi.SecurityProfileID, after aikagi.UserID, limit int) ([]aikagi.UserID, error) {
	ids, err := sqldb.List(ctx, tx.Tx, "list holders", sqldb.ScanString, listHolders, instance, profile, after, limit)
	users := make([]aikagi.UserID, len(ids))
	for i, id := range ids {
		users[i] = aikagi.UserID(id)
	}
	return users, err
}
