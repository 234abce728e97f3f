package config

import (
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/aikagi/aikagi"
)

// Settings are the values that hold, checked one by one and together.
type Settings struct {
	Listen         string        // host:port of pages and wire
	BaseURL        string        // scheme and host of all links; "" on loopback while the port is 0
	Database       aikagi.Secret // sqlite:PATH or postgres://…, which may hold a password
	Data           string        // directory
	Region         string        // of ARNs and signatures
	SMTP           aikagi.Secret // smtp:// or smtps:// URL; empty: mail waits
	MailFrom       aikagi.Email
	MailBounce     aikagi.Email // where mail that cannot be delivered comes back; empty: to MailFrom
	DKIMKey        string       // path
	DKIMSelector   string
	KeyFile        string // path of the master key
	TLSCert        string // path
	TLSKey         string // path
	OpsListen      string // host:port of health, metrics and profiles
	APIHost        string // host name that serves only the wire API
	ConsoleHost    string // host name of the account console
	InstanceHost   string // *.domain: one host name an instance
	TrustedProxies []netip.Prefix
	LogLevel       slog.Level
	Locale         aikagi.Locale // of new instances and of what the server prints
	AllowOneOrigin bool          // console and instances may share an origin off loopback

	// Ignored are AIKAGI_… names in the environment that mean nothing here.
	Ignored []string

	values []Value
}

// Value is a setting as a person may see it: secrets are hidden.
type Value struct {
	Setting string // "base_url"
	Text    string
	Source  Source
}

// Print returns each setting with its value and where that came from, in a
// fixed order; passwords are hidden (case M08).
func (s *Settings) Print() []Value { return s.values }

// Origin returns the base URL: as set, or on loopback derived from the address
// that the server listens on.
func (s *Settings) Origin(listening string) string {
	if s.BaseURL != "" {
		return s.BaseURL
	}
	scheme := "http://"
	if s.TLSCert != "" {
		scheme = "https://"
	}
	return scheme + listening
}

// spec describes one setting.
type spec struct {
	name     string
	fallback string
	secret   bool                                           // may hold a password
	set      func(s *Settings, text string) (reason string) // "" if the text is fine
}

// specs lists the settings in the order in which they are printed.
func specs(defaultKeyFile string) []spec {
	text := func(field func(*Settings) *string) func(*Settings, string) string {
		return func(s *Settings, v string) string { *field(s) = v; return "" }
	}
	return []spec{
		{name: "listen", fallback: "127.0.0.1:8080", set: setListen},
		{name: "base_url", set: setBaseURL},
		{name: "data", fallback: "aikagi-data", set: text(func(s *Settings) *string { return &s.Data })},
		{name: "database", secret: true, set: setDatabase},
		{name: "key_file", fallback: defaultKeyFile, set: text(func(s *Settings) *string { return &s.KeyFile })},
		{name: "region", fallback: "ap-northeast-1", set: setRegion},
		{name: "smtp", secret: true, set: setSMTP},
		{name: "mail_from", set: setMailFrom},
		{name: "mail_bounce", set: setMailBounce},
		{name: "dkim_key", set: text(func(s *Settings) *string { return &s.DKIMKey })},
		{name: "dkim_selector", fallback: "aikagi", set: setSelector},
		{name: "tls_cert", set: text(func(s *Settings) *string { return &s.TLSCert })},
		{name: "tls_key", set: text(func(s *Settings) *string { return &s.TLSKey })},
		{name: "ops_listen", fallback: "127.0.0.1:9090", set: setOpsListen},
		{name: "api_host", set: setHost(func(s *Settings) *string { return &s.APIHost })},
		{name: "console_host", set: setHost(func(s *Settings) *string { return &s.ConsoleHost })},
		{name: "instance_host", set: setInstanceHost},
		{name: "trusted_proxies", set: setProxies},
		{name: "allow_one_origin", fallback: "false", set: setAllowOneOrigin},
		{name: "log_level", fallback: "info", set: setLogLevel},
		{name: "locale", fallback: string(aikagi.Japanese), set: setLocale},
	}
}

func setListen(s *Settings, v string) string    { s.Listen = v; return badAddress(v) }
func setOpsListen(s *Settings, v string) string { s.OpsListen = v; return badAddress(v) }

func badAddress(v string) string {
	host, port, err := net.SplitHostPort(v)
	if err != nil || !isPort(port) {
		return "address"
	}
	if _, err := netip.ParseAddr(host); host != "" && host != "localhost" && err != nil {
		return "address"
	}
	return ""
}

