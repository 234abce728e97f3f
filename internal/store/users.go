package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const userColumns = `instance_id, id, username, first_name, last_name, email, secondary_email, mobile,
 phone_type, phone_auto_accept, phone_after_work, phone_desk_number,
 phone_persistent, channel_configs, routing_profile_id, hierarchy_group_id,
 locale, enabled, password_hash, must_change, version, secret_epoch, email_set_by, email_set_at,
 created_at, updated_at, last_login_at, email_bounced_at`

func scanUser(r sqldb.Row) (aikagi.User, error) {
	var u aikagi.User
	var emailSet, created, updated, login, bounced int64
	var channels string
	err := r.Scan(&u.InstanceID, &u.ID, &u.Username, &u.FirstName, &u.LastName, &u.Email, &u.SecondaryEmail, &u.Mobile,
		&u.Phone.Type, &u.Phone.AutoAccept, &u.Phone.AfterContactWork, &u.Phone.DeskPhoneNumber,
		&u.Phone.PersistentConnection, &channels, &u.RoutingProfileID, &u.HierarchyGroupID,
		&u.Locale, &u.Enabled, &u.PasswordHash, &u.MustChange, &u.Version, &u.SecretEpoch, &u.EmailSetBy, &emailSet,
		&created, &updated, &login, &bounced)
	u.EmailSetAt, u.CreatedAt, u.UpdatedAt, u.LastLoginAt = sqldb.At(emailSet), sqldb.At(created), sqldb.At(updated), sqldb.At(login)
	u.EmailBouncedAt = sqldb.At(bounced)
	if err == nil && channels != "" {
		err = sqldb.ReadJSON("channels of user", channels, &u.Phone.Channels)
	}
	return u, err
}

// channelConfigs is how a user's own settings of channels are stored: JSON,
// because nothing is looked up by them; empty if there are none.
func channelConfigs(p aikagi.PhoneConfig) (string, error) {
	if len(p.Channels) == 0 {
		return "", nil
	}
	text, err := json.Marshal(p.Channels)
	if err != nil {
		return "", fmt.Errorf("write channel settings: %w", err)
	}
	return string(text), nil
}

const insertUser = `
INSERT INTO users (` + userColumns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, 1, 1,
 $21, $22, $23, $23, 0, 0)`

// InsertUser keeps a new user with its search keys and profiles, and counts it;
// a taken user name is a Conflict.
func (tx *Tx) InsertUser(ctx context.Context, u aikagi.User) error {
	channels, err := channelConfigs(u.Phone)
	if err != nil {
		return err
	}
	err = tx.Exec(ctx, "username", "insert user", insertUser,
		u.InstanceID, u.ID, u.Username, u.FirstName, u.LastName, u.Email, u.SecondaryEmail, u.Mobile,
		u.Phone.Type, u.Phone.AutoAccept, u.Phone.AfterContactWork, u.Phone.DeskPhoneNumber,
		u.Phone.PersistentConnection, channels, u.RoutingProfileID, u.HierarchyGroupID,
		u.Locale, u.Enabled, u.PasswordHash, u.MustChange, u.EmailSetBy, sqldb.Ms(u.EmailSetAt), sqldb.Ms(u.CreatedAt))
	if err != nil {
		return err
	}
	if err := tx.insertUserKeys(ctx, u); err != nil {
		return err
	}
	for _, profile := range u.SecurityProfileIDs {
		if err := tx.insertUserProfile(ctx, u, profile); err != nil {
			return err
		}
	}
	return tx.addInstanceCounts(ctx, u.InstanceID, 1, noEmail(u))
}

// noEmail is what a user adds to the count of those who cannot reset.
func noEmail(u aikagi.User) int {
	if u.Enabled && u.Email == "" {
		return 1
	}
	return 0
}

const insertUserProfile = `
INSERT INTO user_security_profiles (instance_id, user_id, profile_id) VALUES ($1, $2, $3)`

func (tx *Tx) insertUserProfile(ctx context.Context, u aikagi.User, id aikagi.SecurityProfileID) error {
	return tx.Exec(ctx, "security_profile", "give profile", insertUserProfile, u.InstanceID, u.ID, id)
}

const findUser = `SELECT ` + userColumns + ` FROM users WHERE instance_id = $1 AND id = $2`

// FindUser reads a user by id, with the profiles he holds.
func (tx *Tx) FindUser(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID) (aikagi.User, error) {
	u, err := sqldb.Find(ctx, tx.Tx, "user", scanUser, findUser, instance, id)
	if err != nil {
		return u, err
	}
	return tx.withProfiles(ctx, u)
}

const findUserByName = `SELECT ` + userColumns + ` FROM users WHERE instance_id = $1 AND username = $2`

// FindUserByName reads a user by the exact name, without the profiles: it is
// what login and reset need, and they need it quickly.
func (tx *Tx) FindUserByName(ctx context.Context, instance aikagi.InstanceID, name aikagi.Username) (aikagi.User, error) {
	return sqldb.Find(ctx, tx.Tx, "user", scanUser, findUserByName, instance, name)
}

const listUserProfiles = `
SELECT profile_id FROM user_security_profiles WHERE instance_id = $1 AND user_id = $2 ORDER BY profile_id`

func (tx *Tx) withProfiles(ctx context.Context, u aikagi.User) (aikagi.User, error) {
	ids, err := sqldb.List(ctx, tx.Tx, "list profiles of user", sqldb.ScanString, listUserProfiles, u.InstanceID, u.ID)
	for _, id := range ids {
		u.SecurityProfileIDs = append(u.SecurityProfileIDs, aikagi.SecurityProfileID(id))
	}
	return u, err
}

const updateUser = `
UPDATE users SET first_name = $4, last_name = $5, email = $6, secondary_email = $7, mobile = $8,
 phone_type = $9, phone_auto_accept = $10, phone_after_work = $11, phone_desk_number = $12,
 phone_persistent = $13, channel_configs = $14, routing_profile_id = $15, hierarchy_group_id = $16, locale = $17,
 enabled = $18, secret_epoch = $19, email_set_by = $20, email_set_at = $21, updated_at = $22, version = version + 1,
 email_bounced_at = CASE WHEN email = $6 THEN email_bounced_at ELSE 0 END
