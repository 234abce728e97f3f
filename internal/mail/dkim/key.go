package dkim

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/aikagi/aikagi"
)

const minRSABits = 2048 // RFC 8301 §3.2: signers SHOULD use at least 2048

const maxName = 253 // characters of a name in the DNS (RFC 1035 §2.3.4, written out)

// Key signs for one domain under one selector. It is opaque; printing it shows
// no key.
type Key struct {
	domain, selector string
	signer           crypto.Signer
}

// ParseKey reads a private key in PEM: RSA (PKCS #1 or #8) of at least 2048
// bits, or Ed25519 (PKCS #8), which is meant as a second signature besides RSA
// (RFC 8463 §3: not every verifier knows it).
func ParseKey(text []byte, domain, selector string) (Key, error) {
	domain = strings.ToLower(domain)
	if !isName(domain) || !strings.Contains(domain, ".") {
		return Key{}, aikagi.Because(aikagi.Invalid, "dkim", "domain")
	}
	if !isName(selector) || len(Key{domain: domain, selector: selector}.Name()) > maxName {
		return Key{}, aikagi.Because(aikagi.Invalid, "dkim", "selector")
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return Key{}, aikagi.Because(aikagi.Invalid, "dkim", "no_pem")
	}
	signer, err := parsePrivate(block)
	if err != nil {
		// The cause may describe the key; it says nothing that helps.
		return Key{}, aikagi.Because(aikagi.Invalid, "dkim", "no_private_key")
	}
	if k, ok := signer.(*rsa.PrivateKey); ok && k.N.BitLen() < minRSABits {
		return Key{}, aikagi.Because(aikagi.Invalid, "dkim", "too_short")
	}
	return Key{domain: domain, selector: selector, signer: signer}, nil
}

func parsePrivate(block *pem.Block) (crypto.Signer, error) {
	if block.Type == "RSA PRIVATE KEY" {
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return k, nil
	case ed25519.PrivateKey:
		return k, nil
	}
	return nil, errors.New("neither RSA nor Ed25519")
}

// Name is where the record has to be published (RFC 6376 §3.6.2.1).
func (k Key) Name() string { return k.selector + "._domainkey." + k.domain }

// Record is the TXT record to publish at Name (RFC 6376 §3.6.1). A string in
// DNS holds 255 octets, so an RSA record is published in pieces, which
// verifiers join without a space (§3.6.2.2).
func (k Key) Record() (string, error) {
	if k.signer == nil {
		return "", aikagi.Because(aikagi.Internal, "dkim", "no_key")
	}
	switch public := k.signer.Public().(type) {
	case *rsa.PublicKey:
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return "", fmt.Errorf("encode public key: %w", err)
		}
		return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), nil
	case ed25519.PublicKey:
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public), nil // RFC 8463 §4.2: the raw key
	}
	return "", aikagi.Because(aikagi.Internal, "dkim", "no_key")
}

// String names the key without showing it.
func (k Key) String() string { return k.Name() }

// GoString keeps %#v from showing the key.
func (k Key) GoString() string { return k.Name() }

// LogValue keeps slog from showing the key.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.Name()) }

// isName reports whether s consists of LDH labels (RFC 5890 §2.3.1).
func isName(s string) bool {
	if len(s) > maxName {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if len(label) < 1 || len(label) > 63 || strings.Trim(label, "-") != label {
			return false
		}
		if strings.IndexFunc(label, isNotLDH) >= 0 {
			return false
		}
	}
	return true
}

func isNotLDH(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
}
