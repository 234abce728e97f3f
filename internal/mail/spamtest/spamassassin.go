package spamtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aikagi/aikagi/internal/mail/dnstest"
)

// siteRules are SpamAssassin's settings of a receiver: rules and plugins of the
// package, network tests, no memory.
const siteRules = `loadplugin Mail::SpamAssassin::Plugin::Rig rig.pm
dns_available yes
dns_server [%s]:%s
use_bayes 0
skip_rbl_checks 0
rbl_timeout 60
spf_timeout 60
dkim_timeout 60
report_safe 0
fold_headers 0
clear_headers
add_header all Rig score=_SCORE_ tests=_TESTSSCORES(,)_
`

// askUs makes Mail::DMARC ask our name server: it asks that of the machine and
// knows no setting, and a program that runs with -T takes none from outside.
const askUs = `package Mail::SpamAssassin::Plugin::Rig;
use strict;
use Mail::SpamAssassin::Plugin;
use Mail::DMARC::Base;
use Net::DNS::Resolver;
our @ISA = ('Mail::SpamAssassin::Plugin');
no warnings 'redefine';
*Mail::DMARC::Base::get_resolver = sub {
  return Net::DNS::Resolver->new(nameservers => ['%s'], port => %s, dnsrch => 0, udp_timeout => 5, tcp_timeout => 5);
};
1;
`

var verdictLine = regexp.MustCompile(`(?m)^X-Spam-Rig: score=(\S+) tests=(.*?)\r?$`)

// SpamAssassin returns its verdicts on mails as received, in their order. One
// process reads them all, because starting it takes seconds.
func SpamAssassin(t testing.TB, dns *dnstest.Server, mails ...[]byte) []Verdict {
	t.Helper()
	program := tool(t, "spamassassin", "spamassassin")
	for module, debian := range map[string]string{"Mail::SPF": "libmail-spf-perl", "Mail::DMARC::PurePerl": "libmail-dmarc-perl"} {
		if err := exec.CommandContext(t.Context(), "perl", "-M"+module, "-e1").Run(); err != nil {
			absent(t, "SpamAssassin has no %s (Debian: %s)", module, debian)
		}
	}
	dir := t.TempDir()
	site := siteDir(t, dir, dns)
	args := []string{"--siteconfigpath=" + site, "--prefspath=" + filepath.Join(site, "user_prefs"), "--test-mode"}
	for i, mail := range mails {
		name := filepath.Join(dir, fmt.Sprintf("%04d.eml", i))
		if err := os.WriteFile(name, bytes.ReplaceAll(mail, []byte("\r\n"), []byte("\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	cmd := exec.CommandContext(t.Context(), program, args...) //nolint:gosec // G204: found above
	cmd.Env = append(os.Environ(), "HOME="+dir)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("spamassassin: %v: %s", err, said.String())
	}
	found := verdictLine.FindAllStringSubmatch(out.String(), -1)
	if len(found) != len(mails) {
		t.Fatalf("spamassassin: %d verdicts on %d mails: %s", len(found), len(mails), said.String())
	}
	verdicts := make([]Verdict, len(found))
	for i, f := range found {
		verdicts[i] = verdictOf(t, f[1], f[2])
	}
	return verdicts
}

// siteDir makes a configuration: the plugins that the machine has, our rules.
func siteDir(t testing.TB, dir string, dns *dnstest.Server) string {
	t.Helper()
	pre, err := filepath.Glob("/etc/spamassassin/*.pre")
	if err != nil || len(pre) == 0 {
		absent(t, "no plugins in /etc/spamassassin: %v", err)
	}
	host, port, _ := strings.Cut(dns.Addr(), ":")
	files := map[string][]byte{
		"local.cf":   fmt.Appendf(nil, siteRules, host, port),
		"rig.pm":     fmt.Appendf(nil, askUs, host, port),
		"user_prefs": nil,
	}
	for _, name := range pre {
		if files[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	site := filepath.Join(dir, "site")
	if err := os.Mkdir(site, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(site, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return site
}

// verdictOf reads "-0.2" and "DKIM_VALID=-0.1,SPF_PASS=-0.001".
func verdictOf(t testing.TB, score, rules string) Verdict {
	t.Helper()
	var v Verdict
	var err error
	if v.Score, err = strconv.ParseFloat(score, 64); err != nil {
		t.Fatalf("score: %v", err)
	}
	for rule := range strings.SplitSeq(rules, ",") {
		name, text, _ := strings.Cut(rule, "=")
		points, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatalf("rule %q: %v", rule, err)
		}
		v.Rules = append(v.Rules, Rule{name, points})
	}
	return v
}
