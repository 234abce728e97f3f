package dns_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/aikagi/aikagi/internal/mail/dns"
	"github.com/aikagi/aikagi/internal/mail/dnstest"
)

func TestRecordsAreFound(t *testing.T) {
	t.Parallel()
	s := dnstest.Start(t)
	giant := strings.Repeat("v=DKIM1; ", 3000)
	s.Set("sakura.example.jp", "TXT", "one", giant)
	s.Set("sakura.example.jp", "MX", "20 b.example.jp", "10 a.example.jp")
	s.Set("null.example.jp", "MX", "0 .")
	s.Set("mail.example.jp", "A", "203.0.113.25")
	s.Set("mail.example.jp", "AAAA", "2001:db8::25")
	s.Set("www.example.jp", "CNAME", "alias.example.jp")
	s.Set("alias.example.jp", "CNAME", "mail.example.jp")
	s.SetReverse("203.0.113.25", "mail.example.jp")
	s.SetReverse("2001:db8::25", "mail.example.jp")
	c, ctx := dns.New(t.Context(), s.Resolver()), t.Context()

	if got, err := c.TXT(ctx, "SAKURA.example.jp."); err != nil || !slices.Equal(got, []string{"one", giant}) {
		t.Errorf("TXT: %d records, %v", len(got), err)
	}
	if got, err := c.MX(ctx, "sakura.example.jp"); err != nil || !slices.Equal(got, []string{"a.example.jp", "b.example.jp"}) {
		t.Errorf("MX: %q, %v", got, err)
	}
	if got, err := c.MX(ctx, "null.example.jp"); err != nil || !slices.Equal(got, []string{""}) {
		t.Errorf("null MX: %q, %v", got, err)
	}
	both := []netip.Addr{netip.MustParseAddr("203.0.113.25"), netip.MustParseAddr("2001:db8::25")}
	for _, name := range []string{"mail.example.jp", "www.example.jp"} {
		if got, err := c.Addresses(ctx, name); err != nil || !slices.Equal(got, both) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for _, address := range both {
		if got, err := c.Names(ctx, address); err != nil || !slices.Equal(got, []string{"mail.example.jp"}) {
			t.Errorf("%s: %v, %v", address, got, err)
		}
	}
	for _, name := range []string{"nobody.example", strings.Repeat("a.", 200) + "example", strings.Repeat("a", 70) + ".example"} {
		if got, err := c.TXT(ctx, name); !errors.Is(err, dns.ErrNone) || len(got) > 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := c.MX(ctx, "mail.example.jp"); !errors.Is(err, dns.ErrNone) {
		t.Errorf("no data: %v, %v", got, err)
	}
}

// TestTheMachinesHostsFileIsNotAsked: "localhost" stands in every one.
func TestTheMachinesHostsFileIsNotAsked(t *testing.T) {
	t.Parallel()
	c := dns.New(t.Context(), dnstest.Start(t).Resolver())
	if got, err := c.Addresses(t.Context(), "localhost"); !errors.Is(err, dns.ErrNone) {
		t.Errorf("addresses: %v, %v", got, err)
	}
	if got, err := c.Names(t.Context(), netip.MustParseAddr("127.0.0.1")); !errors.Is(err, dns.ErrNone) {
		t.Errorf("names: %v, %v", got, err)
	}
}

// TestM3OnlyTheAnswerToTheQuestionCounts: before it come noise, another number,
// a question instead of an answer, and an answer about another name.
func TestM3OnlyTheAnswerToTheQuestionCounts(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	conn, err := config.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			for _, answer := range answers(buf[:n]) {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	if got, err := dns.New(t.Context(), r).TXT(t.Context(), "x.example"); err != nil || !slices.Equal(got, []string{"right"}) {
		t.Errorf("got %q, %v", got, err)
	}
}

// answers are wrong ones and, last, the right one.
func answers(question []byte) [][]byte {
	pack := func(text string, change func(*dnsmessage.Message)) []byte {
		var m dnsmessage.Message
		if m.Unpack(question) != nil {
			return nil
		}
		m.Response, m.Additionals = true, nil
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: dnsmessage.TypeTXT, Class: dnsmessage.ClassINET},
			Body:   &dnsmessage.TXTResource{TXT: []string{text}},
		}}
		change(&m)
		packed, _ := m.Pack()
		return packed
	}
	return [][]byte{
		[]byte("noise"),
		pack("number", func(m *dnsmessage.Message) { m.ID++ }),
		pack("question", func(m *dnsmessage.Message) { m.Response = false }),
		pack("name", func(m *dnsmessage.Message) {
			m.Questions[0].Name = dnsmessage.MustNewName("y.example.")
			m.Answers[0].Header.Name = dnsmessage.MustNewName("x.example.")
		}),
		pack("kind", func(m *dnsmessage.Message) { m.Questions[0].Type = dnsmessage.TypeA }),
		pack("right", func(*dnsmessage.Message) {}),
	}
}

func TestM3NameServersThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, cause string
		ill         func(*dnstest.Server)
	}{
		{"servfail", "SERVFAIL", func(s *dnstest.Server) { s.Fail("x.example", dnsmessage.RCodeServerFailure) }},
		{"refused", "REFUSED", func(s *dnstest.Server) { s.Fail("x.example", dnsmessage.RCodeRefused) }},
		{"another code", "code 6", func(s *dnstest.Server) { s.Fail("x.example", 6) }},
		{"silent", "timeout", func(s *dnstest.Server) { s.Silent("x.example") }},
		{"aliases in a circle", "CNAMEs go on without end", func(s *dnstest.Server) {
			s.Set("x.example", "CNAME", "y.example")
			s.Set("y.example", "CNAME", "x.example")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := dnstest.Start(t)
			tt.ill(s)
			got, err := dns.New(t.Context(), s.Resolver()).TXT(t.Context(), "x.example")
			var unanswered *dns.Unanswered
			if !errors.As(err, &unanswered) || unanswered.Cause != tt.cause || len(got) > 0 {
				t.Errorf("got %v, %v", got, err)
			}
			if n := s.Asked("x.example"); n > 24 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}
