package captcha

import (
	"crypto/rand"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/image/font/sfnt"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
)

// Purpose is the form that a challenge is for; it is met on no other.
type Purpose string

// The purposes.
const (
	Forgot Purpose = "forgot"
	Login  Purpose = "login"
)

// Ways are what an instance offers besides proof of work, which no setting
// takes away.
type Ways struct {
	Image bool
	Sound bool
}

// Options of the server; zero values stand for the defaults.
type Options struct {
	TTL  time.Duration // DefaultTTL
	Bits int           // difficulty of the proof of work: DefaultBits, at most 30
}

const (
	// DefaultTTL is the life of a challenge. Ten minutes, not five: whoever
	// listens to the sound twice and fills in the form with a screen reader needs
	// more than five (WCAG 2.2 SC 2.2.1), and more than ten would only lengthen the
	// list of spent ids.
	DefaultTTL = 10 * time.Minute

	// DefaultBits makes 262,144 tries on average: about a second in plain
	// JavaScript on an office PC, up to five on a slow phone or with bad luck.
	DefaultBits = 18

	maxBits = 30
	// Clocks of nodes may differ by so much; a token from further ahead was
	// made by a clock that was wrong and would live too long (R9).
	skew = time.Minute
)

// Challenges issues, shows and checks challenges.
type Challenges struct {
	ring    *secret.Ring
	clock   clock.Clock
	ttl     time.Duration
	bits    uint8
	fonts   []*sfnt.Font
	voices  map[aikagi.Locale]voice
	drawing chan struct{} // one element for each picture or sound being made
	present chan struct{} // and one for each being made or waiting (A16)
}

// New reads the embedded fonts and voices.
func New(ring *secret.Ring, clk clock.Clock, opts Options) (*Challenges, error) {
	fonts, err := loadFonts()
	if err != nil {
		return nil, err
	}
	voices, err := loadVoices()
	if err != nil {
		return nil, err
	}
	if opts.TTL <= 0 {
		opts.TTL = DefaultTTL
	}
	if opts.Bits <= 0 {
		opts.Bits = DefaultBits
	}
	// A picture takes a millisecond: whoever waits behind so many waits briefly.
	workers := max(1, runtime.GOMAXPROCS(0)/2)
	return &Challenges{
		ring: ring, clock: clk, ttl: opts.TTL, bits: uint8(min(opts.Bits, maxBits)), // #nosec G115 -- bounded
		fonts: fonts, voices: voices,
		drawing: make(chan struct{}, workers), present: make(chan struct{}, 64*workers),
	}, nil
}

// Issue makes a challenge for one form of one instance.
func (c *Challenges) Issue(purpose Purpose, instance aikagi.InstanceID, ways Ways) (token string) {
	ch := challenge{
		purpose: purpose, instance: instance, ways: ways, bits: c.bits,
		expires: c.clock.Now().Add(c.ttl), image: randomLetters(), sound: randomDigits(),
	}
	_, _ = rand.Read(ch.id[:]) // never fails: crypto/rand ends the process instead
	return c.seal(ch)
}

// Check decides whether answer meets the challenge of token, on the form and
// instance it was issued for. It remembers nothing: the caller spends id, which
// is worth keeping until expires, by a conditional insert in its transaction.
// A wrong answer comes with id and expires too, so that the caller can spend
// them and nobody guesses twice at one picture.
//
// The subject of the errors is "challenge": Invalid with the reason unknown,
// required or wrong, and Expired.
func (c *Challenges) Check(
	token string, answer Answer, purpose Purpose, instance aikagi.InstanceID,
) (id string, expires time.Time, err error) {
	ch, err := c.open(token)
	if err != nil {
		return "", time.Time{}, err
	}
	if ch.purpose != purpose || ch.instance != instance {
		return "", time.Time{}, refused("unknown") // A14
	}
	return ch.salt(), ch.expires, answer.meets(ch)
}

// PoW returns what the browser needs for the proof of work: it looks for a
// number n so that SHA-256 of the ASCII text salt+n (n in decimal) begins with
// so many zero bits.
func (c *Challenges) PoW(token string) (salt string, bits int, err error) {
	ch, err := c.open(token)
	if err != nil {
		return "", 0, err
	}
	return ch.salt(), int(ch.bits), nil
}

// Image draws the picture of a challenge as PNG, 200 by 64 pixels. The same
// token gives the same picture on every node.
func (c *Challenges) Image(token string) (png []byte, err error) {
	ch, err := c.open(token)
	if err != nil {
		return nil, err
	}
	if !ch.ways.Image {
		return nil, aikagi.E(aikagi.NotFound, "challenge", nil)
	}
	err = c.do(func() error {
		png, err = draw(ch.image, c.fonts, c.dice("image", ch))
		return err
	})
	return png, err
}

// Sound speaks the digits of a challenge as WAV, 8 kHz, 8 bit, about 7 seconds.
func (c *Challenges) Sound(token string, locale aikagi.Locale) (wav []byte, err error) {
	ch, err := c.open(token)
	if err != nil {
		return nil, err
	}
	if !ch.ways.Sound {
		return nil, aikagi.E(aikagi.NotFound, "challenge", nil)
	}
	locale = aikagi.ParseLocale(string(locale)).Or()
	err = c.do(func() error {
		wav = c.voices[locale].speak(ch.sound, c.dice("sound "+string(locale), ch))
		return nil
	})
	return wav, err
}

// do bounds how many pictures and sounds are made, and wait to be made, at a
// time: anybody may ask for as many as he likes (A16).
func (c *Challenges) do(work func() error) error {
	select {
	case c.present <- struct{}{}:
		defer func() { <-c.present }()
	default:
		return &aikagi.Error{Code: aikagi.Unavailable, Subject: "challenge", Reason: "busy", RetryAfter: time.Second}
	}
	c.drawing <- struct{}{}
	defer func() { <-c.drawing }()
	if err := work(); err != nil {
		return fmt.Errorf("draw challenge: %w", err)
	}
	return nil
}

func refused(reason string) error { return aikagi.Because(aikagi.Invalid, "challenge", reason) }
