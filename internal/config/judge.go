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
	var bad Problems
	blame := func(setting, reason string) {
		bad = append(bad, &Problem{setting, s.source(setting), reason})
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		blame("tls_cert", "tls_pair")
	}
	if !s.SMTP.Empty() && s.MailFrom == "" {
		blame("mail_from", "mail_from_missing")
	}
	if s.DKIMKey != "" && s.MailFrom == "" {
		blame("mail_from", "mail_from_missing_dkim")
	}
	if s.Listen == s.OpsListen && !strings.HasSuffix(s.Listen, ":0") {
		blame("ops_listen", "same_address")
	}
	if s.BaseURL == "" && loopback(hostOf(s.Listen)) {
		if !strings.HasSuffix(s.Listen, ":0") {
			s.derive()
		}
		return append(bad, s.judgeHosts()...)
	}
	if s.BaseURL == "" {
		blame("base_url", "base_url_missing")
		return bad
	}
	u, err := url.Parse(s.BaseURL)
	if err != nil { // setBaseURL has parsed it
		blame("base_url", "base_url")
		return bad
	}
	if s.TLSCert != "" && u.Scheme != "https" {
		blame("base_url", "base_url_https")
	}
	if loopback(u.Hostname()) {
		if !loopback(hostOf(s.Listen)) {
			blame("base_url", "base_url_loopback")
		}
		return append(bad, s.judgeHosts()...)
	}
	return append(append(bad, s.judgePublic(u)...), s.judgeHosts()...)
}

// judgePublic holds for a server that people reach over a network.
func (s *Settings) judgePublic(u *url.URL) Problems {
	var bad Problems
	blame := func(setting, reason string) {
		bad = append(bad, &Problem{setting, s.source(setting), reason})
	}
	if u.Scheme != "https" && s.TLSCert == "" {
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

// derive makes the base URL of a server on loopback.
func (s *Settings) derive() {
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
