package unreachable

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/aikagi/aikagi"
)

// Person is somebody as a source tells of him.
type Person struct {
	ID, Username string
	Email        string
	Disabled     bool
	Bounced      bool
	Profiles     []string // ids of security profiles
	Whole        bool     // this is everything; nobody has to look at him
}

// desks are names of mailboxes that belong to a role and not to a person (RFC 2142,
// and what call centres use).
var desks = []string{ //nolint:gochecknoglobals // a constant
	"abuse", "admin", "administrator", "callcenter", "contact", "desk", "help", "helpdesk", "hostmaster", "info", "it", "mail", "noreply",
	"no-reply", "office", "operator", "postmaster", "reception", "root", "sales", "service", "staff", "support", "team", "webmaster",
}

// Judge says what stands in the way of one person, as far as nobody else has to be
// looked at; "" is nothing.
func Judge(p Person) (why Reason, detail string) {
	if p.Disabled {
		return Disabled, ""
	}
	if strings.TrimSpace(p.Email) == "" {
		return NoEmail, ""
	}
	address, err := aikagi.ParseEmail(p.Email)
	switch {
	case err != nil:
		return MalformedEmail, aikagi.ReasonOf(err)
	case p.Bounced:
		return Bounced, ""
	case slices.Contains(desks, strings.ToLower(localPart(address))):
		return SharedMailbox, "role"
	}
	return "", ""
}

func localPart(e aikagi.Email) string {
	local, _, _ := strings.Cut(string(e), "@")
	local, _, _ = strings.Cut(local, "+") // a part that most servers pass over
	return local
}

// mark tells equal addresses without keeping one: a saved run names nobody's mailbox.
func mark(email string) string {
	sum, known := digest(email)
	if !known {
		return ""
	}
	return hex.EncodeToString(sum[:])
}

// digest is of what can be an address, however its letters are written.
func digest(email string) (sum [8]byte, known bool) {
	address, err := aikagi.ParseEmail(email)
	if err != nil {
		return sum, false
	}
	whole := sha256.Sum256([]byte(strings.ToLower(string(address))))
	return [8]byte(whole[:]), true
}

// domain is the part of an address that a mail server is looked up for.
func domain(email string) string {
	address, err := aikagi.ParseEmail(email)
	if err != nil {
		return ""
	}
	return address.Domain()
}
