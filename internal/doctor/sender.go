package doctor

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dmarc"
	"golang.org/x/net/publicsuffix"

	"github.com/aikagi/aikagi/internal/mail/dns"
	"github.com/aikagi/aikagi/internal/mail/spf"
)

// Record is a record that the DNS should hold.
type Record struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	Value     string `json:"value"`
	Published bool   `json:"published"` // it does
}

func (s *sending) want(name, value string, published bool) {
	s.records = append(s.records, Record{Name: name, Type: "TXT", Value: value, Published: published})
}

// anybody is an address of nobody (RFC 5737), to read a record with when ours
// is not known.
var anybody = netip.MustParseAddr("192.0.2.1")

// policy looks at SPF: whether the record can be read, and allows each address.
func (d *Doctor) policy(ctx context.Context, s *sending) {
	addresses := s.addresses
	if len(addresses) == 0 {
		addresses = []netip.Addr{anybody}
	}
	var v spf.Verdict
	for _, a := range addresses {
		v = spf.Check(ctx, s.names, spf.Sender{Address: a, From: string(d.Settings.MailFrom), Helo: s.domain}, s.domain)
		if v.Result == spf.Pass {
			continue
		}
		if len(s.addresses) == 0 && v.Problem == spf.NoProblem && v.Result != spf.None {
			break // it can be read, which is all that can be known
		}
		d.refused(s, a, v)
		s.want(s.domain, spf.Allowing(v.Record, s.terms()...), false)
		return
	}
	s.spf = len(s.addresses) > 0
	s.want(s.domain, v.Record, true)
	if !s.spf {
		d.say(OK, "spf_readable", "name", s.domain)
		return
	}
	d.say(OK, "spf_ok", "name", s.domain, "addresses", joined(s.addresses))
}

// refused says why SPF does not pass. Guessed addresses are not worth an alarm:
// relays often send from others than they listen on.
func (d *Doctor) refused(s *sending, a netip.Addr, v spf.Verdict) {
	switch {
	case v.Problem == spf.Unanswered:
		d.say(Warn, "dns_unanswered", "name", s.domain, "cause", v.Term)
	case v.Problem != spf.NoProblem:
		d.say(Bad, "spf_"+string(v.Problem), "name", s.domain, "term", v.Term)
	case v.Result == spf.None:
		d.say(Warn, "spf_missing", "name", s.domain)
	case s.certain:
		d.say(Bad, "spf_forbids", "name", s.domain, "address", a.String(), "result", string(v.Result), "record", v.Record)
	default:
		d.say(Warn, "spf_guess", "name", s.domain, "address", a.String(), "result", string(v.Result), "record", v.Record)
	}
}

// terms are what an SPF record needs for our mail.
func (s *sending) terms() []string {
	if !s.certain && s.relay != "" {
		return []string{"a:" + s.relay}
	}
	var all []string
	for _, a := range s.addresses {
		kind := "ip6:"
		if a.Is4() {
			kind = "ip4:"
		}
		all = append(all, kind+a.String())
	}
	if len(all) == 0 {
		return []string{"mx"}
	}
	return all
}

func joined(addresses []netip.Addr) string {
	var all []string
	for _, a := range addresses {
		all = append(all, a.String())
	}
	return strings.Join(all, ", ")
}

// alignment looks at DMARC. Signature and envelope are of the domain of From, so
// whichever of DKIM and SPF passes is aligned (RFC 7489 §3.1).
func (d *Doctor) alignment(ctx context.Context, s *sending) {
	name, found, err := s.dmarcRecords(ctx)
	suggested := "v=DMARC1; p=none; rua=mailto:postmaster@" + s.domain
	switch {
	case d.unanswered(err, name):
		s.want("_dmarc."+s.domain, suggested, false)
		return
	case len(found) == 0:
		d.say(Warn, "dmarc_missing", "name", name, "record", suggested)
		s.want("_dmarc."+s.domain, suggested, false)
		return
	case len(found) > 1:
		d.say(Bad, "dmarc_several", "name", name) // receivers take none (RFC 7489 §6.6.3)
		s.want(name, found[0], false)
		return
	}
	record, err := dmarc.Parse(found[0])
	if err != nil {
		d.say(Bad, "dmarc_syntax", "name", name, "record", found[0])
		s.want("_dmarc."+s.domain, suggested, false)
		return
	}
	s.want(name, found[0], true)
	policy := record.Policy
	if name != "_dmarc."+s.domain && record.SubdomainPolicy != "" {
		policy = record.SubdomainPolicy
	}
	d.aligned(s, name, policy)
}

