package smtpclient

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// hostile is a mail server that follows a script instead of RFC 5321.
type hostile struct {
	// reply answers a command line, ends "." for the message itself. "" says
	// nothing. A reply may hold several lines. drop closes the connection
	// instead, dropAfter after the reply.
	reply       func(line string) string
	greeting    string
	certificate *tls.Certificate // for STARTTLS, or from the first byte with implicit
	implicit    bool
	inject      string // sent in clear right after the 220 to STARTTLS

	mu          sync.Mutex
	lines       []string // every line that came, message lines too
	connections int
	messages    []string
}

const (
	drop      = "\x00drop"
	dropAfter = "\x00drop after"
	silence   = ""
	mute      = "\x00mute" // silence, as a greeting
)

// polite is a server that does everything right.
func polite(line string) string {
	verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
	switch verb {
	case "EHLO":
		return "250-mx.example\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME"
	case "STARTTLS":
		return "220 go ahead"
	case "AUTH":
		return "235 2.7.0 welcome"
	case "DATA":
		return "354 go on"
	case ".":
		return "250 2.0.0 queued"
	case "QUIT":
		return "221 bye"
	}
	return "250 2.1.0 ok"
}

// but is polite except for one verb.
func but(verb, reply string) func(string) string {
	return func(line string) string {
		if got, _, _ := strings.Cut(line, " "); got == verb {
			return reply
		}
		return polite(line)
	}
}

// start serves h on loopback and returns settings that reach it.
func (h *hostile) start(t *testing.T) Settings {
	t.Helper()
	if h.reply == nil {
		h.reply = polite
	}
	if h.greeting == "" {
		h.greeting = "220 mx.example ESMTP"
	}
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	var open []net.Conn
	t.Cleanup(func() {
		_ = l.Close()
		h.mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		h.mu.Unlock()
		serving.Wait()
	})
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			h.mu.Lock()
			h.connections++
			open = append(open, conn)
			h.mu.Unlock()
			serving.Go(func() { defer func() { _ = conn.Close() }(); h.serve(conn) })
		}
	})
	host, port, err := net.SplitHostPort(l.Addr().String())
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

func (h *hostile) serve(conn net.Conn) {
	if h.implicit {
		conn = tls.Server(conn, h.tlsConfig())
	}
	br := bufio.NewReader(conn)
	if !h.say(conn, h.greeting) {
		return
	}
	inMessage := false
	var message strings.Builder
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\r\n")
		h.mu.Lock()
		h.lines = append(h.lines, line)
		h.mu.Unlock()
		if inMessage && line != "." {
			message.WriteString(strings.TrimPrefix(line, ".") + "\r\n")
			if h.reply("body") == drop {
				return
			}
			continue
		}
		if inMessage {
			inMessage = false
			h.mu.Lock()
			h.messages = append(h.messages, message.String())
			h.mu.Unlock()
			message.Reset()
		}
		answer := h.reply(line)
		if !h.say(conn, answer) {
			return
		}
		inMessage = line == "DATA" && strings.HasPrefix(answer, "354")
		if line == "STARTTLS" && strings.HasPrefix(answer, "220") {
			secure := tls.Server(conn, h.tlsConfig())
			if secure.Handshake() != nil {
				return
			}
			conn, br = secure, bufio.NewReader(secure)
		}
	}
}

func (h *hostile) say(conn net.Conn, answer string) bool {
	answer, dies := strings.CutSuffix(answer, dropAfter)
	if answer == drop {
		return false
	}
	if answer != silence && answer != mute {
		text := answer + "\r\n"
		if strings.HasPrefix(answer, "220 go ahead") {
			text += h.inject
		}
		if _, err := conn.Write([]byte(text)); err != nil {
			return false
		}
	}
	return !dies
}

func (h *hostile) tlsConfig() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{*h.certificate}, MinVersion: tls.VersionTLS10}
}

func (h *hostile) seen() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.lines...)
}

func (h *hostile) taken() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.messages...)
}

// certificate makes one for 127.0.0.1 or a name, with the roots that trust it.
func certificate(t *testing.T, name string, until time.Time) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Unix(0, 0), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
