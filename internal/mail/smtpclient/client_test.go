package smtpclient

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aikagi/aikagi"
)

const (
	sender    = aikagi.Email("noreply@sakura.example.jp")
	recipient = aikagi.Email("tanaka@example.co.jp")
	message   = "From: Sakura <noreply@sakura.example.jp>\r\nTo: tanaka@example.co.jp\r\nSubject: x\r\n" +
		"Date: Sun, 22 Nov 2026 09:02:11 +0900\r\nMessage-ID: <1@sakura.example.jp>\r\n\r\nhello\r\n.dot\r\n..\r\n.\r\nbye\r\n"
)

var farFuture = time.Unix(1<<33, 0)

// deliver dials and sends one message.
func deliver(t *testing.T, s Settings) error {
	t.Helper()
	c, err := Dial(t.Context(), s)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return c.Send(t.Context(), sender, recipient, []byte(message))
}

func failure(t *testing.T, err error) *Failure {
	t.Helper()
	var f *Failure
	if !errors.As(err, &f) {
		t.Fatalf("got %v, want a Failure", err)
	}
	return f
}

func TestDeliversByteForByteAndReusesTheConnection(t *testing.T) {
	t.Parallel()
	h := &hostile{}
	c, err := Dial(t.Context(), h.start(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := c.Send(t.Context(), sender, recipient, []byte(message)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if got := h.taken(); len(got) != 3 || got[0] != message || got[2] != message {
		t.Errorf("got %q", got)
	}
	if h.Connections() != 1 {
		t.Errorf("%d connections", h.Connections())
	}
	all := strings.Join(h.seen(), "\n")
	if n := strings.Count(all, "RSET"); n != 2 {
		t.Errorf("%d RSETs", n)
	}
	if !strings.HasPrefix(all, "EHLO [127.0.0.1]\nMAIL FROM:<noreply@sakura.example.jp>\nRCPT TO:<tanaka@example.co.jp>\nDATA\n") {
		t.Errorf("commands:\n%s", all)
	}
}

func TestK01RefusedConnectionIsTemporary(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	f := failure(t, deliver(t, Settings{Host: "127.0.0.1", Port: port, Security: Loopback}))
	if f.Stage != AtDial || !f.Temporary || !f.BeforeFinalDot || f.Auth {
		t.Errorf("%+v", f)
	}
}

// class is a Failure without its words.
type class struct {
	stage           Stage
	temporary, auth bool
	code            int
	enhanced        string
	beforeFinalDot  bool
}

func classOf(f *Failure) class {
	return class{f.Stage, f.Temporary, f.Auth, f.Code, f.Enhanced, f.BeforeFinalDot}
}

func TestK03K06K07K08ClassesOfFailure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		h    *hostile
		want class
	}{
		{"silent greeting", &hostile{greeting: silence}, class{AtGreeting, true, false, 0, "", true}},
		{"554 greeting", &hostile{greeting: "554 5.3.2 no service"}, class{AtGreeting, true, false, 554, "5.3.2", true}},
		{"421 greeting", &hostile{greeting: "421 4.3.2 later"}, class{AtGreeting, true, false, 421, "4.3.2", true}},
		{"250 greeting", &hostile{greeting: "250 hello"}, class{AtGreeting, true, false, 451, "", true}},
		{"greeting in another language", &hostile{greeting: "HTTP/1.1 400 Bad Request"}, class{AtGreeting, true, false, 0, "", true}},
		{"cut at EHLO", &hostile{reply: but("EHLO", drop)}, class{AtHello, true, false, 0, "", true}},
		{"silent EHLO", &hostile{reply: but("EHLO", silence)}, class{AtHello, true, false, 0, "", true}},
		{"EHLO 550", &hostile{reply: but("EHLO", "550 who")}, class{AtHello, true, false, 550, "", true}},
		{"MAIL 550", &hostile{reply: but("MAIL", "550 5.7.1 no")}, class{AtMail, false, false, 550, "5.7.1", true}},
		{"MAIL 530", &hostile{reply: but("MAIL", "530 5.7.0 log in")}, class{AtMail, true, true, 530, "5.7.0", true}},
		{"RCPT 450", &hostile{reply: but("RCPT", "450 4.2.1 busy")}, class{AtRcpt, true, false, 450, "4.2.1", true}},
		{"RCPT 550", &hostile{reply: but("RCPT", "550 5.1.1 unknown")}, class{AtRcpt, false, false, 550, "5.1.1", true}},
		{"RCPT 354", &hostile{reply: but("RCPT", "354 what")}, class{AtRcpt, true, false, 451, "", true}},
		{"enhanced of another class", &hostile{reply: but("RCPT", "550 4.1.1 odd")}, class{AtRcpt, false, false, 550, "", true}},
		{"DATA 451", &hostile{reply: but("DATA", "451 4.3.0 no")}, class{AtData, true, false, 451, "4.3.0", true}},
		{"DATA 250", &hostile{reply: but("DATA", "250 ok")}, class{AtData, true, false, 451, "", true}},
		{"cut at DATA", &hostile{reply: but("DATA", drop)}, class{AtData, true, false, 0, "", true}},
		{"452 after the dot", &hostile{reply: but(".", "452 4.3.1 full")}, class{AtFinal, true, false, 452, "4.3.1", false}},
		{"554 after the dot", &hostile{reply: but(".", "554 5.7.1 spam")}, class{AtFinal, false, false, 554, "5.7.1", false}},
		{"354 after the dot", &hostile{reply: but(".", "354 more")}, class{AtFinal, true, false, 451, "", false}},
		{"cut after the dot", &hostile{reply: but(".", drop)}, class{AtFinal, true, false, 0, "", false}},
		{"silent after the dot", &hostile{reply: but(".", silence)}, class{AtFinal, true, false, 0, "", false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := failure(t, deliver(t, c.h.start(t)))
			if got := classOf(f); got != c.want {
				t.Errorf("got %+v (%v), want %+v", got, f, c.want)
			}
		})
	}
}

func TestK07CutInTheMiddleOfTheMessage(t *testing.T) {
	t.Parallel()
	h := &hostile{reply: but("body", drop)}
	s := h.start(t)
	s.Timeouts.Body = 5 * time.Second
	c, err := Dial(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	// Larger than the buffers between, so that the cut is felt while writing.
	large := message + strings.Repeat(strings.Repeat("x", 70)+"\r\n", 1<<18)
	f := failure(t, c.Send(t.Context(), sender, recipient, []byte(large)))
	if !f.Temporary || !f.BeforeFinalDot || f.Stage != AtBody {
		t.Errorf("%+v", f)
	}
	if len(h.taken()) != 0 {
		t.Error("the server took half a message")
	}
}

func TestK09CutAfter250IsDelivered(t *testing.T) {
	t.Parallel()
	h := &hostile{reply: but(".", "250 queued"+dropAfter)}
	c, err := Dial(t.Context(), h.start(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second goes over a new connection
		if err := c.Send(t.Context(), sender, recipient, []byte(message)); err != nil {
			t.Fatal(err)
		}
	}
	if len(h.taken()) != 2 || h.Connections() != 2 {
		t.Errorf("%d messages, %d connections", len(h.taken()), h.Connections())
	}
}

func TestRefusedMessageDoesNotSpoilTheNext(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{"550 5.1.1 unknown", "421 4.3.2 closing" + dropAfter, drop, silence} {
		h := &hostile{}
		h.reply = func(line string) string {
			if strings.HasPrefix(line, "RCPT TO:<bad") {
				return reply
			}
			return polite(line)
		}
		c, err := Dial(t.Context(), h.start(t))
		if err != nil {
			t.Fatal(err)
		}
		bad := strings.Replace(message, "To: tanaka@", "To: bad@", 1)
		if err := c.Send(t.Context(), sender, "bad@example.co.jp", []byte(bad)); err == nil {
			t.Errorf("%q: sent", reply)
		}
		if err := c.Send(t.Context(), sender, recipient, []byte(message)); err != nil {
			t.Errorf("after %q: %v", reply, err)
		}
		if got := h.taken(); len(got) != 1 || got[0] != message {
			t.Errorf("after %q: %q", reply, got)
		}
	}
}

func TestK04NothingIsSentInClearText(t *testing.T) {
	t.Parallel()
	good, roots := certificate(t, "127.0.0.1", farFuture)
	wrong, wrongRoots := certificate(t, "mx.example", farFuture)
	expired, expiredRoots := certificate(t, "127.0.0.1", time.Unix(1, 0))
	stripped := but("EHLO", "250-mx.example\r\n250-XXXXXXXX\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME")
	for _, c := range []struct {
		name   string
		h      *hostile
		change func(*Settings)
	}{
		{"STARTTLS missing", &hostile{reply: stripped, certificate: good}, nil},
		{"EHLO refused", &hostile{reply: but("EHLO", "502 no"), certificate: good}, nil},
		{"STARTTLS refused", &hostile{reply: but("STARTTLS", "454 4.7.0 not now"), certificate: good}, nil},
		{"STARTTLS refused for good", &hostile{reply: but("STARTTLS", "502 no"), certificate: good}, nil},
		{"STARTTLS without a handshake", &hostile{reply: but("STARTTLS", "220 go"+dropAfter), certificate: good}, nil},
		{"text injected after 220", &hostile{certificate: good, inject: "250 trust me\r\n"}, nil},
		{"unknown authority", &hostile{certificate: good}, func(s *Settings) { s.RootCAs = wrongRoots }},
		{"certificate of another name", &hostile{certificate: wrong}, func(s *Settings) { s.RootCAs = wrongRoots }},
		{"expired certificate", &hostile{certificate: expired}, func(s *Settings) { s.RootCAs = expiredRoots }},
		{"clear text where TLS was due", &hostile{certificate: good}, func(s *Settings) { s.Security = ImplicitTLS }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := c.h.start(t)
			s.Security, s.RootCAs = StartTLS, roots
			s.User, s.Password = "user", aikagi.NewSecret("hunter2-hunter2")
			if c.change != nil {
				c.change(&s)
			}
			f := failure(t, deliver(t, s))
			if f.Stage != AtTLS || !f.Temporary || f.Auth || !f.BeforeFinalDot {
				t.Errorf("%+v", f)
			}
			for _, line := range c.h.seen() {
				for _, word := range []string{"AUTH", "MAIL", "RCPT", "DATA"} {
					if strings.HasPrefix(line, word) {
						t.Errorf("said %q in clear text", line)
					}
				}
			}
		})
	}
}

func TestTLSDelivers(t *testing.T) {
	t.Parallel()
	good, roots := certificate(t, "127.0.0.1", farFuture)
	for _, security := range []Security{StartTLS, ImplicitTLS} {
		h := &hostile{certificate: good, implicit: security == ImplicitTLS}
		s := h.start(t)
		s.Security, s.RootCAs = security, roots
		s.User, s.Password = "user", aikagi.NewSecret("pa:ss")
		if err := deliver(t, s); err != nil {
			t.Fatal(err)
		}
		want := "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00user\x00pa:ss"))
		if all := strings.Join(h.seen(), "\n"); !strings.Contains(all, want) {
			t.Errorf("commands:\n%s", all)
		}
	}
}

