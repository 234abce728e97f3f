package app

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/mail/dkim"
)

// demoSelector names the demo's signing key, so that its mails carry a DKIM
// signature like real ones.
const demoSelector = "demo"

// demoKey reads the signing key of a demo, or makes one.
func demoKey(dir string, from aikagi.Email) ([]dkim.Key, error) {
	path := filepath.Join(dir, "dkim.pem")
	text, err := os.ReadFile(path) // #nosec G304 -- the demo's own directory
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = newDKIMKey(); err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read demo's signing key: %w", err)
	}
	key, err := dkim.ParseKey(text, from.Domain(), demoSelector)
	return []dkim.Key{key}, err
}

func newDKIMKey() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
