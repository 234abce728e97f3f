package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	waitAnswer  = 2 * time.Second // for one answer of one server
	tries       = 2
	maxServers  = 3    // as many as resolv.conf(5) takes
	maxDatagram = 1232 // octets that are not cut into fragments (DNS Flag Day 2020)
)

// ask returns the answers to a question, ErrNone, or *Unanswered.
func (c *Client) ask(ctx context.Context, q dnsmessage.Question) ([]dnsmessage.Resource, error) {
	cause := "no name server is known"
	for range tries {
		for _, server := range c.servers[:min(len(c.servers), maxServers)] {
			m, err := c.exchange(ctx, server, q)
			if err != nil {
				cause = causeOf(err)
				continue
			}
			switch m.RCode {
			case dnsmessage.RCodeSuccess:
				return m.Answers, nil
			case dnsmessage.RCodeNameError:
				return nil, ErrNone
			}
			cause = nameOf(m.RCode)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, &Unanswered{Name: written(q.Name), Cause: cause}
}

// nameOf is the name that tools and manuals use (RFC 6895 §2.3).
func nameOf(code dnsmessage.RCode) string {
	switch code {
	case dnsmessage.RCodeFormatError:
		return "FORMERR"
	case dnsmessage.RCodeServerFailure:
		return "SERVFAIL"
	case dnsmessage.RCodeNotImplemented:
		return "NOTIMP"
	case dnsmessage.RCodeRefused:
		return "REFUSED"
	}
	return "code " + strconv.Itoa(int(code))
}

func causeOf(err error) string {
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return "timeout"
	}
	return err.Error()
}

// exchange asks by datagram, and by stream if the answer does not fit in one.
func (c *Client) exchange(ctx context.Context, server string, q dnsmessage.Question) (dnsmessage.Message, error) {
	m, err := c.over(ctx, "udp", server, q)
	if err == nil && m.Truncated {
		return c.over(ctx, "tcp", server, q)
	}
	return m, err
}

func (c *Client) over(ctx context.Context, network, server string, q dnsmessage.Question) (dnsmessage.Message, error) {
	var none dnsmessage.Message
	ctx, cancel := context.WithTimeout(ctx, waitAnswer)
	defer cancel()
	conn, err := c.dial(ctx, network, server)
	if err != nil {
		return none, err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // ends reading and writing
	defer stop()
	id := uint16(rand.Uint32()) //nolint:gosec // G404, G115: against mistakes; this client decides nothing
	question, err := pack(id, q)
	if err != nil {
		return none, err
	}
	if network == "tcp" {
		question = append(binary.BigEndian.AppendUint16(nil, uint16(len(question))), question...) //nolint:gosec // G115: a question is short
	}
	if _, err := conn.Write(question); err != nil {
		return none, err
	}
	return await(conn, network, id, q)
}

func pack(id uint16, q dnsmessage.Question) ([]byte, error) {
	var extra dnsmessage.ResourceHeader
	if err := extra.SetEDNS0(maxDatagram, dnsmessage.RCodeSuccess, false); err != nil {
		return nil, err
	}
	m := dnsmessage.Message{
		Header:      dnsmessage.Header{ID: id, RecursionDesired: true},
		Questions:   []dnsmessage.Question{q},
		Additionals: []dnsmessage.Resource{{Header: extra, Body: &dnsmessage.OPTResource{}}},
	}
	return m.Pack()
}

// await reads until the answer to the question comes; anything else is somebody
// else's, or a forger's.
func await(conn net.Conn, network string, id uint16, q dnsmessage.Question) (dnsmessage.Message, error) {
	for {
		raw, err := read(conn, network)
		if err != nil {
			return dnsmessage.Message{}, err
		}
		var p dnsmessage.Parser
		head, err := p.Start(raw)
		if err != nil || head.ID != id || !head.Response {
			continue
		}
		asked, err := p.Question()
		if err != nil || !same(asked.Name, q.Name) || asked.Type != q.Type || asked.Class != q.Class {
			continue
		}
		if head.Truncated {
			return dnsmessage.Message{Header: head}, nil
		}
		var m dnsmessage.Message
		if err := m.Unpack(raw); err != nil {
			return dnsmessage.Message{}, errors.New("the answer cannot be read")
		}
		return m, nil
	}
}

func read(conn net.Conn, network string) ([]byte, error) {
	if network == "udp" {
		buf := make([]byte, 4096)
		n, err := conn.Read(buf)
		return buf[:n], err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	buf := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(conn, buf)
	return buf, err
}