func TestTLS11IsRefused(t *testing.T) {
	t.Parallel()
	good, roots := certificate(t, "127.0.0.1", farFuture)
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			done <- err
			return
		}
		done <- tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}).Handshake()
		_ = conn.Close()
	}()
	f := failure(t, deliver(t, Settings{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: ImplicitTLS, RootCAs: roots}))
	_ = l.Close()
	if f.Stage != AtTLS || <-done == nil {
		t.Errorf("%+v", f)
	}
}

func TestK05AuthenticationFails(t *testing.T) {
	t.Parallel()
	password := "correct-horse-battery"
	encoded := base64.StdEncoding.EncodeToString([]byte("\x00user\x00" + password))
	for _, c := range []struct {
		name string
		h    *hostile
		want class
	}{
		{"535", &hostile{reply: but("AUTH", "535 5.7.8 bad "+password+" "+encoded)}, class{AtAuth, true, true, 535, "5.7.8", true}},
		{"550", &hostile{reply: but("AUTH", "550 no")}, class{AtAuth, true, true, 550, "", true}},
		{"454", &hostile{reply: but("AUTH", "454 4.7.0 later")}, class{AtAuth, true, false, 454, "4.7.0", true}},
		{"none offered", &hostile{reply: but("EHLO", "250 mx.example")}, class{AtAuth, true, true, 0, "", true}},
		{"only others offered", &hostile{reply: but("EHLO", "250-mx.example\r\n250 AUTH XOAUTH2")}, class{AtAuth, true, true, 0, "", true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := c.h.start(t)
			s.User, s.Password = "user", aikagi.NewSecret(password)
			f := failure(t, deliver(t, s))
			if got := classOf(f); got != c.want {
				t.Errorf("got %+v (%v), want %+v", got, f, c.want)
			}
			if strings.Contains(f.Error(), password) || strings.Contains(f.Error(), encoded) {
				t.Errorf("the error shows the password: %v", f)
			}
		})
	}
}

