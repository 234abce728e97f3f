package spamtest

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/mail/dnstest"
)

// Sender is a host that sends mail of a domain.
type Sender struct {
	Domain           string
	Host             string // its name
	Address          netip.Addr
	KeyName, KeyText string // of the DKIM record
}

// Publish puts into the DNS what the documents ask operators to publish.
func (s Sender) Publish(dns *dnstest.Server) {
	dns.Set(s.Host, "A", s.Address.String())
	dns.Set(s.Host, "TXT", "v=spf1 a -all") // of the name in HELO, RFC 7208 §2.3
	dns.SetReverse(s.Address.String(), s.Host)
	dns.Set(s.Domain, "A", s.Address.String())
	dns.Set(s.Domain, "MX", "10 "+s.Host)
	dns.Set(s.Domain, "TXT", "v=spf1 ip4:"+s.Address.String()+" -all")
	dns.Set(s.KeyName, "TXT", s.KeyText)
	dns.Set("_dmarc."+s.Domain, "TXT", "v=DMARC1; p=reject")
}

// Mail is a mail on its way, and its envelope.
type Mail struct {
	From, To string
	Raw      []byte
}

// Received returns the mail with the lines that the receiver's mail server
// adds in front (RFC 5321 §4.4).
func (s Sender) Received(m Mail, at time.Time) []byte {
	head := fmt.Sprintf("Return-Path: <%s>\r\n"+
		"Received: from %[2]s (%[2]s [%[3]s])\r\n"+
		"\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n"+
		"\tby mx.receiver.example (Postfix) with ESMTPS id 4Zb1xk2Vn9z1\r\n"+
		"\tfor <%[4]s>; %[5]s\r\n", m.From, s.Host, s.Address, m.To, at.Format(time.RFC1123Z))
	return append([]byte(head), m.Raw...)
}

// Rule is a rule that fired.
type Rule struct {
	Name  string
	Score float64
}

// Verdict is what a filter thinks of a mail.
type Verdict struct {
	Score float64
	Rules []Rule
}

// Fired reports whether a rule fired.
func (v Verdict) Fired(name string) bool {
	return slices.ContainsFunc(v.Rules, func(r Rule) bool { return r.Name == name })
}

// String is the score and the rules that add to it.
func (v Verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%.1f", v.Score)
	for _, r := range v.Rules {
		fmt.Fprintf(&b, " %s=%g", r.Name, r.Score)
	}
	return b.String()
}

// tool finds a program, or ends the test: skipped where it need not be there.
func tool(t testing.TB, name, debian string) string {
	t.Helper()
	for _, at := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(at); err == nil {
			return path
		}
	}
	absent(t, "%s is not installed (Debian: %s)", name, debian)
	return ""
}

func absent(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("AIKAGI_REQUIRE_MAIL_TOOLS") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}
