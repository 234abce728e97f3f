package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/columns"
	"github.com/aikagi/aikagi/internal/config"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/qrcode"
)

// terminal is what a command reads from and writes to, and in which language.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
	locale   aikagi.Locale
	json     bool
}

// T returns a text in the language of the terminal.
func (t *terminal) T(key i18n.Key, args ...any) string { return i18n.T(t.locale, key, args...) }

// line writes a line of the answer.
func (t *terminal) line(text string) { _, _ = fmt.Fprintln(t.out, text) } // nobody may be reading

// note writes a line that is not the answer, so that scripts do not see it.
func (t *terminal) note(text string) {
	if !t.json {
		_, _ = fmt.Fprintln(t.err, text) // nobody may be reading
	}
}

// answer writes v as JSON, or else lets text write it for a person.
func (t *terminal) answer(v any, text func()) error {
	if !t.json {
		text()
		return nil
	}
	encoder := json.NewEncoder(t.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// table writes rows in columns below a heading.
func (t *terminal) table(head []string, rows [][]string) { t.rows(append([][]string{head}, rows...)) }

// pairs writes names and values, a line each.
func (t *terminal) pairs(pairs ...string) {
	rows := make([][]string, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		rows = append(rows, pairs[i:i+2])
	}
	t.rows(rows)
}

func (t *terminal) rows(rows [][]string) {
	for _, line := range columns.Lines(rows) {
		t.line(line)
	}
}

func visible(s string) string { return columns.Visible(s) }

// code writes text as a QR code in half blocks, two modules a character. On a
// terminal the colours are fixed, because readers want dark on light.
func (t *terminal) code(text aikagi.Secret) error {
	drawn, err := qrcode.New(text.Reveal())
	if err != nil {
		return err
	}
	before, after := "", ""
	if f, ok := t.out.(*os.File); ok && term.IsTerminal(int(f.Fd())) { // #nosec G115 -- a descriptor is small
		before, after = "\x1b[30;107m", "\x1b[0m"
	}
	for _, line := range drawn.Blocks() {
		t.line(before + line + after)
	}
	return nil
}

// usage is a wrong command line.
type usage struct {
	key    i18n.Key
	detail string
}

func (u usage) Error() string { return string(u.key) + ": " + u.detail }

// errFound ends a command that worked and found something that needs care; it
// has said so already.
var errFound = errors.New("found something that needs care")

// failure is how an error is written with --json.
type failure struct {
	Code    string   `json:"code"`
	Subject string   `json:"subject,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	Message []string `json:"message"`
}

// fail writes an error, its cause and what to do, and returns the exit status.
func (t *terminal) fail(err error) int {
	if errors.Is(err, errFound) {
		return exitFound
	}
	f := t.describe(err)
	if t.json {
		_ = json.NewEncoder(t.err).Encode(map[string]failure{"error": f}) // nobody may be reading
	} else {
		_, _ = fmt.Fprintln(t.err, "aikagi: "+strings.Join(f.Message, "\n  ")) // nobody may be reading
	}
	return status(err)
}

func status(err error) int {
	var u usage
	var e *aikagi.Error
	switch {
	case errors.As(err, &u):
		return exitUsage
	case errors.As(err, &e) && e.Code == aikagi.Invalid && !isFile(e.Subject) && e.Subject != "answer":
		return exitUsage
	}
	return exitFailed
}

// isFile names the subjects that are files: one that is damaged is no mistake
// of the command line.
func isFile(subject string) bool {
	return subject == "key" || subject == "backup" || subject == "dkim" || subject == "dkim_key" || subject == "sealed" ||
		subject == "file"
}

func (t *terminal) describe(err error) failure {
	var u usage
	var problems config.Problems
	var broken aikagi.Invalids
	var e *aikagi.Error
	switch {
	case errors.As(err, &u):
		return failure{"usage", "", "", []string{t.T(u.key, "detail", visible(u.detail)), t.T("cli.do.usage")}}
	case errors.As(err, &problems):
		return failure{"usage", "config", problems[0].Reason, t.problems(problems)}
	case errors.As(err, &broken):
		f := failure{string(aikagi.Invalid), broken[0].Subject, broken[0].Reason, nil}
		for _, one := range broken {
			f.Message = append(f.Message, t.what(one))
		}
		return f
	case errors.As(err, &e):
		f := failure{string(e.Code), e.Subject, e.Reason, []string{t.what(e)}}
		if do := t.do(e); do != "" {
			f.Message = append(f.Message, do)
		}
		if e.Err != nil {
			f.Message = append(f.Message, "("+visible(e.Err.Error())+")")
		}
		return f
	}
	return failure{string(aikagi.Internal), "", "", []string{visible(err.Error()), t.T("cli.do.internal")}}
}

// problems says which setting, where its value came from, and what to do.
func (t *terminal) problems(all config.Problems) []string {
	lines := []string{t.T("cli.error.settings")}
	for _, p := range all {
		from := t.place(p.Source)
		lines = append(lines, p.Setting+" ("+from+"): "+t.T(i18n.Key("config."+p.Reason)))
	}
	return append(lines, t.T("cli.do.settings"))
}

func (t *terminal) place(s config.Source) string {
	return strings.TrimSpace(t.T(i18n.Key("cli.place."+string(s.Place))) + " " + visible(s.Name))
}

// what says what happened: by subject and reason, or by code.
func (t *terminal) what(e *aikagi.Error) string {
	for _, key := range []i18n.Key{
		i18n.Key("cli." + e.Subject + "." + e.Reason), i18n.Key(e.Subject + "." + e.Reason),
		i18n.Key("cli." + e.Subject + "." + string(e.Code)),
	} {
		if e.Reason != "" && i18n.Has(t.locale, key) || i18n.Has(t.locale, key) && strings.HasSuffix(string(key), string(e.Code)) {
			return t.T(key)
		}
	}
	return t.T(i18n.Key("cli.error."+string(e.Code)), "subject", e.Subject)
}

// do says what to do next, if there is something.
func (t *terminal) do(e *aikagi.Error) string {
	for _, key := range []i18n.Key{
		i18n.Key("cli.do." + e.Subject + "." + e.Reason), i18n.Key("cli.do." + e.Subject + "." + string(e.Code)),
		i18n.Key("cli.do." + string(e.Code)),
	} {
		if i18n.Has(t.locale, key) {
			return t.T(key)
		}
	}
	return ""
}
