// Package dnstest is a name server on loopback for tests: it answers what it was
// told, fails, says nothing, or knows no such name. It never asks another server.
//
//	Set(name, type, records…)   A, AAAA, CNAME, MX, NS, PTR, TXT; CNAMEs are followed
//	Fail(name, code)            SERVFAIL, REFUSED … for every type
//	Silent(name)                no answer at all
//	anything else               NXDOMAIN, or no data where the name has other types
//
// It speaks UDP and TCP on one port; an answer that is too long for a datagram is
// cut and asked for again over TCP (RFC 1035 §4.2.1). Only tests import it.
package dnstest
