package mail

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/mail/dkim"
	"github.com/aikagi/aikagi/internal/mail/dnstest"
	"github.com/aikagi/aikagi/internal/mail/smtpclient"
	"github.com/aikagi/aikagi/internal/mail/spamtest"
)

// rig is a receiver's mail server with two filters, and the sender it knows.
type rig struct {
	sender       spamtest.Sender
	dns          *dnstest.Server
	rsa, ed25519 dkim.Key
	received     time.Time
}

// newRig sends from an address of the range for benchmarks (RFC 2544): those
// for documentation are taken for forged by SpamAssassin (RCVD_ILLEGAL_IP).
func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{
		sender: spamtest.Sender{
			Domain: "sakura.example.jp", Host: "mail.sakura.example.jp", Address: netip.MustParseAddr("198.18.0.25"),
		},
		dns:      dnstest.Start(t),
		received: time.Now(), // filters compare Date with their own clock
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	r.rsa, r.sender.KeyText = signingKey(t, private, "aikagi")
	r.ed25519, text = signingKey(t, second, "aikagi-ed")
	r.sender.KeyName = r.rsa.Name()
	r.sender.Publish(r.dns)
	r.dns.Set(r.ed25519.Name(), "TXT", text)
	return r
}

func signingKey(t *testing.T, private any, selector string) (key dkim.Key, record string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	if key, err = dkim.ParseKey(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), "sakura.example.jp", selector); err != nil {
		t.Fatal(err)
	}
	if record, err = key.Record(); err != nil {
		t.Fatal(err)
	}
	return key, record
}

// send is a mail as it arrives. Its envelope is from the address of From, or one
// for bounces.
func (r *rig) send(t *testing.T, f Frame, m Mail, bounces aikagi.Email, keys ...dkim.Key) spamtest.Mail {
	t.Helper()
	f.Date = r.received.Add(-2 * time.Second)
	f.MessageID = fmt.Sprintf("<%x@sakura.example.jp>", rand.Text())
	e := compose(t, f, m)
	recipient, err := smtpclient.QuoteAddress(e.To)
	if err != nil {
		t.Fatal(err)
	}
	out := spamtest.Mail{From: string(cmp.Or(bounces, e.From)), To: recipient, Raw: e.Raw}
	for _, key := range keys {
		signed, err := dkim.Sign(out.Raw, key)
		if err != nil {
			t.Fatal(err)
		}
		out.Raw = signed
	}
	out.Raw = r.sender.Received(out, r.received)
	return out
}

// mails is every template in every language, and what else decides how a mail
// is encoded: words of another language, addresses that need quotes, a second
// signature.
func (r *rig) mails(t *testing.T) map[string]spamtest.Mail {
	t.Helper()
	all := map[string]spamtest.Mail{}
	for _, l := range aikagi.Locales {
		for name, m := range samples(l) {
			all[name+" "+string(l)] = r.send(t, sampleFrame(l), m, "", r.rsa)
		}
	}
	japanese, english := sampleFrame(aikagi.Japanese), sampleFrame(aikagi.English)
	mixed, plain, quoted, long := english, japanese, japanese, japanese
	mixed.Instance, mixed.Contact = japanese.Instance, japanese.Contact
	plain.Instance, plain.Contact = english.Instance, english.Contact
	quoted.To = "tanaka..ichiro.@example.co.jp"
	long.Instance = strings.Repeat("さくらコールセンター", 5)
	reset := samples(aikagi.Japanese)["password_reset"].(PasswordReset)
	dotted, own := reset, reset
	dotted.User, dotted.By = "tanaka.ichiro@sakura.example.jp", "佐藤 花子"
	own.URL = aikagi.NewSecret("https://sakura.my.example.jp/reset/kJ3mYV0x7Qb1uW9sT5oR2nE8zL4hC6gD-aFpXyZ_0Ab")
	for name, mail := range map[string]struct {
		frame   Frame
		mail    Mail
		bounces aikagi.Email
		keys    []dkim.Key
	}{
		"names in Japanese, text in English": {mixed, reset, "", []dkim.Key{r.rsa}},
		"names in English, text in Japanese": {plain, reset, "", []dkim.Key{r.rsa}},
		"recipient in quotes":                {quoted, reset, "", []dkim.Key{r.rsa}},
		"long name of the instance":          {long, reset, "", []dkim.Key{r.rsa}},
		"user name like an address":          {japanese, dotted, "", []dkim.Key{r.rsa}},
		"instance with a host of its own":    {japanese, own, "", []dkim.Key{r.rsa}},
		"two signatures":                     {japanese, reset, "", []dkim.Key{r.ed25519, r.rsa}},
		"envelope with an address of its own": {
			japanese, reset, "bounces+01930f0e7b1c7c1e9d553f5d1c0a9b7e-4d1c0a9b7e3f5d1c@sakura.example.jp", []dkim.Key{r.rsa},
		},
	} {
		all[name] = r.send(t, mail.frame, mail.mail, mail.bounces, mail.keys...)
	}
	return all
}

// harmless names the rules that may fire although they add to the score, and
// why.
var harmless = map[string]string{
	"DKIM_SIGNED":      "taken back by DKIM_VALID",
	"HTML_MESSAGE":     "has an HTML part, as every mail with a button",
	"MIME_BASE64_TEXT": "Japanese text; quoted-printable would triple it, and nobody could read that either",
	"FORGED_SENDER": "the envelope's address for bounces differs from that of From, in the same domain; " +
		"rspamd lets it pass only if it holds the recipient's",
}

