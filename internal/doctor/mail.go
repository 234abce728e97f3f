package doctor

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/mail/dkim"
	"github.com/aikagi/aikagi/internal/mail/dns"
	"github.com/aikagi/aikagi/internal/mail/smtpclient"
)

// How long a look at a mail server and at the DNS may take.
const (
	waitForMail = 15 * time.Second
	waitForDNS  = 30 * time.Second
)

// mail looks at the mail server and, unless a relay of this machine does the
// signing, at what the DNS says about the sender.
func (d *Doctor) mail(ctx context.Context) {
	if d.Settings.SMTP.Empty() {
		d.say(Warn, "smtp_none")
		return
	}
	server, err := smtpclient.ParseURL(d.Settings.SMTP.Reveal())
	if err != nil {
		d.say(Bad, "smtp_settings", "cause", aikagi.ReasonOf(err))
		return
	}
	d.greet(ctx, server)
	if server.Security == smtpclient.Loopback && d.Settings.DKIMKey == "" {
		return
	}
	// A guess is no reason to warn every day; ExamineMail says what follows from it.
	d.published(ctx, func(ctx context.Context, s *sending) {
		if d.addresses(ctx, s, server); !s.certain {
			s.addresses = nil
		}
	})
}

// ExamineMail looks at all that decides whether mail arrives, and says which
// records the DNS should hold.
func (d *Doctor) ExamineMail(ctx context.Context) ([]Finding, []Record) {
	d.findings = nil
	if d.Settings.MailFrom == "" {
		d.say(Bad, "mail_from_none")
		return d.findings, nil
	}
	var server smtpclient.Settings
	if d.Settings.SMTP.Empty() {
		d.say(Warn, "smtp_none")
	} else if s, err := smtpclient.ParseURL(d.Settings.SMTP.Reveal()); err != nil {
		d.say(Bad, "smtp_settings", "cause", aikagi.ReasonOf(err))
	} else {
		server = s
		d.greet(ctx, server)
	}
	records := d.published(ctx, func(ctx context.Context, s *sending) {
		if d.addresses(ctx, s, server); len(s.addresses) == 0 {
			d.say(Warn, "sending_unknown")
		}
	})
	return d.findings, records
}

// greet connects as the sender does: STARTTLS or TLS of 1.2 and later, a valid
// certificate, the login.
func (d *Doctor) greet(ctx context.Context, server smtpclient.Settings) {
	ctx, cancel := context.WithTimeout(ctx, waitForMail)
	defer cancel()
	client, err := smtpclient.Dial(ctx, server)
	if err == nil {
		_ = client.Close() // it greeted us, which is all we wanted
		reason := "smtp_ok"
		if server.Security != smtpclient.Loopback {
			reason = "smtp_tls_ok"
		}
		d.say(OK, reason, "host", server.Host)
		return
	}
	reason, cause := "smtp_unreachable", "?"
	if f, is := errors.AsType[*smtpclient.Failure](err); is {
		cause = f.Error()
		switch {
		case f.Stage == smtpclient.AtTLS:
			reason = "smtp_tls"
		case f.Auth:
			reason = "smtp_login"
		}
	}
	d.say(Bad, reason, "host", server.Host, "cause", cause)
}

// sending is what receivers will see of us.
type sending struct {
	names     *dns.Client
	domain    string // of From and of the envelope
	addresses []netip.Addr
	certain   bool   // about the addresses, and not guessed from the relay's name
	relay     string // its name; empty if it is this machine or an address

	dkim, spf bool // would pass
	records   []Record
}

// published looks at what receivers ask the DNS. Our addresses come from where.
func (d *Doctor) published(ctx context.Context, where func(context.Context, *sending)) []Record {
	ctx, cancel := context.WithTimeout(ctx, waitForDNS)
	defer cancel()
	s := &sending{names: dns.New(ctx, d.Resolver), domain: d.Settings.MailFrom.Domain()}
	where(ctx, s)
	d.signature(ctx, s)
	d.policy(ctx, s)
	d.alignment(ctx, s)
	d.reverse(ctx, s)
	d.bounces(ctx, s)
	return s.records
}

const maxAddresses = 8

// addresses finds out from where receivers see our mail come: what the operator
// says, else this machine's public addresses or those of the relay.
func (d *Doctor) addresses(ctx context.Context, s *sending, server smtpclient.Settings) {
	s.addresses, s.certain = d.SendingFrom, true
	switch {
	case len(d.SendingFrom) > 0 || server.Host == "":
	case server.Security == smtpclient.Loopback:
		s.addresses = machineAddresses()
	default:
		s.certain = false
		s.addresses = s.relayAddresses(ctx, server.Host)
	}
	s.addresses = slices.DeleteFunc(slices.Clone(s.addresses), func(a netip.Addr) bool {
		return !a.IsGlobalUnicast() || a.IsPrivate() || shared.Contains(a)
	})
	s.addresses = s.addresses[:min(len(s.addresses), maxAddresses)]
}

// shared are addresses behind a provider's NAT (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

func machineAddresses() []netip.Addr {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil // then they are unknown
	}
	var found []netip.Addr
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			found = append(found, p.Addr())
		}
	}
	return found
}

func (s *sending) relayAddresses(ctx context.Context, host string) []netip.Addr {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}
	}
	s.relay = host
	all, err := s.names.Addresses(ctx, host)
	if err != nil {
		return nil // greet has said why
	}
	return all
}

// signature looks at the DKIM key and at its record (K20).
func (d *Doctor) signature(ctx context.Context, s *sending) {
	if d.Settings.DKIMKey == "" {
		d.say(Warn, "dkim_none")
		return
	}
	text, err := os.ReadFile(d.Settings.DKIMKey)
	if err != nil {
		d.say(Bad, "dkim_unreadable", "path", d.Settings.DKIMKey)
		return
	}
	key, err := dkim.ParseKey(text, s.domain, d.Settings.DKIMSelector)
	if err != nil {
		d.say(Bad, "dkim_key", "path", d.Settings.DKIMKey, "cause", aikagi.ReasonOf(err))
		return
	}
	record, err := key.Record()
	if err != nil {
		d.say(Bad, "dkim_key", "path", d.Settings.DKIMKey, "cause", aikagi.ReasonOf(err))
		return
	}
	found, err := s.names.TXT(ctx, key.Name())
	if d.unanswered(err, key.Name()) {
		s.want(key.Name(), record, false)
		return
	}
	standing, err := key.Standing(found)
	if err != nil {
		d.say(Bad, "dkim_key", "path", d.Settings.DKIMKey, "cause", err.Error())
		return
	}
	s.dkim = standing == dkim.Published
	s.want(key.Name(), record, s.dkim)
	d.say(levelOf(standing), "dkim_"+string(standing), "name", key.Name(), "record", record)
}

func levelOf(standing dkim.Standing) Level {
	switch standing {
	case dkim.Published:
		return OK
	case dkim.Testing:
		return Warn
	case dkim.Missing, dkim.Several, dkim.Revoked, dkim.OtherKey, dkim.Unusable:
	}
	return Bad
}

// unanswered says so if a name server gave no answer.
func (d *Doctor) unanswered(err error, name string) bool {
	u, is := errors.AsType[*dns.Unanswered](err)
	if is {
		d.say(Warn, "dns_unanswered", "name", name, "cause", u.Cause)
	}
	return is
}
