package password

import (
	"crypto/rand"
	"strings"

	"github.com/aikagi/aikagi"
)

// readable leaves out what is mistaken for something else when read aloud or
// from paper: 0 O o, 1 I i l L, 2 Z z, 5 S s, 8 B, U u V v, and capitals that
// differ from their small letter in size only.
const readable = "abdefhjkmnprty" + "ADEFGHJMNQRT" + "3467"

// Generate makes a temporary password: four groups of four characters, 78
// random bits, that both Policy{} and Amazon Connect's rule accept.
func Generate() aikagi.Secret {
	for {
		p := aikagi.NewSecret(strings.Join([]string{group(), group(), group(), group()}, "-"))
		// One in four lacks a digit or a capital.
		if CheckWire(p) == nil {
			return p
		}
	}
}

func group() string {
	var g [4]byte
	for i := range g {
		g[i] = readable[below(len(readable))]
	}
	return string(g[:])
}

// below returns a random number below n, each equally likely: bytes that would
// favour the small ones are thrown away.
func below(n int) int {
	var b [1]byte
	for {
		_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
		if int(b[0]) < 256-256%n {
			return int(b[0]) % n
		}
	}
}
