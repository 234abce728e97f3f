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

// resourceNames are what ARNs of Amazon Connect call the kinds of resources.
var resourceNames = map[ResourceKind]string{ //nolint:gochecknoglobals // a constant
	ResourceUser: "agent", ResourceSecurityProfile: "security-profile", ResourceHierarchyGroup: "agent-group",
	ResourceRoutingProfile: "routing-profile", ResourceQueue: "queue", ResourceHours: "operating-hours",
	ResourceAuthenticationProfile: "authentication-profile",
}

// ARN names something of the instance, or the instance itself.
func (s Scope) ARN(r Resource) ARN {
	if r.Kind == ResourceInstance {
		return s.InstanceARN()
	}
	return s.InstanceARN() + ARN("/"+resourceNames[r.Kind]+"/"+r.ID)
}

// ParseARN reads the ARN of an instance or of something in one. Anything else is
// NotFound, because what cannot exist is unknown.
func ParseARN(text string) (Scope, Resource, error) {
	unknown := E(NotFound, "resource", nil)
	parts := strings.Split(text, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[1] != "aws" || parts[2] != "connect" {
		return Scope{}, Resource{}, unknown
	}
	path := strings.Split(parts[5], "/")
	if len(path) < 2 || path[0] != "instance" {
		return Scope{}, Resource{}, unknown
	}
	s := Scope{Region: parts[3], Account: AccountID(parts[4]), Instance: InstanceID(path[1])}
	if len(path) == 2 {
		return s, Resource{ResourceInstance, path[1]}, nil
	}
	if len(path) == 4 {
		for kind, name := range resourceNames {
			if name == path[2] {
				return s, Resource{kind, path[3]}, nil
			}
		}
	}
	return Scope{}, Resource{}, unknown
}
