package site

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

// AttributesText is how the attributes of an instance are stored.
func AttributesText(i aikagi.Instance) (string, error) {
	if len(i.Attributes) == 0 {
		return "{}", nil
	}
	text, err := json.Marshal(i.Attributes)
	if err != nil {
		return "", fmt.Errorf("write attributes: %w", err)
	}
	return string(text), nil
}

const countInstances = `SELECT count(*) FROM (SELECT id FROM instances WHERE deleted_at = 0 LIMIT $1) i`

// CountInstances counts the instances up to a limit.
func (tx Tables) CountInstances(ctx context.Context, limit int) (int, error) {
	n, err := sqldb.Find(ctx, tx.Tx, "instance", sqldb.ScanInt, countInstances, limit)
	return int(n), err
}

const updateInstanceAttributes = `UPDATE instances SET attributes = $2 WHERE id = $1`

// UpdateInstanceAttributes stores the attributes that somebody chose.
func (tx Tables) UpdateInstanceAttributes(ctx context.Context, i aikagi.Instance) error {
	attributes, err := AttributesText(i)
	if err != nil {
		return err
	}
	return tx.ExecOne(ctx, "instance", "update instance attributes", updateInstanceAttributes, i.ID, attributes)
}

const updateInstanceAccess = `UPDATE instances SET access = $2 WHERE id = $1`

// UpdateInstanceAccess stores the authentication profile.
func (tx Tables) UpdateInstanceAccess(ctx context.Context, i aikagi.Instance) error {
	access, err := json.Marshal(i.Access)
	if err != nil {
		return fmt.Errorf("write authentication profile: %w", err)
	}
	return tx.ExecOne(ctx, "instance", "update authentication profile", updateInstanceAccess, i.ID, string(access))
}
