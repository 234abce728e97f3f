package e2e

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/aikagi/aikagi/internal/app/apptest"
)

// verifySignature verifies the DKIM signature of a mail as received: made by the
// domain of From, over all of it.
func verifySignature(t *testing.T, site *apptest.Site, raw []byte) {
	t.Helper()
	record, err := site.Key.Record()
	if err != nil {
		t.Fatal(err)
	}
	found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{
		LookupTXT: func(name string) ([]string, error) {
			if name != site.Key.Name() {
				return nil, fmt.Errorf("no record %s", name)
			}
			return []string{record}, nil
		},
	})
	if err != nil || len(found) != 1 || found[0].Err != nil {
		t.Errorf("the mail's signature: %+v, %v", found, err)
	}
}
