package spf_test

import (
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/aikagi/aikagi/internal/mail/dns"
	"github.com/aikagi/aikagi/internal/mail/dnstest"
	"github.com/aikagi/aikagi/internal/mail/spf"
)

var (
	ours   = netip.MustParseAddr("203.0.113.25")
	ours6  = netip.MustParseAddr("2001:db8::25")
	others = netip.MustParseAddr("198.51.100.1")
)

func sender(a netip.Addr) spf.Sender {
	return spf.Sender{Address: a, From: "noreply@sakura.example.jp", Helo: "mail.example.jp"}
}

// world publishes what the records below refer to.
func world(t *testing.T) *dnstest.Server {
	t.Helper()
	s := dnstest.Start(t)
	s.Set("mail.example.jp", "A", ours.String())
	s.Set("mail.example.jp", "AAAA", ours6.String())
	s.Set("alias.example.jp", "CNAME", "mail.example.jp")
	s.SetReverse(ours.String(), "mail.example.jp")
	s.Set("sakura.example.jp", "MX", "10 gone.example.jp", "20 mail.example.jp")
	s.Set("sakura.example.jp", "A", "203.0.113.200")
	s.Set("provider.example", "TXT", "v=spf1 ip4:203.0.113.0/26 -all")
	s.Set("forbids.example", "TXT", "v=spf1 -all")
	s.Set("nested.example", "TXT", "v=spf1 include:provider.example ?all")
	s.Set("loop.example", "TXT", "v=spf1 include:loop.example -all")
	s.Set("a.circle.example", "TXT", "v=spf1 redirect=b.circle.example")
	s.Set("b.circle.example", "TXT", "v=spf1 redirect=a.circle.example")
	s.Set("several.example", "TXT", "v=spf1 -all", "v=spf1 +all")
	s.Set("25.113.0.203.allowed.example", "A", "127.0.0.2")
	s.Set("noreply.allowed.example", "A", "127.0.0.2")
	s.Set("nothing.example", "MX", "0 .")
	s.Fail("broken.example", dnsmessage.RCodeServerFailure)
	return s
}

func TestM3TheSenderIsJudgedAsReceiversDo(t *testing.T) {
	t.Parallel()
	long := "v=spf1"
	for range 11 {
		long += " a:mail.example.jp/32"
	}
	for _, tt := range []struct {
		name, record string
		from         netip.Addr
		want         spf.Result
		problem      spf.Problem
	}{
		{"address", "v=spf1 ip4:203.0.113.25 -all", ours, spf.Pass, ""},
		{"network", "v=spf1 ip4:203.0.113.0/24 -all", ours, spf.Pass, ""},
		{"other address", "v=spf1 ip4:203.0.113.26 -all", ours, spf.Fail, ""},
		{"soft", "v=spf1 ip4:203.0.113.26 ~all", ours, spf.SoftFail, ""},
		{"says nothing", "v=spf1 ip4:203.0.113.26 ?all", ours, spf.Neutral, ""},
		{"no end", "v=spf1 ip4:203.0.113.26", ours, spf.Neutral, ""},
		{"upper case", "V=SPF1 IP4:203.0.113.25 -ALL", ours, spf.Pass, ""},
		{"refused by its address", "v=spf1 -ip4:203.0.113.25 +all", ours, spf.Fail, ""},
		{"IPv6", "v=spf1 ip6:2001:db8::/64 -all", ours6, spf.Pass, ""},
		{"IPv6 by IPv4", "v=spf1 ip4:203.0.113.25 -all", ours6, spf.Fail, ""},
		{"host", "v=spf1 a:mail.example.jp -all", ours, spf.Pass, ""},
		{"host by IPv6", "v=spf1 a:mail.example.jp -all", ours6, spf.Pass, ""},
		{"host by alias", "v=spf1 a:alias.example.jp -all", ours, spf.Pass, ""},
		{"own host and its neighbours", "v=spf1 a/24//64 -all", ours, spf.Pass, ""},
		{"own host", "v=spf1 a -all", ours, spf.Fail, ""},
		{"own servers", "v=spf1 mx -all", ours, spf.Pass, ""},
		{"own servers, other", "v=spf1 mx -all", others, spf.Fail, ""},
		{"provider", "v=spf1 include:provider.example -all", ours, spf.Pass, ""},
		{"provider of a provider", "v=spf1 include:nested.example -all", ours, spf.Pass, ""},
		{"another provider", "v=spf1 include:forbids.example ~all", ours, spf.SoftFail, ""},
		{"redirect", "v=spf1 redirect=provider.example", ours, spf.Pass, ""},
		{"redirect after all", "v=spf1 -all redirect=provider.example", ours, spf.Fail, ""},
		{"exists", "v=spf1 exists:%{ir}.allowed.example -all", ours, spf.Pass, ""},
		{"exists, other", "v=spf1 exists:%{ir}.allowed.example -all", others, spf.Fail, ""},
		{"local part", "v=spf1 exists:%{L}.allowed.example -all", ours, spf.Pass, ""},
		{"name confirmed", "v=spf1 ptr:example.jp -all", ours, spf.Pass, ""},
		{"name of nobody", "v=spf1 ptr:example.jp -all", others, spf.Fail, ""},
		{"unknown modifier", "v=spf1 exp=why.example x-note=1 ip4:203.0.113.25 -all", ours, spf.Pass, ""},
		{"no record", "some-verification=1", ours, spf.None, ""},
		{"another version", "v=spf10 +all", ours, spf.None, ""},

		{"unknown term", "v=spf1 ip4:203.0.113.25 mail.example.jp -all", ours, spf.PermError, spf.Syntax},
		{"address without its kind", "v=spf1 203.0.113.25 -all", ours, spf.PermError, spf.Syntax},
		{"address that is none", "v=spf1 ip4:203.0.113 -all", ours, spf.PermError, spf.Syntax},
		{"address of the other kind", "v=spf1 ip4:2001:db8::1 -all", ours, spf.PermError, spf.Syntax},
		{"too many bits", "v=spf1 a/33 -all", ours, spf.PermError, spf.Syntax},
		{"include of nothing", "v=spf1 include: -all", ours, spf.PermError, spf.Syntax},
		{"macro that is none", "v=spf1 exists:%{q} -all", ours, spf.PermError, spf.Syntax},
		{"half a macro", "v=spf1 exists:%", ours, spf.PermError, spf.Syntax},
		{"two redirects", "v=spf1 redirect=a.example redirect=b.example", ours, spf.PermError, spf.Syntax},
		{"include of nobody", "v=spf1 include:nobody.example -all", ours, spf.PermError, spf.NoInclude},
		{"redirect to nobody", "v=spf1 redirect=nobody.example", ours, spf.PermError, spf.NoInclude},
		{"include of a loop", "v=spf1 include:loop.example -all", ours, spf.PermError, spf.Lookups},
		{"redirect in a circle", "v=spf1 redirect=a.circle.example", ours, spf.PermError, spf.Lookups},
		{"includes itself", "v=spf1 include:sakura.example.jp -all", ours, spf.PermError, spf.Lookups},
		{"eleven look-ups", long, others, spf.PermError, spf.Lookups},
		{"three names that are not there", "v=spf1 a:x.example a:y.example a:z.example -all", ours, spf.PermError, spf.Void},
		{"include of several", "v=spf1 include:several.example -all", ours, spf.PermError, spf.Several},
		{"include that fails", "v=spf1 include:broken.example -all", ours, spf.TempError, spf.Unanswered},
		{"giant", "v=spf1 " + strings.Repeat("ip4:198.51.100.1 ", 600) + "-all", ours, spf.PermError, spf.TooLong},
		{"long name", "v=spf1 a:" + strings.Repeat("a.", 300) + "example -all", ours, spf.Fail, ""},
		{"null MX", "v=spf1 mx:nothing.example -all", ours, spf.Fail, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := world(t)
			s.Set("sakura.example.jp", "TXT", tt.record)
			v := spf.Check(t.Context(), dns.New(t.Context(), s.Resolver()), sender(tt.from), "sakura.example.jp")
			if v.Result != tt.want || v.Problem != tt.problem {
				t.Errorf("got %+v, want %s %s", v, tt.want, tt.problem)
			}
			if v.Lookups > 11 {
				t.Errorf("%d look-ups", v.Lookups)
			}
		})
	}
}

