package dkim

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/aikagi/aikagi"
)

const message = "From: =?utf-8?B?44GV44GP44KJ?= <noreply@sakura.example.jp>\r\n" +
	"To: tanaka@example.co.jp\r\n" +
	"Subject: =?utf-8?B?44OR44K544Ov44O844OJ?=\r\n" +
	"Date: Sun, 22 Nov 2026 09:02:11 +0900\r\n" +
	"Message-ID: <1@sakura.example.jp>\r\n" +
	"Auto-Submitted: auto-generated\r\n" +
	"Content-Language: ja\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: multipart/alternative;\r\n boundary=\"b\"\r\n" +
	"\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello\r\n--b--\r\n"

// Making keys is slow; two serve all tests.
var (
	rsaPEM = sync.OnceValue(func() []byte { return rsaKey(2048) })
	edPEM  = sync.OnceValue(func() []byte {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			panic(err)
		}
		return pkcs8(private)
	})
)

func TestSignatureVerifies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		pem  []byte
	}{{"rsa", rsaPEM()}, {"ed25519", edPEM()}} {
		k := key(t, c.pem)
		signed := sign(t, []byte(message), k)
		if err := verify(signed, k); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if !bytes.HasSuffix(signed, []byte(message)) {
			t.Errorf("%s: the message was changed", c.name)
		}
		tags := signature(t, signed)
		for tag, want := range map[string]string{"v": "1", "c": "relaxed/relaxed", "d": "sakura.example.jp", "s": "a1", "a": c.name + "-sha256"} {
			if tags[tag] != want {
				t.Errorf("%s: %s=%s, want %s", c.name, tag, tags[tag], want)
			}
		}
		if _, ok := tags["l"]; ok {
			t.Errorf("%s: has l=", c.name)
		}
		h := strings.Split(strings.ToLower(tags["h"]), ":")
		for _, field := range []string{"from", "subject"} {
			if n := count(h, field); n != 2 {
				t.Errorf("%s: %s is listed %d times", c.name, field, n)
			}
		}
	}
}

func TestTwoSignaturesStandTogether(t *testing.T) {
	t.Parallel()
	r, e := key(t, rsaPEM()), key(t, edPEM())
	e.selector = "e1"
	signed := sign(t, sign(t, []byte(message), e), r)
	if n := bytes.Count(signed, []byte("DKIM-Signature:")); n != 2 {
		t.Fatalf("%d signatures", n)
	}
	if err := verify(signed, r, e); err != nil {
		t.Error(err)
	}
}

