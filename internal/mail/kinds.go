package mail

import (
	"time"

	"github.com/aikagi/aikagi"
)

// Frame is what every mail has.
type Frame struct {
	Locale    aikagi.Locale // the recipient's language
	Instance  string        // display name of the instance, also of the sender
	From, To  aikagi.Email
	MessageID string // "<…@domain of From>"; the same at every try
	Date      time.Time
	Zone      *time.Location // the instance's; times in the mail are shown in it
	Contact   string         // how to reach the administrators; may be empty
}

// Mail is the data of one kind of mail; its types are the list below.
type Mail interface {
	// Kind names the mail in the outbox.
	Kind() aikagi.MessageKind
	// template is the stem of the kind's three files.
	template() string
	// link is the one address in the mail, empty if there is none.
	link() aikagi.Secret
}

// PasswordReset carries a reset link.
type PasswordReset struct {
	User       aikagi.Username
	By         string // administrator who had it sent; empty: asked for on the login page
	AskedAt    time.Time
	Matching   string        // number shown on the page that asked; empty if there was no page
	URL        aikagi.Secret // https
	Code       aikagi.Secret // for typing where links do not work; empty if there is none
	ValidUntil time.Time
}

// Kind names the mail in the outbox.
func (PasswordReset) Kind() aikagi.MessageKind { return aikagi.MailPasswordReset }
func (PasswordReset) template() string         { return "password_reset" }
func (m PasswordReset) link() aikagi.Secret    { return m.URL }

// PasswordChanged tells the owner that the password is new.
type PasswordChanged struct {
	User aikagi.Username
	At   time.Time
}

// Kind names the mail in the outbox.
func (PasswordChanged) Kind() aikagi.MessageKind { return aikagi.MailPasswordChanged }
func (PasswordChanged) template() string         { return "password_changed" }
func (PasswordChanged) link() aikagi.Secret      { return aikagi.Secret{} }

// AddressReplaced goes to the old address after a change. It does not name
// the new one: whoever reads the old mailbox need not know it.
type AddressReplaced struct {
	User aikagi.Username
	By   string // who changed it; empty: the user
	At   time.Time
}

// Kind names the mail in the outbox.
func (AddressReplaced) Kind() aikagi.MessageKind { return aikagi.MailAddressChanged }
func (AddressReplaced) template() string         { return "address_replaced" }
func (AddressReplaced) link() aikagi.Secret      { return aikagi.Secret{} }

// AddressRegistered goes to the new address after a change.
type AddressRegistered struct {
	User aikagi.Username
	By   string // who changed it; empty: the user
	At   time.Time
}

// Kind names the mail in the outbox.
func (AddressRegistered) Kind() aikagi.MessageKind { return aikagi.MailAddressChanged }
func (AddressRegistered) template() string         { return "address_registered" }
func (AddressRegistered) link() aikagi.Secret      { return aikagi.Secret{} }

// AdministratorAddress tells the other administrators that somebody changed the
// address of one of them, which decides who can reset that password. It names no
// address, as AddressReplaced names none.
type AdministratorAddress struct {
	User aikagi.Username
	By   string // who changed it
	At   time.Time
}

// Kind names the mail in the outbox.
func (AdministratorAddress) Kind() aikagi.MessageKind { return aikagi.MailAdministratorAddress }
func (AdministratorAddress) template() string         { return "administrator_address" }
func (AdministratorAddress) link() aikagi.Secret      { return aikagi.Secret{} }

// Flood tells the administrators that many logins fail, or that many ask for a
// link. It names nobody: what is known is in the audit log.
type Flood struct {
	Asking bool // for links; otherwise logins
	At     time.Time
}

// Kind names the mail in the outbox.
func (Flood) Kind() aikagi.MessageKind { return aikagi.MailFlood }
func (Flood) template() string         { return "flood" }
func (Flood) link() aikagi.Secret      { return aikagi.Secret{} }

// EmergencyUsed tells administrators and the account's contact that somebody
// entered the instance by emergency access.
type EmergencyUsed struct {
	Principal string // who, in the account
	Reason    string
	At        time.Time
	Until     time.Time // when the session ends at the latest
}

// Kind names the mail in the outbox.
func (EmergencyUsed) Kind() aikagi.MessageKind { return aikagi.MailEmergencyUsed }
func (EmergencyUsed) template() string         { return "emergency_used" }
func (EmergencyUsed) link() aikagi.Secret      { return aikagi.Secret{} }

// Invite carries the link with which a new user sets the first password.
type Invite struct {
	User       aikagi.Username
	By         string // administrator who made the user; empty: not said
	URL        aikagi.Secret
	ValidUntil time.Time
}

// Kind names the mail in the outbox.
func (Invite) Kind() aikagi.MessageKind { return aikagi.MailInvite }
func (Invite) template() string         { return "invite" }
func (m Invite) link() aikagi.Secret    { return m.URL }

// TemporaryPassword tells the owner that an administrator set a temporary
// password. The password is not in it.
type TemporaryPassword struct {
	User aikagi.Username
	By   string
	At   time.Time
}

// Kind names the mail in the outbox.
func (TemporaryPassword) Kind() aikagi.MessageKind { return aikagi.MailTemporaryPassword }
func (TemporaryPassword) template() string         { return "temporary_password" }
func (TemporaryPassword) link() aikagi.Secret      { return aikagi.Secret{} }
