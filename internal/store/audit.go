package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store/sqldb"
)

const insertAuditEvent = `
INSERT INTO audit_events (id, instance_id, event_time, actor_kind, actor_id, actor_name, action,
 target_kind, target_id, target_name, outcome, source, address, request_id, changes, note, sequence, chain)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, $17)`

// InsertAuditEvent writes one row of the record. Nothing ever updates it but
// the chaining job, which fills in sequence and chain.
func (tx *Tx) InsertAuditEvent(ctx context.Context, e aikagi.AuditEvent) error {
	changes, err := json.Marshal(e.Changes)
	if err != nil {
		return fmt.Errorf("write changes: %w", err)
	}
	return tx.Exec(ctx, "audit_event", "insert audit event", insertAuditEvent,
		e.ID, e.InstanceID, sqldb.Ms(e.At), e.ActorKind, e.ActorID, e.ActorName, e.Action,
		e.TargetKind, e.TargetID, e.TargetName, e.Outcome, e.Source, e.Address, e.RequestID,
		string(changes), e.Note, []byte{})
}

const auditColumns = `id, instance_id, event_time, actor_kind, actor_id, actor_name, action,
 target_kind, target_id, target_name, outcome, source, address, request_id, changes, note`

func scanAuditEvent(r sqldb.Row) (aikagi.AuditEvent, error) {
	var e aikagi.AuditEvent
	var changes string
	var when int64
	err := r.Scan(&e.ID, &e.InstanceID, &when, &e.ActorKind, &e.ActorID, &e.ActorName, &e.Action,
		&e.TargetKind, &e.TargetID, &e.TargetName, &e.Outcome, &e.Source, &e.Address, &e.RequestID, &changes, &e.Note)
	if err != nil {
		return e, err
	}
	e.At = sqldb.At(when)
	return e, sqldb.ReadJSON("changes of event", changes, &e.Changes)
}

const listAuditEvents = `
SELECT ` + auditColumns + ` FROM audit_events WHERE instance_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`

// ListAuditEvents reads a page of an instance's record (or, with an empty
// instance, of the account's), newest first, before an id; "~" is the start.
func (tx *Tx) ListAuditEvents(ctx context.Context, instance aikagi.InstanceID, before aikagi.AuditEventID, limit int) ([]aikagi.AuditEvent, error) {
	return sqldb.List(ctx, tx.Tx, "list audit events", scanAuditEvent, listAuditEvents, instance, before, limit)
}

const listAuditEventsOf = `
SELECT ` + auditColumns + ` FROM audit_events
WHERE instance_id = $1 AND target_kind = $2 AND target_id = $3 AND id < $4 ORDER BY id DESC LIMIT $5`

// ListAuditEventsOf reads a page of what happened to one target, newest first.
func (tx *Tx) ListAuditEventsOf(ctx context.Context, instance aikagi.InstanceID, kind, id string, before aikagi.AuditEventID, limit int) ([]aikagi.AuditEvent, error) {
	return sqldb.List(ctx, tx.Tx, "list audit events", scanAuditEvent, listAuditEventsOf, instance, kind, id, before, limit)
}
