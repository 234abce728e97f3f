package smtpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/aikagi/aikagi"
)

// Client keeps one connection to a mail server and sends messages over it,
// one after the other. It is for one goroutine at a time.
type Client struct {
	settings   Settings
	wire       *wire // nil while there is no connection
	extensions map[string]string
	used       bool // a transaction was begun on this connection
}

// Dial connects, protects the connection and logs in.
func Dial(ctx context.Context, s Settings) (*Client, error) {
	if err := s.check(); err != nil {
		return nil, &Failure{Stage: AtDial, Temporary: true, BeforeFinalDot: true, Err: err}
	}
	s.Timeouts = s.Timeouts.orDefault()
	c := &Client{settings: s}
	if f := c.connect(ctx); f != nil {
		return nil, f.because(ctx)
	}
	return c, nil
}

// Send delivers one message: from and to are plain addresses as stored, raw is
// the whole message in CRLF lines. An error is always a *Failure. A connection
// that has gone stale since the last message is replaced, because nothing has
// been sent on it yet.
func (c *Client) Send(ctx context.Context, from, to aikagi.Email, raw []byte) error {
	sender, err := QuoteAddress(from)
	if err != nil {
		return &Failure{Stage: AtMessage, BeforeFinalDot: true, Err: err}
	}
	recipient, err := QuoteAddress(to)
	if err != nil {
		return &Failure{Stage: AtMessage, BeforeFinalDot: true, Err: err}
	}
	if err := checkMessage(from, to, raw); err != nil {
		return &Failure{Stage: AtMessage, BeforeFinalDot: true, Err: err}
	}
	if f := c.ready(ctx); f != nil {
		return f.because(ctx)
	}
	c.used = true
	if f := c.transaction(ctx, sender, recipient, raw); f != nil {
		// After a reply the next message can start with RSET; after silence,
		// nonsense or 421 (RFC 5321 §3.8) the connection is worth nothing.
		if f.Code == 0 || f.Code == 421 {
			c.drop()
		}
		return f.because(ctx)
	}
	return nil
}

// Close says QUIT and closes the connection. It does not wait for an answer:
// what was acknowledged is acknowledged.
func (c *Client) Close() error {
	if c.wire == nil {
		return nil
	}
	conn := c.wire.conn
	c.wire = nil
	stuck := time.AfterFunc(time.Second, func() { _ = conn.Close() })
	defer stuck.Stop()
	// QUIT is a courtesy; the server sees the end of the connection anyway.
	_, _ = conn.Write([]byte("QUIT\r\n"))
	if err := conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close connection to mail server: %w", err)
	}
	return nil
}

func (c *Client) drop() {
	if c.wire != nil {
		_ = c.wire.conn.Close()
		c.wire = nil
	}
}

// ready leaves a connection on which MAIL may follow.
func (c *Client) ready(ctx context.Context) *Failure {
	if c.wire != nil && !c.used {
		return nil
	}
	if c.wire != nil {
		if f := c.expect(ctx, AtHello, 250, "RSET"); f == nil {
			return nil
		}
		c.drop()
	}
	return c.connect(ctx)
}

func (c *Client) transaction(ctx context.Context, sender, recipient string, raw []byte) *Failure {
	if f := c.expect(ctx, AtMail, 250, "MAIL FROM:<%s>", sender); f != nil {
		return f
	}
	if f := c.expect(ctx, AtRcpt, 250, "RCPT TO:<%s>", recipient); f != nil {
		return f
	}
	if f := c.expect(ctx, AtData, 354, "DATA"); f != nil {
		return f
	}
	if f := c.body(ctx, raw); f != nil {
		return f
	}
	return c.finalDot(ctx)
}

func (c *Client) body(ctx context.Context, raw []byte) *Failure {
	done := c.wire.within(ctx, c.settings.Timeouts.Body)
	defer done()
	if _, err := c.wire.conn.Write(stuffed(raw)); err != nil {
		return lost(AtBody, err)
	}
	return nil
}

// finalDot is the point of no return: once any of it may have been written,
// only a reply tells whether the message was taken (decision 12).
func (c *Client) finalDot(ctx context.Context) *Failure {
	done := c.wire.within(ctx, c.settings.Timeouts.Final)
	defer done()
	r, err := c.wire.command(".")
	if err != nil {
		return lost(AtFinal, err)
	}
	if r.code/100 != 2 {
		return refused(AtFinal, unexpected(r))
	}
	return nil
}

// expect sends a command and wants one code, or for 250 any of its class
// (251 and 252 take the recipient too, RFC 5321 §4.2.3).
func (c *Client) expect(ctx context.Context, at Stage, code int, format string, args ...any) *Failure {
	done := c.wire.within(ctx, c.settings.Timeouts.Command)
	defer done()
	r, err := c.wire.command(format, args...)
	if err != nil {
		return lost(at, err)
	}
	if r.code == code || code == 250 && r.code/100 == 2 {
		return nil
	}
	return refused(at, unexpected(r))
}

// unexpected turns a reply of a class that makes no sense here (a 2yz or 3yz
// where the other was due) into code 451, so that it is tried again and never
// taken for success.
func unexpected(r reply) reply {
	if r.code < 400 {
		r.code = 451
	}
	return r
}

