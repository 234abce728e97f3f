package backup

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/text/unicode/norm"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/secret"
)

// lock is what opens a backup: a passphrase, or else the master key.
type lock struct {
	passphrase aikagi.Secret
	ring       *secret.Ring
}

// MinPassphrase is the least number of characters of a passphrase: somebody who
// has the file may guess as long as he likes.
const MinPassphrase = 12

const (
	magic = "aikagi-backup-1\n"

	withPassphrase = 1
	withMasterKey  = 2

	fileKeyBytes = 32
	saltBytes    = 16
	chunkBytes   = 64 << 10
	maxWrapped   = 1 << 10
	sealPurpose  = "backup"
)

// cost of Argon2id: the second choice of RFC 9106 §4, 64 MiB and three passes.
type cost struct{ Passes, Memory, Threads uint32 }

const (
	passes  = 3
	memory  = 64 << 10 // KiB
	threads = 4
	// A file may ask for more, but not for all there is (S18).
	maxPasses  = 16
	maxMemory  = 1 << 20
	maxThreads = 64
)

func (c cost) key(passphrase aikagi.Secret, salt []byte) []byte {
	return argon2.IDKey(norm.NFC.Bytes([]byte(passphrase.Reveal())), salt, c.Passes, c.Memory, uint8(c.Threads), chacha20poly1305.KeySize) //nolint:gosec // G115: bounded by sane
}

func (c cost) sane() bool {
	return c.Passes >= 1 && c.Passes <= maxPasses && c.Memory >= 8<<10 && c.Memory <= maxMemory &&
		c.Threads >= 1 && c.Threads <= maxThreads
}

// seal writes the header to w and returns a writer of the content.
func seal(w io.Writer, with lock) (io.WriteCloser, error) {
	var fileKey [fileKeyBytes]byte
	_, _ = rand.Read(fileKey[:]) // never fails: crypto/rand ends the process instead
	head, err := wrap(fileKey[:], with)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(head); err != nil {
		return nil, fmt.Errorf("write header: %w", err)
	}
	aead, err := content(fileKey[:], head)
	if err != nil {
		return nil, err
	}
	return &sealer{w: w, aead: aead, plain: make([]byte, 0, chunkBytes)}, nil
}

// wrap makes the header: magic, kind, parameters, length and wrapped key.
func wrap(fileKey []byte, with lock) ([]byte, error) {
	if with.passphrase.Empty() {
		head := append([]byte(magic), withMasterKey)
		wrapped := with.ring.Seal(sealPurpose, head, fileKey)
		return append(binary.BigEndian.AppendUint16(head, uint16(len(wrapped))), wrapped...), nil //nolint:gosec // G115: under a hundred bytes
	}
	c := cost{passes, memory, threads}
	head := append([]byte(magic), withPassphrase)
	for _, n := range []uint32{c.Passes, c.Memory, c.Threads} {
		head = binary.BigEndian.AppendUint32(head, n)
	}
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the process instead
	head = append(head, salt...)
	aead, err := chacha20poly1305.NewX(c.key(with.passphrase, salt))
	if err != nil {
		return nil, fmt.Errorf("wrap backup key: %w", err)
	}
	// The key is good for this one message, so its nonce may be zero.
	wrapped := aead.Seal(nil, make([]byte, aead.NonceSize()), fileKey, head)
	return append(binary.BigEndian.AppendUint16(head, uint16(len(wrapped))), wrapped...), nil //nolint:gosec // G115: 48 bytes
}

// content derives the key of the chunks, bound to the header.
func content(fileKey, head []byte) (cipher.AEAD, error) {
	sum := sha256.Sum256(head)
	key, err := hkdf.Key(sha256.New, fileKey, sum[:], "aikagi backup content", chacha20poly1305.KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive backup key: %w", err)
	}
	return chacha20poly1305.NewX(key)
}

// nonce counts the chunks and marks the last one, as the STREAM construction
// does (Hoang, Reyhanitabar, Rogaway, Vizár 2015).
func nonce(number uint64, last bool) []byte {
	n := make([]byte, chacha20poly1305.NonceSizeX)
	binary.BigEndian.PutUint64(n[len(n)-9:], number)
	if last {
		n[len(n)-1] = 1
	}
	return n
}

type sealer struct {
	w      io.Writer
	aead   cipher.AEAD
	plain  []byte
	number uint64
}

func (s *sealer) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if len(s.plain) == chunkBytes { // more follows: this is not the last
			if err := s.flush(false); err != nil {
				return written, err
			}
		}
		n := min(len(p), chunkBytes-len(s.plain))
		s.plain = append(s.plain, p[:n]...)
		p, written = p[n:], written+n
	}
	return written, nil
}

func (s *sealer) flush(last bool) error {
	sealed := s.aead.Seal(nil, nonce(s.number, last), s.plain, nil)
	s.number++
	s.plain = s.plain[:0]
	if _, err := s.w.Write(sealed); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return nil
}

