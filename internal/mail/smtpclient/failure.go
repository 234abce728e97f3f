package smtpclient

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Stage says how far a delivery got.
type Stage string

// The stages, in order.
const (
	AtMessage  Stage = "message" // refused here, before any connection
	AtDial     Stage = "dial"
	AtGreeting Stage = "greeting"
	AtHello    Stage = "hello"
	AtTLS      Stage = "tls" // STARTTLS missing or refused, handshake, certificate
	AtAuth     Stage = "auth"
	AtMail     Stage = "mail"
	AtRcpt     Stage = "rcpt"
	AtData     Stage = "data"
	AtBody     Stage = "body"
	AtFinal    Stage = "final" // the reply to the final dot
)

// Failure is what every error of Dial and Send is. The outbox decides by it:
//
//	Auth                          pause everything, tell administrators
//	Temporary                     try the same message again later
//	not Temporary                 the message will never be taken; stop
//	Temporary, Code 0, not BeforeFinalDot
//	                              the message may have been taken; the same
//	                              Message-ID makes the duplicate recognisable
//
// What goes wrong before MAIL concerns the server and not the message, so it
// is Temporary whatever the code: a 554 greeting must not end a reset mail.
type Failure struct {
	Stage          Stage
	Temporary      bool
	Auth           bool   // the server wants other credentials, or any
	Code           int    // the server's reply code; 0 if there was none
	Enhanced       string // RFC 3463 status, "5.1.1"; empty if there was none
	Text           string // the server's words, cut, on one line, without paths of URLs
	BeforeFinalDot bool   // the server cannot have taken the message
	Err            error  // cause on our side; nil if the server answered
}

func (f *Failure) Error() string {
	s := "smtp " + string(f.Stage)
	if f.Code != 0 {
		s += fmt.Sprintf(": %d", f.Code)
	}
	if f.Enhanced != "" {
		s += " " + f.Enhanced
	}
	if f.Text != "" {
		s += ": " + f.Text
	}
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// OfServer reports whether the failure would meet every other message, too: the
// server was not reached, did not prove who it is, wants another login, or is
// closing (421, RFC 5321 §3.8).
func (f *Failure) OfServer() bool {
	switch f.Stage {
	case AtDial, AtGreeting, AtHello, AtTLS, AtAuth:
		return true
	case AtMessage, AtMail, AtRcpt, AtData, AtBody, AtFinal:
	}
	return f.Auth || f.Code == 421
}

// lost is a failure of the connection or of what the server says on it.
func lost(at Stage, err error) *Failure {
	return &Failure{Stage: at, Temporary: true, BeforeFinalDot: at != AtFinal, Err: err}
}

// because names the end of ctx as the cause where that is what ended a step;
// on the connection it looks like a time-out.
func (f *Failure) because(ctx context.Context) *Failure {
	if f.Code == 0 && ctx.Err() != nil {
		f.Err = context.Cause(ctx)
	}
	return f
}

// refused is a reply other than the one that was hoped for.
func refused(at Stage, r reply) *Failure {
	f := &Failure{
		Stage:          at,
		Code:           r.code,
		Enhanced:       r.enhanced(),
		Text:           Sayable(strings.Join(r.lines, " ")),
		BeforeFinalDot: at != AtFinal,
	}
	beforeMail := at == AtGreeting || at == AtHello || at == AtTLS || at == AtAuth
	// RFC 4954 §6: 530, 534, 535 and 538 ask for (other) authentication at any stage.
	f.Auth = r.code == 530 || r.code == 534 || r.code == 535 || r.code == 538 || at == AtAuth && r.code >= 500
	f.Temporary = r.code < 500 || beforeMail || f.Auth
	return f
}

var (
	urlPath   = regexp.MustCompile(`(?i)(https?://[^\s/?#]*)[/?#]\S*`)
	longToken = regexp.MustCompile(`[A-Za-z0-9+/=_-]{32,}`)
)

const sayableRunes = 300

// Sayable makes a server's words fit for a log and a page: one line, bounded,
// no control or direction characters, and nothing it may have quoted from our
// side that is secret: paths of URLs (reset links) and long tokens (credentials
// in base64) are cut out.
func Sayable(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar:
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	s = urlPath.ReplaceAllString(s, "$1/…")
	s = longToken.ReplaceAllString(s, "…")
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > sayableRunes {
		s = string(r[:sayableRunes]) + "…"
	}
	return s
}

// errText is a cause that is only a sentence.
func errText(s string) error { return errors.New(s) }
