package smtpclient

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"
)

const (
	// RFC 5321 §4.5.3.1.5 says 512 octets for a reply line; real servers go over.
	maxReplyLine  = 2048
	maxReplyLines = 128
)

var (
	errReplyTooBig = errors.New("reply is too long")
	errBadReply    = errors.New("not an SMTP reply")
)

// reply is one server reply with its lines, without code and separator.
type reply struct {
	code  int
	lines []string
}

var enhancedStatus = regexp.MustCompile(`^([245]\.\d{1,3}\.\d{1,3})(?: |$)`)

// enhanced returns the RFC 3463 status, if it agrees with the code (RFC 2034 §4).
func (r reply) enhanced() string {
	if len(r.lines) == 0 {
		return ""
	}
	m := enhancedStatus.FindStringSubmatch(r.lines[0])
	if m == nil || m[1][0] != byte('0'+r.code/100) {
		return ""
	}
	return m[1]
}

// readReply reads one reply (RFC 5321 §4.2). It stops at the first line that
// is too long, at too many lines and at anything that is no reply, so an
// endless server costs at most maxReplyLine × maxReplyLines octets.
func readReply(br *bufio.Reader) (reply, error) {
	var r reply
	for range maxReplyLines {
		line, err := br.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return reply{}, errReplyTooBig
		}
		if err != nil {
			return reply{}, err
		}
		code, text, more, err := parseReplyLine(line)
		if err != nil || r.code != 0 && code != r.code {
			return reply{}, errBadReply
		}
		r.code, r.lines = code, append(r.lines, text)
		if !more {
			return r, nil
		}
	}
	return reply{}, errReplyTooBig
}

func parseReplyLine(line []byte) (code int, text string, more bool, err error) {
	s := strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r")
	if len(s) < 3 || s[0] < '2' || s[0] > '5' {
		return 0, "", false, errBadReply
	}
	for _, c := range []byte(s[:3]) {
		if c < '0' || c > '9' {
			return 0, "", false, errBadReply
		}
		code = code*10 + int(c-'0')
	}
	if len(s) == 3 {
		return code, "", false, nil
	}
	if s[3] != ' ' && s[3] != '-' {
		return 0, "", false, errBadReply
	}
	return code, s[4:], s[3] == '-', nil
}

// wire is a connection on which each step has its own time limit.
type wire struct {
	conn net.Conn
	br   *bufio.Reader
}

func newWire(conn net.Conn) *wire {
	return &wire{conn: conn, br: bufio.NewReaderSize(conn, maxReplyLine)}
}

// within bounds everything done on the connection until the returned function
// is called: by d as a whole, not per octet, and by ctx. A server that sends one
// octet a second gains nothing by it.
func (w *wire) within(ctx context.Context, d time.Duration) (done func()) {
	// The end of ctx has a way of its own, below, so that ctx knows that it is
	// over when the step fails by it.
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), d)
	deadline, _ := limited.Deadline()
	// A connection that cannot take a deadline is closed already; the next read says so.
	_ = w.conn.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = w.conn.SetDeadline(time.Unix(1, 0)) })
	return func() { stop(); cancel() }
}

// command sends one line and reads the reply to it. No argument can end the
// line: whoever gets past the checks before still stops here (S21).
func (w *wire) command(format string, args ...any) (reply, error) {
	line := fmt.Sprintf(format, args...)
	if strings.ContainsAny(line, "\r\n\x00") {
		return reply{}, errText("command with a line break")
	}
	// What stands in the buffer before we ask cannot be an answer.
	if w.br.Buffered() > 0 {
		return reply{}, errBadReply
	}
	if _, err := w.conn.Write([]byte(line + "\r\n")); err != nil {
		return reply{}, err
	}
	return readReply(w.br)
}
