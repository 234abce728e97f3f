package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aikagi/aikagi"
)

// known remembers, in a file beside the master key, which databases held data.
// Without it a disk that is not mounted, or a database that is lost, would look
// like a first start (S33, R6; TestL06AMissingDatabaseIsNoNewSystem).
type known struct {
	path string // of the file
	line string // of this database
}

func knownFor(keyFile, database string) known {
	sum := sha256.Sum256([]byte(addressOf(database)))
	return known{path: keyFile + ".known", line: hex.EncodeToString(sum[:])}
}

// addressOf is where a database is, without who asks and with which password.
func addressOf(database string) string {
	if path, found := strings.CutPrefix(database, "sqlite:"); found {
		if whole, err := filepath.Abs(path); err == nil {
			path = whole
		}
		return "sqlite:" + path
	}
	u, err := url.Parse(database)
	if err != nil {
		return database
	}
	q := u.Query()
	return strings.Join([]string{"postgres:", u.Host, q.Get("host"), q.Get("port"), u.Path}, " ")
}

// refuse is the answer to an empty database that held data.
func (k known) refuse() error {
	text, err := os.ReadFile(k.path) // #nosec G304 -- beside the operator's own key
	if err != nil || !slices.Contains(strings.Fields(string(text)), k.line) {
		return nil //nolint:nilerr // nothing is known
	}
	return &aikagi.Error{
		Code: aikagi.Unavailable, Subject: "database", Reason: "gone", Err: fmt.Errorf("known from %s", k.path),
	}
}

// remember notes that the database holds data now. A place that cannot be written
// to remembers nothing; the server works all the same.
func (k known) remember() {
	if k.refuse() != nil {
		return // it is there
	}
	f, err := os.OpenFile(k.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) // #nosec G304 -- beside the operator's own key
	if err != nil {
		return
	}
	_, _ = f.WriteString(k.line + "\n") // half a line is none, and the next start writes it again
	_ = f.Close()
}
