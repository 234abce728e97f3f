package doctor_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/doctor"
	"github.com/aikagi/aikagi/internal/mail/dkim"
	"github.com/aikagi/aikagi/internal/mail/smtptest"
	"github.com/aikagi/aikagi/internal/mailbox"
)

// theKey serves all tests: making one is slow.
var theKey = sync.OnceValues(func() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), nil
})

const (
	keyName = "aikagi._domainkey.example.jp"
	address = "203.0.113.25"
)

// newSender is a patient whose sender is sound: mail.example.jp sends from
// 203.0.113.25.
func newSender(t *testing.T) (p *patient, record string) {
	t.Helper()
	p = newPatient(t)
	box, err := mailbox.Listen(t.Context(), "127.0.0.1:0", p.Clock)
	must(t, err)
	t.Cleanup(func() { _ = box.Close() })
	text, err := theKey()
	must(t, err)
	p.Settings.SMTP = aikagi.NewSecret("smtp://" + box.Addr())
	p.Settings.DKIMKey = filepath.Join(p.dir, "dkim.pem")
	must(t, os.WriteFile(p.Settings.DKIMKey, text, 0o600))
	p.SendingFrom = []netip.Addr{netip.MustParseAddr(address)}
	key, err := dkim.ParseKey(text, "example.jp", "aikagi")
	must(t, err)
	record, err = key.Record()
	must(t, err)
	p.dns.Set(keyName, "TXT", record)
	p.dns.Set("example.jp", "TXT", "some-verification=1", "v=spf1 mx -all")
	p.dns.Set("example.jp", "MX", "10 mail.example.jp")
	p.dns.Set("mail.example.jp", "A", address)
	p.dns.Set("_dmarc.example.jp", "TXT", "v=DMARC1; p=none")
	p.dns.SetReverse(address, "mail.example.jp")
	return p, record
}

func TestM3ASoundSenderNeedsNothing(t *testing.T) {
	t.Parallel()
	p, record := newSender(t)
	found, records := p.ExamineMail(t.Context())
	has(t, found, doctor.OK, "smtp_ok", "dkim_published", "spf_ok", "dmarc_ok", "ptr_ok", "mx_ok")
	if doctor.NeedsCare(found) || len(found) != 6 {
		t.Errorf("got %+v", found)
	}
	want := []doctor.Record{
		{Name: keyName, Type: "TXT", Value: record, Published: true},
		{Name: "example.jp", Type: "TXT", Value: "v=spf1 mx -all", Published: true},
		{Name: "_dmarc.example.jp", Type: "TXT", Value: "v=DMARC1; p=none", Published: true},
	}
	if !slices.Equal(records, want) {
		t.Errorf("got %+v", records)
	}
	p.has(t, doctor.OK, "dkim_published", "database_ok")
}