func (c *Client) connect(ctx context.Context) *Failure {
	f := c.open(ctx)
	if f == nil {
		f = c.protect(ctx)
	}
	if f == nil && c.settings.User != "" {
		f = c.login(ctx)
		c.settings.hideCredentials(f)
	}
	if f != nil {
		c.drop()
	}
	return f
}

// open dials, and reads the greeting where it comes in clear text.
func (c *Client) open(ctx context.Context) *Failure {
	c.used = false
	limited, cancel := context.WithTimeout(ctx, c.settings.Timeouts.Dial)
	defer cancel()
	d := net.Dialer{ControlContext: c.settings.control, Resolver: c.settings.names}
	conn, err := d.DialContext(limited, "tcp", c.settings.address())
	if err != nil {
		return lost(AtDial, err)
	}
	c.wire = newWire(conn)
	if c.settings.Security == ImplicitTLS {
		if f := c.handshake(ctx); f != nil {
			return f
		}
	}
	return c.greeting(ctx)
}

func (c *Client) greeting(ctx context.Context) *Failure {
	done := c.wire.within(ctx, c.settings.Timeouts.Greeting)
	defer done()
	r, err := readReply(c.wire.br)
	if err != nil {
		return lost(AtGreeting, err)
	}
	if r.code != 220 {
		return refused(AtGreeting, unexpected(r))
	}
	return nil
}

// control looks at the address that is about to be connected to, after names
// have been resolved (S24). Clear text goes to this machine only, whatever the
// name "localhost" resolves to; nothing goes to addresses that are no mail
// server's, such as a cloud's metadata service.
func (s Settings) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return errText("address cannot be read")
	}
	ip := ap.Addr().Unmap()
	if s.Security == Loopback && !ip.IsLoopback() {
		return errText("clear text is for loopback only")
	}
	if ip.IsUnspecified() || ip.IsMulticast() || ip.IsLinkLocalUnicast() {
		return errText("address is not allowed")
	}
	return nil
}

// protect says EHLO, upgrades where that is due, and says EHLO again: what was
// offered before the handshake is forgotten (RFC 3207 §4.2).
func (c *Client) protect(ctx context.Context) *Failure {
	if f := c.hello(ctx); f != nil {
		return f
	}
	if c.settings.Security != StartTLS {
		return nil
	}
	if _, ok := c.extensions["STARTTLS"]; !ok {
		return lost(AtTLS, errText("server does not offer STARTTLS"))
	}
	if f := c.expect(ctx, AtTLS, 220, "STARTTLS"); f != nil {
		return f
	}
	// Text after the 220 was sent in clear by somebody who wants it read as
	// part of the protected session (CVE-2011-0411).
	if c.wire.br.Buffered() > 0 {
		return lost(AtTLS, errText("text injected before the TLS handshake"))
	}
	if f := c.handshake(ctx); f != nil {
		return f
	}
	return c.hello(ctx)
}

func (c *Client) handshake(ctx context.Context) *Failure {
	limited, cancel := context.WithTimeout(ctx, c.settings.Timeouts.Dial)
	defer cancel()
	_ = c.wire.conn.SetDeadline(time.Time{})
	conn := tls.Client(c.wire.conn, &tls.Config{
		ServerName: c.settings.Host,
		RootCAs:    c.settings.RootCAs,
		MinVersion: tls.VersionTLS12,
	})
	if err := conn.HandshakeContext(limited); err != nil {
		return lost(AtTLS, err)
	}
	c.wire = newWire(conn)
	return nil
}

// hello says EHLO, or HELO to a server that does not know it (RFC 5321 §3.2).
func (c *Client) hello(ctx context.Context) *Failure {
	done := c.wire.within(ctx, c.settings.Timeouts.Command)
	defer done()
	r, err := c.wire.command("EHLO %s", c.name())
	if err != nil {
		return lost(AtHello, err)
	}
	c.extensions = nil
	if r.code == 250 {
		c.extensions = extensionsOf(r)
		return nil
	}
	if r.code != 500 && r.code != 502 {
		return refused(AtHello, unexpected(r))
	}
	if r, err = c.wire.command("HELO %s", c.name()); err != nil {
		return lost(AtHello, err)
	}
	if r.code != 250 {
		return refused(AtHello, unexpected(r))
	}
	return nil
}

// name is the configured name, or the literal of our address (RFC 5321 §4.1.4).
func (c *Client) name() string {
	if c.settings.Name != "" {
		return c.settings.Name
	}
	ap, err := netip.ParseAddrPort(c.wire.conn.LocalAddr().String())
	if err != nil {
		return "localhost"
	}
	if ip := ap.Addr().Unmap().WithZone(""); ip.Is4() {
		return "[" + ip.String() + "]"
	}
	return "[IPv6:" + ap.Addr().WithZone("").String() + "]"
}

func extensionsOf(r reply) map[string]string {
	found := make(map[string]string)
	for _, line := range r.lines[1:] {
		keyword, params, _ := strings.Cut(line, " ")
		found[strings.ToUpper(keyword)] = strings.ToUpper(params)
	}
	return found
}
