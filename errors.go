package aikagi

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"
)

// Code says what kind of failure an error is. The set is closed: each door
// (pages, wire, command) has one table from code to answer.
type Code string

// The codes. An error without a code is Internal.
const (
	Invalid         Code = "invalid"         // the input breaks a rule; Subject names the field
	Unauthenticated Code = "unauthenticated" // nobody proved who he is
	Forbidden       Code = "forbidden"       // known, but may not
	NotFound        Code = "not_found"       // absent, or in another instance or account
	Conflict        Code = "conflict"        // somebody else changed it first, or the name is taken
	Throttled       Code = "throttled"       // too often; RetryAfter says how long
	Expired         Code = "expired"         // a secret that is used up, superseded or too old
	Unavailable     Code = "unavailable"     // overload or a dependency that is down; try again
	Internal        Code = "internal"        // a bug
)

// Codes lists every code, for tables and for the tests that walk them.
var Codes = [...]Code{
	Invalid, Unauthenticated, Forbidden, NotFound, Conflict, Throttled, Expired, Unavailable, Internal,
}

// Error is a decision: a code from the closed set, what it is about, and why.
type Error struct {
	Code       Code
	Subject    string        // a noun or a field name ("user", "email"), never user text
	Reason     string        // stable word for the text shown ("too_short", "last_administrator"); may be empty
	RetryAfter time.Duration // for Throttled and Unavailable
	Err        error         // cause, for the log; never shown to a person
}

// E makes an error that decides: a code, a subject and a cause, which may be nil.
func E(code Code, subject string, err error) *Error {
	return &Error{Code: code, Subject: subject, Err: err}
}

// Because makes an error whose reason names the rule that was broken. Texts
// for people are found under "<subject>.<reason>".
func Because(code Code, subject, reason string) *Error {
	return &Error{Code: code, Subject: subject, Reason: reason}
}

func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Subject
	if e.Reason != "" {
		s += " (" + e.Reason + ")"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the outermost decision in err's chain, and
// Internal for an error that carries none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// ReasonOf returns the reason of the outermost decision in err's chain.
func ReasonOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// Invalids collects several broken rules of one form, so that a person sees
// them all at once.
type Invalids []*Error

func (v Invalids) Error() string {
	s := "invalid:"
	for _, e := range v {
		s += " " + e.Subject + "." + e.Reason
	}
	return s
}

// Unwrap lets errors.As find the first broken rule.
func (v Invalids) Unwrap() []error {
	errs := make([]error, len(v))
	for i, e := range v {
		errs[i] = e
	}
	return errs
}

// Add notes that a field breaks a rule.
func (v *Invalids) Add(subject, reason string) {
	*v = append(*v, Because(Invalid, subject, reason))
}

// AddErr notes err if it is not nil; an error that is no decision is noted
// under the subject as "invalid".
func (v *Invalids) AddErr(subject string, err error) {
	var e *Error
	switch {
	case err == nil:
	case errors.As(err, &e):
		*v = append(*v, e)
	default:
		*v = append(*v, E(Invalid, subject, err))
	}
}

// CheckText notes a text that is too long or holds control characters: texts get
// into pages and mails, where a line break would start something new (S21).
func (v *Invalids) CheckText(field, text string, limit int) {
	switch {
	case longer(text, limit):
		v.Add(field, "too_long")
	case !utf8.ValidString(text) || strings.ContainsFunc(text, isControl):
		v.Add(field, "characters")
	}
}

func isControl(c rune) bool {
	return c < 0x20 || 0x7f <= c && c < 0xa0 || c == 0x2028 || c == 0x2029
}

// Err returns v as an error, or nil if no rule was broken.
func (v Invalids) Err() error {
	if len(v) == 0 {
		return nil
	}
	return v
}