// Close writes the last chunk.
func (s *sealer) Close() error { return s.flush(true) }

// open reads the header of r and returns a reader of the content, which fails
// rather than end where the file was cut.
func open(r io.Reader, with lock) (io.Reader, error) {
	head := make([]byte, len(magic)+1)
	if _, err := io.ReadFull(r, head); err != nil || string(head[:len(magic)]) != magic {
		return nil, aikagi.Because(aikagi.Invalid, "backup", "no_backup")
	}
	var fileKey []byte
	var err error
	switch head[len(magic)] {
	case withPassphrase:
		head, fileKey, err = unwrapPassphrase(r, head, with)
	case withMasterKey:
		head, fileKey, err = unwrapMaster(r, head, with)
	default:
		return nil, aikagi.Because(aikagi.Invalid, "backup", "newer")
	}
	if err != nil {
		return nil, err
	}
	aead, err := content(fileKey, head)
	if err != nil {
		return nil, err
	}
	return &opener{r: r, aead: aead}, nil
}

func unwrapPassphrase(r io.Reader, head []byte, with lock) (whole, fileKey []byte, err error) {
	if with.passphrase.Empty() {
		return nil, nil, aikagi.Because(aikagi.Invalid, "backup", "passphrase_needed")
	}
	more := make([]byte, 3*4+saltBytes)
	if _, err := io.ReadFull(r, more); err != nil {
		return nil, nil, damaged(err)
	}
	c := cost{binary.BigEndian.Uint32(more), binary.BigEndian.Uint32(more[4:]), binary.BigEndian.Uint32(more[8:])}
	if !c.sane() {
		return nil, nil, damaged(errors.New("cost of the passphrase out of bounds"))
	}
	head = append(head, more...)
	whole, wrapped, err := readWrapped(r, head)
	if err != nil {
		return nil, nil, err
	}
	aead, err := chacha20poly1305.NewX(c.key(with.passphrase, more[12:]))
	if err != nil {
		return nil, nil, fmt.Errorf("unwrap backup key: %w", err)
	}
	fileKey, err = aead.Open(nil, make([]byte, aead.NonceSize()), wrapped, head)
	if err != nil {
		return nil, nil, aikagi.Because(aikagi.Invalid, "backup", "passphrase_wrong")
	}
	return whole, fileKey, nil
}

func unwrapMaster(r io.Reader, head []byte, with lock) (whole, fileKey []byte, err error) {
	whole, wrapped, err := readWrapped(r, head)
	if err != nil {
		return nil, nil, err
	}
	fileKey, err = with.ring.Open(sealPurpose, head, wrapped)
	if err != nil {
		return nil, nil, aikagi.Because(aikagi.Invalid, "backup", "other_key")
	}
	return whole, fileKey, nil
}

func readWrapped(r io.Reader, head []byte) (whole, wrapped []byte, err error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, nil, damaged(err)
	}
	n := binary.BigEndian.Uint16(length[:])
	if n == 0 || n > maxWrapped {
		return nil, nil, damaged(errors.New("length of the wrapped key out of bounds"))
	}
	wrapped = make([]byte, n)
	if _, err := io.ReadFull(r, wrapped); err != nil {
		return nil, nil, damaged(err)
	}
	whole = append(append(append(make([]byte, 0, len(head)+2+len(wrapped)), head...), length[:]...), wrapped...)
	return whole, wrapped, nil
}

func damaged(err error) error {
	return &aikagi.Error{Code: aikagi.Invalid, Subject: "backup", Reason: "damaged", Err: err}
}

type opener struct {
	r      io.Reader
	aead   cipher.AEAD
	plain  []byte
	number uint64
	ended  bool
}

func (o *opener) Read(p []byte) (int, error) {
	for len(o.plain) == 0 {
		if o.ended {
			return 0, io.EOF
		}
		if err := o.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, o.plain)
	o.plain = o.plain[n:]
	return n, nil
}

// next opens one chunk. A full one may be the last; a short one must be.
func (o *opener) next() error {
	sealed := make([]byte, chunkBytes+o.aead.Overhead())
	n, err := io.ReadFull(o.r, sealed)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged(err) // io.EOF too: the last chunk is missing
	}
	short := err != nil
	plain, err := o.aead.Open(nil, nonce(o.number, short), sealed[:n], nil)
	if err != nil && !short {
		plain, err = o.aead.Open(nil, nonce(o.number, true), sealed[:n], nil)
		short = err == nil
	}
	if err != nil {
		return damaged(errors.New("a chunk is altered, out of order or cut"))
	}
	if short {
		if extra, err := o.r.Read(make([]byte, 1)); extra > 0 || err == nil {
			return damaged(errors.New("something follows the last chunk"))
		}
	}
	o.plain, o.ended, o.number = plain, short, o.number+1
	return nil
}
