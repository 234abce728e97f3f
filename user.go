package aikagi

import (
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// User is a person in an instance.
type User struct {
	InstanceID         InstanceID
	ID                 UserID
	Username           Username
	FirstName          string
	LastName           string
	Email              Email // where reset mail goes; may be empty
	SecondaryEmail     Email // notices only, never reset mail
	Mobile             string
	Phone              PhoneConfig
	RoutingProfileID   RoutingProfileID
	HierarchyGroupID   HierarchyGroupID // may be empty
	SecurityProfileIDs []SecurityProfileID
	Locale             Locale // empty: the instance's
	Enabled            bool
	PasswordHash       string // PHC string; empty: cannot log in with a password
	MustChange         bool   // the password was set by somebody else
	Version            int64  // counts changes, for concurrent edits
	SecretEpoch        int64  // counts changes that end all reset secrets (S6)
	EmailSetBy         string // who registered the address, shown at the next login
	EmailSetAt         time.Time
	CreatedAt          time.Time
	UpdatedAt          time.Time
	LastLoginAt        time.Time // zero: never
	EmailBouncedAt     time.Time // when mail to Email came back; zero: it did not, or has arrived since
}

// PhoneConfig is Amazon Connect's UserPhoneConfig, which holds for every channel
// that has no setting of its own in Channels.
type PhoneConfig struct {
	Type                 PhoneType
	AutoAccept           bool
	AfterContactWork     int // seconds, 0–2,000,000; 0 is unlimited
	DeskPhoneNumber      string
	PersistentConnection bool // the softphone stays connected between calls
	Channels             []ChannelConfig
}

// PhoneType is Amazon Connect's PhoneType.
type PhoneType string

// The two phone types.
const (
	SoftPhone PhoneType = "SOFT_PHONE"
	DeskPhone PhoneType = "DESK_PHONE"
)

// CanReset reports whether the user can reset the password without help.
func (u User) CanReset() bool { return u.Enabled && u.Email != "" }

// FullName is the name in the order of the language: 姓 名, or First Last.
func (u User) FullName(l Locale) string {
	if l == English {
		return join(u.FirstName, u.LastName)
	}
	return join(u.LastName, u.FirstName)
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}

// Longest names in characters, as Amazon Connect documents them for instances
// that manage their own users.
const (
	MaxFirstName = 255
	MaxLastName  = 256
)

// ParsePersonName checks a first or last name: present, not too long, Unicode
// NFC (Amazon refuses other forms), no control characters.
func ParsePersonName(field, s string, limit int) (string, error) {
	if s == "" {
		return "", Because(Invalid, field, "required")
	}
	if len(s) > 4*limit || utf8.RuneCountInString(s) > limit {
		return "", Because(Invalid, field, "too_long")
	}
	if !utf8.ValidString(s) || !norm.NFC.IsNormalString(s) {
		return "", Because(Invalid, field, "normal_form")
	}
	for _, r := range s {
		if r < 0x20 || 0x7f <= r && r < 0xa0 || r == 0x2028 || r == 0x2029 {
			return "", Because(Invalid, field, "characters")
		}
	}
	return s, nil
}

// ParsePhoneNumber checks an E.164 number: + and up to 15 digits, the first
// not 0. Empty is allowed.
func ParsePhoneNumber(field, s string) (string, error) {
	if s == "" {
		return "", nil
	}
	if len(s) < 3 || len(s) > 16 || s[0] != '+' || s[1] < '1' || s[1] > '9' {
		return "", Because(Invalid, field, "e164")
	}
	for _, c := range []byte(s[1:]) {
		if c < '0' || c > '9' {
			return "", Because(Invalid, field, "e164")
		}
	}
	return s, nil
}
