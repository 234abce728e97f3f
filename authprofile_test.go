package aikagi_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
)

// A blocked address never gets in; if some are allowed, those only.
func TestBlockedAlwaysWins(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		allowed, blocked []string
		in, out          []string
	}{
		{"no lists", nil, nil, []string{"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", ""}, nil},
		{"only blocked", nil, []string{"192.0.2.0/24", "2001:db8::/32"}, []string{"198.51.100.1", "2001:db9::1"}, []string{"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.9", ""}},
		{"only allowed", []string{"192.0.2.7", "2001:db8::/32"}, nil, []string{"192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1%eth0"}, []string{"192.0.2.8", "2001:db9::1", ""}},
		{"both", []string{"192.0.2.0/24"}, []string{"192.0.2.128/25"}, []string{"192.0.2.1"}, []string{"192.0.2.200", "198.51.100.1", ""}},
		{"host bits", []string{"10.1.2.3/8"}, nil, []string{"10.200.0.1"}, []string{"11.0.0.1"}},
	} {
		p := aikagi.DefaultAuthenticationProfile()
		p.AllowedIPs, p.BlockedIPs = c.allowed, c.blocked
		if err := p.Check(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for _, from := range c.in {
			if a, _ := netip.ParseAddr(from); !p.Admits(a) {
				t.Errorf("%s: %q does not get in", c.name, from)
			}
		}
		for _, from := range c.out {
			if a, _ := netip.ParseAddr(from); p.Admits(a) {
				t.Errorf("%s: %q gets in", c.name, from)
			}
		}
	}
}

func TestAuthenticationProfilesKeepAmazonsBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*aikagi.AuthenticationProfile)
		want   string // subject and reason; empty: fine
	}{
		{"default", func(*aikagi.AuthenticationProfile) {}, ""},
		{"no name", func(p *aikagi.AuthenticationProfile) { p.Name = "" }, "access_name.required"},
		{"long name", func(p *aikagi.AuthenticationProfile) { p.Name = strings.Repeat("名", 129) }, "access_name.too_long"},
		{"longest name", func(p *aikagi.AuthenticationProfile) { p.Name = strings.Repeat("名", 128) }, ""},
		{"line break", func(p *aikagi.AuthenticationProfile) { p.Name = "a\nb" }, "access_name.characters"},
		{"no description", func(p *aikagi.AuthenticationProfile) { p.Description = "" }, "access_description.required"},
		{"long description", func(p *aikagi.AuthenticationProfile) { p.Description = strings.Repeat("x", 251) }, "access_description.too_long"},
		{"no address", func(p *aikagi.AuthenticationProfile) { p.AllowedIPs = []string{"example.jp"} }, "allowed_ips.address_range"},
		{"empty address", func(p *aikagi.AuthenticationProfile) { p.AllowedIPs = []string{""} }, "allowed_ips.address_range"},
		{"bad range", func(p *aikagi.AuthenticationProfile) { p.BlockedIPs = []string{"192.0.2.0/33"} }, "blocked_ips.address_range"},
		{"range of mapped ones", func(p *aikagi.AuthenticationProfile) { p.BlockedIPs = []string{"::ffff:192.0.2.0/120"} }, "blocked_ips.address_range"},
		{"zone", func(p *aikagi.AuthenticationProfile) { p.BlockedIPs = []string{"fe80::1%eth0"} }, "blocked_ips.address_range"},
		{"many", func(p *aikagi.AuthenticationProfile) { p.BlockedIPs = make([]string, 101) }, "blocked_ips.too_many"},
		{"asked every 9 minutes", func(p *aikagi.AuthenticationProfile) { p.Periodic = 9 * time.Minute }, "periodic_session.range"},
		{"asked every 61 minutes", func(p *aikagi.AuthenticationProfile) { p.Periodic = 61 * time.Minute }, "periodic_session.range"},
		{"idle for 14 minutes", func(p *aikagi.AuthenticationProfile) { p.Inactivity = 14 * time.Minute }, "inactivity.range"},
		{"idle for 721 minutes", func(p *aikagi.AuthenticationProfile) { p.Inactivity = 721 * time.Minute }, "inactivity.range"},
		{"idle for 12 hours", func(p *aikagi.AuthenticationProfile) { p.Inactivity = 720 * time.Minute }, ""},
	} {
		p := aikagi.DefaultAuthenticationProfile()
		c.change(&p)
		err := p.Check()
		if got := strings.TrimPrefix(textOf(err), "invalid: "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
