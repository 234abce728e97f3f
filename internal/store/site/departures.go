package site

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const markDeleted = `UPDATE instances SET deleted_at = $2, alias = $3 WHERE id = $1 AND deleted_at = 0`

// MarkInstanceDeleted makes an instance unknown from now on, and its alias free.
// What it had stays until it is taken away; no alias holds a tilde.
func (tx Tables) MarkInstanceDeleted(ctx context.Context, id aikagi.InstanceID, now time.Time) error {
	return tx.ExecOne(ctx, "instance", "mark instance deleted", markDeleted, id, sqldb.Ms(now), "~"+string(id))
}

const findDeleted = `SELECT id FROM instances WHERE deleted_at > 0 AND id > $1 ORDER BY id LIMIT 1`

// FindDeletedInstance returns the next deleted instance after an id of which the
// row is still there.
func (tx Tables) FindDeletedInstance(ctx context.Context, after aikagi.InstanceID) (aikagi.InstanceID, error) {
	id, err := sqldb.Find(ctx, tx.Tx, "instance", sqldb.ScanString, findDeleted, after)
	return aikagi.InstanceID(id), err
}

// Remains names what an instance leaves behind that may be much.
type Remains string

// The kinds, in the order in which they are taken away. People take with them
// their search keys, profiles, proficiencies, devices and reset secrets.
const (
	remainingSessions Remains = "sessions"
	remainingPeople   Remains = "users"
	remainingTags     Remains = "tags"
	remainingRequests Remains = "reset_requests"
	remainingImports  Remains = "imports"
	remainingFailures Remains = "login_failures"
	remainingMail     Remains = "outbox" // but not what still waits: a notice that was promised goes out
)

// EveryRemains lists them.
func EveryRemains() []Remains {
	return []Remains{
		remainingSessions, remainingPeople, remainingTags, remainingRequests, remainingImports, remainingFailures, remainingMail,
	}
}

// Batch is how many rows are taken away at once. Of people it is few, because each
// takes others along.
func (r Remains) Batch() int {
	if r == remainingPeople {
		return 100
	}
	return 500
}

// Statement takes a batch away; it is exported for the tests of plans.
func (r Remains) Statement() string {
	switch r {
	case remainingSessions:
		return `DELETE FROM sessions WHERE (instance_id, digest) IN (
 SELECT instance_id, digest FROM sessions WHERE instance_id = $1 LIMIT $2)`
	case remainingPeople:
		return `DELETE FROM users WHERE (instance_id, id) IN (
 SELECT instance_id, id FROM users WHERE instance_id = $1 LIMIT $2)`
	case remainingTags:
		return `DELETE FROM tags WHERE (instance_id, resource_kind, resource_id, tag_key) IN (
 SELECT instance_id, resource_kind, resource_id, tag_key FROM tags WHERE instance_id = $1 LIMIT $2)`
	case remainingRequests:
		return `DELETE FROM reset_requests WHERE (instance_id, id) IN (
 SELECT instance_id, id FROM reset_requests WHERE instance_id = $1 LIMIT $2)`
	case remainingImports:
		return `DELETE FROM imports WHERE (instance_id, id) IN (
 SELECT instance_id, id FROM imports WHERE instance_id = $1 LIMIT $2)`
	case remainingFailures:
		return `DELETE FROM login_failures WHERE (instance_id, lane) IN (
 SELECT instance_id, lane FROM login_failures WHERE instance_id = $1 LIMIT $2)`
	case remainingMail:
		return `DELETE FROM outbox WHERE id IN (
 SELECT id FROM outbox WHERE instance_id = $1 AND state NOT IN ('waiting', 'sending') LIMIT $2)`
	}
	return ""
}

// TakeAway removes a batch of what a deleted instance left, and tells whether there
// may be more.
func (tx Tables) TakeAway(ctx context.Context, what Remains, id aikagi.InstanceID) (more bool, err error) {
	n, err := tx.ExecCount(ctx, string(what), "take away "+string(what), what.Statement(), id, what.Batch())
	return n == int64(what.Batch()), err
}

const countMailOf = `SELECT count(*) FROM (SELECT id FROM outbox WHERE instance_id = $1 LIMIT 1) m`

const deleteInstance = `DELETE FROM instances WHERE id = $1 AND deleted_at > 0`

// DeleteInstance removes the row of a deleted instance and the little that goes
// with it: profiles, groups, the queue. An instance whose mail still waits stays.
func (tx Tables) DeleteInstance(ctx context.Context, id aikagi.InstanceID) error {
	waits, err := sqldb.Find(ctx, tx.Tx, "message", sqldb.ScanInt, countMailOf, id)
	if err != nil || waits > 0 {
		return err
	}
	return tx.Exec(ctx, "instance", "delete instance", deleteInstance, id)
}
