// Package spf judges whether a host may send mail of a domain, as a receiver
// does: check_host() of RFC 7208.
//
//	Check: address, domain ─ TXT v=spf1 ─ terms from the left ─ include, redirect ─ Verdict
//
// Whatever is published, it asks for at most 10 more names (§4.6.4), so it ends.
// It does not know "exp", and the name of the host only as far as reverse DNS
// confirms it.
package spf