func isPort(s string) bool {
	_, err := netip.ParseAddrPort("127.0.0.1:" + s)
	return err == nil
}

func setBaseURL(s *Settings, v string) string {
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "base_url"
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Opaque != "" {
		return "base_url_more"
	}
	s.BaseURL = u.Scheme + "://" + strings.ToLower(u.Host)
	return ""
}

func setDatabase(s *Settings, v string) string {
	s.Database = aikagi.NewSecret(v)
	path, lite := strings.CutPrefix(v, "sqlite:")
	if lite && path != "" && !strings.ContainsAny(path, "?#") {
		return ""
	}
	if u, err := url.Parse(v); err == nil && u.Host != "" && (u.Scheme == "postgres" || u.Scheme == "postgresql") {
		return ""
	}
	return "database"
}

func setRegion(s *Settings, v string) string {
	s.Region = v
	if v == "" || strings.Trim(v, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "region"
	}
	return ""
}

func setSMTP(s *Settings, v string) string {
	s.SMTP = aikagi.NewSecret(v)
	if u, err := url.Parse(v); err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return "smtp"
	}
	return ""
}

func setMailFrom(s *Settings, v string) string {
	email, err := aikagi.ParseEmail(v)
	s.MailFrom = email
	if err != nil {
		return "mail_from"
	}
	return ""
}

// maxBounceLocal leaves room for what tells the messages apart: a local part has
// at most 64 octets (RFC 5321 §4.5.3.1.1).
const maxBounceLocal = 16

func setMailBounce(s *Settings, v string) string {
	email, err := aikagi.ParseEmail(v)
	s.MailBounce = email
	if local, _, _ := strings.Cut(v, "@"); err != nil || len(local) > maxBounceLocal {
		return "mail_bounce"
	}
	return ""
}

func setSelector(s *Settings, v string) string {
	s.DKIMSelector = v
	if !isHost(v) {
		return "dkim_selector"
	}
	return ""
}

func setHost(field func(*Settings) *string) func(*Settings, string) string {
	return func(s *Settings, v string) string {
		*field(s) = strings.ToLower(v)
		if !isHost(*field(s)) {
			return "host"
		}
		return ""
	}
}

func setInstanceHost(s *Settings, v string) string {
	s.InstanceHost = strings.ToLower(v)
	domain, wild := strings.CutPrefix(s.InstanceHost, "*.")
	if !wild || !isHost(domain) {
		return "instance_host"
	}
	return ""
}

// isHost reports whether every label is of letters, digits and inner hyphens
// (RFC 1123 §2.1); a port is no part of a name.
func isHost(v string) bool {
	if len(v) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.ToLower(v), ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

func setProxies(s *Settings, v string) string {
	for part := range strings.SplitSeq(v, ",") {
		part = strings.TrimSpace(part)
		if a, err := netip.ParseAddr(part); err == nil && a.Zone() == "" {
			part = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()).String()
		}
		p, err := netip.ParsePrefix(part)
		if err != nil {
			return "trusted_proxies"
		}
		s.TrustedProxies = append(s.TrustedProxies, p.Masked())
	}
	return ""
}

func setAllowOneOrigin(s *Settings, v string) string {
	switch strings.ToLower(v) {
	case "true", "1", "yes":
		s.AllowOneOrigin = true
	case "false", "0", "no":
	default:
		return "yes_or_no"
	}
	return ""
}

func setLogLevel(s *Settings, v string) string {
	switch v {
	case "debug", "info", "warn", "error":
		_ = s.LogLevel.UnmarshalText([]byte(v)) // these four are its own words
		return ""
	}
	return "log_level"
}

func setLocale(s *Settings, v string) string {
	s.Locale = aikagi.ParseLocale(v)
	if s.Locale == "" {
		return "locale"
	}
	return ""
}

// hidden is how a value that may hold a password is shown.
func hidden(v string) string {
	if v == "" || strings.HasPrefix(v, "sqlite:") {
		return v
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme == "" || u.Opaque != "" { // no URL: who knows what it is
		return "[redacted]"
	}
	if u.RawQuery != "" {
		u.RawQuery = "[redacted]" // PostgreSQL takes a password there, too
	}
	u.Fragment = ""
	return u.Redacted()
}

func holdsPassword(v string) bool { return hidden(v) != v }

// sqlitePath is where the database lies unless a setting says otherwise.
func sqlitePath(data string) string { return "sqlite:" + filepath.Join(data, "aikagi.db") }
