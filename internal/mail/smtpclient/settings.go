package smtpclient

import (
	"crypto/x509"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
)

// Security says how a connection is protected. There is no mode that tries
// TLS and goes on without it.
type Security int

// The ways to protect a connection.
const (
	StartTLS    Security = iota // the server must offer STARTTLS with a valid certificate
	ImplicitTLS                 // TLS from the first byte, RFC 8314 §3
	Loopback                    // clear text, only to an address of this machine
)

// Settings name a mail server and how to reach it.
type Settings struct {
	Host     string
	Port     int
	Security Security
	User     string // empty: no AUTH
	Password aikagi.Secret
	Name     string         // what EHLO says; empty: the literal of the local address
	RootCAs  *x509.CertPool // nil: the system's
	Timeouts Timeouts

	names *net.Resolver // nil: the machine's
}

// Timeouts bound the steps of a delivery. A zero field takes its default.
type Timeouts struct {
	Dial     time.Duration // 15 s; connecting, and each TLS handshake
	Greeting time.Duration // 30 s
	Command  time.Duration // 60 s; each command with its reply
	Body     time.Duration // 3 min; writing the message
	// Final is the wait for the reply to the final dot, 10 min. RFC 5321
	// §4.5.3.2.6: a shorter wait makes duplicates.
	Final time.Duration
}

func (t Timeouts) orDefault() Timeouts {
	or := func(d, fallback time.Duration) time.Duration {
		if d > 0 {
			return d
		}
		return fallback
	}
	return Timeouts{
		Dial:     or(t.Dial, 15*time.Second),
		Greeting: or(t.Greeting, 30*time.Second),
		Command:  or(t.Command, time.Minute),
		Body:     or(t.Body, 3*time.Minute),
		Final:    or(t.Final, 10*time.Minute),
	}
}

// ParseURL reads smtp://user:password@host:587 or smtps://…:465. With smtp
// STARTTLS is required unless the host is this machine ("localhost", 127.0.0.0/8,
// ::1). The ports may be left out. Errors never repeat the text, which may
// hold a password.
func ParseURL(raw string) (Settings, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return Settings{}, refuse("not_a_url")
	}
	if u.Opaque != "" || strings.Trim(u.Path, "/") != "" || strings.ContainsAny(raw, "?#") {
		return Settings{}, refuse("only_host_and_port")
	}
	s := Settings{Host: strings.ToLower(u.Hostname())}
	switch u.Scheme {
	case "smtp":
		s.Port = 587 // RFC 6409 §3.1
		if isLoopbackName(s.Host) {
			s.Security = Loopback
		}
	case "smtps":
		s.Port, s.Security = 465, ImplicitTLS // RFC 8314 §7.3
	default:
		return Settings{}, refuse("scheme")
	}
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return Settings{}, refuse("port")
		}
		s.Port = int(n)
	}
	if u.User != nil {
		password, ok := u.User.Password()
		if !ok || u.User.Username() == "" {
			return Settings{}, refuse("user_and_password")
		}
		s.User, s.Password = u.User.Username(), aikagi.NewSecret(password)
	}
	return s, s.check()
}

func refuse(reason string) error { return aikagi.Because(aikagi.Invalid, "smtp", reason) }

// check holds for settings from ParseURL and for those put together by hand.
func (s Settings) check() error {
	if _, err := netip.ParseAddr(s.Host); err != nil && !isDomain(s.Host) {
		return refuse("host")
	}
	if s.Port < 1 || s.Port > 65535 {
		return refuse("port")
	}
	// RFC 4616 §2: NUL separates the fields of AUTH PLAIN. 255 octets each is
	// what that section asks servers to take.
	for _, v := range []string{s.User, s.Password.Reveal()} {
		if len(v) > 255 || strings.ContainsAny(v, "\x00\r\n") {
			return refuse("user_and_password")
		}
	}
	if s.Name != "" && !isDomain(s.Name) {
		return refuse("name")
	}
	return nil
}

func (s Settings) address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

func isLoopbackName(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
