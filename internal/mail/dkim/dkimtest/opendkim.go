//go:build linux

package dkimtest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// Verifier says what a tool said about a mail, and an error unless the signature
// is good.
type Verifier func(raw string) (said string, err error)

// OpenDKIM returns a verifier that finds one record in DNS, that of the signing
// key. Where it cannot run the test is skipped.
func OpenDKIM(t testing.TB, name, record string) Verifier {
	t.Helper()
	tool := find(t, "opendkim-testmsg", "opendkim-tools")
	address := serveTXT(t, name, record)
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(conf, []byte("nameserver "+address+"\noptions timeout:2 attempts:1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const script = `mount --bind "$0" /etc/resolv.conf && exec "$@"`
	inside := []string{"--mount", "sh", "-c", script, conf}
	if out, err := exec.CommandContext(t.Context(), "unshare", append(inside, "true")...).CombinedOutput(); err != nil {
		t.Skipf("no mount namespace here: %v: %s", err, out)
	}
	inside = append(inside, tool, "-t", t.TempDir())
	return func(raw string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "unshare", inside...)
		cmd.Stdin = strings.NewReader(raw)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}

func find(t testing.TB, tool, debian string) string {
	t.Helper()
	for _, name := range []string{tool, "/usr/sbin/" + tool} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	absent(t, "%s is not installed (Debian: %s)", tool, debian)
	return ""
}

func absent(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("AIKAGI_REQUIRE_MAIL_TOOLS") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// serveTXT answers DNS questions for the record on an address of its own: one
// that other tests, of other processes too, are unlikely to have chosen.
func serveTXT(t testing.TB, name, record string) string {
	t.Helper()
	address := fmt.Sprintf("127.77.%d.%d", 1+rand.IntN(254), 1+rand.IntN(254))
	var lc net.ListenConfig
	conn, err := lc.ListenPacket(context.Background(), "udp", address+":53")
	if err != nil {
		t.Skipf("cannot serve DNS here: %v", err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = conn.Close(); <-done })
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply := answer(buf[:n], name, record); reply != nil {
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