func TestM3WhichTermDecides(t *testing.T) {
	t.Parallel()
	s := world(t)
	s.Set("sakura.example.jp", "TXT", "google-site-verification=x", "v=spf1 mx ~include:provider.example -all")
	v := spf.Check(t.Context(), dns.New(t.Context(), s.Resolver()), sender(others), "sakura.example.jp")
	if v.Term != "-all" || v.Result != spf.Fail || v.Record != "v=spf1 mx ~include:provider.example -all" || v.Lookups != 2 {
		t.Errorf("got %+v", v)
	}
}

func TestARecordThatAllowsMore(t *testing.T) {
	t.Parallel()
	for record, want := range map[string]string{
		"":                                  "v=spf1 ip4:192.0.2.1 ~all",
		"v=spf1 -all":                       "v=spf1 ip4:192.0.2.1 -all",
		"v=spf1 mx  include:a.example ?all": "v=spf1 mx include:a.example ip4:192.0.2.1 ?all",
		"v=spf1 mx":                         "v=spf1 mx ip4:192.0.2.1",
		"v=spf1 redirect=a.example":         "v=spf1 ip4:192.0.2.1 redirect=a.example",
		"v=spf1 nonsense -all":              "v=spf1 ip4:192.0.2.1 ~all",
		"another text":                      "v=spf1 ip4:192.0.2.1 ~all",
	} {
		if got := spf.Allowing(record, "ip4:192.0.2.1"); got != want {
			t.Errorf("%q: got %q, want %q", record, got, want)
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add("a/24//64 exists:%{ir}.x -all redirect=%{d2}")
	s := dnstest.Start(f)
	names := dns.New(f.Context(), s.Resolver())
	f.Fuzz(func(t *testing.T, rest string) {
		if len(rest) > 500 || strings.ContainsAny(rest, "\x00") {
			return
		}
		s.Set("sakura.example.jp", "TXT", "v=spf1 "+rest)
		if v := spf.Check(t.Context(), names, sender(ours), "sakura.example.jp"); v.Lookups > 11 || v.Result == "" {
			t.Errorf("got %+v", v)
		}
	})
}
