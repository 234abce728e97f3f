package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	"github.com/aikagi/aikagi"
)

// TokenLength is how many characters a token has.
const TokenLength = 43

// NewToken makes a secret for a link, a card or a session: 256 random bits
// (S6, S15) as 43 characters of base64url without padding.
func NewToken() aikagi.Secret {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return aikagi.NewSecret(base64.RawURLEncoding.EncodeToString(b[:]))
}

// Digest is what is kept of a token. SHA-256 without salt or key suffices for
// 256 random bits; it would not for anything a person chose or types.
func Digest(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