// TestM3WhatIsWrongWithTheSender also holds K20 for what the DNS says about the
// key.
func TestM3WhatIsWrongWithTheSender(t *testing.T) {
	t.Parallel()
	const domain = "example.jp"
	tests := []struct {
		reason string
		level  doctor.Level
		ill    func(p *patient, record string)
	}{
		{"dkim_missing", doctor.Bad, func(p *patient, _ string) { p.dns.Set(keyName, "TXT") }},
		{"dkim_other", doctor.Bad, func(p *patient, record string) {
			p.dns.Set(keyName, "TXT", record[:40]+strings.ToLower(record[40:]))
		}},
		{"dkim_revoked", doctor.Bad, func(p *patient, _ string) { p.dns.Set(keyName, "TXT", "v=DKIM1; k=rsa; p=") }},
		{"dkim_several", doctor.Bad, func(p *patient, record string) { p.dns.Set(keyName, "TXT", record, record+";") }},
		{"dkim_unusable", doctor.Bad, func(p *patient, record string) { p.dns.Set(keyName, "TXT", record+"; h=sha1") }},
		{"dkim_testing", doctor.Warn, func(p *patient, record string) { p.dns.Set(keyName, "TXT", record+"; t=y") }},
		{"dkim_none", doctor.Warn, func(p *patient, _ string) { p.Settings.DKIMKey = "" }},
		{"dkim_unreadable", doctor.Bad, func(p *patient, _ string) { p.Settings.DKIMKey += "x" }},
		{"dkim_key", doctor.Bad, func(p *patient, _ string) { p.Settings.DKIMKey = p.Settings.KeyFile }},

		{"spf_missing", doctor.Warn, func(p *patient, _ string) { p.dns.Set(domain, "TXT", "some-verification=1") }},
		{"spf_several", doctor.Bad, func(p *patient, _ string) { p.dns.Set(domain, "TXT", "v=spf1 mx -all", "v=spf1 a -all") }},
		{"spf_syntax", doctor.Bad, func(p *patient, _ string) { p.dns.Set(domain, "TXT", "v=spf1 mail.example.jp -all") }},
		{"spf_lookups", doctor.Bad, func(p *patient, _ string) { p.dns.Set(domain, "TXT", "v=spf1 include:example.jp -all") }},
		{"spf_void", doctor.Bad, func(p *patient, _ string) {
			p.dns.Set(domain, "TXT", "v=spf1 a:x.example a:y.example a:z.example -all")
		}},
		{"spf_no_include", doctor.Bad, func(p *patient, _ string) { p.dns.Set(domain, "TXT", "v=spf1 include:x.example -all") }},
		{"spf_too_long", doctor.Bad, func(p *patient, _ string) {
			p.dns.Set(domain, "TXT", "v=spf1 "+strings.Repeat("ip4:192.0.2.1 ", 1000)+"-all")
		}},
		{"spf_forbids", doctor.Bad, func(p *patient, _ string) { p.dns.Set(domain, "TXT", "v=spf1 ip4:192.0.2.1 ~all") }},

		{"dmarc_missing", doctor.Warn, func(p *patient, _ string) { p.dns.Set("_dmarc.example.jp", "TXT", "v=spf1 -all") }},
		{"dmarc_several", doctor.Bad, func(p *patient, _ string) {
			p.dns.Set("_dmarc.example.jp", "TXT", "v=DMARC1; p=none", "v=DMARC1; p=reject")
		}},
		{"dmarc_syntax", doctor.Bad, func(p *patient, _ string) { p.dns.Set("_dmarc.example.jp", "TXT", "v=DMARC1; p=perhaps") }},
		{"dmarc_fails", doctor.Warn, func(p *patient, _ string) {
			p.dns.Set(keyName, "TXT")
			p.dns.Set(domain, "TXT", "v=spf1 -all")
		}},
		{"dmarc_refuses", doctor.Bad, func(p *patient, _ string) {
			p.dns.Set(keyName, "TXT")
			p.dns.Set(domain, "TXT", "v=spf1 -all")
			p.dns.Set("_dmarc.example.jp", "TXT", "v=DMARC1; p=quarantine")
		}},

		{"ptr_missing", doctor.Bad, func(p *patient, _ string) { p.SendingFrom = []netip.Addr{netip.MustParseAddr("203.0.113.26")} }},
		{"ptr_unconfirmed", doctor.Bad, func(p *patient, _ string) { p.dns.SetReverse(address, "pool-25.provider.example") }},
		{"mx_null", doctor.Bad, func(p *patient, _ string) { p.dns.Set(domain, "MX", "0 .") }},
		{"mx_missing", doctor.Warn, func(p *patient, _ string) { p.dns.Set(domain, "MX", "10 gone.example.jp") }},
		{"mx_missing", doctor.Warn, func(p *patient, _ string) { p.dns.Set(domain, "MX") }},
		{"sending_unknown", doctor.Warn, func(p *patient, _ string) { p.SendingFrom = []netip.Addr{netip.MustParseAddr("10.0.0.1")} }},
		{"mail_from_none", doctor.Bad, func(p *patient, _ string) { p.Settings.MailFrom = "" }},
		{"smtp_none", doctor.Warn, func(p *patient, _ string) { p.Settings.SMTP = aikagi.Secret{} }},
		{"smtp_settings", doctor.Bad, func(p *patient, _ string) { p.Settings.SMTP = aikagi.NewSecret("smtp://") }},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			p, record := newSender(t)
			tt.ill(p, record)
			found, _ := p.ExamineMail(t.Context())
			has(t, found, tt.level, tt.reason)
		})
	}
}

// TestK20TheKeyAndItsRecord says what to publish, so that it can be copied.
func TestK20TheKeyAndItsRecord(t *testing.T) {
	t.Parallel()
	p, record := newSender(t)
	p.dns.Set(keyName, "TXT", "v=DKIM1; p=")
	found, records := p.ExamineMail(t.Context())
	has(t, found, doctor.Bad, "dkim_revoked")
	has(t, found, doctor.OK, "dmarc_ok") // SPF is enough
	if records[0] != (doctor.Record{Name: keyName, Type: "TXT", Value: record}) {
		t.Errorf("got %+v", records[0])
	}
	// Every command that looks at the installation says so, too.
	p.has(t, doctor.Bad, "dkim_revoked")
}

