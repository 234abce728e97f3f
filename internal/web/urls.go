package web

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// URLs are the addresses the product answers to. Links are built from them and
// never from what a request says (S9).
type URLs struct {
	scheme string
	host   string   // of the base URL, with a port unless it is the scheme's own
	suffix string   // ".my.example.jp" or ".my.example.jp:8443" in host mode
	others []string // further hosts, as host
}

// ParseURLs reads the base URL ("https://id.example.jp"), the pattern of
// instance hosts ("*.my.example.jp"; empty for path mode) and further hosts that
// the server answers to. A loopback base answers to all names of loopback.
func ParseURLs(base, instanceHost string, others ...string) (*URLs, error) {
	b, err := parseBase(base)
	if err != nil {
		return nil, err
	}
	u := &URLs{scheme: b.Scheme, host: foldHost(b.Scheme, b.Host)}
	for _, o := range others {
		u.others = append(u.others, foldHost(u.scheme, o))
	}
	if isLoopback(b.Hostname()) {
		for _, name := range []string{"localhost", "127.0.0.1", "[::1]"} {
			u.others = append(u.others, foldHost(u.scheme, withPort(name, b.Port())))
		}
	}
	if instanceHost == "" {
		return u, nil
	}
	rest, ok := strings.CutPrefix(instanceHost, "*.")
	if !ok || rest == "" || strings.ContainsAny(rest, "*/@?#") {
		return nil, errors.New("parse instance host: want *.my.example.jp")
	}
	u.suffix = "." + foldHost(u.scheme, rest)
	return u, nil
}

func parseBase(base string) (*url.URL, error) {
	b, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("parse base URL: %w", err)
	}
	origin := url.URL{Scheme: b.Scheme, Host: b.Host}
	if b.Scheme != "https" && b.Scheme != "http" || b.Host == "" || strings.TrimSuffix(b.String(), "/") != origin.String() {
		return nil, errors.New("parse base URL: want https://host or http://host, and no path")
	}
	return b, nil
}

// Secure reports whether browsers come by https. What a proxy or a client says
// does not count.
func (u *URLs) Secure() bool { return u.scheme == "https" }

// Base is the base URL without a slash at the end.
func (u *URLs) Base() string { return u.scheme + "://" + u.host }

// Instance is the whole address of a page of an instance; path begins with "/".
func (u *URLs) Instance(alias, path string) string {
	if u.hosted() {
		return u.scheme + "://" + alias + u.suffix + path
	}
	return u.Base() + instancePrefix + alias + path
}

// hosted reports whether each instance has a host of its own.
func (u *URLs) hosted() bool { return u != nil && u.suffix != "" }

// answers reports whether the server answers to a Host header, and for which
// instance if the host is one of an instance.
func (u *URLs) answers(header string) (alias string, ok bool) {
	host := foldHost(u.scheme, header)
	if host == u.host || slices.Contains(u.others, host) {
		return "", true
	}
	if !u.hosted() {
		return "", false
	}
	alias, found := strings.CutSuffix(host, u.suffix)
	return alias, found && isLabel(alias)
}

// isLabel reports whether s is one LDH label (RFC 5890 §2.3.1), in lower case.
func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool {
		return c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z')
	})
}

// foldHost writes a host in one way: lower case, no port if it is the scheme's.
// What has a second port is no host, and stays as it is.
func foldHost(scheme, host string) string {
	if strings.ContainsFunc(host, func(c rune) bool { return c >= utf8.RuneSelf }) {
		return host // lower-casing would make a k of the Kelvin sign
	}
	host = strings.ToLower(host)
	port := ":80"
	if scheme == "https" {
		port = ":443"
	}
	name, found := strings.CutSuffix(host, port)
	if !found || strings.Contains(name, ":") && !strings.HasSuffix(name, "]") {
		return host
	}
	return name
}

func withPort(host, port string) string {
	if port == "" {
		return host
	}
	return host + ":" + port
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// portless cuts the port off a remote address.
func portless(remote string) string {
	if host, _, err := net.SplitHostPort(remote); err == nil {
		return host
	}
	return remote
}
