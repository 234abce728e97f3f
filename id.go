package aikagi

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// Identifiers. Those that Amazon's clients see are UUIDv4 in lower case; those
// of jobs, messages and audit events are UUIDv7, so that they sort by time
// (ADR 0003).
type (
	InstanceID        string
	UserID            string
	SecurityProfileID string
	RoutingProfileID  string
	HierarchyGroupID  string
	SessionID         string
	ResetRequestID    string
	ResetTokenID      string
	MessageID         string
	AuditEventID      string
	PrincipalID       string
	AccessKeyID       string
	PolicyID          string
	GrantID           string
	AccountID         string // 12 digits
)

// NewID returns a random identifier (UUIDv4) for what Amazon's clients see.
func NewID() string { return uuid.NewString() }

// NewOrderedID returns a time-ordered identifier (UUIDv7) for jobs, messages
// and audit events.
func NewOrderedID() string {
	id, err := uuid.NewV7()
	if err != nil { // only when the machine has no randomness left
		return uuid.NewString()
	}
	return id.String()
}

// ParseID reads a UUID as Amazon's clients write it: lower case, 36 characters.
// Anything else is NotFound, because an id that cannot exist is an unknown one.
func ParseID(subject, s string) (string, error) {
	if len(s) != 36 || strings.ToLower(s) != s {
		return "", E(NotFound, subject, nil)
	}
	if _, err := uuid.Parse(s); err != nil {
		return "", E(NotFound, subject, nil)
	}
	return s, nil
}

// ARN is an Amazon Resource Name. ARNs are computed, never stored.
type ARN string

// Scope is the part of an ARN that is the same for everything of one instance.
type Scope struct {
	Region   string
	Account  AccountID
	Instance InstanceID
}

// InstanceARN names the instance.
func (s Scope) InstanceARN() ARN {
	return ARN(fmt.Sprintf("arn:aws:connect:%s:%s:instance/%s", s.Region, s.Account, s.Instance))
}
