package dkim

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
)

// FuzzParseKey: a key that is taken can be published and signs for a name that
// the DNS can hold, is not a weak one, and does not show itself, nor does the
// error of one that is refused (S39, S40).
func FuzzParseKey(f *testing.F) {
	small, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // that it is refused is what is tested
	if err != nil {
		f.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(edwards)
	if err != nil {
		f.Fatal(err)
	}
	one := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	f.Add(one, "example.jp", "s1")
	f.Add(append([]byte("text before\n"), one...), "EXAMPLE.jp", "a.b")
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(small)}), "example.jp", "s1")
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff}}), "example.jp", "s1")
	f.Add(one, strings.Repeat("long.", 40)+"jp", strings.Repeat("long.", 40)+"x")
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n"), "example.jp;t=s", "s1\r\nx")
	f.Fuzz(func(t *testing.T, text []byte, domain, selector string) {
		k, err := ParseKey(text, domain, selector)
		if err != nil {
			if len(text) > 40 && strings.Contains(err.Error(), string(text[30:40])) {
				t.Errorf("the error shows the key: %v", err)
			}
			return
		}
		name := k.Name()
		if !isName(strings.Replace(name, "._domainkey.", ".", 1)) || len(name) > 253 || strings.ToLower(domain) != k.domain || strings.ContainsAny(name, "\r\n;= ") {
			t.Errorf("a key for %q", name)
		}
		record, err := k.Record()
		if err != nil || strings.ContainsAny(record, "\r\n\"") {
			t.Errorf("record %q: %v", record, err)
		}
		if r, ok := k.signer.(*rsa.PrivateKey); ok && r.N.BitLen() < minRSABits {
			t.Errorf("took %d bits", r.N.BitLen())
		}
		if shown := fmt.Sprintf("%v %+v %#v %s", k, k, k, k); shown != strings.Join([]string{name, name, name, name}, " ") {
			t.Errorf("the key shows itself: %d characters", len(shown))
		}
	})
}
