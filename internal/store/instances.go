package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/site"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const instanceColumns = `id, alias, identity_type, settings, version, user_count, no_email_count, created_at, attributes, access, typed_alias`

func scanInstance(r sqldb.Row) (aikagi.Instance, error) {
	var i aikagi.Instance
	var settings, attributes, access string
	var created int64
	err := r.Scan(&i.ID, &i.Alias, &i.IdentityType, &settings, &i.Version, &i.UserCount, &i.NoEmailCount, &created, &attributes, &access, &i.TypedAlias)
	if err != nil {
		return i, err
	}
	i.CreatedAt = sqldb.At(created)
	if i.TypedAlias == "" {
		i.TypedAlias = i.Alias
	}
	if err := sqldb.ReadJSON("settings of instance", settings, &i.Settings); err != nil {
		return i, err
	}
	if err := readChosen("attributes of instance", attributes, &i.Attributes); err != nil {
		return i, err
	}
	i.Access = aikagi.DefaultAuthenticationProfile()
	return i, readChosen("authentication profile of instance", access, &i.Access)
}

// readChosen reads what somebody chose; most instances are as usual.
func readChosen(what, text string, into any) error {
	if text == "{}" {
		return nil
	}
	return sqldb.ReadJSON(what, text, into)
}

const insertInstance = `
INSERT INTO instances (id, alias, identity_type, settings, version, user_count, no_email_count, created_at, attributes, access, deleted_at, typed_alias)
VALUES ($1, $2, $3, $4, 1, 0, 0, $5, $6, '{}', 0, $7)`

// InsertInstance keeps a new instance, its authentication profile as usual; a
// taken alias is a Conflict.
func (tx *Tx) InsertInstance(ctx context.Context, i aikagi.Instance) error {
	settings, err := json.Marshal(i.Settings)
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	attributes, err := site.AttributesText(i)
	if err != nil {
		return err
	}
	return tx.Exec(ctx, "alias", "insert instance", insertInstance,
		i.ID, i.Alias, i.IdentityType, string(settings), sqldb.Ms(i.CreatedAt), attributes, i.TypedAlias)
}

const findInstance = `SELECT ` + instanceColumns + ` FROM instances WHERE id = $1 AND deleted_at = 0`

// FindInstance reads an instance by its id.
func (tx *Tx) FindInstance(ctx context.Context, id aikagi.InstanceID) (aikagi.Instance, error) {
	return sqldb.Find(ctx, tx.Tx, "instance", scanInstance, findInstance, id)
}

const findInstanceByAlias = `SELECT ` + instanceColumns + ` FROM instances WHERE alias = $1 AND deleted_at = 0`

// FindInstanceByAlias reads an instance by its alias in lower case.
func (tx *Tx) FindInstanceByAlias(ctx context.Context, alias string) (aikagi.Instance, error) {
	return sqldb.Find(ctx, tx.Tx, "instance", scanInstance, findInstanceByAlias, alias)
}

const listInstances = `
SELECT ` + instanceColumns + ` FROM instances WHERE alias > $1 AND deleted_at = 0 ORDER BY alias LIMIT $2`

// ListInstances reads a page of instances after an alias.
func (tx *Tx) ListInstances(ctx context.Context, after string, limit int) ([]aikagi.Instance, error) {
	return sqldb.List(ctx, tx.Tx, "list instances", scanInstance, listInstances, after, limit)
}

const updateInstanceSettings = `
UPDATE instances SET settings = $3, version = version + 1 WHERE id = $1 AND version = $2`

// UpdateInstanceSettings stores changed settings; a Conflict if somebody else
// changed them since i was read.
func (tx *Tx) UpdateInstanceSettings(ctx context.Context, i aikagi.Instance) error {
	settings, err := json.Marshal(i.Settings)
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	n, err := tx.ExecCount(ctx, "instance", "update instance settings", updateInstanceSettings,
		i.ID, i.Version, string(settings))
	if err == nil && n == 0 {
		return aikagi.Because(aikagi.Conflict, "instance", "changed")
	}
	return err
}

const addInstanceCounts = `
UPDATE instances SET user_count = user_count + $2, no_email_count = no_email_count + $3 WHERE id = $1`

// addInstanceCounts keeps the stored counts true; every write of a user that
// changes them calls it.
func (tx *Tx) addInstanceCounts(ctx context.Context, id aikagi.InstanceID, users, noEmail int) error {
	if users == 0 && noEmail == 0 {
		return nil
	}
	return tx.Exec(ctx, "instance", "count users", addInstanceCounts, id, users, noEmail)
}
