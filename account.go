package aikagi

import (
	"time"
)

// Account owns the instances of a server, as an AWS account does. There is one.
type Account struct {
	ID        AccountID
	Contact   Email // told when emergency access is used
	CreatedAt time.Time
}

// Principal is somebody who acts on the account plane: an IAM user.
type Principal struct {
	ID           PrincipalID
	Name         string
	PasswordHash string
	TOTPSealed   []byte // empty until enrolled
	TOTPLastStep int64  // last accepted time step; an older or equal one is refused
	Enabled      bool
	Version      int64
	CreatedAt    time.Time
	LastLoginAt  time.Time
	Policies     []PolicyID
}

// AccessKey is a signing key of a principal. The secret is sealed, because
// SigV4 needs it in clear to verify.
type AccessKey struct {
	ID          AccessKeyID // AKIA… 20 characters
	PrincipalID PrincipalID
	Sealed      []byte
	Enabled     bool
	CreatedAt   time.Time
	LastUsedAt  time.Time
}

// Policy is an IAM policy that can be attached to principals.
type Policy struct {
	ID        PolicyID
	Name      string
	Managed   bool // ours, not editable
	Document  string
	Version   int64
	CreatedAt time.Time
}

// Limits of emergency access (S31).
const (
	GrantStartTTL   = 60 * time.Second
	GrantSessionTTL = 30 * time.Minute
	MinGrantReason  = 10 // characters
)

// EmergencyGrant lets one principal enter one instance once, with all rights
// of the instance and as nobody's user.
type EmergencyGrant struct {
	ID            GrantID
	InstanceID    InstanceID
	PrincipalID   PrincipalID
	PrincipalName string
	Reason        string
	Digest        []byte // of the hand-over secret
	Address       string
	CreatedAt     time.Time
	StartBefore   time.Time
	UsedAt        time.Time
	EndedAt       time.Time
}

// ConsoleSession is a signed-in browser on the account plane.
type ConsoleSession struct {
	ID          string
	Digest      []byte
	PrincipalID PrincipalID
	CreatedAt   time.Time
	LastUsedAt  time.Time
	ExpiresAt   time.Time
	Address     string
}
