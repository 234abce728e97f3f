package config

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/aikagi/aikagi"
)

// Problem is a setting whose value cannot hold. It never repeats the value,
// which may be a secret.
type Problem struct {
	Setting string
	Source  Source
	Reason  string // texts for people are found under "config.<reason>"
}

func (p *Problem) Error() string {
	return "setting " + p.Setting + " (" + p.Source.String() + "): " + strings.ReplaceAll(p.Reason, "_", " ")
}

// Problems are all settings that cannot hold.
type Problems []*Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "; ")
}

// Unwrap makes the doors see an Invalid input.
func (p Problems) Unwrap() error {
	return aikagi.Because(aikagi.Invalid, "config", p[0].Reason)
}

// judge looks at the settings together (case M04, S40).
func (s *Settings) judge() Problems {
	return append(append(s.judgePairs(), s.judgeOrigin()...), s.judgeHosts()...)
}

// judgePairs holds for settings that need another one.
func (s *Settings) judgePairs() Problems {
	var bad Problems
	blame := func(setting, reason string) {
		bad = append(bad, &Problem{setting, s.source(setting), reason})
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		blame("tls_cert", "tls_pair")
	}
	if s.MailFrom == "" && !s.SMTP.Empty() {
		blame("mail_from", "mail_from_missing")
	}
	if s.MailBounce != "" && !strings.EqualFold(s.MailBounce.Domain(), s.MailFrom.Domain()) {
		blame("mail_bounce", "mail_bounce_domain") // DMARC compares the two (RFC 7489 §3.1.2)
	}
	if s.MailFrom == "" && s.DKIMKey != "" {
		blame("mail_from", "mail_from_missing_dkim")
	}
	if s.Listen == s.OpsListen && !strings.HasSuffix(s.Listen, ":0") {
		blame("ops_listen", "same_address")
	}
	return bad
}

// judgeOrigin derives the base URL on loopback and asks for it elsewhere.
func (s *Settings) judgeOrigin() Problems {
	here := loopback(hostOf(s.Listen))
	blame := func(reason string) Problems {
		return Problems{&Problem{"base_url", s.source("base_url"), reason}}
	}
	if s.BaseURL == "" && here {
		s.derive()
		return nil
	}
	if s.BaseURL == "" {
		return blame("base_url_missing")
	}
	u, err := url.Parse(s.BaseURL)
	switch {
	case err != nil: // setBaseURL has parsed it
		return blame("base_url")
	case s.TLSCert != "" && u.Scheme != "https":
		return blame("base_url_https")
	case loopback(u.Hostname()) && !here:
		return blame("base_url_loopback")
	case loopback(u.Hostname()):
		return nil
	}
	return s.judgePublic(u)
}

// judgePublic holds for a server that people reach over a network.
func (s *Settings) judgePublic(u *url.URL) Problems {
	var bad Problems
	blame := func(setting, reason string) {
		bad = append(bad, &Problem{setting, s.source(setting), reason})
	}
	if u.Scheme != "https" {
		blame("base_url", "base_url_https")
	}
	if s.TLSCert == "" && !loopback(hostOf(s.Listen)) && len(s.TrustedProxies) == 0 {
		blame("tls_cert", "tls_missing")
	}
	// Two planes on one origin share what a browser shares per origin: one
	// cross-site scripting flaw would reach both.
	apart := s.InstanceHost != "" || s.ConsoleHost != "" && s.ConsoleHost != u.Hostname()
	if !apart && !s.AllowOneOrigin {
		blame("instance_host", "one_origin")
	}
	return bad
}

// judgeHosts keeps the host names of the planes apart: an instance whose alias
// is "console" must not be the console.
func (s *Settings) judgeHosts() Problems {
	var bad Problems
	domain := strings.TrimPrefix(s.InstanceHost, "*")
	for _, h := range []struct{ setting, host string }{
		{"console_host", s.ConsoleHost}, {"api_host", s.APIHost},
	} {
		label, under := strings.CutSuffix(h.host, domain)
		if domain != "" && under && label != "" && !strings.Contains(label, ".") {
			bad = append(bad, &Problem{h.setting, s.source(h.setting), "host_of_instance"})
		}
	}
	if s.APIHost != "" && s.APIHost == s.ConsoleHost {
		bad = append(bad, &Problem{"api_host", s.source("api_host"), "host_twice"})
	}
	return bad
}

// derive makes the base URL of a server on loopback, if its port is known.
func (s *Settings) derive() {
	if strings.HasSuffix(s.Listen, ":0") {
		return
	}
	s.BaseURL = s.Origin(s.Listen)
	for i := range s.values {
		if s.values[i].Setting == "base_url" {
			s.values[i].Text = s.BaseURL
		}
	}
}

func (s *Settings) source(setting string) Source {
	for _, v := range s.values {
		if v.Setting == setting {
			return v.Source
		}
	}
	return Source{Place: Default}
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.Unmap().IsLoopback()
}
