package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"net/url"
	"strings"
	"time"
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
