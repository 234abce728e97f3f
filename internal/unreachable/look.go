package unreachable

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Look is who had which address when everybody of an instance was looked at last, so that
// whoever registers addresses afterwards is told of one that somebody has, without a
// request a user. It holds no address: a mark tells whether two are equal, salted, so that
// it cannot be looked up in a list or compared between files. Who may read the file can
// still try a guess, as he could on the report.
type Look struct {
	Version    int               `json:"aikagi_look"`
	Source     string            `json:"source"`
	Instance   string            `json:"instance"`
	FinishedAt time.Time         `json:"finished_at"`
	Salt       string            `json:"salt"`
	Marks      map[string]string `json:"marks"` // by id of a user
}

const lookVersion = 1

func lookPath(dir, source, instance string) string {
	return filepath.Join(dir, "look-"+fileName(source+" "+instance)+".json")
}

// newLook is of people who were all looked at.
func newLook(source, instance string, at time.Time, all []line) *Look {
	l := &Look{lookVersion, source, instance, at, rand.Text(), map[string]string{}}
	for _, one := range all {
		if one.Mark != "" {
			l.Marks[one.User] = l.salted(one.Mark)
		}
	}
	return l
}

// readLook is the last look at an instance, or nil if there is none that can be read.
func readLook(dir, source, instance string) *Look {
	if dir == "" {
		return nil
	}
	text, err := os.ReadFile(lookPath(dir, source, instance)) //nolint:gosec // G304: the name is a digest
	l := &Look{}
	if err != nil || json.Unmarshal(text, l) != nil || l.Version != lookVersion || l.Source != source || l.Instance != instance {
		return nil
	}
	return l
}

// salted is a mark as it is kept.
func (l *Look) salted(mark string) string {
	h := hmac.New(sha256.New, []byte(l.Salt))
	_, _ = h.Write([]byte(mark)) // a hash takes everything
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// write replaces the last look, whole or not at all.
func (l *Look) write(dir string) error {
	path := lookPath(dir, l.Source, l.Instance)
	text, err := json.Marshal(l)
	if err == nil {
		err = os.WriteFile(path+".tmp", text, 0o600)
	}
	if err == nil {
		err = os.Rename(path+".tmp", path)
	}
	if err != nil {
		return fmt.Errorf("save look: %w", err)
	}
	return nil
}
