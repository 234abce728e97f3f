package aikagi

import (
	"time"
)

// Limits of reset secrets (S6).
const (
	MaxResetTTL       = 24 * time.Hour
	ResetCardTTL      = 24 * time.Hour
	InviteTTL         = 24 * time.Hour
	ResetRequestTTL   = 7 * 24 * time.Hour
	MaxAnonymousLinks = 3
	MaxCodeTries      = 5
)

// ResetRequest is what the "forgot password" page writes: one row, the same
// for every name. A job answers it later.
type ResetRequest struct {
	InstanceID InstanceID
	ID         ResetRequestID
	Username   string // as typed; wiped when no such user exists
	UserID     UserID // set by the answer, empty for unknown names
	State      RequestState
	Reason     RequestReason
	Count      int    // how often the user asked while the request was open
	Address    string // client address
	Locale     Locale
	Attempt    int // of the answering job
	CreatedAt  time.Time
	AnsweredAt time.Time
	ClosedAt   time.Time
	ClosedBy   string
	Recognised string // how the person was recognised when it was mended (S12a)
}

// RequestState is where a reset request stands.
type RequestState string

// The states: new → sent | waiting | unknown; waiting → closed.
const (
	RequestNew     RequestState = "new"     // written by the page, not yet answered
	RequestSent    RequestState = "sent"    // a message is in the outbox
	RequestWaiting RequestState = "waiting" // needs an administrator
	RequestUnknown RequestState = "unknown" // no such user; only counted
	RequestClosed  RequestState = "closed"  // mended, refused or too old
)

// RequestReason is why a request could not be served.
type RequestReason string

// The reasons.
const (
	ReasonNone        RequestReason = ""
	ReasonNoEmail     RequestReason = "no_email"
	ReasonDisabled    RequestReason = "disabled"
	ReasonUndelivered RequestReason = "undelivered"
	ReasonTooMany     RequestReason = "too_many"
	ReasonExternal    RequestReason = "external" // SAML or directory: the password lives elsewhere
)

// SecretKind is which way back in a reset secret belongs to.
type SecretKind string

// The kinds, all under the same rules (S12).
const (
	KindMailLink  SecretKind = "mail"   // asked for by anybody
	KindAdminLink SecretKind = "admin"  // mail sent by an administrator
	KindCard      SecretKind = "card"   // printed, one time, 24 h
	KindInvite    SecretKind = "invite" // first password
)

// ResetToken is a one-time secret that lets a person set a new password. Only
// its digest is stored.
type ResetToken struct {
	InstanceID InstanceID
	ID         ResetTokenID // public; forms carry it
	Digest     []byte
	UserID     UserID
	RequestID  ResetRequestID // empty for secrets made by an administrator
	Kind       SecretKind
	Epoch      int64 // the user's SecretEpoch when it was made
	CodeTries  int   // wrong hand-typed codes so far
	CreatedAt  time.Time
	ExpiresAt  time.Time
	UsedAt     time.Time
	EndedAt    time.Time // superseded
	EndedBy    string    // why: "newer", "email", "password", "status", "used", "bounced"
	CreatedBy  string
}

// skew is by how much the clocks of two nodes may differ. A secret from further
// ahead was made by a clock that was wrong, and would live too long (R9).
const skew = time.Minute

// Ended says why a secret no longer works for u at a time: "used", the reason
// it was superseded, "expired", "changed", or "" while it works.
func (t ResetToken) Ended(u User, now time.Time) string {
	switch {
	case !t.UsedAt.IsZero():
		return "used"
	case !t.EndedAt.IsZero():
		return t.EndedBy
	case !now.Before(t.ExpiresAt), t.CreatedAt.After(now.Add(skew)):
		return "expired"
	case !u.Enabled, t.Epoch != u.SecretEpoch:
		return "changed"
	}
	return ""
}

// Open reports whether a secret still works for u.
func (t ResetToken) Open(u User, now time.Time) bool { return t.Ended(u, now) == "" }