func TestK26NoFieldCanBeAddedOrChanged(t *testing.T) {
	t.Parallel()
	k := key(t, rsaPEM())
	signed := string(sign(t, []byte(message), k))
	for name, changed := range tampered(signed) {
		if changed == signed {
			t.Fatalf("%s: nothing changed", name)
		}
		if err := verify([]byte(changed), k); err == nil {
			t.Errorf("%s: still valid", name)
		}
	}
	for name, changed := range relayed(signed) {
		if err := verify([]byte(changed), k); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// relayed is what relays do to a signed message: fields of their own, folding,
// and space at line ends.
func relayed(signed string) map[string]string {
	return map[string]string{
		"received":  "Received: from a by b; Sun, 22 Nov 2026 09:02:12 +0900\r\n" + signed,
		"refolded":  strings.Replace(signed, "Content-Type: multipart/alternative;\r\n boundary", "Content-Type: multipart/alternative; boundary", 1),
		"trailing":  strings.Replace(signed, "hello\r\n", "hello \r\n", 1),
		"last line": signed + "\r\n",
	}
}

func tampered(signed string) map[string]string {
	out := map[string]string{
		"body":       strings.Replace(signed, "hello", "hallo", 1),
		"body added": strings.Replace(signed, "--b--", "evil\r\n--b--", 1),
	}
	for _, field := range []string{"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted", "Content-Language"} {
		out["second "+field+" above"] = field + ": x@evil.example\r\n" + signed
		out["second "+field+" below"] = strings.Replace(signed, "\r\n\r\n", "\r\n"+field+": x@evil.example\r\n\r\n", 1)
		out["changed "+field] = strings.Replace(signed, "\r\n"+field+": ", "\r\n"+field+": x", 1)
	}
	for _, field := range []string{"Reply-To", "Sender", "Cc", "Content-Transfer-Encoding"} {
		out["new "+field] = field + ": x@evil.example\r\n" + signed
	}
	return out
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	k := key(t, rsaPEM())
	for name, raw := range map[string]string{
		"other domain":   strings.Replace(message, "noreply@sakura.example.jp", "noreply@example.org", 1),
		"look-alike":     strings.Replace(message, "noreply@sakura.example.jp", "noreply@notsakura.example.jp", 1),
		"two Froms":      "From: a@sakura.example.jp\r\n" + message,
		"no From":        strings.Replace(message, "From:", "X-From:", 1),
		"two Subjects":   "Subject: a\r\n" + message,
		"no header":      "hello",
		"list of sender": strings.Replace(message, "<noreply@sakura.example.jp>", "<a@sakura.example.jp>, b@evil.example", 1),
	} {
		if _, err := Sign([]byte(raw), k); aikagi.CodeOf(err) != aikagi.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Sign([]byte(message), Key{}); err == nil {
		t.Error("signed without a key")
	}
}

func TestParseKey(t *testing.T) {
	t.Parallel()
	pkcs1 := func() []byte {
		k, err := x509.ParsePKCS8PrivateKey(decode(rsaPEM()))
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k.(*rsa.PrivateKey))})
	}()
	for _, c := range []struct {
		name, domain, selector string
		pem                    []byte
		reason                 string
	}{
		{"PKCS #8", "sakura.example.jp", "a1", rsaPEM(), ""},
		{"PKCS #1", "Sakura.Example.jp", "a1.b", pkcs1, ""},
		{"Ed25519", "sakura.example.jp", "a1", edPEM(), ""},
		{"1024 bits", "sakura.example.jp", "a1", rsaKey(1024), "too_short"},
		{"no PEM", "sakura.example.jp", "a1", []byte("secret"), "no_pem"},
		{"garbage", "sakura.example.jp", "a1", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}), "no_private_key"},
		{"empty domain", "", "a1", rsaPEM(), "domain"},
		{"tag in domain", "a.jp; l=0", "a1", rsaPEM(), "domain"},
		{"line in selector", "a.jp", "a1\r\nX: y", rsaPEM(), "selector"},
		{"empty selector", "a.jp", "", rsaPEM(), "selector"},
	} {
		k, err := ParseKey(c.pem, c.domain, c.selector)
		if aikagi.ReasonOf(err) != c.reason || (err == nil) != (c.reason == "") {
			t.Errorf("%s: %v, want %q", c.name, err, c.reason)
		}
		if err == nil && k.Name() != strings.ToLower(c.selector+"._domainkey."+c.domain) {
			t.Errorf("%s: name %s", c.name, k.Name())
		}
	}
}

func TestKeyIsNotPrinted(t *testing.T) {
	t.Parallel()
	k := key(t, rsaPEM())
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", k)
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %s", k, k, k, k), log.String()} {
		if len(s) > 300 || strings.Contains(s, "PrivateKey") {
			t.Errorf("printed as %s", s)
		}
	}
}

func rsaKey(bits int) []byte {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return pkcs8(k)
}

func pkcs8(k any) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func decode(text []byte) []byte {
	block, _ := pem.Decode(text)
	return block.Bytes
}

func key(t *testing.T, text []byte) Key {
	t.Helper()
	k, err := ParseKey(text, "sakura.example.jp", "a1")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sign(t *testing.T, raw []byte, k Key) []byte {
	t.Helper()
	signed, err := Sign(raw, k)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// verify asks go-msgauth for every signature in raw.
func verify(raw []byte, keys ...Key) error {
	results, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{
		LookupTXT: func(name string) ([]string, error) {
			for _, k := range keys {
				if name == k.Name() {
					record, err := k.Record()
					return []string{record}, err
				}
			}
			return nil, fmt.Errorf("no record for %s", name)
		},
	})
	if err != nil {
		return err
	}
	if len(results) != len(keys) {
		return fmt.Errorf("%d signatures", len(results))
	}
	for _, r := range results {
		if r.Err != nil {
			return r.Err
		}
	}
	return nil
}

func signature(t *testing.T, signed []byte) map[string]string {
	t.Helper()
	text, _, _ := strings.Cut(strings.ReplaceAll(string(signed), "\r\n ", ""), "\r\n")
	value, ok := strings.CutPrefix(text, "DKIM-Signature:")
	if !ok {
		t.Fatalf("no signature in front: %s", text)
	}
	tags := map[string]string{}
	for pair := range strings.SplitSeq(value, ";") {
		name, v, _ := strings.Cut(strings.TrimSpace(pair), "=")
		tags[name] = strings.ReplaceAll(v, " ", "")
	}
	return tags
}

func count(list []string, want string) int {
	n := 0
	for _, s := range list {
		if s == want {
			n++
		}
	}
	return n
}