func TestM3WhatToPublishForSPF(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, have, want string }{
		{"nothing there", "some-verification=1", "v=spf1 ip4:203.0.113.25 ip6:2001:db8::25 ~all"},
		{"another sender there", "v=spf1 include:provider.example -all", "v=spf1 include:provider.example ip4:203.0.113.25 ip6:2001:db8::25 -all"},
		{"one address there", "v=spf1 ip4:203.0.113.25 -all", "v=spf1 ip4:203.0.113.25 ip6:2001:db8::25 -all"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, _ := newSender(t)
			p.SendingFrom = append(p.SendingFrom, netip.MustParseAddr("2001:db8::25"))
			p.dns.Set("provider.example", "TXT", "v=spf1 -all")
			p.dns.Set("example.jp", "TXT", tt.have)
			_, records := p.ExamineMail(t.Context())
			if got := records[1]; got.Value != tt.want || got.Published || got.Name != "example.jp" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestM3APolicyOfTheOrganisationHolds(t *testing.T) {
	t.Parallel()
	p, _ := newSender(t)
	p.Settings.MailFrom = "noreply@desk.example.jp"
	p.dns.Set("_dmarc.example.jp", "TXT", "v=DMARC1; p=none; sp=reject")
	found, _ := p.ExamineMail(t.Context())
	has(t, found, doctor.Bad, "dmarc_refuses") // nothing else is published for the name below
}

// TestM3NameServersThatDoNotAnswer: what is not known is not wrong, and looking
// comes to an end.
func TestM3NameServersThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	for _, name := range []string{keyName, "example.jp", "_dmarc.example.jp", "25.113.0.203.in-addr.arpa"} {
		for cause, ill := range map[string]func(p *patient){
			"servfail": func(p *patient) { p.dns.Fail(name, dnsmessage.RCodeServerFailure) },
			"silent":   func(p *patient) { p.dns.Silent(name) },
		} {
			t.Run(cause+" "+name, func(t *testing.T) {
				t.Parallel()
				p, _ := newSender(t)
				ill(p)
				found, records := p.ExamineMail(t.Context())
				has(t, found, doctor.Warn, "dns_unanswered")
				if slices.ContainsFunc(found, func(f doctor.Finding) bool { return f.Level == doctor.Bad }) || len(records) != 3 {
					t.Errorf("got %+v, %+v", found, records)
				}
			})
		}
	}
}

// TestM3ARelayIsOnlyGuessedAt: relays send from other addresses than they
// listen on, so nothing that follows from theirs is called broken.
func TestM3ARelayIsOnlyGuessedAt(t *testing.T) {
	t.Parallel()
	p, _ := newSender(t)
	p.SendingFrom = nil
	p.Settings.SMTP = aikagi.NewSecret("smtp://user:pw@relay.invalid")
	p.dns.Set("relay.invalid", "A", "203.0.113.99")
	found, records := p.ExamineMail(t.Context())
	has(t, found, doctor.Bad, "smtp_unreachable")
	has(t, found, doctor.Warn, "spf_guess", "ptr_missing")
	if got := records[1].Value; got != "v=spf1 mx a:relay.invalid -all" {
		t.Errorf("got %q", got)
	}
	// The daily look leaves out what nobody can silence.
	found = p.Examine(t.Context())
	has(t, found, doctor.OK, "dkim_published", "spf_readable", "dmarc_ok")
	if slices.ContainsFunc(found, func(f doctor.Finding) bool { return f.Reason == "spf_guess" || f.Reason == "ptr_missing" }) {
		t.Errorf("got %+v", found)
	}
}

func TestM3TheRelaysTLSAndLogin(t *testing.T) {
	t.Parallel()
	p, _ := newSender(t)
	certificate, _ := smtptest.Certificate(t, "127.0.0.1", time.Now().Add(time.Hour))
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12})
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.(*tls.Conn).HandshakeContext(t.Context()) // the client ends it
			_ = conn.Close()
		}
	}()
	p.Settings.SMTP = aikagi.NewSecret("smtps://user:pw@" + l.Addr().String())
	found, _ := p.ExamineMail(t.Context())
	has(t, found, doctor.Bad, "smtp_tls") // signed by nobody whom we know

	s := smtptest.Start(t, smtptest.But("AUTH", "535 5.7.8 no"))
	_, port, err := net.SplitHostPort(s.Addr())
	must(t, err)
	p.Settings.SMTP = aikagi.NewSecret("smtp://user:pw@127.0.0.1:" + port)
	found, _ = p.ExamineMail(t.Context())
	has(t, found, doctor.Bad, "smtp_login")
}
