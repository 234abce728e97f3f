package smtptest

import (
	"bufio"
	"crypto/tls"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is a mail server of one test.
type Server struct {
	address string

	mu       sync.Mutex
	listener net.Listener // nil while the server is down
	scripts  []Script
	lines    []string
	messages []Message
	came     int
	open     []net.Conn
	serving  sync.WaitGroup
	ended    chan struct{}
}

// Message is a message whose end has come.
type Message struct {
	Connection int // number, from 0
	Raw        string
	Reply      string // of the server to its end
}

// Start listens on a free port of 127.0.0.1 until the test ends.
func Start(t testing.TB, scripts ...Script) *Server {
	t.Helper()
	s := &Server{address: "127.0.0.1:0", scripts: scripts, ended: make(chan struct{})}
	if len(scripts) == 0 {
		s.scripts = []Script{{}}
	}
	s.Up(t)
	t.Cleanup(func() {
		close(s.ended)
		s.Down()
	})
	return s
}

// Addr is host:port.
func (s *Server) Addr() string { return s.address }

// Up listens again where Start did.
func (s *Server) Up(t testing.TB) {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener, s.address = l, l.Addr().String()
	s.serving.Go(func() { s.accept(l) })
}

// Down ends all connections and refuses others.
func (s *Server) Down() {
	s.mu.Lock()
	if s.listener != nil {
		_ = s.listener.Close()
	}
	for _, c := range s.open {
		_ = c.Close()
	}
	s.listener, s.open = nil, nil
	s.mu.Unlock()
	s.serving.Wait()
}

// Follow gives the connections from now on other scripts.
func (s *Server) Follow(scripts ...Script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts = append(s.scripts[:min(s.came, len(s.scripts)):min(s.came, len(s.scripts))], make([]Script, max(0, s.came-len(s.scripts)))...)
	s.scripts = append(s.scripts, scripts...)
}

// Lines are all lines that came, without their ends.
func (s *Server) Lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.lines...)
}

// Count tells how many lines began with a verb.
func (s *Server) Count(word string) int {
	n := 0
	for _, line := range s.Lines() {
		if verb(line) == word {
			n++
		}
	}
	return n
}

// Connections tells how many came.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.came
}

// Ended are the messages whose final dot came, whatever the server said to it.
func (s *Server) Ended() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.messages...)
}

// Taken are the messages that were not refused: the server said 250 to the final
// dot, or nothing that the sender could know of.
func (s *Server) Taken() []Message {
	var all []Message
	for _, m := range s.Ended() {
		if !strings.HasPrefix(m.Reply, "4") && !strings.HasPrefix(m.Reply, "5") {
			all = append(all, m)
		}
	}
	return all
}

func (s *Server) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		number := s.came
		s.came++
		script := s.scripts[min(number, len(s.scripts)-1)]
		s.open = append(s.open, conn)
		closed := s.listener != l
		s.mu.Unlock()
		if closed {
			_ = conn.Close()
			return
		}
		s.serving.Go(func() {
			defer func() { _ = conn.Close() }()
			(&session{Server: s, Script: script, number: number, conn: conn}).serve()
		})
	}
}

// session is one connection.
type session struct {
	*Server
	Script
	number int
	conn   net.Conn
	br     *bufio.Reader
}

func (c *session) serve() {
	if c.Script.Reply == nil {
		c.Script.Reply = Polite
	}
	if c.Greeting == "" {
		c.Greeting = "220 mx.example ESMTP"
	}
	if c.Implicit {
		c.conn = tls.Server(c.conn, c.tlsConfig())
	}
	c.br = bufio.NewReader(c.conn)
	if !c.say(c.Greeting) {
		return
	}
	for {
		line, ok := c.read()
		if !ok {
			return
		}
		answer := c.Script.Reply(line)
		if !c.say(answer) {
			return
		}
		switch {
		case line == "DATA" && strings.HasPrefix(answer, "354"):
			if !c.message() {
				return
			}
		case line == "STARTTLS" && strings.HasPrefix(answer, "220"):
			secure := tls.Server(c.conn, c.tlsConfig())
			if secure.Handshake() != nil {
				return
			}
			c.conn, c.br = secure, bufio.NewReader(secure)
		}
	}
}

func (c *session) read() (string, bool) {
	line, err := c.br.ReadString('\n')
	if err != nil {
		return "", false
	}
	line = strings.TrimSuffix(line, "\r\n")
	c.mu.Lock()
	c.lines = append(c.lines, line)
	c.mu.Unlock()
	return line, true
}

// message reads a message and answers its end.
func (c *session) message() bool {
	var raw strings.Builder
	for {
		line, ok := c.read()
		if !ok {
			return false
		}
		if line == "." {
			break
		}
		raw.WriteString(strings.TrimPrefix(line, ".") + "\r\n")
		if c.Script.Reply("body") == Drop {
			return false
		}
	}
	answer := c.Script.Reply(".")
	c.mu.Lock()
	c.messages = append(c.messages, Message{Connection: c.number, Raw: raw.String(), Reply: strings.TrimPrefix(answer, "\x00")})
	c.mu.Unlock()
	return c.say(answer)
}

// say reports whether the connection goes on.
func (c *session) say(answer string) bool {
	answer, dies := strings.CutSuffix(answer, Drop)
	switch {
	case answer == Endless:
		for c.write("250-and so on\r\n") {
			continue
		}
		return false
	case answer == "" || answer == Silence:
		return !dies
	}
	text := answer + "\r\n"
	if strings.HasPrefix(answer, "220 go ahead") {
		text += c.Inject
	}
	return c.write(text) && !dies
}

func (c *session) write(text string) bool {
	if c.Pace == 0 {
		_, err := c.conn.Write([]byte(text))
		return err == nil
	}
	for n := range len(text) {
		select {
		case <-c.ended:
			return false
		case <-time.After(c.Pace):
		}
		if _, err := c.conn.Write([]byte{text[n]}); err != nil {
			return false
		}
	}
	return true
}

func (c *session) tlsConfig() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{*c.Certificate}, MinVersion: tls.VersionTLS10}
}
