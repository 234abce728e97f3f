package aikagi

import (
	"time"
)

// AuditEvent is one row of the record: who did what to whom, from where, with
// what outcome. It is written in the transaction of the change (S38).
type AuditEvent struct {
	InstanceID InstanceID // empty for the account plane
	ID         AuditEventID
	At         time.Time
	ActorKind  ActorKind
	ActorID    string
	ActorName  string
	Action     string // "user.update", "session.login"
	TargetKind string // "user", "security_profile", …
	TargetID   string
	TargetName string
	Outcome    string // "ok" or "refused"
	Source     string // page, api, cli, job
	Address    string
	RequestID  string
	Changes    []Change
	Note       string // reason, how a person was recognised
}

// Change is one field before and after. Secrets are never in it.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}
