package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"github.com/aikagi/aikagi"
)

// OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, 2 passes, 1 lane.
var ours = cost{memory: 19456, passes: 2, lanes: 1}

const (
	saltBytes = 16
	sumBytes  = 32

	// Bounds on what storage or an import may ask of this machine (S18).
	maxMemory     = 64 << 10 // KiB
	maxPasses     = 4
	maxLanes      = 4
	maxBcryptCost = 12 // measured: 421 ms
	maxPHCBytes   = 256
	bcryptBytes   = 72
)

type cost struct {
	memory, passes uint32
	lanes          uint8
}

// argonHash is a PHC string taken apart; https://github.com/P-H-C/phc-string-format.
type argonHash struct {
	cost
	salt, sum []byte
}

// checker compares a password with what was kept. Its kind is what the time of
// that depends on; a stranger of the same kind takes as long and is never right,
// and there is none of today's kind, or of one that is too dear.
type checker interface {
	matches(text []byte) bool
	kind() (name string, stranger checker)
}

// Outdated reports whether a password that was right should be hashed again,
// because phc is of another kind or cost than Hash makes today (D07).
func Outdated(phc string) bool {
	h, err := parseArgon(phc)
	return err != nil || h.cost != ours || len(h.salt) != saltBytes || len(h.sum) != sumBytes
}

func newHash(text []byte) string {
	h := argonHash{cost: ours, salt: make([]byte, saltBytes)}
	_, _ = rand.Read(h.salt) // never fails: crypto/rand ends the process instead
	h.sum = h.derive(text, sumBytes)
	return h.String()
}

// parse returns what can check a password, also together with an error: then
// it takes as long as usual and is never right.
func parse(phc string) (checker, error) {
	switch {
	case phc == "":
		return nobody{}, nil
	case strings.HasPrefix(phc, "$2"):
		return parseBcrypt(phc)
	}
	h, err := parseArgon(phc)
	if err != nil {
		return nobody{}, err
	}
	return h, nil
}

func (h argonHash) derive(text []byte, length uint32) []byte {
	return argon2.IDKey(text, h.salt, h.passes, h.memory, h.lanes, length)
}

func (h argonHash) matches(text []byte) bool {
	sum := h.derive(text, uint32(len(h.sum))) // #nosec G115 -- parseArgon bounds it to 64
	return subtle.ConstantTimeCompare(sum, h.sum) == 1
}

func (h argonHash) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, h.memory, h.passes, h.lanes, b64(h.salt), b64(h.sum))
}

// parseArgon reads exactly what String writes: one spelling for each hash.
func parseArgon(phc string) (argonHash, error) {
	if len(phc) > maxPHCBytes {
		return argonHash{}, malformed("too long")
	}
	part := strings.Split(phc, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" {
		return argonHash{}, malformed("no argon2id string")
	}
	var h argonHash
	err := errors.Join(h.cost.parse(part[3]), decode(part[4], &h.salt), decode(part[5], &h.sum))
	switch {
	case err != nil:
		return argonHash{}, malformed("parameters or base64")
	case !h.cost.bearable():
		return argonHash{}, malformed("cost out of bounds")
	case len(h.salt) < 8 || len(h.salt) > 64 || len(h.sum) < 16 || len(h.sum) > 64:
		return argonHash{}, malformed("salt or sum of a strange length")
	case h.String() != phc:
		return argonHash{}, malformed("another spelling or version")
	}
	return h, nil
}

// bearable bounds what a stored or imported hash may make us spend (S18).
func (c *cost) bearable() bool {
	return 8*uint32(c.lanes) <= c.memory && c.memory <= maxMemory &&
		1 <= c.passes && c.passes <= maxPasses && 1 <= c.lanes && c.lanes <= maxLanes
}

func (c *cost) parse(s string) error {
	field := strings.Split(s, ",")
	if len(field) != 3 {
		return errors.New("want m,t,p")
	}
	memory, errM := strconv.ParseUint(strings.TrimPrefix(field[0], "m="), 10, 32)
	passes, errT := strconv.ParseUint(strings.TrimPrefix(field[1], "t="), 10, 32)
	lanes, errP := strconv.ParseUint(strings.TrimPrefix(field[2], "p="), 10, 8)
	*c = cost{memory: uint32(memory), passes: uint32(passes), lanes: uint8(lanes)} // #nosec G115 -- parsed to that size
	return errors.Join(errM, errT, errP)
}

func decode(s string, into *[]byte) (err error) {
	*into, err = base64.RawStdEncoding.Strict().DecodeString(s)
	return err
}

// nobody stands in for a user without a password: the same work, never right.
type nobody struct{}

func (nobody) matches(text []byte) bool {
	argonHash{cost: ours, salt: make([]byte, saltBytes)}.derive(text, sumBytes)
	return false
}

// bcryptHash is a hash that was imported; it is checked, never made.
type bcryptHash struct {
	text   string
	rounds int
}

func parseBcrypt(phc string) (checker, error) {
	rounds, err := bcrypt.Cost([]byte(phc))
	if err != nil || len(phc) != 60 {
		return nobody{}, malformed("no bcrypt string")
	}
	if rounds > maxBcryptCost {
		return nobody{}, malformed("cost out of bounds")
	}
	return bcryptHash{phc, rounds}, nil
}

func (h bcryptHash) matches(text []byte) bool {
	// bcrypt looks at 72 bytes only; two longer passwords must not be one (S17).
	return bcrypt.CompareHashAndPassword([]byte(h.text), text) == nil && len(text) <= bcryptBytes
}

func malformed(cause string) error {
	return &aikagi.Error{Code: aikagi.Internal, Subject: "password_hash", Reason: "malformed", Err: errors.New(cause)}
}