func (d *Doctor) aligned(s *sending, name string, policy dmarc.Policy) {
	var by []string
	if s.dkim {
		by = append(by, "DKIM")
	}
	if s.spf {
		by = append(by, "SPF")
	}
	switch {
	case len(by) > 0:
		d.say(OK, "dmarc_ok", "name", name, "policy", string(policy), "by", strings.Join(by, ", "))
	case policy == dmarc.PolicyNone || !s.certain || len(s.addresses) == 0: // SPF may pass after all
		d.say(Warn, "dmarc_fails", "name", name, "policy", string(policy))
	default:
		d.say(Bad, "dmarc_refuses", "name", name, "policy", string(policy))
	}
}

// dmarcRecords asks for the policy of the domain, then for that of the
// organisation (RFC 7489 §6.6.3).
func (s *sending) dmarcRecords(ctx context.Context) (name string, found []string, err error) {
	for _, domain := range []string{s.domain, s.organisation()} {
		asked := "_dmarc." + domain
		all, err := s.names.TXT(ctx, asked)
		all = slices.DeleteFunc(all, isNotDMARC)
		if len(all) > 0 || err != nil && !errors.Is(err, dns.ErrNone) {
			return asked, all, err
		}
	}
	return "_dmarc." + s.domain, nil, nil
}

// isNotDMARC asks for the version as the first tag (RFC 7489 §6.4).
func isNotDMARC(text string) bool {
	version, _, _ := strings.Cut(text, ";")
	return strings.Join(strings.Fields(version), "") != "v=DMARC1"
}

func (s *sending) organisation() string {
	if domain, err := publicsuffix.EffectiveTLDPlusOne(s.domain); err == nil {
		return domain
	}
	return s.domain
}

// reverse looks at the names of our addresses: many receivers take no mail from
// an address without one that leads back to it.
func (d *Doctor) reverse(ctx context.Context, s *sending) {
	level := Warn
	if s.certain {
		level = Bad
	}
	for _, a := range s.addresses {
		all, err := s.names.Names(ctx, a)
		switch {
		case d.unanswered(err, a.String()):
		case len(all) == 0:
			d.say(level, "ptr_missing", "address", a.String())
		case s.leadsBack(ctx, all, a):
			d.say(OK, "ptr_ok", "address", a.String(), "name", all[0])
		default:
			d.say(level, "ptr_unconfirmed", "address", a.String(), "name", all[0])
		}
	}
}

const maxNames = 5 // of an address, and servers of a domain, that are looked at

func (s *sending) leadsBack(ctx context.Context, names []string, a netip.Addr) bool {
	return slices.ContainsFunc(names[:min(len(names), maxNames)], func(name string) bool {
		all, err := s.names.Family(ctx, name, a.Is4())
		return err == nil && slices.Contains(all, a)
	})
}

// bounces looks whether mail can be sent to the domain: reports about mail that
// was not delivered go there, and some receivers take no mail from where none
// can be sent to.
func (d *Doctor) bounces(ctx context.Context, s *sending) {
	servers, err := s.names.MX(ctx, s.domain)
	if d.unanswered(err, s.domain) {
		return
	}
	if len(servers) == 0 { // RFC 5321 §5.1: then the domain's own address
		servers = []string{s.domain}
	}
	if servers[0] == "" {
		d.say(Bad, "mx_null", "name", s.domain)
		return
	}
	for _, server := range servers[:min(len(servers), maxNames)] {
		if _, err := s.names.Addresses(ctx, server); !errors.Is(err, dns.ErrNone) { // no answer is no proof
			d.say(OK, "mx_ok", "name", s.domain, "host", server)
			return
		}
	}
	d.say(Warn, "mx_missing", "name", s.domain)
}
