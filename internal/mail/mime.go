package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"

	"github.com/aikagi/aikagi"
)

// assemble builds the raw message: the header, then text and HTML as
// multipart/alternative, the preferred part last (RFC 2046 §5.1.4). All of it is
// 7-bit text in CRLF lines of 76 characters, so no server needs 8BITMIME and no
// relay has a reason to re-code it, which would break the signature.
func assemble(f Frame, r rendered) ([]byte, error) {
	boundary := boundaryOf(f.MessageID)
	var raw bytes.Buffer
	writeField(&raw, "From", append(phrase(r.sender), "<"+mailbox(f.From)+">"))
	writeField(&raw, "To", []string{mailbox(f.To)})
	writeField(&raw, "Subject", words(r.subject))
	writeField(&raw, "Date", []string{f.Date.In(f.Zone).Format("Mon, 02 Jan 2006 15:04:05 -0700")})
	writeField(&raw, "Message-ID", []string{f.MessageID})
	writeField(&raw, "Auto-Submitted", []string{"auto-generated"}) // RFC 3834 §5
	writeField(&raw, "Content-Language", []string{string(f.Locale)})
	writeField(&raw, "MIME-Version", []string{"1.0"})
	writeField(&raw, "Content-Type", []string{"multipart/alternative;", `boundary="` + boundary + `"`})
	raw.WriteString("\r\n")

	body := multipart.NewWriter(&raw)
	if err := body.SetBoundary(boundary); err != nil {
		return nil, fmt.Errorf("write message: %w", err)
	}
	if err := writePart(body, f.Locale, "text/plain", r.text); err != nil {
		return nil, err
	}
	if err := writePart(body, f.Locale, "text/html", r.html); err != nil {
		return nil, err
	}
	if err := body.Close(); err != nil {
		return nil, fmt.Errorf("write message: %w", err)
	}
	return raw.Bytes(), nil
}

// boundaryOf derives the boundary from the Message-ID, so that composing again
// gives the same bytes. "=_" stands in no line of base64 or quoted-printable
// (RFC 2045 §6.7), so no content can hold the boundary.
func boundaryOf(messageID string) string {
	digest := sha256.Sum256([]byte(messageID))
	return "=_" + hex.EncodeToString(digest[:15])
}

// writePart writes one part: base64 for Japanese, quoted-printable for
// English, where filters distrust base64 and people can read the raw text.
func writePart(body *multipart.Writer, l aikagi.Locale, contentType, content string) error {
	encoding := "quoted-printable"
	if l == aikagi.Japanese {
		encoding = "base64"
	}
	part, err := body.CreatePart(textproto.MIMEHeader{
		"Content-Type":              {contentType + "; charset=utf-8"},
		"Content-Transfer-Encoding": {encoding},
	})
	if err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	// RFC 2045 §6.8: text has CRLF before it is encoded.
	content = strings.ReplaceAll(strings.TrimSpace(content)+"\n", "\n", "\r\n")
	if encoding == "base64" {
		_, err = part.Write(base64Lines(content))
	} else {
		qp := quotedprintable.NewWriter(part)
		if _, err = qp.Write([]byte(content)); err == nil {
			err = qp.Close()
		}
	}
	if err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	return nil
}

func base64Lines(content string) []byte {
	const width = 76 // RFC 2045 §6.8
	encoded := base64.StdEncoding.EncodeToString([]byte(content))
	var b bytes.Buffer
	for len(encoded) > width {
		b.WriteString(encoded[:width] + "\r\n")
		encoded = encoded[width:]
	}
	b.WriteString(encoded)
	return b.Bytes()
}

// writeField writes a header field, folded before the words that would make a
// line longer than 76 (RFC 2047 §2, RFC 5322 §2.2.3). A single longer word, a
// long address, gets a line of its own.
func writeField(b *bytes.Buffer, name string, atoms []string) {
	b.WriteString(name + ":")
	column := len(name) + 1
	for i, atom := range atoms {
		if i > 0 && column+1+len(atom) > 76 {
			b.WriteString("\r\n")
			column = 0
		}
		b.WriteString(" " + atom)
		column += 1 + len(atom)
	}
	b.WriteString("\r\n")
}

// words splits unstructured text for folding, encoded where it is not ASCII or
// could be taken for an encoded word.
func words(s string) []string {
	if isPlain(s) {
		return strings.Fields(s)
	}
	return encodedWords(s)
}

// phrase is a display name (RFC 5322 §3.2.5): atoms as they are, all else encoded.
func phrase(s string) []string {
	if isPlain(s) && strings.IndexFunc(s, notInAtom) < 0 {
		return strings.Fields(s)
	}
	return encodedWords(s)
}

// isPlain reports whether s can stand in a header as it is. Words longer than a
// line are encoded, because encoding can cut them.
func isPlain(s string) bool {
	for word := range strings.FieldsSeq(s) {
		if len(word) > 60 {
			return false
		}
	}
	return !strings.Contains(s, "=?") && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

func notInAtom(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(" !#$%&'*+-/=?^_`{|}~", r)
}

// encodedWords encodes s as RFC 2047 B words of at most 60 characters, so that
// the first one fits on the line of its field name, cut between characters
// (§5 (3): each word decodes by itself).
func encodedWords(s string) []string {
	const most = 36 // octets; 48 in base64, 60 with "=?utf-8?B?" and "?="
	var out []string
	chunk := ""
	flush := func() {
		if chunk != "" {
			out = append(out, "=?utf-8?B?"+base64.StdEncoding.EncodeToString([]byte(chunk))+"?=")
		}
		chunk = ""
	}
	for _, r := range s {
		if len(chunk)+len(string(r)) > most {
			flush()
		}
		chunk += string(r)
	}
	flush()
	return out
}

// mailbox writes an address for a header; a local part that is no dot-atom is
// quoted (RFC 5322 §3.4.1).
func mailbox(e aikagi.Email) string {
	a := mail.Address{Address: string(e)}
	return strings.TrimSuffix(strings.TrimPrefix(a.String(), "<"), ">")
}
