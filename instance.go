package aikagi

import (
	"strings"
	"time"
)

// IdentityType says where the people of an instance prove who they are. It is
// fixed when the instance is created.
type IdentityType string

// Amazon Connect's identity management types.
const (
	ConnectManaged    IdentityType = "CONNECT_MANAGED"
	SAML              IdentityType = "SAML"
	ExistingDirectory IdentityType = "EXISTING_DIRECTORY"
)

// NoEmailAnswer is what the page answers to a user without an e-mail address
// who asks for a reset (design decision 2).
type NoEmailAnswer string

// The three answers.
const (
	AnswerRequest NoEmailAnswer = "request" // the same page as everybody; an administrator gets a request
	AnswerExplain NoEmailAnswer = "explain" // tells the reason; for closed networks
	AnswerConnect NoEmailAnswer = "connect" // Amazon Connect's own server error; for training and tests
)

// Instance is one Amazon-Connect-like site with its own people and login page.
type Instance struct {
	ID           InstanceID
	Alias        string // lower case, unique on the server
	TypedAlias   string // with the capital letters it was made with; programs compare it with what they wrote
	IdentityType IdentityType
	CreatedAt    time.Time
	Settings     InstanceSettings
	Attributes   map[AttributeType]bool // those that somebody chose
	Access       AuthenticationProfile
	Version      int64 // counts changes of the settings, for concurrent edits
	NoEmailCount int64 // enabled users without an address, kept by the writes
	UserCount    int64
}

// InstanceSettings are what an administrator may choose for his instance.
type InstanceSettings struct {
	DisplayName     string // shown on pages and in mails; empty means the alias
	Locale          Locale
	TimeZone        string // IANA name
	Contact         string // whom to ask for help; shown on the login page
	NoEmail         NoEmailAnswer
	ResetTTL        time.Duration // life of a reset link, default 30 min, at most 24 h
	PasswordMin     int           // characters, 8–64
	ConnectPassword bool          // Amazon Connect's password rule instead of ours
	ImageChallenge  bool
	SoundChallenge  bool
	ExtraGuarded    []Permission // powers guarded in addition to the fixed ones
}

// DefaultInstanceSettings are those of a new instance.
func DefaultInstanceSettings() InstanceSettings {
	return InstanceSettings{
		Locale: Japanese, TimeZone: "Asia/Tokyo", NoEmail: AnswerRequest,
		ResetTTL: 30 * time.Minute, PasswordMin: 12,
		ImageChallenge: true, SoundChallenge: true,
	}
}

// Attribute tells what an attribute is: what somebody chose, or what is usual.
func (i Instance) Attribute(t AttributeType) bool {
	if chosen, ok := i.Attributes[t]; ok {
		return chosen
	}
	return t.Usual()
}

// Name is what people see: the display name, or the alias.
func (i Instance) Name() string {
	if i.Settings.DisplayName != "" {
		return i.Settings.DisplayName
	}
	return i.Alias
}

// Location is the instance's time zone; an unknown name counts as UTC.
func (i Instance) Location() *time.Location {
	loc, err := time.LoadLocation(i.Settings.TimeZone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// ParseAlias checks an instance alias against Amazon Connect's pattern
// ^(?!d-)([\da-zA-Z]+)([-]*[\da-zA-Z])*$, 1–45 characters, and lower-cases it:
// aliases become host names.
func ParseAlias(s string) (string, error) {
	if s == "" {
		return "", Because(Invalid, "alias", "required")
	}
	if len(s) > 45 {
		return "", Because(Invalid, "alias", "too_long")
	}
	if !onlyBytes(s, "-") { // before lower-casing, which makes a k of the Kelvin sign (E01)
		return "", Because(Invalid, "alias", "characters")
	}
	s = strings.ToLower(s)
	if strings.HasPrefix(s, "d-") || s[0] == '-' || s[len(s)-1] == '-' {
		return "", Because(Invalid, "alias", "characters")
	}
	return s, nil
}
