package web

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aikagi/aikagi"
)

// SmallForm is more bytes than any form of ours without free text needs.
const SmallForm = 64 << 10

// Form holds the known fields of a form, each with one type and one value (S5).
type Form struct{ values url.Values }

// ParseForm reads an application/x-www-form-urlencoded body of at most maxBytes.
// A field may be sent once, or as often as one likes if its name ends in "*"
// here ("id*" for check boxes). A known field that is sent twice, or in the
// query as well, and text that is not UTF-8 are refused; unknown fields are
// ignored.
func ParseForm(r *http.Request, maxBytes int64, fields ...string) (Form, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := strings.ToLower(params["charset"])
	if err != nil || kind != "application/x-www-form-urlencoded" || charset != "" && charset != "utf-8" {
		return Form{}, refuse(http.StatusUnsupportedMediaType)
	}
	body, err := readBody(r, maxBytes)
	if err != nil {
		return Form{}, err
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return Form{}, aikagi.E(aikagi.Invalid, "form", err)
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return Form{}, aikagi.E(aikagi.Invalid, "query", err)
	}
	for _, f := range fields {
		if _, also := query[strings.TrimSuffix(f, "*")]; also {
			return Form{}, aikagi.Because(aikagi.Invalid, "form", "repeated")
		}
	}
	return known(values, fields)
}

// ParseQuery reads the known fields of the address, as strictly as ParseForm.
func ParseQuery(r *http.Request, fields ...string) (Form, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return Form{}, aikagi.E(aikagi.Invalid, "query", err)
	}
	return known(query, fields)
}

func known(values url.Values, fields []string) (Form, error) {
	f := Form{values: url.Values{}}
	for _, field := range fields {
		name, many := strings.CutSuffix(field, "*")
		sent := values[name]
		if len(sent) > 1 && !many {
			return Form{}, aikagi.Because(aikagi.Invalid, "form", "repeated")
		}
		if slices.ContainsFunc(sent, notText) {
			return Form{}, aikagi.Because(aikagi.Invalid, "form", "not_text")
		}
		if len(sent) > 0 {
			f.values[name] = sent
		}
	}
	return f, nil
}

func notText(s string) bool { return !utf8.ValidString(s) || strings.ContainsRune(s, 0) }

// readBody reads all of a body; one that is longer than maxBytes is refused
// rather than cut.
func readBody(r *http.Request, maxBytes int64) ([]byte, error) {
	if r.ContentLength > maxBytes {
		return nil, refuse(http.StatusRequestEntityTooLarge)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBytes+1))
	if err != nil {
		return nil, aikagi.E(aikagi.Invalid, "form", err)
	}
	if int64(len(body)) > maxBytes {
		return nil, refuse(http.StatusRequestEntityTooLarge)
	}
	return body, nil
}

// Get returns the value of a field; "" if it was not sent.
func (f Form) Get(name string) string { return f.values.Get(name) }

// Has reports whether a field was sent, also if empty: a ticked box, a button.
func (f Form) Has(name string) bool { return f.values.Has(name) }

// All returns every value of a field that may be repeated.
func (f Form) All(name string) []string { return f.values[name] }

// Secret returns the value of a field that must not be logged or shown.
func (f Form) Secret(name string) aikagi.Secret { return aikagi.NewSecret(f.values.Get(name)) }
