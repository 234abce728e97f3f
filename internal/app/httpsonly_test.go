package app

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/aikagi/aikagi/internal/config"
)

// TestH29PlainHTTPFromAfarIsRefused, and nothing else.
func TestH29PlainHTTPFromAfarIsRefused(t *testing.T) {
	t.Parallel()
	behind := config.Settings{BaseURL: "https://id.example.jp", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}
	own := behind
	own.TLSCert = "cert.pem"
	asked := false
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true })
	for _, tt := range []struct {
		name string
		s    config.Settings
		from string
		want bool
	}{
		{"the proxy", behind, "10.1.2.3:4567", true},
		{"the proxy, as IPv6 writes it", behind, "[::ffff:10.1.2.3]:4567", true},
		{"this machine", behind, "127.0.0.1:4567", true},
		{"this machine by IPv6", behind, "[::1]:4567", true},
		{"a neighbour of the proxy", behind, "10.2.0.1:4567", false},
		{"from afar", behind, "192.0.2.1:4567", false},
		{"from nowhere", behind, "@", false},
		{"from afar, to a server with a certificate", own, "192.0.2.1:4567", true},
		{"without a proxy, on loopback", config.Settings{}, "127.0.0.1:4567", true},
	} {
		asked = false
		r := httptest.NewRequest(http.MethodPost, "/i/sakura/login", strings.NewReader("password=canary"))
		r.RemoteAddr = tt.from
		r.Header.Set("X-Forwarded-For", "10.1.2.3")
		r.Header.Set("X-Forwarded-Proto", "https")
		w := httptest.NewRecorder()
		httpsOnly(h, tt.s).ServeHTTP(w, r)
		if asked != tt.want {
			t.Errorf("%s: let in %t", tt.name, asked)
		}
		if !tt.want && (w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "https://id.example.jp") || w.Header().Get("Location") != "") {
			t.Errorf("%s: %d %s", tt.name, w.Code, w.Body)
		}
	}
}