// forbidden are beginnings of rules that would say that we look like a forger
// or a bad program, whatever they add.
var forbidden = []string{
	"PHISHING", "HFILTER_", "MISSING_", "R_MISSING", "SUBJ_", "SUBJECT_", "MIME_HTML_ONLY", "HTML_IMAGE_ONLY_", "HTTP_TO_IP",
	"FORGED_", "FROM_EXCESS", "FAKE_", "R_SUSPICIOUS", "URI_COUNT_ODD", "DATE_IN_", "INVALID_", "BOGUS_",
}

var (
	wantsSpamAssassin = []string{"DKIM_VALID", "DKIM_VALID_AU", "DKIM_VALID_EF", "SPF_PASS", "SPF_HELO_PASS", "DMARC_PASS"}
	wantsRspamd       = []string{"R_DKIM_ALLOW", "R_SPF_ALLOW", "DMARC_POLICY_ALLOW"}
)

func judge(t *testing.T, filter, name string, v spamtest.Verdict, wants []string) {
	t.Helper()
	if v.Score > 0.0001 { // rspamd adds in single precision
		t.Errorf("%s: %s: %s", filter, name, v)
	}
	for _, want := range wants {
		if !v.Fired(want) {
			t.Errorf("%s: %s: no %s: %s", filter, name, want, v)
		}
	}
	for _, rule := range v.Rules {
		if _, known := harmless[rule.Name]; known {
			continue
		}
		if slices.ContainsFunc(forbidden, func(start string) bool { return strings.HasPrefix(rule.Name, start) }) {
			t.Errorf("%s: %s: %s fired", filter, name, rule.Name)
		}
		if rule.Score > 0 {
			t.Errorf("%s: %s: %s adds %g; mend the mail, or say why it is harmless", filter, name, rule.Name, rule.Score)
		}
	}
}

// TestM2K27FiltersTakeEveryMail holds K27: both filters, every template, every
// language, every encoding. What fired is printed with -v.
func TestM2K27FiltersTakeEveryMail(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts two spam filters")
	}
	r := newRig(t)
	mails := r.mails(t)
	names := slices.Sorted(maps.Keys(mails))
	var raw [][]byte
	for _, name := range names {
		raw = append(raw, mails[name].Raw)
	}
	controls := r.controls(mails["password_reset ja"])
	for _, c := range controls {
		raw = append(raw, c.mail.Raw)
	}
	scanner := spamtest.Rspamd(t, r.dns)
	verdicts := spamtest.SpamAssassin(t, r.dns, raw...)
	for i, name := range names {
		ours, theirs := verdicts[i], scanner.Scan(t, mails[name], r.sender)
		judge(t, "SpamAssassin", name, ours, wantsSpamAssassin)
		judge(t, "rspamd", name, theirs, wantsRspamd)
		t.Logf("| %s | %.1f | %.1f |\n%s\n%s", name, ours.Score, theirs.Score, ours, theirs)
	}
	for i, c := range controls {
		if v := verdicts[len(names)+i]; !v.Fired(c.spamAssassin) || v.Fired("DKIM_VALID_AU") == c.broken {
			t.Errorf("SpamAssassin does not see %s: %s", c.name, v)
		}
		if v := scanner.Scan(t, c.mail, r.sender); !v.Fired(c.rspamd) || v.Fired("R_DKIM_ALLOW") == c.broken {
			t.Errorf("rspamd does not see %s: %s", c.name, v)
		}
	}
}

// control is a mail in which a filter has to find something: that it stays
// silent about ours would mean nothing otherwise.
type control struct {
	name                 string
	mail                 spamtest.Mail
	broken               bool // the signature is
	spamAssassin, rspamd string
}

func (r *rig) controls(good spamtest.Mail) []control {
	replace := func(old, with string) spamtest.Mail {
		bad := good
		bad.Raw = bytes.Replace(good.Raw, []byte(old), []byte(with), 1)
		return bad
	}
	stranger := good
	stranger.From = "noreply@other.example.jp"
	stranger.Raw = bytes.Replace(good.Raw, []byte("Return-Path: <"+good.From+">"), []byte("Return-Path: <"+stranger.From+">"), 1)
	r.dns.Set("other.example.jp", "TXT", "v=spf1 -all")
	return []control{
		{"a second Subject (K26)", replace("\r\nSubject: ", "\r\nSubject: x\r\nSubject: "), true, "DKIM_INVALID", "R_DKIM_REJECT"},
		{"a second From (K26)", replace("\r\nFrom: ", "\r\nFrom: a@evil.example\r\nFrom: "), true, "DKIM_INVALID", "R_DKIM_REJECT"},
		{"a changed subject (K25)", replace("\r\nSubject: ", "\r\nSubject: x"), true, "DKIM_INVALID", "R_DKIM_REJECT"},
		{"no date", replace("\r\nDate: ", "\r\nX-Date: "), true, "MISSING_DATE", "MISSING_DATE"},
		{"a sender that SPF forbids", stranger, false, "SPF_FAIL", "R_SPF_FAIL"},
	}
}