func TestAuthLogin(t *testing.T) {
	t.Parallel()
	h := &hostile{}
	h.reply = func(line string) string {
		switch line {
		case "EHLO [127.0.0.1]":
			return "250-mx.example\r\n250 auth login"
		case "AUTH LOGIN":
			return "334 VXNlcm5hbWU6"
		case base64.StdEncoding.EncodeToString([]byte("user")):
			return "334 UGFzc3dvcmQ6"
		case base64.StdEncoding.EncodeToString([]byte("pass")):
			return "235 ok"
		}
		return polite(line)
	}
	s := h.start(t)
	s.User, s.Password = "user", aikagi.NewSecret("pass")
	if err := deliver(t, s); err != nil {
		t.Fatal(err)
	}
}

func TestK17SlowServerIsLeft(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for range tick.C { // one octet at a time, for ever
			if _, err := conn.Write([]byte("2")); err != nil {
				return
			}
		}
	}()
	s := Settings{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: Loopback, Timeouts: Timeouts{Greeting: 300 * time.Millisecond}}
	// Without the deadline the words would go on until the line is too long.
	f := failure(t, deliver(t, s))
	if f.Stage != AtGreeting || !f.Temporary || !errors.Is(f.Err, os.ErrDeadlineExceeded) {
		t.Errorf("%+v", f)
	}
	_ = l.Close()
	<-done
}

