package audit

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// Event is what a rule says about a change; who, when and from where come from
// the context and the transaction's clock.
type Event struct {
	Instance   aikagi.InstanceID // empty: the actor's, or the account plane
	Action     string            // "user.update"
	TargetKind string
	TargetID   string
	TargetName string
	Refused    bool
	Changes    []aikagi.Change
	Note       string
}

// Record writes one event with the actor of ctx into the transaction.
func Record(ctx context.Context, tx *store.Tx, now time.Time, e Event) error {
	actor := aikagi.ActorFrom(ctx)
	outcome := "ok"
	if e.Refused {
		outcome = "refused"
	}
	instance := e.Instance
	if instance == "" {
		instance = actor.InstanceID
	}
	return tx.InsertAuditEvent(ctx, aikagi.AuditEvent{
		InstanceID: instance, ID: aikagi.AuditEventID(aikagi.NewOrderedID()), At: now,
		ActorKind: actor.Kind, ActorID: actor.ID(), ActorName: actor.Name,
		Action: e.Action, TargetKind: e.TargetKind, TargetID: e.TargetID, TargetName: e.TargetName,
		Outcome: outcome, Source: actor.Source, Address: actor.Address, RequestID: actor.RequestID,
		Changes: e.Changes, Note: e.Note,
	})
}

// Changed lists the fields that differ, for Event.Changes: name, before, after.
func Changed(fields ...[3]string) []aikagi.Change {
	var changes []aikagi.Change
	for _, f := range fields {
		if f[1] != f[2] {
			changes = append(changes, aikagi.Change{Field: f[0], Before: f[1], After: f[2]})
		}
	}
	return changes
}