WHERE instance_id = $1 AND id = $2 AND version = $3`

// UpdateUser stores everything about a user but name, password and profiles. A
// new address has not bounced yet.
// before is the user as read in this transaction; a Conflict if its version is
// no longer the stored one.
func (tx *Tx) UpdateUser(ctx context.Context, before, u aikagi.User) error {
	channels, err := channelConfigs(u.Phone)
	if err != nil {
		return err
	}
	n, err := tx.ExecCount(ctx, "user", "update user", updateUser,
		u.InstanceID, u.ID, before.Version, u.FirstName, u.LastName, u.Email, u.SecondaryEmail, u.Mobile,
		u.Phone.Type, u.Phone.AutoAccept, u.Phone.AfterContactWork, u.Phone.DeskPhoneNumber,
		u.Phone.PersistentConnection, channels, u.RoutingProfileID, u.HierarchyGroupID, u.Locale, u.Enabled,
		u.SecretEpoch, u.EmailSetBy, sqldb.Ms(u.EmailSetAt), sqldb.Ms(u.UpdatedAt))
	if err != nil {
		return err
	}
	if n == 0 {
		return aikagi.Because(aikagi.Conflict, "user", "changed")
	}
	if err := tx.replaceUserKeys(ctx, before, u); err != nil {
		return err
	}
	return tx.addInstanceCounts(ctx, u.InstanceID, 0, noEmail(u)-noEmail(before))
}

const deleteUserProfiles = `DELETE FROM user_security_profiles WHERE instance_id = $1 AND user_id = $2`

const touchUser = `
UPDATE users SET updated_at = $4, secret_epoch = secret_epoch + 1, version = version + 1
WHERE instance_id = $1 AND id = $2 AND version = $3`

// ReplaceUserProfiles gives a user exactly the profiles in u. It moves the
// secret epoch: a reset secret made by somebody who was allowed to while the
// user held less must not open the account that holds more (S6, S26).
func (tx *Tx) ReplaceUserProfiles(ctx context.Context, u aikagi.User) error {
	n, err := tx.ExecCount(ctx, "user", "touch user", touchUser, u.InstanceID, u.ID, u.Version, sqldb.Ms(u.UpdatedAt))
	if err != nil {
		return err
	}
	if n == 0 {
		return aikagi.Because(aikagi.Conflict, "user", "changed")
	}
	if err := tx.Exec(ctx, "user", "take profiles", deleteUserProfiles, u.InstanceID, u.ID); err != nil {
		return err
	}
	for _, profile := range u.SecurityProfileIDs {
		if err := tx.insertUserProfile(ctx, u, profile); err != nil {
			return err
		}
	}
	return nil
}

const setPassword = `
UPDATE users SET password_hash = $3, must_change = $4, updated_at = $5,
 secret_epoch = secret_epoch + 1, version = version + 1
WHERE instance_id = $1 AND id = $2`

// SetPassword stores a new hash and moves the secret epoch, which ends every
// reset secret of the user (S6).
func (tx *Tx) SetPassword(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID,
	hash string, mustChange bool, now time.Time,
) error {
	return tx.ExecOne(ctx, "user", "set password", setPassword, instance, id, hash, mustChange, sqldb.Ms(now))
}

const recordLogin = `UPDATE users SET last_login_at = $3 WHERE instance_id = $1 AND id = $2`

// RecordLogin notes when a user last logged in.
func (tx *Tx) RecordLogin(ctx context.Context, instance aikagi.InstanceID, id aikagi.UserID, now time.Time) error {
	return tx.Exec(ctx, "user", "record login", recordLogin, instance, id, sqldb.Ms(now))
}

const deleteUser = `DELETE FROM users WHERE instance_id = $1 AND id = $2`

// DeleteUser removes a user; keys, profiles, devices, tokens and tags go with him.
func (tx *Tx) DeleteUser(ctx context.Context, u aikagi.User) error {
	if err := tx.dropTags(ctx, u.InstanceID, aikagi.ResourceUser, string(u.ID)); err != nil {
		return err
	}
	if err := tx.ExecOne(ctx, "user", "delete user", deleteUser, u.InstanceID, u.ID); err != nil {
		return err
	}
	return tx.addInstanceCounts(ctx, u.InstanceID, -1, -noEmail(u))
}
