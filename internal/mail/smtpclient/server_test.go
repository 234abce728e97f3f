package smtpclient

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/mail/smtptest"
)

// hostile is a mail server with one script for every connection.
type hostile struct {
	reply       func(line string) string
	greeting    string
	certificate *tls.Certificate // for STARTTLS, or from the first octet with implicit
	implicit    bool
	inject      string // sent in clear right after the 220 to STARTTLS

	*smtptest.Server
}

const (
	drop      = smtptest.Drop
	dropAfter = smtptest.Drop
	silence   = smtptest.Silence
)

func polite(line string) string { return smtptest.Polite(line) }

// but is polite except for one verb.
func but(verb, reply string) func(string) string {
	return smtptest.But(strings.ToUpper(verb), reply).Reply
}

// start serves h and returns settings that reach it.
func (h *hostile) start(t *testing.T) Settings {
	t.Helper()
	h.Server = smtptest.Start(t, smtptest.Script{
		Greeting: h.greeting, Reply: h.reply, Certificate: h.certificate, Implicit: h.implicit, Inject: h.inject,
	})
	host, port, err := net.SplitHostPort(h.Addr())
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	short := 300 * time.Millisecond
	return Settings{
		Host: host, Port: n, Security: Loopback,
		Timeouts: Timeouts{Dial: 5 * time.Second, Greeting: short, Command: short, Body: 2 * time.Second, Final: short},
	}
}

func (h *hostile) seen() []string { return h.Lines() }

// taken are the messages whose end came.
func (h *hostile) taken() []string {
	ended := h.Ended()
	all := make([]string, len(ended))
	for n, m := range ended {
		all[n] = m.Raw
	}
	return all
}

func certificate(t *testing.T, name string, until time.Time) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	return smtptest.Certificate(t, name, until)
}
