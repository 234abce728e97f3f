// Package dkimtest verifies signed mail with OpenDKIM, a second implementation.
//
// opendkim-testmsg knows no way to be given a public key: it asks the resolver
// of /etc/resolv.conf. OpenDKIM gives it one of its own, by a mount namespace in
// which that file names a DNS server on loopback. That needs root (port 53);
// elsewhere the test is skipped. Only tests import it.
package dkimtest
