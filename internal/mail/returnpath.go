package mail

import (
	"encoding/base32"
	"strings"

	"github.com/google/uuid"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/secret"
)

// ReturnPath makes the envelope senders of messages. With an address for
// bounces each message has one of its own, so that whatever comes back names
// the message, whoever rewrote it on the way:
//
//	bounces@example.jp → bounces+<id>-<mac>@example.jp
//
// The MAC is under the master key: nobody can report a message as come back who
// has not seen its envelope. The domain is that of From, for DMARC (RFC 7489
// §3.1.2), and the local part has at most 64 octets (RFC 5321 §4.5.3.1.1).
type ReturnPath struct {
	Ring    *secret.Ring
	From    aikagi.Email
	Bounces aikagi.Email // empty: everything comes back to From
}

const (
	macBytes = 12 // 96 bits; guesses cannot be checked but by sending mail
	// maxBounceLocal is what "+", 26 characters of id, "-" and 20 of MAC leave.
	maxBounceLocal = 64 - 1 - 26 - 1 - 20
)

// lowerBase32 survives servers that change the case of a local part.
var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Of is the envelope sender of a message.
func (p ReturnPath) Of(id aikagi.MessageID) aikagi.Email {
	parsed, err := uuid.Parse(string(id))
	local, domain, _ := strings.Cut(string(p.Bounces), "@")
	if err != nil || p.Bounces == "" || len(local) > maxBounceLocal {
		return p.From
	}
	mac := p.Ring.MAC("bounce", parsed[:])[:macBytes]
	return aikagi.Email(local + "+" + lowerBase32.EncodeToString(parsed[:]) + "-" + lowerBase32.EncodeToString(mac) + "@" + domain)
}

// Read finds the message that an address was made for. found is false for an
// address of another form, and a forged one is Forbidden.
func (p ReturnPath) Read(address string) (id aikagi.MessageID, found bool, err error) {
	local, domain, _ := strings.Cut(string(p.Bounces), "@")
	tag, found := strings.CutPrefix(strings.ToLower(address), strings.ToLower(local)+"+")
	tag, atHome := strings.CutSuffix(tag, "@"+strings.ToLower(domain))
	if p.Bounces == "" || !found || !atHome {
		return "", false, nil
	}
	name, code, _ := strings.Cut(tag, "-")
	raw, mac := decode(name), decode(code)
	if len(raw) != len(uuid.UUID{}) || !p.Ring.MatchesStart(mac, macBytes, "bounce", raw) {
		return "", true, aikagi.Because(aikagi.Forbidden, "bounce", "forged")
	}
	return aikagi.MessageID(uuid.UUID(raw).String()), true, nil
}

// decode reads the one way in which Of writes something; nil otherwise.
func decode(s string) []byte {
	raw, err := lowerBase32.DecodeString(s)
	if err != nil || lowerBase32.EncodeToString(raw) != s {
		return nil
	}
	return raw
}
