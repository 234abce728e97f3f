package smtpclient

import (
	"bufio"
	"regexp"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in       string
		host     string
		port     int
		security Security
		user     string
		password string
	}{
		{"smtp://mx.example.jp", "mx.example.jp", 587, StartTLS, "", ""},
		{"smtp://mx.example.jp:25/", "mx.example.jp", 25, StartTLS, "", ""},
		{"smtps://MX.example.jp", "mx.example.jp", 465, ImplicitTLS, "", ""},
		{"smtp://u%40x.jp:p%3A%2F@mx.example.jp:587", "mx.example.jp", 587, StartTLS, "u@x.jp", "p:/"},
		{"smtp://localhost:1025", "localhost", 1025, Loopback, "", ""},
		{"smtp://127.0.0.9:1025", "127.0.0.9", 1025, Loopback, "", ""},
		{"smtp://[::1]:1025", "::1", 1025, Loopback, "", ""},
		{"smtps://localhost:1465", "localhost", 1465, ImplicitTLS, "", ""},
		{"smtp://192.0.2.1", "192.0.2.1", 587, StartTLS, "", ""},
		{"smtp://localhost.example.jp", "localhost.example.jp", 587, StartTLS, "", ""},
	} {
		s, err := ParseURL(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if s.Host != c.host || s.Port != c.port || s.Security != c.security || s.User != c.user || s.Password.Reveal() != c.password {
			t.Errorf("%s: %+v %q", c.in, s, s.Password.Reveal())
		}
	}
	for _, in := range []string{
		"", "mx.example.jp:587", "http://mx.example.jp", "smtp:", "smtp://", "smtp://:587", "smtp://mx.example.jp:0",
		"smtp://mx.example.jp:65536", "smtp://mx.example.jp:x", "smtp://mx.example.jp/path", "smtp://mx.example.jp?tls=no",
		"smtp://mx.example.jp#x", "smtp://secret@mx.example.jp", "smtp://:secret@mx.example.jp", "smtp://a:sec%00ret@mx.example.jp",
		"smtp://a:secret%0d%0a@mx.example.jp", "smtp://mx_.example.jp", "smtp://-mx.example.jp", "smtp://mx..example.jp",
		"smtp://a:secret@mx.example.jp:\x00", "smtp:a:secret@mx", "smtp://a:secret%zz@mx.example.jp",
	} {
		_, err := ParseURL(in)
		if aikagi.CodeOf(err) != aikagi.Invalid {
			t.Errorf("%q: %v", in, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error shows the password: %v", in, err)
		}
	}
}

func TestQuoteAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"tanaka@example.co.jp":                 "tanaka@example.co.jp",
		"a.b%c+d_e-f@x.jp":                     "a.b%c+d_e-f@x.jp",
		".a..b.@x.jp":                          `".a..b."@x.jp`,
		"..@x.jp":                              `".."@x.jp`,
		"a.@x.jp":                              `"a."@x.jp`,
		".@x.jp":                               `"."@x.jp`,
		strings.Repeat("a", 64) + "@x.jp":      strings.Repeat("a", 64) + "@x.jp",
		strings.Repeat("a", 65) + "@x.jp":      "",
		"a@" + strings.Repeat("b", 64) + ".jp": "",
		"":                                     "",
		"@x.jp":                                "",
		"a@":                                   "",
		"a@x..jp":                              "",
		"a@-x.jp":                              "",
		"a b@x.jp":                             "",
		"a@b@x.jp":                             "",
		`"a"@x.jp`:                             "",
		"a@[1.2.3.4]":                          "",
		"a\r\n@x.jp":                           "",
		"あ@x.jp":                               "",
		"<a@x.jp>":                             "",
	} {
		got, err := QuoteAddress(aikagi.Email(in))
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add("smtp://user:pass@host:587")
	f.Add("smtps://[::1]")
	f.Fuzz(func(t *testing.T, in string) {
		s, err := ParseURL(in)
		if err != nil {
			return
		}
		if s.Host == "" || s.Port < 1 || strings.ContainsAny(s.Host+s.User+s.Password.Reveal(), "\r\n\x00") {
			t.Errorf("%q: %+v", in, s)
		}
		if s.Security == Loopback && !isLoopbackName(s.Host) {
			t.Errorf("%q would be sent in clear text", in)
		}
	})
}

func FuzzReadReply(f *testing.F) {
	f.Add("250-a\r\n250 b\r\n")
	f.Add("220\r\n")
	f.Add("250-5.1.1 a\n250 5.1.1 b\n")
	f.Fuzz(func(t *testing.T, in string) {
		r, err := readReply(bufio.NewReaderSize(strings.NewReader(in), maxReplyLine))
		if err != nil {
			return
		}
		if r.code < 200 || r.code > 599 || len(r.lines) < 1 || len(r.lines) > maxReplyLines {
			t.Errorf("%q: %+v", in, r)
		}
		extensionsOf(r)
		if e := refused(AtRcpt, r).Error(); strings.ContainsAny(e, "\r\n\x00\x1b") || len([]rune(e)) > 400 {
			t.Errorf("%q: %q", in, e)
		}
	})
}

// rcptArgument is RFC 5321 §4.1.2 for what Amazon Connect's pattern allows.
var rcptArgument = regexp.MustCompile(`^(?:[A-Za-z0-9_%+-]+(?:\.[A-Za-z0-9_%+-]+)*|"[A-Za-z0-9._%+-]+")@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$`)

func FuzzQuoteAddress(f *testing.F) {
	f.Add(".a..b.@x.jp")
	f.Add("a@x.jp>\r\nDATA")
	f.Fuzz(func(t *testing.T, in string) {
		got, err := QuoteAddress(aikagi.Email(in))
		if err == nil && (!rcptArgument.MatchString(got) || strings.ReplaceAll(got, `"`, "") != in) {
			t.Errorf("%q became %q", in, got)
		}
	})
}
