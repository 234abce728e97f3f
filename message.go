package aikagi

import (
	"time"
)

// MessageState is where a message in the outbox stands.
type MessageState string

// The states: waiting → sending → sent | waiting (retry) | failed | dropped; sent → bounced.
const (
	MessageWaiting MessageState = "waiting"
	MessageSending MessageState = "sending"
	MessageSent    MessageState = "sent"
	MessageFailed  MessageState = "failed"  // gave up, or refused for good
	MessageDropped MessageState = "dropped" // no longer wanted: secret ended, address changed, expired
	MessageBounced MessageState = "bounced" // was taken by the mail server and came back
)

// MessageKind names the mail's template.
type MessageKind string

// The kinds of mail.
const (
	MailPasswordReset        MessageKind = "password_reset"
	MailPasswordChanged      MessageKind = "password_changed"
	MailAddressChanged       MessageKind = "address_changed"
	MailEmergencyUsed        MessageKind = "emergency_used"
	MailInvite               MessageKind = "invite"
	MailTemporaryPassword    MessageKind = "temporary_password"
	MailAdministratorAddress MessageKind = "administrator_address" // one of theirs was changed; told to the others
	MailFlood                MessageKind = "flood"                 // many logins fail, or many ask for a link
)

// Message is a mail that waits in the outbox or was in it. Its content is
// sealed, and wiped after sending.
type Message struct {
	InstanceID InstanceID // empty for mail of the account
	ID         MessageID
	UserID     UserID
	TokenID    ResetTokenID   // the secret the mail carries, if any
	RequestID  ResetRequestID // the request it answers, if any
	Kind       MessageKind
	To         Email
	HeaderID   string // Message-ID header (RFC 5322 §3.6.4); the same at each try
	Sealed     []byte
	State      MessageState
	Attempt    int
	Fence      int64 // counts claims; a worker that lost its lease is refused by it
	RunAt      time.Time
	ExpiresAt  time.Time
	CreatedAt  time.Time
	DoneAt     time.Time
	LastReply  string
}

// Attempt is one try to hand a message to the mail server.
type Attempt struct {
	MessageID MessageID
	Number    int
	At        time.Time
	Outcome   string // "sent", "retry", "failed", "dropped"; "delayed", "bounced" when a report came back
	Reply     string // the server's words, cut and cleaned
}

// MailPause is a stop of all sending: the mail server cannot be reached, does
// not prove who it is, or refuses our login. One message at a time finds out
// whether that is over.
type MailPause struct {
	Failures int       // in a row; 0: there is no pause
	Since    time.Time // the first of them
	RetryAt  time.Time
	Stage    string // how far it got: "dial", "tls", "auth" …
	Reply    string // the server's words, cut and cleaned
}
