package aikagi

import (
	"time"
)

// Session limits (S15). Amazon Connect logs out after 12 hours as well.
const (
	SessionTTL     = 12 * time.Hour
	SessionIdleTTL = 60 * time.Minute
	// SessionTouchEvery is how often a session's last use is written; idle
	// limits are precise to that.
	SessionTouchEvery = 5 * time.Minute
)

// Session is one logged-in browser of a user. The id is public; the secret in
// the cookie is kept as a digest only.
type Session struct {
	InstanceID InstanceID
	ID         SessionID
	Digest     []byte
	UserID     UserID
	GrantID    GrantID // set for emergency access; UserID is empty then
	CreatedAt  time.Time
	LastUsedAt time.Time
	ExpiresAt  time.Time
	Address    string
	UserAgent  string
}

// KnownDevice remembers a browser that a user logged in with before. It is no
// way in; it gives the owner a lane of his own while others guess (S14).
type KnownDevice struct {
	InstanceID InstanceID
	Digest     []byte
	UserID     UserID
	CreatedAt  time.Time
	LastUsedAt time.Time
}

// KnownDeviceTTL is how long a browser is remembered after its last login.
const KnownDeviceTTL = 180 * 24 * time.Hour
