package captcha

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"math/bits"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/aikagi/aikagi"
)

// Answer is what came back with the form: the characters seen or the digits
// heard, which share a field, or the number that the browser found.
type Answer struct {
	Typed aikagi.Secret
	Proof string
}

const (
	answerLength = 6
	maxTyped     = 64 // bytes; six full-width characters with spaces between need 36
	maxProof     = 16 // digits: JavaScript counts exactly up to 2^53

	// letters are sixteen that stay apart when bent and crossed by a line, in
	// whichever case they are typed: no 0 O 1 l I, of 2 Z, 5 S, 6 G C, 8 B and
	// U V at most one, no F, which a line makes an E, and no W, which takes two places.
	letters = "3ACDEHJKMNPRTVXY"
	digits  = "0123456789"
)

// meets tells in which way, if any, a falls short.
func (a Answer) meets(ch challenge) error {
	typed := fold(a.Typed.Reveal())
	switch {
	case typed == "" && a.Proof == "":
		return refused("required")
	case ch.ways.Image && same(typed, ch.image),
		ch.ways.Sound && same(typed, ch.sound),
		proves(a.Proof, ch),
		fixedAnswer(typed):
		return nil
	}
	return refused("wrong")
}

// fold forgives what a Japanese keyboard does to Latin text: full width, small
// letters, and spaces between the characters.
func fold(typed string) string {
	if len(typed) > maxTyped {
		return typed[:maxTyped] // too long to be right
	}
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(typed)))
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// proves reports whether SHA-256(salt+n) begins with the zero bits that the
// sealed token asks for; what the client says about the difficulty is not asked (A17).
func proves(n string, ch challenge) bool {
	if n == "" || len(n) > maxProof || strings.Trim(n, digits) != "" {
		return false
	}
	sum := sha256.Sum256([]byte(ch.salt() + n))
	zeros := 0
	for _, b := range sum {
		zeros += bits.LeadingZeros8(b)
		if b != 0 {
			break
		}
	}
	return zeros >= int(ch.bits)
}

func randomLetters() string {
	var b [answerLength]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	for i := range b {
		b[i] = letters[b[i]%byte(len(letters))] // 16 divides 256: each is equally likely
	}
	return string(b[:])
}

func randomDigits() string {
	var b [answerLength]byte
	var r [1]byte
	for i := 0; i < answerLength; {
		_, _ = rand.Read(r[:]) // never fails: crypto/rand ends the process instead
		if r[0] >= 250 {
			continue // would make 0 to 5 likelier
		}
		b[i] = digits[r[0]%10]
		i++
	}
	return string(b[:])
}
