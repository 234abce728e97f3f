// Package captchatest answers challenges in tests, which have no eyes: it opens
// the sealed token with the ring that sealed it.
//
// Only tests import it; without the master key it can do nothing.
package captchatest

import (
	"encoding/base64"
	"testing"

	"golang.org/x/crypto/cryptobyte"

	"github.com/aikagi/aikagi/internal/secret"
)

// Answers returns what the picture of a challenge shows and what its sound says.
func Answers(t testing.TB, ring *secret.Ring, token string) (image, sound string) {
	t.Helper()
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatalf("challenge %q: %v", token, err)
	}
	plain, err := ring.Open("challenge", nil, sealed)
	if err != nil {
		t.Fatalf("challenge %q: %v", token, err)
	}
	s := cryptobyte.String(plain)
	const expiresAndID = 8 + 16
	var purpose, instance, seen, heard cryptobyte.String
	if !s.Skip(1) || !s.ReadUint8LengthPrefixed(&purpose) || !s.ReadUint8LengthPrefixed(&instance) ||
		!s.Skip(expiresAndID) || !s.ReadUint8LengthPrefixed(&seen) || !s.ReadUint8LengthPrefixed(&heard) {
		t.Fatalf("challenge %q has another form than this test knows", token)
	}
	return string(seen), string(heard)
}
