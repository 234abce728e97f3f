package aikagi

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is text that must not reach a log, a dump or a page: a password, a
// token, an answer, a secret access key. Printing it in any way gives
// "[redacted]"; Reveal gives the text.
type Secret struct{ text *string } // a pointer: fmt prints no text through unexported fields of others

// NewSecret wraps text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal returns the text. Each call is a place to look at in review.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty reports whether there is no text.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// String hides the text.
func (Secret) String() string { return "[redacted]" }

// Format hides the text from every verb of fmt.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") } // fmt reports its own errors

// LogValue hides the text from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalText hides the text from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }
