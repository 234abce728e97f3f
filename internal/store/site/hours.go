package site

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const hoursColumns = `instance_id, id, name, description, created_at`

func scanHours(r sqldb.Row) (aikagi.HoursOfOperation, error) {
	var h aikagi.HoursOfOperation
	var created int64
	err := r.Scan(&h.InstanceID, &h.ID, &h.Name, &h.Description, &created)
	h.CreatedAt = sqldb.At(created)
	return h, err
}

const insertHours = `INSERT INTO hours_of_operation (` + hoursColumns + `) VALUES ($1, $2, $3, $4, $5)`

// InsertHours keeps new hours of operation; a taken name is a Conflict.
func (tx Tables) InsertHours(ctx context.Context, h aikagi.HoursOfOperation) error {
	return tx.Exec(ctx, "hours_name", "insert hours of operation", insertHours,
		h.InstanceID, h.ID, h.Name, h.Description, sqldb.Ms(h.CreatedAt))
}

const listHours = `SELECT ` + hoursColumns + ` FROM hours_of_operation WHERE instance_id = $1 ORDER BY name`

// ListHours reads all hours of operation of an instance in the order of their
// names.
func (tx Tables) ListHours(ctx context.Context, instance aikagi.InstanceID) ([]aikagi.HoursOfOperation, error) {
	return sqldb.List(ctx, tx.Tx, "list hours of operation", scanHours, listHours, instance)
}
