package app

import (
	"io"
	"net/http"
	"net/netip"
	"slices"

	"github.com/aikagi/aikagi/internal/config"
)

// httpsOnly refuses whoever comes from afar in the clear, past the proxies that end TLS
// (H29). It leads nowhere: what he sent was readable already, and a redirect would hide
// it. Of a server with a certificate of its own, or on loopback alone, nothing changes.
func httpsOnly(h http.Handler, s config.Settings) http.Handler {
	if s.TLSCert != "" || len(s.TrustedProxies) == 0 {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		from := peer.Addr().Unmap()
		isProxy := slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(from) })
		if err == nil && (from.IsLoopback() || isProxy) {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "https で接続してください / Connect by https: "+s.BaseURL+"\n") // he may be gone
	})
}
