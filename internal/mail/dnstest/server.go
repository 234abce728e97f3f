package dnstest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Server is a name server of one test.
type Server struct {
	tcp net.Listener
	udp net.PacketConn

	mu     sync.Mutex
	names  map[string]map[string][]string // name → type → records
	codes  map[string]dnsmessage.RCode
	silent map[string]bool
	asked  map[string]int
	open   []net.Conn
}

// Start listens on a free port of 127.0.0.1 until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{
		names: map[string]map[string][]string{}, codes: map[string]dnsmessage.RCode{},
		silent: map[string]bool{}, asked: map[string]int{},
	}
	s.listen(t)
	var serving sync.WaitGroup
	t.Cleanup(func() {
		_, _ = s.tcp.Close(), s.udp.Close()
		s.mu.Lock()
		for _, conn := range s.open {
			_ = conn.Close()
		}
		s.mu.Unlock()
		serving.Wait()
	})
	serving.Go(s.serveUDP)
	serving.Go(func() {
		for {
			conn, err := s.tcp.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open = append(s.open, conn)
			s.mu.Unlock()
			serving.Go(func() { s.serveTCP(conn) })
		}
	})
	return s
}

// listen finds a port that is free for both protocols.
func (s *Server) listen(t testing.TB) {
	t.Helper()
	var config net.ListenConfig
	var err error
	for range 20 {
		if s.tcp, err = config.Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
			t.Fatalf("listen: %v", err)
		}
		if s.udp, err = config.ListenPacket(t.Context(), "udp", s.tcp.Addr().String()); err == nil {
			return
		}
		_ = s.tcp.Close()
	}
	t.Fatalf("listen: %v", err)
}

// Addr is the address of the server, "127.0.0.1:port".
func (s *Server) Addr() string { return s.tcp.Addr().String() }

// Resolver asks this server and no other.
func (s *Server) Resolver() *net.Resolver {
	return &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, s.Addr())
		},
	}
}

// Set gives a name its records of one type, instead of those it had. An MX is
// written "10 mx.example.jp"; a TXT may be of any length, and is cut into
// strings of 255 octets.
func (s *Server) Set(name, recordType string, records ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name = key(name)
	if s.names[name] == nil {
		s.names[name] = map[string][]string{}
	}
	s.names[name][strings.ToUpper(recordType)] = records
}

// SetReverse gives an address its PTR record.
func (s *Server) SetReverse(address, name string) {
	ip := netip.MustParseAddr(address)
	if ip.Is4() {
		b := ip.As4()
		s.Set(fmt.Sprintf("%d.%d.%d.%d.in-addr.arpa", b[3], b[2], b[1], b[0]), "PTR", name)
		return
	}
	var reversed strings.Builder
	for _, octet := range slices.Backward(ip.AsSlice()) {
		fmt.Fprintf(&reversed, "%x.%x.", octet&15, octet>>4)
	}
	s.Set(reversed.String()+"ip6.arpa", "PTR", name)
}

// Fail answers every question about a name with a code.
func (s *Server) Fail(name string, code dnsmessage.RCode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[key(name)] = code
}

// Silent leaves every question about a name without an answer.
func (s *Server) Silent(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent[key(name)] = true
}

// Asked counts the questions about a name.
func (s *Server) Asked(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[key(name)]
}

func key(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

func (s *Server) serveUDP() {
	buf := make([]byte, 4096)
	for {
		n, from, err := s.udp.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // of a client that is gone
		}
		if answer := s.answer(buf[:n], true); answer != nil {
			_, _ = s.udp.WriteTo(answer, from) // lost datagrams are asked for again
		}
	}
}

func (s *Server) serveTCP(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for {
		_ = conn.SetDeadline(time.Time{})
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		answer := s.answer(question, false)
		if answer == nil {
			continue
		}
		binary.BigEndian.PutUint16(size[:], uint16(len(answer))) //nolint:gosec // G115: packing refuses more
		if _, err := conn.Write(append(size[:], answer...)); err != nil {
			return
		}
	}
}

