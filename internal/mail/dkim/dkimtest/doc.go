// Package dkimtest verifies signed mail with two other implementations,
// OpenDKIM and dkimpy.
//
// opendkim-testmsg knows no way to be given a public key: it asks the resolver
// of /etc/resolv.conf. OpenDKIM gives it one of its own, by a mount namespace in
// which that file names a DNS server on loopback. That needs root (port 53);
// elsewhere, and where a tool is not installed, the test is skipped. With
// AIKAGI_REQUIRE_MAIL_TOOLS=1 a missing tool fails it. Only tests import it.
package dkimtest
