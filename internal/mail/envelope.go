package mail

import (
	"log/slog"

	"github.com/aikagi/aikagi"
)

// Envelope is a finished message with what SMTP needs to move it. Raw carries
// links and codes in usable form: it is sealed wherever it is kept.
type Envelope struct {
	From, To  aikagi.Email // as in the header; what the envelope says instead of From is ReturnPath's
	MessageID string       // with its angle brackets, as in the header
	Raw       []byte
}

// String names the message without its content.
func (e Envelope) String() string { return e.MessageID }

// GoString keeps %#v from showing the content.
func (e Envelope) GoString() string { return e.MessageID }

// LogValue keeps slog from showing the content.
func (e Envelope) LogValue() slog.Value { return slog.StringValue(e.MessageID) }
