package dnstest_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/aikagi/aikagi/internal/mail/dnstest"
)

func TestAnswersWhatItWasTold(t *testing.T) {
	t.Parallel()
	s := dnstest.Start(t)
	giant := strings.Repeat("v=spf1 include:example.jp ", 1000)
	s.Set("example.jp", "TXT", "v=spf1 -all", giant)
	s.Set("example.jp", "MX", "10 mx.example.jp", "20 .")
	s.Set("mx.example.jp", "A", "192.0.2.1")
	s.Set("mx.example.jp", "AAAA", "2001:db8::1")
	s.Set("www.example.jp", "CNAME", "mx.example.jp.")
	s.SetReverse("192.0.2.1", "mx.example.jp")
	s.SetReverse("2001:db8::1", "mx.example.jp")
	r, ctx := s.Resolver(), t.Context()

	txt, err := r.LookupTXT(ctx, "EXAMPLE.jp.")
	if err != nil || !slices.Equal(txt, []string{"v=spf1 -all", giant}) {
		t.Errorf("TXT: %d records, %v", len(txt), err)
	}
	mx, err := r.LookupMX(ctx, "example.jp")
	if err != nil || len(mx) != 2 || mx[0].Host != "mx.example.jp." || mx[0].Pref != 10 || mx[1].Host != "." {
		t.Errorf("MX: %v, %v", mx, err)
	}
	hosts, err := r.LookupHost(ctx, "www.example.jp")
	slices.Sort(hosts)
	if err != nil || !slices.Equal(hosts, []string{"192.0.2.1", "2001:db8::1"}) {
		t.Errorf("addresses by the alias: %v, %v", hosts, err)
	}
	for _, address := range hosts {
		names, err := r.LookupAddr(ctx, address)
		if err != nil || !slices.Equal(names, []string{"mx.example.jp."}) {
			t.Errorf("names of %s: %v, %v", address, names, err)
		}
	}
	if s.Asked("example.jp") == 0 || s.Asked("other.example") != 0 {
		t.Error("questions are not counted")
	}
}

func TestFailsAsItWasTold(t *testing.T) {
	t.Parallel()
	s := dnstest.Start(t)
	s.Set("broken.example", "A", "192.0.2.1")
	s.Fail("broken.example", dnsmessage.RCodeServerFailure)
	s.Silent("silent.example")
	s.Set("a.loop.example", "CNAME", "b.loop.example")
	s.Set("b.loop.example", "CNAME", "a.loop.example")
	s.Set("there.example", "A", "192.0.2.1")
	for name, want := range map[string]func(*net.DNSError) bool{
		"nobody.example": func(e *net.DNSError) bool { return e.IsNotFound },
		"broken.example": func(e *net.DNSError) bool { return e.IsTemporary && !e.IsNotFound },
		"silent.example": func(e *net.DNSError) bool { return !e.IsNotFound },
		"there.example":  func(e *net.DNSError) bool { return e.IsNotFound }, // no TXT
		"a.loop.example": func(*net.DNSError) bool { return true },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		_, err := s.Resolver().LookupTXT(ctx, name)
		cancel()
		var e *net.DNSError
		if !errors.As(err, &e) || !want(e) {
			t.Errorf("%s: %+v", name, err)
		}
	}
}
