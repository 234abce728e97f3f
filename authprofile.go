package aikagi

import (
	"net/netip"
	"strings"
	"time"
)

// AuthenticationProfile says from where the people of an instance may use it, and
// how long they may leave it alone. Each instance has one, made with it.
type AuthenticationProfile struct {
	Name        string
	Description string
	AllowedIPs  []string      // addresses and CIDR ranges; none: everywhere
	BlockedIPs  []string      // always win
	Periodic    time.Duration // how often Amazon asks again; here each request is checked
	Inactivity  time.Duration // after which a session ends, if EndsInactive
	// EndsInactive puts Inactivity in the place of SessionIdleTTL.
	EndsInactive bool
	UpdatedAt    time.Time // zero: never, since the instance was made
}

// DefaultAuthenticationProfile is Amazon Connect's.
func DefaultAuthenticationProfile() AuthenticationProfile {
	return AuthenticationProfile{
		Name: "Default Authentication Profile", Description: "A basic default Authentication Profile",
		Periodic: time.Hour, Inactivity: time.Hour,
	}
}

// IdleTTL is how long a session may be left alone.
func (p AuthenticationProfile) IdleTTL() time.Duration {
	if p.EndsInactive {
		return p.Inactivity
	}
	return SessionIdleTTL
}

// Admits reports whether somebody may come from an address: a blocked one never;
// if some are allowed, those only. An address that nobody knows is one of which
// everything may be true, so it is let in only where there is no list.
func (p AuthenticationProfile) Admits(from netip.Addr) bool {
	if len(p.AllowedIPs) == 0 && len(p.BlockedIPs) == 0 {
		return true
	}
	if !from.IsValid() || within(from, p.BlockedIPs) {
		return false
	}
	return len(p.AllowedIPs) == 0 || within(from, p.AllowedIPs)
}

func within(from netip.Addr, ranges []string) bool {
	from = from.Unmap().WithZone("")
	for _, text := range ranges {
		if r, ok := addressRange(text); ok && r.Contains(from) {
			return true
		}
	}
	return false
}

// addressRange reads an IPv4 or IPv6 address, or a range of them in CIDR notation.
func addressRange(text string) (netip.Prefix, bool) {
	if strings.Contains(text, "/") {
		r, err := netip.ParsePrefix(text)
		return r, err == nil && !r.Addr().Is4In6() && len(text) <= maxRange
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), len(text) <= maxRange
}

// Amazon Connect's limits; that of ranges in a list is ours.
const (
	maxAccessName        = 128 // characters
	maxAccessDescription = 250
	maxRange             = 50 // bytes
	maxRanges            = 100
)

// Check refuses what Amazon Connect's model refuses.
func (p AuthenticationProfile) Check() error {
	var broken Invalids
	if p.Name == "" {
		broken.Add("access_name", "required")
	}
	if p.Description == "" {
		broken.Add("access_description", "required")
	}
	broken.CheckText("access_name", p.Name, maxAccessName)
	broken.CheckText("access_description", p.Description, maxAccessDescription)
	checkRanges(&broken, "allowed_ips", p.AllowedIPs)
	checkRanges(&broken, "blocked_ips", p.BlockedIPs)
	if p.Periodic < 10*time.Minute || p.Periodic > 60*time.Minute {
		broken.Add("periodic_session", "range")
	}
	if p.Inactivity < 15*time.Minute || p.Inactivity > 720*time.Minute {
		broken.Add("inactivity", "range")
	}
	return broken.Err()
}

func checkRanges(broken *Invalids, field string, ranges []string) {
	if len(ranges) > maxRanges {
		broken.Add(field, "too_many")
		return
	}
	for _, text := range ranges {
		if _, ok := addressRange(text); !ok {
			broken.Add(field, "address_range")
			return
		}
	}
}
