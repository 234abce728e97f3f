package mailbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/aikagi/aikagi/internal/clock"
)

const (
	keep       = 1000    // messages; the oldest go first
	maxMessage = 1 << 20 // octets
	maxRcpt    = 100
	idle       = 5 * time.Minute // RFC 5321 §4.5.3.2.7
)

// Message is one message as one recipient got it.
type Message struct {
	ID      string
	From    string    // the header's, decoded
	To      string    // the envelope's recipient
	Subject string    // decoded
	Date    time.Time // when it arrived
	Text    string
	HTML    string
	Raw     []byte
}

// Mailbox is a running mail server with what it received.
type Mailbox struct {
	clock  clock.Clock
	gate   *gate
	server *smtp.Server
	served chan struct{} // closed when the server has stopped

	mu       sync.Mutex
	messages []Message // oldest first
	count    int
	excused  map[string]bool // temperror-once addresses that failed already
	arrived  chan struct{}   // closed and replaced at each arrival
}

// Listen starts a mail server on addr, "127.0.0.1:0" say, which must be of
// this machine. ctx bounds the start only; Close ends the server.
func Listen(ctx context.Context, addr string, clk clock.Clock) (*Mailbox, error) {
	return listen(ctx, addr, clk, nil)
}

// ListenTLS is Listen for a server that offers STARTTLS with certificate.
func ListenTLS(ctx context.Context, addr string, clk clock.Clock, certificate tls.Certificate) (*Mailbox, error) {
	return listen(ctx, addr, clk, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
}

func listen(ctx context.Context, addr string, clk clock.Clock, secure *tls.Config) (*Mailbox, error) {
	g, err := openGate(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("start mailbox: %w", err)
	}
	m := &Mailbox{
		clock: clk, gate: g, served: make(chan struct{}),
		excused: make(map[string]bool), arrived: make(chan struct{}),
	}
	m.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{mailbox: m}, nil
	}))
	m.server.Domain = "localhost"
	m.server.TLSConfig = secure
	m.server.MaxMessageBytes = maxMessage
	m.server.MaxRecipients = maxRcpt
	m.server.ReadTimeout, m.server.WriteTimeout = idle, idle
	m.server.ErrorLog = log.New(io.Discard, "", 0) // clients that hang up are no news here
	go func() {
		defer close(m.served)
		// Serve ends when the gate closes, which is no failure.
		_ = m.server.Serve(g)
	}()
	return m, nil
}

// Addr is where the server listens, host and port.
func (m *Mailbox) Addr() string { return m.gate.Addr().String() }

// Messages returns what came for an address, newest first; for the empty
// address everything.
func (m *Mailbox) Messages(to string) []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.find(to)
}

func (m *Mailbox) find(to string) []Message {
	found := []Message{}
	for _, msg := range slices.Backward(m.messages) {
		if to == "" || strings.EqualFold(msg.To, to) {
			found = append(found, msg)
		}
	}
	return found
}

// Wait returns Messages(to) as soon as there are at least n of them.
func (m *Mailbox) Wait(ctx context.Context, to string, n int) ([]Message, error) {
	for {
		m.mu.Lock()
		found, arrived := m.find(to), m.arrived
		m.mu.Unlock()
		if len(found) >= n {
			return found, nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %d messages, have %d: %w", n, len(found), context.Cause(ctx))
		}
	}
}

// Pause lets clients connect and never greets them, until Resume. Connections
// that were greeted already go on.
func (m *Mailbox) Pause() { m.gate.pause() }

// Resume greets those who waited.
func (m *Mailbox) Resume() { m.gate.resume() }

// Down refuses connections and cuts those there are, until Up.
func (m *Mailbox) Down() { m.gate.down() }

// Up listens again on the same address.
func (m *Mailbox) Up(ctx context.Context) error {
	if err := m.gate.up(ctx); err != nil {
		return fmt.Errorf("start mailbox again: %w", err)
	}
	return nil
}

// Close stops the server and cuts all connections. The messages stay.
func (m *Mailbox) Close() error {
	err := m.server.Close()
	// The server knows the gate only once it serves.
	_ = m.gate.Close()
	<-m.served
	if err != nil && !errors.Is(err, smtp.ErrServerClosed) {
		return fmt.Errorf("stop mailbox: %w", err)
	}
	return nil
}

// keepFor stores one copy for each recipient.
func (m *Mailbox) keepFor(recipients []string, from string, raw []byte) {
	p := parse(raw)
	if p.from == "" {
		p.from = from
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, to := range recipients {
		m.count++
		m.messages = append(m.messages, Message{
			ID: strconv.Itoa(m.count), From: p.from, To: to, Subject: p.subject,
			Date: m.clock.Now(), Text: p.text, HTML: p.html, Raw: raw,
		})
	}
	if over := len(m.messages) - keep; over > 0 {
		m.messages = slices.Delete(m.messages, 0, over)
	}
	close(m.arrived)
	m.arrived = make(chan struct{})
}

// refuses says what the addresses of doc.go force.
func (m *Mailbox) refuses(to string) error {
	local, _, _ := strings.Cut(strings.ToLower(to), "@")
	temporary := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "forced temporary failure"}
	switch local {
	case "temperror":
		return temporary
	case "permerror":
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "forced permanent failure"}
	case "temperror-once":
		m.mu.Lock()
		defer m.mu.Unlock()
		if !m.excused[to] {
			m.excused[to] = true
			return temporary
		}
	}
	return nil
}

// session is one connection's state, as go-smtp wants it.
type session struct {
	mailbox *Mailbox
	from    string
	to      []string
}

// Mail begins a message.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt adds a recipient, or fails on request.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.mailbox.refuses(to); err != nil {
		return err
	}
	s.to = append(s.to, to)
	return nil
}

// Data takes the message.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mailbox.keepFor(s.to, s.from, raw)
	return nil
}

// Reset forgets an unfinished message.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout has nothing to free.
func (*session) Logout() error { return nil }
