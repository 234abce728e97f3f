package aikagi

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Email is an e-mail address as stored; mail goes to it byte for byte. The
// empty Email is "no address", a normal state of an Amazon Connect user.
type Email string

// maxEmail is the longest address the pattern of Amazon Connect's
// SecondaryEmail allows; RFC 5321 §4.5.3.1.1 limits the local part to 64.
const (
	maxEmail     = 254
	maxLocalPart = 64
)

// FoldEmail brings full-width typing to half width and cuts surrounding space.
func FoldEmail(s string) string {
	if len(s) > 4*maxEmail {
		return s
	}
	return strings.TrimSpace(norm.NFKC.String(s))
}

// ParseEmail checks an address against Amazon Connect's pattern
// [a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,63}, with the domain narrowed
// to LDH labels (RFC 5890 §2.3.1). Lengths are checked before anything else.
func ParseEmail(s string) (Email, error) {
	if s == "" {
		return "", Because(Invalid, "email", "required")
	}
	if len(s) > maxEmail {
		return "", Because(Invalid, "email", "too_long")
	}
	local, domain, found := strings.Cut(s, "@")
	if !found || local == "" || domain == "" || strings.Contains(domain, "@") {
		return "", Because(Invalid, "email", "shape")
	}
	if len(local) > maxLocalPart {
		return "", Because(Invalid, "email", "too_long")
	}
	if !onlyBytes(local, "._%+-") {
		return "", Because(Invalid, "email", "characters")
	}
	if !isDomain(domain) {
		return "", Because(Invalid, "email", "domain")
	}
	return Email(s), nil
}

// ParseOptionalEmail is ParseEmail for a field that may stay empty.
func ParseOptionalEmail(s string) (Email, error) {
	if s == "" {
		return "", nil
	}
	return ParseEmail(s)
}

// Domain returns the part behind the @.
func (e Email) Domain() string {
	_, domain, _ := strings.Cut(string(e), "@")
	return domain
}

// Masked hides the middle of the local part: t***@example.jp.
func (e Email) Masked() string {
	local, domain, found := strings.Cut(string(e), "@")
	if !found {
		return ""
	}
	return local[:1] + "***@" + domain
}

func isDomain(domain string) bool {
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || !onlyBytes(label, "-") ||
			label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	top := labels[len(labels)-1]
	return len(top) >= 2 && onlyLetters(top)
}

func onlyLetters(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

func onlyBytes(s, marks string) bool {
	for _, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte(marks, c) < 0 {
			return false
		}
	}
	return true
}