func TestK18ExtensionsDoNotMatter(t *testing.T) {
	t.Parallel()
	for name, ehlo := range map[string]string{
		"none":     "250 mx.example",
		"all":      "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1\r\n250-SMTPUTF8\r\n250-BINARYMIME\r\n250-CHUNKING\r\n250 DSN",
		"nonsense": "250-\r\n250-=\r\n250-SIZE -99999999999999999999\r\n250 ",
		"no EHLO":  "502 5.5.1 what",
	} {
		h := &hostile{reply: but("EHLO", ehlo)}
		if err := deliver(t, h.start(t)); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := h.taken(); len(got) != 1 || got[0] != message {
			t.Errorf("%s: %q", name, got)
		}
		for _, line := range h.seen() {
			if strings.HasPrefix(line, "MAIL") && line != "MAIL FROM:<noreply@sakura.example.jp>" {
				t.Errorf("%s: %q", name, line)
			}
		}
	}
}

func TestK19RepliesAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	for name, h := range map[string]*hostile{
		"huge greeting":        {greeting: "220 " + long},
		"greeting without end": {greeting: strings.Repeat("220-x\r\n", 1<<16)},
		"huge line":            {reply: but("EHLO", "250 "+long)},
		"many lines":           {reply: but("EHLO", strings.Repeat("250-x\r\n", 1000)+"250 x")},
		"mixed codes":          {reply: but("EHLO", "250-x\r\n550 x")},
		"lines without code":   {reply: but("EHLO", "250-x\r\nx\r\n250 x")},
		"replies ahead":        {reply: but("MAIL", "250 ok\r\n250 ok\r\n354 go\r\n250 queued")},
	} {
		f := failure(t, deliver(t, h.start(t)))
		if !f.Temporary || f.Code != 0 || len(f.Error()) > 500 {
			t.Errorf("%s: %v", name, f)
		}
		if len(h.taken()) != 0 {
			t.Errorf("%s: a message was taken", name)
		}
	}
}

