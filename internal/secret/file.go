package secret

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/aikagi/aikagi"
)

// lineTag begins each line that holds a key: "aikagi-key-v1 <id> <base64>".
const lineTag = "aikagi-key-v1"

const fileComment = `# Aikagi master key. Without it sealed data cannot be read: keep a copy in another
# place, but never beside a copy of the database. Several lines are several keys:
# the first seals, all open.
`

// A key file is a few lines; more than this is some other file.
const maxFileBytes = 64 << 10

// DefaultKeyPath says where the key lies unless a setting says otherwise:
// $XDG_CONFIG_HOME/aikagi/key, or /etc/aikagi/key for root.
func DefaultKeyPath() (string, error) {
	return keyPath(os.Getenv, os.Geteuid())
}

func keyPath(getenv func(string) string, euid int) (string, error) {
	// XDG Base Directory Specification: relative paths are invalid and ignored.
	if dir := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "aikagi", "key"), nil
	}
	if euid == 0 {
		return "/etc/aikagi/key", nil
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".config", "aikagi", "key"), nil
	}
	return "", broken(aikagi.NotFound, "missing", errors.New("neither XDG_CONFIG_HOME nor HOME is set"))
}

// LoadRing reads a key file. Its errors name the subject "key" and a reason:
// missing, unreadable, open_to_others, malformed, weak.
func LoadRing(path string) (*Ring, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	r := &Ring{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("read key file %s, line %d: %w", path, n, err)
		}
		if r.holds(k) {
			return nil, fmt.Errorf("read key file %s, line %d: %w", path, n, malformed("the key is there twice"))
		}
		r.keys = append(r.keys, k)
	}
	if lines.Err() != nil || len(r.keys) == 0 {
		return nil, fmt.Errorf("read key file %s: %w", path, malformed("it holds no key"))
	}
	return r, nil
}

// CreateRing makes a random key and keeps it at path, readable by its owner
// only. It never overwrites: if something is there already, also because
// another node was quicker, the error is a Conflict and LoadRing is the next step.
func CreateRing(path string) (*Ring, error) {
	var master [KeyBytes]byte
	_, _ = rand.Read(master[:]) // never fails: crypto/rand ends the process instead
	k := newKey(master)
	line := lineTag + " " + hex.EncodeToString(k.id[:]) + " " + base64.StdEncoding.EncodeToString(master[:]) + "\n"
	if err := writeOnce(path, []byte(fileComment+line)); err != nil {
		return nil, fmt.Errorf("create key file %s: %w", path, err)
	}
	return &Ring{keys: []*key{k}}, nil
}

func (r *Ring) holds(k *key) bool {
	for _, have := range r.keys {
		if have.id == k.id {
			return true
		}
	}
	return false
}

func readPrivate(path string) ([]byte, error) {
	f, err := os.Open(path) // #nosec G304 -- the operator names the file
	if errors.Is(err, fs.ErrNotExist) {
		return nil, broken(aikagi.NotFound, "missing", err)
	}
	if err != nil {
		return nil, broken(aikagi.Invalid, "unreadable", err)
	}
	defer func() { _ = f.Close() }() // only read
	// The open file is asked, not the path, which could have been exchanged.
	info, err := f.Stat()
	if err != nil {
		return nil, broken(aikagi.Invalid, "unreadable", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxFileBytes {
		return nil, fmt.Errorf("read key file %s: %w", path, malformed("it is no small regular file"))
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return nil, broken(aikagi.Invalid, "open_to_others",
			fmt.Errorf("%s has mode %04o; run chmod 600 on it", path, info.Mode().Perm()))
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFileBytes))
	if err != nil {
		return nil, broken(aikagi.Invalid, "unreadable", err)
	}
	return text, nil
}

func parseLine(line string) (*key, error) {
	fields := strings.Fields(line)
	if len(fields) != 3 || fields[0] != lineTag {
		return nil, malformed("want " + lineTag + " <id> <base64>")
	}
	master, err := base64.StdEncoding.DecodeString(fields[2])
	if err != nil {
		return nil, malformed("the key is no base64") // err would quote a position only, but stays out
	}
	if len(master) < KeyBytes {
		return nil, weak("it is shorter than 32 bytes")
	}
	if len(master) > KeyBytes {
		return nil, malformed("it is longer than 32 bytes")
	}
	if err := judge(master); err != nil {
		return nil, err
	}
	k := newKey([KeyBytes]byte(master))
	if fields[1] != hex.EncodeToString(k.id[:]) {
		return nil, malformed("id and key do not belong together")
	}
	return k, nil
}

// judge refuses keys that no random generator makes: each test lets a random
// key fail less often than once in 10^12.
func judge(master []byte) error {
	var seen [256]bool
	distinct, printable, steady := 0, true, true
	for i, b := range master {
		if !seen[b] {
			seen[b] = true
			distinct++
		}
		printable = printable && b >= ' ' && b <= '~'
		steady = steady && (i == 0 || b-master[i-1] == master[1]-master[0])
	}
	switch {
	case distinct < len(master)/2:
		return weak("too few different bytes")
	case printable:
		return weak("it is text that somebody typed")
	case steady:
		return weak("it counts")
	}
	return nil
}

// writeOnce makes the file appear whole or not at all: link(2) refuses to
// replace what is there, and the directory is flushed before anything is
// sealed with the key (R1).
func writeOnce(path string, text []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(dir, ".key-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft.Name()) }() // gone from this name either way
	_, err = draft.Write(text)
	err = errors.Join(err, draft.Chmod(0o600), draft.Sync(), draft.Close())
	if err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); errors.Is(err, fs.ErrExist) {
		return broken(aikagi.Conflict, "exists", err)
	} else if err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir) // #nosec G304 -- the operator names the directory
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func malformed(cause string) error { return broken(aikagi.Invalid, "malformed", errors.New(cause)) }

func weak(cause string) error { return broken(aikagi.Invalid, "weak", errors.New(cause)) }

func broken(code aikagi.Code, reason string, cause error) error {
	return &aikagi.Error{Code: code, Subject: "key", Reason: reason, Err: cause}
}
