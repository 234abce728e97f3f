package mailbox

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
)

const (
	maxDepth = 4 // of multiparts in multiparts
	maxParts = 20
)

// parsed is what a person reads of a message.
type parsed struct {
	from, subject, text, html string
}

// parse reads as much of raw as it understands; the rest stays empty. Text is
// taken for UTF-8, which is what the product sends.
func parse(raw []byte) parsed {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return parsed{}
	}
	p := parsed{from: decoded(m.Header.Get("From")), subject: decoded(m.Header.Get("Subject"))}
	p.read(textproto.MIMEHeader(m.Header), m.Body, maxDepth)
	return p
}

func decoded(header string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		text = header
	}
	return strings.ToValidUTF8(text, "\ufffd")
}

// read takes the first text/plain and the first text/html it finds.
func (p *parsed) read(header textproto.MIMEHeader, body io.Reader, depth int) {
	mediaType, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		mediaType = "text/plain" // RFC 2045 §5.2
	}
	if strings.HasPrefix(mediaType, "multipart/") {
		p.readParts(multipart.NewReader(body, params["boundary"]), depth)
		return
	}
	var into *string
	switch mediaType {
	case "text/plain":
		into = &p.text
	case "text/html":
		into = &p.html
	}
	if into == nil || *into != "" {
		return
	}
	// A broken encoding shows as far as it goes.
	content, _ := io.ReadAll(transferDecoded(header, body))
	*into = strings.ToValidUTF8(strings.ReplaceAll(string(content), "\r\n", "\n"), "\ufffd")
}

func (p *parsed) readParts(parts *multipart.Reader, depth int) {
	if depth == 0 {
		return
	}
	for range maxParts {
		part, err := parts.NextRawPart()
		if err != nil {
			return
		}
		p.read(part.Header, part, depth-1)
	}
}

func transferDecoded(header textproto.MIMEHeader, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(header.Get("Content-Transfer-Encoding"))) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}
