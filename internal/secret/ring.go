package secret

import (
	"bytes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/aikagi/aikagi"
)

// KeyBytes is the length of a master key.
const KeyBytes = 32

const (
	idBytes      = 4
	sealVersion  = 1
	headerBytes  = 1 + idBytes // version, key id
	minimumBytes = headerBytes + chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead
)

// Ring holds the master keys. The first seals and signs; all open and verify.
// It is safe for use by many goroutines. Printed in any way it says "[redacted]".
type Ring struct {
	// Pointers, so that fmt, which cannot call methods through an unexported
	// field of somebody else's struct, shows addresses and not bytes.
	keys []*key
}

// key is one master key after HKDF-Extract; the master key itself is not kept.
type key struct {
	id  [idBytes]byte
	prk [sha256.Size]byte
}

// NewRing makes a ring of one key without judging it; for the emulator, whose
// key is fixed, and for tests. LoadRing refuses weak keys.
func NewRing(master [KeyBytes]byte) *Ring {
	return &Ring{keys: []*key{newKey(master)}}
}

// Seal encrypts plain for one purpose and binds it to aad, which Open must be
// given again. The sealed bytes carry the id of the key.
func (r *Ring) Seal(purpose string, aad, plain []byte) []byte {
	k := r.keys[0]
	head := append([]byte{sealVersion}, k.id[:]...)
	var nonce [chacha20poly1305.NonceSizeX]byte
	_, _ = rand.Read(nonce[:]) // never fails: crypto/rand ends the process instead
	sealed := make([]byte, 0, minimumBytes+len(plain))
	sealed = append(append(sealed, head...), nonce[:]...)
	return k.aead(purpose).Seal(sealed, nonce[:], plain, boundTo(head, aad))
}

// Open decrypts what Seal made for the same purpose and aad. Whatever is wrong
// with sealed, the error is Invalid and says no more than that.
func (r *Ring) Open(purpose string, aad, sealed []byte) ([]byte, error) {
	if len(sealed) < minimumBytes || sealed[0] != sealVersion {
		return nil, errSealed("short or of an unknown version")
	}
	head, rest := sealed[:headerBytes], sealed[headerBytes:]
	nonce, box := rest[:chacha20poly1305.NonceSizeX], rest[chacha20poly1305.NonceSizeX:]
	for _, k := range r.keys {
		if !bytes.Equal(k.id[:], head[1:]) {
			continue
		}
		plain, err := k.aead(purpose).Open(nil, nonce, box, boundTo(head, aad))
		if err != nil {
			return nil, errSealed("altered, or sealed for something else")
		}
		return plain, nil
	}
	return nil, errSealed("no key of the ring sealed it")
}

// MAC authenticates parts for one purpose: HMAC-SHA256 under the first key.
// Each part is preceded by its length, so ("ab","c") and ("a","bc") differ.
func (r *Ring) MAC(purpose string, parts ...[]byte) []byte {
	return r.keys[0].mac(purpose, parts)
}

// Matches reports whether mac is the MAC of parts under any key of the ring,
// so that a new first key does not end codes that were made before it.
func (r *Ring) Matches(mac []byte, purpose string, parts ...[]byte) bool {
	found := false
	for _, k := range r.keys {
		found = hmac.Equal(k.mac(purpose, parts), mac) || found
	}
	return found
}

// MatchesStart is Matches for a MAC of which only the first octets were kept
// (RFC 2104 §5), exactly so many.
func (r *Ring) MatchesStart(mac []byte, octets int, purpose string, parts ...[]byte) bool {
	found := false
	for _, k := range r.keys {
		found = hmac.Equal(k.mac(purpose, parts)[:octets], mac) || found
	}
	return found
}

// Check returns a fingerprint of the first key, to be kept in the database and
// compared with Made at each start (case M05). It says nothing about the key.
func (r *Ring) Check() []byte { return r.keys[0].mac("check", nil) }

// Made reports whether check is the fingerprint of a key in the ring.
func (r *Ring) Made(check []byte) bool { return r.Matches(check, "check") }

// Format hides the keys from every verb of fmt, %d and %x included.
func (Ring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") } // fmt reports its own errors

// LogValue hides the keys from slog.
func (Ring) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalText hides the keys from encoders.
func (Ring) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// newKey extracts the pseudorandom key (RFC 5869 §2.2) and derives the id,
// which thereby also guards a copied key file against typing mistakes.
func newKey(master [KeyBytes]byte) *key {
	k := &key{}
	extract := hmac.New(sha256.New, []byte("aikagi-key-v1"))
	extract.Write(master[:])
	extract.Sum(k.prk[:0])
	id := k.expand("id")
	copy(k.id[:], id[:])
	return k
}

// expand derives a key of 32 bytes: HKDF-Expand with one block, RFC 5869 §2.3,
// T(1) = HMAC(PRK, info | 0x01). crypto/hkdf does the same but can fail.
func (k *key) expand(info string) (okm [sha256.Size]byte) {
	h := hmac.New(sha256.New, k.prk[:])
	h.Write([]byte(info))
	h.Write([]byte{1})
	h.Sum(okm[:0])
	return okm
}

func (k *key) aead(purpose string) cipher.AEAD {
	// XChaCha20-Poly1305: its nonces of 192 bits may be random without a limit
	// on the number of messages, which 96 bits of AES-GCM would set.
	derived := k.expand("seal " + purpose)
	aead, _ := chacha20poly1305.NewX(derived[:]) // fails only for keys that are not 32 bytes long
	return aead
}

func (k *key) mac(purpose string, parts [][]byte) []byte {
	derived := k.expand("mac " + purpose)
	h := hmac.New(sha256.New, derived[:])
	var length [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write(part)
	}
	return h.Sum(nil)
}

// boundTo is the additional data: the header has a fixed length, so no other
// pair of header and aad gives the same bytes.
func boundTo(head, aad []byte) []byte {
	return append(append(make([]byte, 0, len(head)+len(aad)), head...), aad...)
}

func errSealed(cause string) error {
	return aikagi.E(aikagi.Invalid, "sealed", errors.New(cause))
}
