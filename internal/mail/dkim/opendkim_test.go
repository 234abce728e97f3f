//go:build linux

package dkim

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aikagi/aikagi/internal/mail/dkim/dkimtest"
)

// The reverse, verifying here what OpenDKIM signs, is not possible:
// opendkim-testmsg signs with rsa-sha1 only, which RFC 8301 §3.1 forbids
// verifiers to accept.

func TestM1OpenDKIMAccepts(t *testing.T) {
	t.Parallel()
	k := key(t, rsaPEM())
	record, err := k.Record()
	if err != nil {
		t.Fatal(err)
	}
	verifyByOpenDKIM := dkimtest.OpenDKIM(t, k.Name(), record)
	signed := string(sign(t, []byte(message), k))
	if out, err := verifyByOpenDKIM(signed); err != nil {
		t.Fatalf("refused: %v: %s", err, out)
	}
	mails, err := filepath.Glob("../testdata/*.eml")
	if err != nil || len(mails) == 0 {
		t.Fatalf("no golden mails: %v", err)
	}
	for _, file := range mails {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := verifyByOpenDKIM(string(sign(t, raw, k))); err != nil {
			t.Errorf("%s: refused: %v: %s", file, err, out)
		}
	}
	for name, changed := range tampered(signed) {
		if _, err := verifyByOpenDKIM(changed); err == nil {
			t.Errorf("%s: opendkim still accepts it", name)
		}
	}
}
