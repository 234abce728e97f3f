package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// Address is where a request comes from, in text; empty if nobody knows.
func (e *Engine) Address(r *http.Request) string {
	if addr := clientAddr(r, e.proxies); addr.IsValid() {
		return addr.String()
	}
	return ""
}

// clientAddr is the address a request comes from: the peer's, or, as long as
// that is a trusted proxy, what it says in X-Forwarded-For, read from the right.
// If a trusted proxy says something that is no address, nobody knows where the
// request comes from, and the zero Addr says so (S9).
func clientAddr(r *http.Request, trusted []netip.Prefix) netip.Addr {
	addr, ok := parseAddr(portless(r.RemoteAddr))
	if !ok {
		return netip.Addr{}
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && contains(trusted, addr); i-- {
		hop := strings.TrimSpace(hops[i])
		if hop == "" && len(hops) == 1 {
			return addr // the proxy itself asks
		}
		if addr, ok = parseAddr(hop); !ok {
			return netip.Addr{}
		}
	}
	return addr
}

// parseAddr reads an address without zone; ::ffff:192.0.2.1 is 192.0.2.1.
func parseAddr(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s)
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}, false
	}
	return addr.Unmap(), true
}

func contains(prefixes []netip.Prefix, addr netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
