package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/mail/dkim"
	"github.com/aikagi/aikagi/internal/mail/smtpclient"
)

// expirySoon is when a certificate needs care; those of ACME are renewed a
// month before they end.
const expirySoon = 14 * 24 * time.Hour

// certificate looks whether the certificate is for the host of the links.
func (d *Doctor) certificate() {
	if d.Settings.TLSCert == "" {
		return
	}
	pair, err := tls.LoadX509KeyPair(d.Settings.TLSCert, d.Settings.TLSKey)
	if err != nil || pair.Leaf == nil {
		d.say(Bad, "certificate_unreadable", "path", d.Settings.TLSCert)
		return
	}
	for _, host := range d.hosts() {
		if err := pair.Leaf.VerifyHostname(host); err != nil {
			d.say(Bad, "certificate_host", "host", host)
			return
		}
	}
	d.ends(pair.Leaf)
}

func (d *Doctor) ends(leaf *x509.Certificate) {
	until := leaf.NotAfter.UTC().Format(time.RFC3339)
	switch left := leaf.NotAfter.Sub(d.Clock.Now()); {
	case left <= 0:
		d.say(Bad, "certificate_expired", "until", until)
	case left < expirySoon:
		d.say(Warn, "certificate_ends", "until", until)
	default:
		d.say(OK, "certificate_ok", "until", until)
	}
}

// hosts are the names under which people reach the server.
func (d *Doctor) hosts() []string {
	var all []string
	if u, err := url.Parse(d.Settings.BaseURL); err == nil && u.Host != "" {
		all = append(all, u.Hostname())
	}
	for _, h := range []string{d.Settings.APIHost, d.Settings.ConsoleHost} {
		if h != "" {
			all = append(all, h)
		}
	}
	if d.Settings.InstanceHost != "" {
		all = append(all, strings.Replace(d.Settings.InstanceHost, "*", "any", 1))
	}
	return all
}

// waitForMail bounds a look at a mail server, and at the DNS.
const waitForMail = 15 * time.Second

func (d *Doctor) mail(ctx context.Context) {
	if d.Settings.SMTP.Empty() {
		d.say(Warn, "smtp_none")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, waitForMail)
	defer cancel()
	server, err := smtpclient.ParseURL(d.Settings.SMTP.Reveal())
	if err != nil {
		d.say(Bad, "smtp_settings", "cause", aikagi.ReasonOf(err))
		return
	}
	d.greet(ctx, server)
	if server.Security == smtpclient.Loopback {
		return // a relay of this machine signs and speaks to the world
	}
	d.signature(ctx)
	d.published(ctx)
}

func (d *Doctor) greet(ctx context.Context, server smtpclient.Settings) {
	client, err := smtpclient.Dial(ctx, server)
	if err != nil {
		cause := "?"
		var f *smtpclient.Failure
		if errors.As(err, &f) {
			cause = f.Error()
		}
		d.say(Bad, "smtp_unreachable", "host", server.Host, "cause", cause)
		return
	}
	_ = client.Close() // it greeted us, which is all we wanted
	d.say(OK, "smtp_ok", "host", server.Host)
}

// signature looks at the DKIM key and at its record.
func (d *Doctor) signature(ctx context.Context) {
	if d.Settings.DKIMKey == "" {
		d.say(Warn, "dkim_none")
		return
	}
	text, err := os.ReadFile(d.Settings.DKIMKey)
	if err != nil {
		d.say(Bad, "dkim_unreadable", "path", d.Settings.DKIMKey)
		return
	}
	key, err := dkim.ParseKey(text, d.Settings.MailFrom.Domain(), d.Settings.DKIMSelector)
	if err != nil {
		d.say(Bad, "dkim_key", "path", d.Settings.DKIMKey, "cause", aikagi.ReasonOf(err))
		return
	}
	record, err := key.Record()
	if err != nil {
		d.say(Bad, "dkim_key", "path", d.Settings.DKIMKey, "cause", aikagi.ReasonOf(err))
		return
	}
	found, err := d.LookupTXT(ctx, key.Name())
	if err == nil {
		for _, have := range found {
			if publicKey(have) == publicKey(record) {
				d.say(OK, "dkim_ok", "name", key.Name())
				return
			}
		}
	}
	d.say(Bad, "dkim_record", "name", key.Name(), "record", record)
}

// publicKey is the p= of a record (RFC 6376 §3.6.1), in which white space means
// nothing.
func publicKey(record string) string {
	for tag := range strings.SplitSeq(record, ";") {
		name, value, _ := strings.Cut(tag, "=")
		if strings.TrimSpace(name) == "p" {
			return strings.Join(strings.Fields(value), "")
		}
	}
	return ""
}

// published looks at what else receivers ask the DNS: RFC 7208 and RFC 7489.
func (d *Doctor) published(ctx context.Context) {
	domain := d.Settings.MailFrom.Domain()
	for _, want := range []struct{ name, start, reason string }{
		{domain, "v=spf1", "spf"}, {"_dmarc." + domain, "v=DMARC1", "dmarc"},
	} {
		found, err := d.LookupTXT(ctx, want.name)
		has := false
		for _, text := range found {
			has = has || strings.HasPrefix(text, want.start)
		}
		if err != nil || !has {
			d.say(Warn, want.reason+"_record", "name", want.name)
			continue
		}
		d.say(OK, want.reason+"_ok", "name", want.name)
	}
}
