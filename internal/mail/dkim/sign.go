package dkim

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/aikagi/aikagi"
)

// signedFields are listed in h=. Each stands in a message once at most, so the
// second listing covers its absence: a second From or Subject, or a Reply-To
// put in on the way, breaks the signature (RFC 6376 §5.4.2, §8.15).
// TestK26NoFieldCanBeAddedOrChanged holds it.
var signedFields = [...]string{
	"From", "From", "Subject", "Subject", "To", "To", "Date", "Date",
	"Message-ID", "Message-ID", "MIME-Version", "MIME-Version",
	"Content-Type", "Content-Type", "Content-Transfer-Encoding",
	"Auto-Submitted", "Auto-Submitted", "Content-Language", "Content-Language",
	"Reply-To", "Sender", "Cc",
}

// Sign returns raw, a message in CRLF lines, with a DKIM-Signature in front.
// Signing the result with another key adds a second signature; the two do not
// disturb each other. The time in t= is the machine's.
func Sign(raw []byte, key Key) ([]byte, error) {
	if key.signer == nil {
		return nil, aikagi.Because(aikagi.Internal, "dkim", "no_key")
	}
	if err := key.mayStandFor(raw); err != nil {
		return nil, aikagi.E(aikagi.Invalid, "message", err)
	}
	var signed bytes.Buffer
	signed.Grow(len(raw) + 1024)
	err := dkim.Sign(&signed, bytes.NewReader(raw), &dkim.SignOptions{
		Domain:                 key.domain,
		Selector:               key.selector,
		Signer:                 key.signer,
		Hash:                   crypto.SHA256,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed,
		BodyCanonicalization:   dkim.CanonicalizationRelaxed,
		HeaderKeys:             signedFields[:],
	})
	if err != nil {
		return nil, fmt.Errorf("sign message for %s: %w", key.Name(), err)
	}
	return signed.Bytes(), nil
}

// mayStandFor refuses what would get a valid signature that helps nobody, or
// the wrong one: a From of another domain fails DMARC's alignment (RFC 7489
// §3.1.1), two Froms let the reader choose.
func (k Key) mayStandFor(raw []byte) error {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return errors.New("header cannot be read")
	}
	if len(m.Header["From"]) != 1 || len(m.Header["Subject"]) != 1 {
		return errors.New("wants one From and one Subject")
	}
	from, err := mail.ParseAddress(m.Header.Get("From"))
	if err != nil {
		return errors.New("from cannot be read")
	}
	domain := strings.ToLower(aikagi.Email(from.Address).Domain())
	if domain != k.domain && !strings.HasSuffix(domain, "."+k.domain) {
		return errors.New("from is of another domain than the key")
	}
	return nil
}