func TestServersWordsAreCutAndClean(t *testing.T) {
	t.Parallel()
	link := "https://sakura.example.jp/i/sakura/reset/kJ3mYV0x7Qb1uW9sT5oR2nE8zL4hC6gD"
	h := &hostile{reply: but("RCPT", "550-5.1.1 bad\x1b[31m \u202eevil\x00\r\n550 5.1.1 see "+link+" \xff "+strings.Repeat("lorem ", 200))}
	f := failure(t, deliver(t, h.start(t)))
	if strings.ContainsAny(f.Text, "\x1b\x00\r\n\u202e") || !utf8.ValidString(f.Text) || len([]rune(f.Text)) > 301 || strings.Contains(f.Text, "kJ3mYV0x") {
		t.Errorf("%q", f.Text)
	}
	if !strings.Contains(f.Text, "https://sakura.example.jp/…") {
		t.Errorf("%q", f.Text)
	}
}

func TestContextEndsASend(t *testing.T) {
	t.Parallel()
	h := &hostile{reply: but("RCPT", silence)}
	s := h.start(t)
	s.Timeouts.Command = time.Minute
	c, err := Dial(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	f := failure(t, c.Send(ctx, sender, recipient, []byte(message)))
	if !errors.Is(f, context.DeadlineExceeded) || !f.BeforeFinalDot || !f.Temporary {
		t.Errorf("%+v", f)
	}
}

func TestS24AddressIsCheckedAtConnectionTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		security Security
		address  string
		ok       bool
	}{
		{Loopback, "127.0.0.1:25", true},
		{Loopback, "[::1]:25", true},
		{Loopback, "[::ffff:127.0.0.1]:25", true},
		{Loopback, "192.0.2.1:25", false},
		{Loopback, "10.0.0.1:25", false},
		{StartTLS, "192.0.2.1:587", true},
		{StartTLS, "10.0.0.1:587", true},
		{StartTLS, "169.254.169.254:587", false},
		{StartTLS, "[fe80::1]:587", false},
		{StartTLS, "0.0.0.0:587", false},
		{StartTLS, "[::]:587", false},
		{StartTLS, "224.0.0.1:587", false},
		{StartTLS, "nonsense", false},
	} {
		err := Settings{Security: c.security}.control(t.Context(), "tcp", c.address, nil)
		if (err == nil) != c.ok {
			t.Errorf("%v %s: %v", c.security, c.address, err)
		}
	}
	f := failure(t, deliver(t, Settings{Host: "192.0.2.1", Port: 25, Security: Loopback}))
	if f.Stage != AtDial || !strings.Contains(f.Error(), "loopback only") {
		t.Errorf("%v", f)
	}
}

