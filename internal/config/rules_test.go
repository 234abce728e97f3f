package config

import (
	"errors"
	"testing"
)

// TestS40NothingStartsThatCannotBeSafe: off loopback a base URL by https is
// needed, and a certificate comes with its key.
func TestS40NothingStartsThatCannotBeSafe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ yaml, want string }{
		"no base URL":                   {"listen: 0.0.0.0:80\n", "base_url_missing"},
		"no base URL, all interfaces":   {"listen: ':80'\n", "base_url_missing"},
		"no base URL, IPv6":             {"listen: '[::]:80'\n", "base_url_missing"},
		"no base URL, one address":      {"listen: 192.0.2.1:80\n", "base_url_missing"},
		"base URL without TLS":          {"listen: 0.0.0.0:80\nbase_url: http://id.example.jp\n", "base_url_https"},
		"a loopback URL for others":     {"listen: 0.0.0.0:80\nbase_url: http://127.0.0.1\n", "base_url_loopback"},
		"a certificate without its key": {"listen: 0.0.0.0:443\nbase_url: https://id.example.jp\ntls_cert: c.pem\n", "tls_pair"},
		"a key without its certificate": {"listen: 0.0.0.0:443\nbase_url: https://id.example.jp\ntls_key: k.pem\n", "tls_pair"},
		"clear text nobody vouches for": {"listen: 0.0.0.0:80\nbase_url: https://id.example.jp\nallow_one_origin: true\n", ""},
	} {
		_, err := load(t, c.yaml, nil)
		var problems Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		found := c.want == ""
		for _, p := range problems {
			found = found || p.Reason == c.want
		}
		if !found {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
