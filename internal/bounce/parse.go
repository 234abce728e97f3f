package bounce

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"

	"github.com/aikagi/aikagi/internal/mail/smtpclient"
)

// Kind says what a mail means for the message that it is about.
type Kind string

// The kinds.
const (
	Failed  Kind = "failed"  // will not be delivered
	Delayed Kind = "delayed" // not yet; the server goes on trying
	Other   Kind = "other"   // no report of a delivery, or of one that worked
)

// Report is what a mail says about a delivery.
type Report struct {
	Kind       Kind
	To         []string // addresses that the report came to
	Status     string   // RFC 3463, "5.1.1"
	Recipients []string // that the message was for, as sent and as delivered
	Words      string   // of the server, cut and cleaned
	MessageID  string   // of the message, without brackets; empty if it was not sent along
}

// Limits of a report. The reports of mail servers are a few kilobytes, and hold
// our message of at most as many.
const (
	maxReport = 1 << 20
	maxParts  = 20
	maxGroups = 50 // recipients; ours have one

	maxAddress = 1000 // with a name and comments
)

var errNoReport = errors.New("mail without a readable header")

// Parse reads one mail. Whatever is no report of a delivery is Other; an error
// means that it is no mail.
func Parse(raw []byte) (Report, error) {
	if len(raw) > maxReport {
		raw = raw[:maxReport]
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Report{}, errNoReport
	}
	r := Report{Kind: Other, To: addressees(m.Header)}
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	// RFC 6522 §3: a report says so in its type. What people or their vacation
	// programs write never does.
	if err != nil || media != "multipart/report" || !strings.EqualFold(params["report-type"], "delivery-status") {
		return r, nil
	}
	r.readParts(multipart.NewReader(m.Body, params["boundary"]))
	return r, nil
}

// addressees are all addresses that a mail says it came to. Only the MAC in one
// of them proves anything, so it does not matter who wrote them.
func addressees(h mail.Header) []string {
	var all []string
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "To"} {
		for _, value := range h[textproto.CanonicalMIMEHeaderKey(name)] {
			if len(all) >= maxParts {
				return all
			}
			if len(value) > maxAddress {
				continue // before it is parsed, which may take long
			}
			if a, err := mail.ParseAddress(value); err == nil {
				all = append(all, a.Address)
			}
		}
	}
	return all
}

func (r *Report) readParts(parts *multipart.Reader) {
	for range maxParts {
		part, err := parts.NextRawPart()
		if err != nil {
			return // the end, or cut off; what was read counts
		}
		media, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			continue
		}
		body := decoded(part)
		switch media {
		case "message/delivery-status", "message/global-delivery-status": // RFC 6533 §3
			r.readStatus(body)
		case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
			r.readOriginal(body)
		}
	}
}

func decoded(part *multipart.Part) io.Reader {
	if strings.EqualFold(strings.TrimSpace(part.Header.Get("Content-Transfer-Encoding")), "quoted-printable") {
		return quotedprintable.NewReader(part)
	}
	return part // RFC 3464 §2.1: 7 bit; base64 is forbidden there (RFC 2046 §5.2.1)
}

// readStatus reads the fields about the message, then those about each
// recipient, groups of lines with empty ones between (RFC 3464 §2.1).
func (r *Report) readStatus(body io.Reader) {
	groups := textproto.NewReader(bufio.NewReader(body))
	for range maxGroups {
		fields, err := groups.ReadMIMEHeader()
		if action := strings.ToLower(strings.TrimSpace(fields.Get("Action"))); action != "" {
			r.readRecipient(action, fields)
		}
		if err != nil || r.Kind == Failed {
			return
		}
	}
}

func (r *Report) readRecipient(action string, fields textproto.MIMEHeader) {
	switch action {
	case "failed":
		r.Kind = Failed
	case "delayed":
		r.Kind = Delayed
	default: // delivered, relayed, expanded: no news
		return
	}
	r.Status, _, _ = strings.Cut(strings.TrimSpace(fields.Get("Status")), " ")
	if !isStatus(r.Status) {
		r.Status = ""
	}
	r.Recipients = nil
	for _, name := range []string{"Original-Recipient", "Final-Recipient"} {
		if _, address, found := strings.Cut(fields.Get(name), ";"); found { // "rfc822; sato@example.jp"
			r.Recipients = append(r.Recipients, strings.Trim(strings.TrimSpace(address), "<>"))
		}
	}
	_, words, found := strings.Cut(fields.Get("Diagnostic-Code"), ";") // "smtp; 550 5.1.1 …"
	if !found {
		words = fields.Get("Diagnostic-Code")
	}
	r.Words = smtpclient.Sayable(words)
}

// isStatus knows the form of RFC 3463 §2.
func isStatus(s string) bool {
	class, rest, _ := strings.Cut(s, ".")
	subject, detail, found := strings.Cut(rest, ".")
	return found && (class == "2" || class == "4" || class == "5") && isShortNumber(subject) && isShortNumber(detail)
}

func isShortNumber(s string) bool {
	return len(s) >= 1 && len(s) <= 3 && strings.Trim(s, "0123456789") == ""
}

// readOriginal finds the Message-ID in what is left of the message.
func (r *Report) readOriginal(body io.Reader) {
	fields, _ := textproto.NewReader(bufio.NewReader(body)).ReadMIMEHeader() // cut off where the server liked
	id := strings.TrimSpace(fields.Get("Message-Id"))
	if strings.HasPrefix(id, "<") && strings.HasSuffix(id, ">") && len(id) < maxAddress {
		r.MessageID = id[1 : len(id)-1]
	}
}
