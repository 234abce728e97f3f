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

func TestM1K25OpenDKIMAccepts(t *testing.T) {
	t.Parallel()
	othersAccept(t, dkimtest.OpenDKIM)
}

func TestM1K25DKIMPyAccepts(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts Python")
	}
	othersAccept(t, dkimtest.DKIMPy)
}

// othersAccept holds K25 and K26 for a second implementation: every golden mail
// is good, also after what relays do, and nothing else can be done to it.
func othersAccept(t *testing.T, with func(testing.TB, string, string) dkimtest.Verifier) {
	t.Helper()
	k := key(t, rsaPEM())
	record, err := k.Record()
	if err != nil {
		t.Fatal(err)
	}
	verify := with(t, k.Name(), record)
	signed := string(sign(t, []byte(message), k))
	good := map[string]string{"message": signed}
	for name, changed := range relayed(signed) {
		good[name] = changed
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
		good[file] = string(sign(t, raw, k))
	}
	for name, raw := range good {
		if said, err := verify(raw); err != nil {
			t.Errorf("%s: refused: %v: %s", name, err, said)
		}
	}
	for name, changed := range tampered(signed) {
		if said, err := verify(changed); err == nil {
			t.Errorf("%s: still accepted: %s", name, said)
		}
	}
}
