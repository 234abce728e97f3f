package reset

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/secret"
)

// Receipt numbers, matching numbers and hand-typed codes are computed from ids
// under the master key, so none of them is stored: who steals the database
// cannot tell them (decision 20).

// alphabet has no characters that are read or heard as another: no 0 O 1 I L U V.
const alphabet = "23456789ABCDEFGHJKMNPQRSTWXYZ"

func word(mac []byte, length int) string {
	n := binary.BigEndian.Uint64(mac)
	var b strings.Builder
	for range length {
		b.WriteByte(alphabet[n%uint64(len(alphabet))])
		n /= uint64(len(alphabet))
	}
	return b.String()
}

// Receipt is the number that the asker reads out and the administrator finds
// the request by: R-7K3Q-88. It proves only who filled in the form (S12a).
func Receipt(ring *secret.Ring, instance aikagi.InstanceID, id aikagi.ResetRequestID) string {
	w := word(ring.MAC("receipt", []byte(instance), []byte(id)), 6)
	return "R-" + w[:4] + "-" + w[4:]
}

// Matching is the two-digit number that page and mail share, so that a person
// can tell the mail that she asked for from another.
func Matching(ring *secret.Ring, instance aikagi.InstanceID, id aikagi.ResetRequestID) string {
	n := binary.BigEndian.Uint64(ring.MAC("matching", []byte(instance), []byte(id)))
	return fmt.Sprintf("%02d", n%100)
}

// code is the eight letters for mail systems that break links. 29^8 is 5·10^11,
// and five wrong tries end it.
func (r *Resets) code(t aikagi.ResetToken) aikagi.Secret {
	w := word(r.Ring.MAC("code", []byte(t.InstanceID), []byte(t.ID)), 8)
	return aikagi.NewSecret(w[:4] + "-" + w[4:])
}

// matches compares a typed code in constant time.
func (r *Resets) matches(t aikagi.ResetToken, typed aikagi.Secret) bool {
	want, got := plainCode(r.code(t).Reveal()), plainCode(typed.Reveal())
	return subtle.ConstantTimeCompare([]byte(want), []byte(got)) == 1
}

// plainCode forgives case, full width, spaces and hyphens.
func plainCode(s string) string {
	if len(s) > 64 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(alphabet, r) {
			return r
		}
		return -1
	}, strings.ToUpper(norm.NFKC.String(s)))
}