func TestS21E16SendRefusesMessages(t *testing.T) {
	t.Parallel()
	h := &hostile{}
	c, err := Dial(t.Context(), h.start(t))
	if err != nil {
		t.Fatal(err)
	}
	put := func(old, new string) string { return strings.Replace(message, old, new, 1) }
	for _, tc := range []struct{ name, from, to, raw string }{
		{"line break in the recipient", "", "a@x.jp>\r\nRCPT TO:<b@x.jp", ""},
		{"bracket in the recipient", "", "a@x.jp> NOTIFY=NEVER", ""},
		{"space in the recipient", "", "a b@x.jp", ""},
		{"two recipients", "", "a@x.jp,b@x.jp", ""},
		{"comment in the recipient", "", "a(b)@x.jp", ""},
		{"empty recipient", "", "-", ""},
		{"line break in the sender", "a@x.jp\r\nDATA", "", ""},
		{"NUL", "", "", put("hello", "hel\x00lo")},
		{"8-bit", "", "", put("hello", "héllo")},
		{"bare LF", "", "", put("hello\r\n", "hello\n")},
		{"bare CR", "", "", put("hello\r\n", "hello\r")},
		{"smuggled end", "", "", put("hello\r\n", "hello\n.\nMAIL FROM:<x@y.jp>\r\n")},
		{"no line end", "", "", strings.TrimSuffix(message, "\r\n")},
		{"long line", "", "", put("hello", strings.Repeat("x", 999))},
		{"second From", "", "", "From: a@sakura.example.jp\r\n" + message},
		{"second Subject", "", "", put("Subject:", "Subject: y\r\nSubject:")},
		{"Bcc", "", "", "Bcc: a@x.jp\r\n" + message},
		{"Cc", "", "", "Cc: a@x.jp\r\n" + message},
		{"Resent-To", "", "", "Resent-To: a@x.jp\r\n" + message},
		{"no Message-ID", "", "", put("Message-ID", "X-ID")},
		{"other To", "", "b@x.jp", ""},
		{"list in To", "", "", put("To: tanaka@example.co.jp", "To: tanaka@example.co.jp, b@x.jp")},
		{"other domain in From", "a@x.jp", "", ""},
		{"empty", "", "", "\r\n"},
	} {
		from, to, raw := string(sender), string(recipient), message
		if tc.from != "" {
			from = tc.from
		}
		if tc.to != "" {
			to = tc.to
		}
		if tc.raw != "" {
			raw = tc.raw
		}
		f := failure(t, c.Send(t.Context(), aikagi.Email(from), aikagi.Email(to), []byte(raw)))
		if f.Stage != AtMessage || f.Temporary || !f.BeforeFinalDot {
			t.Errorf("%s: %+v", tc.name, f)
		}
	}
	if err := c.Send(t.Context(), sender, recipient, []byte(message)); err != nil {
		t.Error(err)
	}
	if got := h.seen(); len(got) < 2 || !strings.HasPrefix(got[1], "MAIL FROM") || h.Connections() != 1 {
		t.Errorf("a refused message reached the server: %q", got)
	}
}

func TestQuotedRecipientOnTheWire(t *testing.T) {
	t.Parallel()
	h := &hostile{}
	c, err := Dial(t.Context(), h.start(t))
	if err != nil {
		t.Fatal(err)
	}
	raw := strings.Replace(message, "To: tanaka@example.co.jp", `To: ".a..b."@x.jp`, 1)
	if err := c.Send(t.Context(), sender, ".a..b.@x.jp", []byte(raw)); err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(h.seen(), "\n"); !strings.Contains(all, `RCPT TO:<".a..b."@x.jp>`) {
		t.Error(all)
	}
}

func TestFailureIsOneLine(t *testing.T) {
	t.Parallel()
	f := &Failure{Stage: AtRcpt, Code: 550, Enhanced: "5.1.1", Text: "unknown", Err: io.EOF}
	if got, want := fmt.Sprint(f), "smtp rcpt: 550 5.1.1: unknown: EOF"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
