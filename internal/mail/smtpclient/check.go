package smtpclient

import (
	"bytes"
	"net/mail"
	"net/textproto"
	"strings"

	"github.com/aikagi/aikagi"
)

const maxLine = 998 // RFC 5322 §2.1.1, without CRLF

// checkMessage looks at a message once more before it leaves (S21): nothing
// stored, restored or composed wrongly may add a line, header, recipient or
// command. Only 7-bit text in CRLF lines is sent, which also leaves nothing to
// SMTP smuggling by bare CR or LF (RFC 5321 §2.3.8).
func checkMessage(from, to aikagi.Email, raw []byte) error {
	if err := checkLines(raw); err != nil {
		return err
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return errText("header cannot be read")
	}
	for name, values := range m.Header {
		if len(values) > 1 && !mayRepeat(name) {
			return errText("header field stands twice")
		}
		if name == "Cc" || name == "Bcc" || strings.HasPrefix(name, "Resent-") {
			return errText("header field names other recipients")
		}
	}
	for _, name := range []string{"Date", "Message-Id", "Subject"} {
		if len(m.Header[name]) == 0 {
			return errText("header field is missing")
		}
	}
	if a, err := mail.ParseAddress(m.Header.Get("To")); err != nil || a.Address != string(to) {
		return errText("recipient differs from the To field")
	}
	a, err := mail.ParseAddress(m.Header.Get("From"))
	if err != nil || !strings.EqualFold(aikagi.Email(a.Address).Domain(), from.Domain()) {
		return errText("sender's domain differs from the From field") // DMARC alignment, RFC 7489 §3.1
	}
	return nil
}

func checkLines(raw []byte) error {
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		return errText("message does not end with CRLF")
	}
	rest := raw
	for len(rest) > 0 {
		line, after, _ := bytes.Cut(rest, []byte("\r\n"))
		if len(line) > maxLine {
			return errText("line is too long")
		}
		for _, c := range line {
			if c != '\t' && (c < ' ' || c > '~') {
				return errText("message is not 7-bit text in CRLF lines")
			}
		}
		rest = after
	}
	return nil
}

// mayRepeat says which fields of ours can stand more than once: a signature
// for each kind of key. RFC 5322 §3.6 allows the rest at most once.
func mayRepeat(name string) bool {
	return name == textproto.CanonicalMIMEHeaderKey("DKIM-Signature")
}

// stuffed returns the message as it goes over the wire after DATA, without
// the final dot: RFC 5321 §4.5.2 doubles a dot at the start of a line.
func stuffed(raw []byte) []byte {
	out := bytes.ReplaceAll(raw, []byte("\r\n."), []byte("\r\n.."))
	if bytes.HasPrefix(out, []byte(".")) {
		out = append([]byte("."), out...)
	}
	return out
}
