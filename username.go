package aikagi

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Username is the name a user logs in with. Names are compared exactly; Amazon
// Connect's are case-sensitive too.
type Username string

// Lengths of a user name in characters. Pages accept the shorter one, the wire
// what Amazon's model accepts.
const (
	MaxUsernameOnPages = 64
	MaxUsernameOnWire  = 100
)

// FoldUsername brings full-width typing to half width and cuts surrounding
// space. Pages and CSV fold, the wire does not.
func FoldUsername(s string) string {
	if len(s) > 4*MaxUsernameOnWire {
		return s // too long anyway; NFKC may grow text
	}
	return strings.TrimSpace(norm.NFKC.String(s))
}

// ParseUsername checks a name against Amazon Connect's alphabet: letters,
// digits and . _ - @ of ASCII; @ only as in an e-mail address.
func ParseUsername(s string, limit int) (Username, error) {
	if s == "" {
		return "", Because(Invalid, "username", "required")
	}
	if len(s) > limit {
		return "", Because(Invalid, "username", "too_long")
	}
	at := 0
	for _, c := range []byte(s) {
		if c == '@' {
			at++
		}
		if !isUsernameByte(c) {
			return "", Because(Invalid, "username", "characters")
		}
	}
	if at > 0 && !looksLikeEmail(s) {
		return "", Because(Invalid, "username", "at_sign")
	}
	return Username(s), nil
}

func isUsernameByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("._-@", c) >= 0
}

func looksLikeEmail(s string) bool {
	_, err := ParseEmail(s)
	return err == nil
}
