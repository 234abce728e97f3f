package aikagi

import (
	"time"
)

// SecurityProfile is a named set of permissions; users hold one to ten.
type SecurityProfile struct {
	InstanceID  InstanceID
	ID          SecurityProfileID
	Name        string
	Description string
	Permissions []Permission // unknown names are kept and give nothing

	// What the permissions are about, where not about everything (Amazon Connect's
	// granular access control). Kinds of resources are named as Amazon names them.
	ScopeTags       []Tag            // a resource must carry all of them; at most four
	TagScoped       []string         // kinds of which the tags are asked: "User", "SecurityProfile"
	HierarchyScoped []string         // "User", or nothing
	ScopeGroupID    HierarchyGroupID // the group whose users are meant, and of those below; empty: the holder's own

	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// MaxSecurityProfilesPerUser is Amazon Connect's limit.
const MaxSecurityProfilesPerUser = 10

// ParseSecurityProfileName checks Amazon's pattern ^[ a-zA-Z0-9_@-]+$, 1–127.
func ParseSecurityProfileName(s string) (string, error) {
	if s == "" {
		return "", Because(Invalid, "profile_name", "required")
	}
	if len(s) > 127 {
		return "", Because(Invalid, "profile_name", "too_long")
	}
	if !onlyBytes(s, " _@-") {
		return "", Because(Invalid, "profile_name", "characters")
	}
	return s, nil
}

// RoutingProfile is the one routing profile a user must have; the desk only
// needs its name.
type RoutingProfile struct {
	InstanceID  InstanceID
	ID          RoutingProfileID
	Name        string
	Description string
	CreatedAt   time.Time
}

// HierarchyGroup is a node of the organisation tree, at most five levels deep.
type HierarchyGroup struct {
	InstanceID InstanceID
	ID         HierarchyGroupID
	ParentID   HierarchyGroupID // empty at level 1
	Level      int              // 1–5
	Name       string
	CreatedAt  time.Time
	UpdatedAt  time.Time
}
