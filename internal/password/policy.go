package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/aikagi/aikagi"
)

// Lengths in code points after NFC. NIST SP 800-63B-4 §3.1.1.2 asks for 15 where
// the password is the only factor; the default deviates from it knowingly for
// those who hold no guarded power (decision 11).
const (
	MaxLength     = 128
	DefaultLength = 12
	GuardedLength = 15 // for holders of a guarded power without a second factor
	ConnectLength = 8  // of Amazon Connect's own rule, which allows 64 at most
	connectMax    = 64

	maxBytes = 8 * MaxLength
)

// Policy is what the pages ask of a new password.
type Policy struct {
	MinLength int  // code points; 0 stands for DefaultLength
	Connect   bool // Amazon Connect's rule in place of MinLength
}

// PolicyFor is the policy of an instance for a person who does or does not
// hold a guarded power without a second factor.
func PolicyFor(s aikagi.InstanceSettings, guarded bool) Policy {
	p := Policy{MinLength: s.PasswordMin, Connect: s.ConnectPassword}
	if guarded {
		p.MinLength = max(p.Length(), GuardedLength)
	}
	return p
}

// Length is the number of characters the policy asks for, to be shown.
func (p Policy) Length() int {
	switch {
	case p.Connect:
		return ConnectLength
	case p.MinLength == 0:
		return DefaultLength
	}
	return p.MinLength
}

// Check reports why password may not be set: too_long, encoding, too_short,
// connect_rule, contains_name or common. Words are what belongs to the person
// and the instance: user name, names, address, alias. Only a password that as a
// whole is made of such words is refused, not one that has them in it (D02).
func (p Policy) Check(password aikagi.Secret, words ...string) error {
	text, err := normal(password)
	if err != nil {
		return err
	}
	switch {
	case p.Connect && !connectRule(string(text)):
		return refused("connect_rule")
	case utf8.RuneCount(text) < p.Length():
		return refused("too_short")
	}
	return checkBlocklist(string(text), words)
}

// CheckWire is the rule of the wire API, where Amazon Connect's pattern for
// CreateUser is the contract and nothing else is asked:
// /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[a-zA-Z\d\S]{8,64}$/.
func CheckWire(password aikagi.Secret) error {
	text, err := normal(password)
	if err != nil {
		return err
	}
	if !connectRule(string(text)) {
		return refused("connect_rule")
	}
	return nil
}

func connectRule(text string) bool {
	n := utf8.RuneCountInString(text)
	return n >= ConnectLength && n <= connectMax &&
		strings.ContainsAny(text, "abcdefghijklmnopqrstuvwxyz") &&
		strings.ContainsAny(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") &&
		strings.ContainsAny(text, "0123456789") &&
		strings.IndexFunc(text, unicode.IsSpace) < 0
}

// normal is the one form in which a password is judged, set and checked (D04).
// Its size is looked at before anything else is done with it (D05).
func normal(password aikagi.Secret) ([]byte, error) {
	text := password.Reveal()
	if len(text) > maxBytes {
		return nil, refused("too_long")
	}
	if !utf8.ValidString(text) {
		return nil, refused("encoding")
	}
	normal := norm.NFC.Bytes([]byte(text))
	if utf8.RuneCount(normal) > MaxLength {
		return nil, refused("too_long")
	}
	return normal, nil
}

func refused(reason string) error { return aikagi.Because(aikagi.Invalid, "password", reason) }
