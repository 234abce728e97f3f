//go:build linux

package dkim

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// opendkim-testmsg knows no way to be given a public key: it asks the resolver
// of /etc/resolv.conf. The test below gives it one of its own, by a mount
// namespace in which that file names a DNS server on loopback. That needs root
// (port 53); elsewhere the test is skipped. The reverse, verifying here what it
// signs, is not possible: opendkim-testmsg signs with rsa-sha1 only, which RFC
// 8301 §3.1 forbids verifiers to accept.

func TestM1OpenDKIMAccepts(t *testing.T) {
	t.Parallel()
	k := key(t, rsaPEM())
	verifyByOpenDKIM := openDKIM(t, k)
	signed := string(sign(t, []byte(message), k))
	if out, err := verifyByOpenDKIM(signed); err != nil {
		t.Fatalf("refused: %v: %s", err, out)
	}
	mails, err := filepath.Glob("../testdata/*.eml")
	if err != nil || len(mails) == 0 {
		t.Fatalf("no golden mails: %v", err)
	}
	for _, file := range mails {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := verifyByOpenDKIM(string(sign(t, raw, k))); err != nil {
			t.Errorf("%s: refused: %v: %s", file, err, out)
		}
	}
	for name, changed := range tampered(signed) {
		if _, err := verifyByOpenDKIM(changed); err == nil {
			t.Errorf("%s: opendkim still accepts it", name)
		}
	}
}

func openDKIMTool(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"opendkim-testmsg", "/usr/sbin/opendkim-testmsg"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("opendkim-testmsg is not installed (Debian: opendkim-tools)")
	return ""
}

// openDKIM returns a verifier that sees k's record in DNS.
func openDKIM(t *testing.T, k Key) func(raw string) (string, error) {
	t.Helper()
	tool := openDKIMTool(t)
	address := serveTXT(t, k)
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(conf, []byte("nameserver "+address+"\noptions timeout:2 attempts:1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const script = `mount --bind "$0" /etc/resolv.conf && exec "$@"`
	if out, err := exec.CommandContext(t.Context(), "unshare", "--mount", "sh", "-c", script, conf, "true").CombinedOutput(); err != nil {
		t.Skipf("no mount namespace here: %v: %s", err, out)
	}
	return func(raw string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "sh", "-c", script, conf, tool, "-t", t.TempDir())
		cmd.Stdin = strings.NewReader(raw)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}

// serveTXT answers DNS questions for k's record on an address of its own.
func serveTXT(t *testing.T, k Key) string {
	t.Helper()
	const address = "127.77.6.76"
	var lc net.ListenConfig
	conn, err := lc.ListenPacket(context.Background(), "udp", address+":53")
	if err != nil {
		t.Skipf("cannot serve DNS here: %v", err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = conn.Close(); <-done })
	record, err := k.Record()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply := answer(buf[:n], k.Name(), record); reply != nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	}()
	return address
}

func answer(query []byte, name, record string) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	m.Header = dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true, RecursionDesired: true, RecursionAvailable: true}
	m.Answers, m.Authorities, m.Additionals = nil, nil, nil
	if q.Type == dnsmessage.TypeTXT && strings.EqualFold(strings.TrimSuffix(q.Name.String(), "."), name) {
		var pieces []string
		for rest := []byte(record); len(rest) > 0; {
			n := min(255, len(rest))
			pieces, rest = append(pieces, string(bytes.Clone(rest[:n]))), rest[n:]
		}
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
			Body:   &dnsmessage.TXTResource{TXT: pieces},
		}}
	} else {
		m.RCode = dnsmessage.RCodeNameError
	}
	reply, err := m.Pack()
	if err != nil {
		return nil
	}
	return reply
}
