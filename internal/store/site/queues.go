package site

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const queueColumns = `instance_id, id, name, description, hours_id, created_at`

func scanQueue(r sqldb.Row) (aikagi.Queue, error) {
	var q aikagi.Queue
	var created int64
	err := r.Scan(&q.InstanceID, &q.ID, &q.Name, &q.Description, &q.HoursID, &created)
	q.CreatedAt = sqldb.At(created)
	return q, err
}

const insertQueue = `INSERT INTO queues (` + queueColumns + `) VALUES ($1, $2, $3, $4, $5, $6)`

// InsertQueue keeps a new queue; a taken name is a Conflict.
func (tx Tables) InsertQueue(ctx context.Context, q aikagi.Queue) error {
	return tx.Exec(ctx, "queue_name", "insert queue", insertQueue,
		q.InstanceID, q.ID, q.Name, q.Description, q.HoursID, sqldb.Ms(q.CreatedAt))
}

const listQueues = `SELECT ` + queueColumns + ` FROM queues WHERE instance_id = $1 ORDER BY name`

// ListQueues reads all queues of an instance in the order of their names.
func (tx Tables) ListQueues(ctx context.Context, instance aikagi.InstanceID) ([]aikagi.Queue, error) {
	return sqldb.List(ctx, tx.Tx, "list queues", scanQueue, listQueues, instance)
}
