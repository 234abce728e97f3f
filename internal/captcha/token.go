package captcha

import (
	"encoding/base64"
	"math/rand/v2"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"github.com/aikagi/aikagi"
)

const (
	sealPurpose  = "challenge"
	tokenVersion = 1
	maxToken     = 512
)

// challenge is what a token holds. Its id is random and also the salt of the
// proof of work, so that nobody can work ahead.
type challenge struct {
	purpose  Purpose
	instance aikagi.InstanceID
	expires  time.Time
	id       [16]byte
	image    string // answers
	sound    string
	bits     uint8
	ways     Ways
}

func (ch challenge) salt() string { return base64.RawURLEncoding.EncodeToString(ch.id[:]) }

func (c *Challenges) seal(ch challenge) string {
	var b cryptobyte.Builder
	text := func(s string) {
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
	}
	b.AddUint8(tokenVersion)
	text(string(ch.purpose))
	text(string(ch.instance))
	b.AddUint64(uint64(ch.expires.UnixMilli())) // #nosec G115 -- after 1970
	b.AddBytes(ch.id[:])
	text(ch.image)
	text(ch.sound)
	b.AddUint8(ch.bits)
	b.AddUint8(flag(ch.ways.Image)<<1 | flag(ch.ways.Sound))
	plain, _ := b.Bytes() // fails for texts above 255 bytes; then the token opens for nobody
	return base64.RawURLEncoding.EncodeToString(c.ring.Seal(sealPurpose, nil, plain))
}

// open reads a token that this deployment issued and that has not expired.
func (c *Challenges) open(token string) (challenge, error) {
	if len(token) > maxToken {
		return challenge{}, refused("unknown")
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return challenge{}, refused("unknown")
	}
	plain, err := c.ring.Open(sealPurpose, nil, sealed)
	if err != nil {
		return challenge{}, refused("unknown")
	}
	ch, ok := parse(plain)
	if !ok {
		return challenge{}, refused("unknown")
	}
	now := c.clock.Now()
	if !now.Before(ch.expires) || ch.expires.After(now.Add(c.ttl+skew)) {
		return challenge{}, aikagi.Because(aikagi.Expired, "challenge", "expired")
	}
	return ch, nil
}

func parse(plain []byte) (ch challenge, ok bool) {
	s := cryptobyte.String(plain)
	var version, ways uint8
	var millis uint64
	text := func(into *string) bool {
		var part cryptobyte.String
		if !s.ReadUint8LengthPrefixed(&part) {
			return false
		}
		*into = string(part)
		return true
	}
	ok = s.ReadUint8(&version) && version == tokenVersion &&
		text((*string)(&ch.purpose)) && text((*string)(&ch.instance)) &&
		s.ReadUint64(&millis) && s.CopyBytes(ch.id[:]) &&
		text(&ch.image) && text(&ch.sound) && len(ch.image) == answerLength && len(ch.sound) == answerLength &&
		s.ReadUint8(&ch.bits) && s.ReadUint8(&ways) && s.Empty()
	ch.expires = time.UnixMilli(int64(millis)).UTC() // #nosec G115 -- sealed by us
	ch.ways = Ways{Image: ways&2 != 0, Sound: ways&1 != 0}
	return ch, ok
}

// dice make the accidents of a picture or sound. They depend on the challenge
// and the key alone, so that every showing is the same, and averaging many
// showings teaches nothing.
func (c *Challenges) dice(what string, ch challenge) *rand.Rand {
	seed := [32]byte(c.ring.MAC("challenge dice", []byte(what), ch.id[:]))
	return rand.New(rand.NewChaCha8(seed)) // #nosec G404 -- seeded with a MAC; draws noise, not secrets
}

func flag(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}