// answer returns the packed answer, nil for silence.
func (s *Server) answer(question []byte, datagram bool) []byte {
	var asked dnsmessage.Message
	if asked.Unpack(question) != nil || len(asked.Questions) != 1 {
		return nil
	}
	q := asked.Questions[0]
	most := 512
	for _, extra := range asked.Additionals {
		if extra.Header.Type == dnsmessage.TypeOPT {
			most = max(most, int(extra.Header.Class)) // RFC 6891 §6.1.2: the size that the asker takes
		}
	}
	s.mu.Lock()
	name := key(q.Name.String())
	s.asked[name]++
	silent := s.silent[name]
	reply := dnsmessage.Message{Header: dnsmessage.Header{
		ID: asked.ID, Response: true, Authoritative: true, RecursionDesired: asked.RecursionDesired, RecursionAvailable: true,
	}, Questions: asked.Questions}
	reply.Answers, reply.RCode = s.find(q)
	s.mu.Unlock()
	if silent {
		return nil
	}
	packed, err := reply.Pack()
	if err != nil || len(packed) > 65535 {
		reply.Answers, reply.RCode = nil, dnsmessage.RCodeServerFailure
		packed, _ = reply.Pack()
	}
	if datagram && len(packed) > most {
		reply.Answers, reply.Truncated = nil, true
		packed, _ = reply.Pack()
	}
	return packed
}

// find follows CNAMEs, as long as they go on and at most twenty times.
func (s *Server) find(q dnsmessage.Question) ([]dnsmessage.Resource, dnsmessage.RCode) {
	var found []dnsmessage.Resource
	name, wanted := q.Name, strings.TrimPrefix(q.Type.String(), "Type")
	for range 20 {
		at := key(name.String())
		if code, fails := s.codes[at]; fails {
			return found, code
		}
		if !s.exists(at) {
			return found, dnsmessage.RCodeNameError
		}
		for _, record := range s.names[at][wanted] {
			body, err := bodyOf(wanted, record)
			if err != nil {
				return nil, dnsmessage.RCodeServerFailure
			}
			found = append(found, resource(name, q.Type, body))
		}
		alias := s.names[at]["CNAME"]
		if wanted == "CNAME" || len(alias) == 0 {
			return found, dnsmessage.RCodeSuccess
		}
		body, err := bodyOf("CNAME", alias[0])
		if err != nil {
			return nil, dnsmessage.RCodeServerFailure
		}
		found = append(found, resource(name, dnsmessage.TypeCNAME, body))
		name = body.(*dnsmessage.CNAMEResource).CNAME
	}
	return found, dnsmessage.RCodeSuccess
}

// exists is true for names with records and for those above them (RFC 8020).
func (s *Server) exists(name string) bool {
	for known := range s.names {
		if known == name || strings.HasSuffix(known, "."+name) {
			return true
		}
	}
	return false
}

func resource(name dnsmessage.Name, t dnsmessage.Type, body dnsmessage.ResourceBody) dnsmessage.Resource {
	return dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: name, Type: t, Class: dnsmessage.ClassINET, TTL: 1},
		Body:   body,
	}
}

func bodyOf(recordType, record string) (dnsmessage.ResourceBody, error) {
	switch recordType {
	case "A":
		ip, err := netip.ParseAddr(record)
		if err != nil || !ip.Is4() {
			return nil, fmt.Errorf("%q is no IPv4 address", record)
		}
		return &dnsmessage.AResource{A: ip.As4()}, nil
	case "AAAA":
		ip, err := netip.ParseAddr(record)
		if err != nil {
			return nil, err
		}
		return &dnsmessage.AAAAResource{AAAA: ip.As16()}, nil
	case "TXT":
		var parts []string
		for part := range slices.Chunk([]byte(record), 255) {
			parts = append(parts, string(part))
		}
		if len(parts) == 0 {
			parts = []string{""}
		}
		return &dnsmessage.TXTResource{TXT: parts}, nil
	}
	return namedBody(recordType, record)
}

func namedBody(recordType, record string) (dnsmessage.ResourceBody, error) {
	target, preference := record, uint64(0)
	if recordType == "MX" {
		first, rest, found := strings.Cut(record, " ")
		n, err := strconv.ParseUint(first, 10, 16)
		if err != nil || !found {
			return nil, fmt.Errorf("%q is no MX; write 10 mx.example.jp", record)
		}
		target, preference = rest, n
	}
	name, err := dnsmessage.NewName(strings.TrimSuffix(target, ".") + ".")
	if err != nil {
		return nil, err
	}
	switch recordType {
	case "CNAME":
		return &dnsmessage.CNAMEResource{CNAME: name}, nil
	case "MX":
		return &dnsmessage.MXResource{Pref: uint16(preference), MX: name}, nil
	case "NS":
		return &dnsmessage.NSResource{NS: name}, nil
	case "PTR":
		return &dnsmessage.PTRResource{PTR: name}, nil
	}
	return nil, fmt.Errorf("no records of type %q here", recordType)
}
