package spamtest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/mail/dnstest"
)

// rspamdSettings are laid over those of the Debian package. The scanner listens
// on a socket in the test's own directory, so no port can be taken.
var rspamdSettings = map[string]string{
	// Compiling the patterns takes longer than a few mails without.
	"options.inc":           "dns { nameserver = [\"%[1]s\"]; timeout = 20s; }\ntask_timeout = 60s;\ndisable_hyperscan = true;\n",
	"logging.inc":           "type = \"console\";\nlevel = \"warning\";\n",
	"worker-normal.inc":     "bind_socket = \"%[2]s mode=0600\";\ncount = 1;\n",
	"worker-controller.inc": "enabled = false;\n",
	"worker-proxy.inc":      "enabled = false;\n",
}

// A Scanner is a running rspamd.
type Scanner struct {
	client http.Client
	ready  sync.Once
	log    string // file of what it says
}

// Rspamd starts an rspamd that lives as long as the test.
func Rspamd(t testing.TB, dns *dnstest.Server) *Scanner {
	t.Helper()
	program := tool(t, "rspamd", "rspamd")
	dir, err := os.MkdirTemp("", "rspamd") // a socket's name has at most 107 octets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "scan.sock")
	over := filepath.Join(dir, "override.d")
	if err := os.Mkdir(over, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range rspamdSettings {
		if strings.Contains(text, "%") {
			text = fmt.Sprintf(text, dns.Addr(), socket)
		}
		if err := os.WriteFile(filepath.Join(over, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := &Scanner{log: filepath.Join(dir, "log")}
	s.client.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}
	s.run(t, program, dir)
	return s
}

func (s *Scanner) run(t testing.TB, program, dir string) {
	t.Helper()
	log, err := os.Create(s.log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--no-fork", "--insecure", //nolint:gosec // G204: found above
		"--var", "DBDIR="+dir, "--var", "RUNDIR="+dir, "--var", "LOGDIR="+dir, "--var", "LOCAL_CONFDIR="+dir)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} // where the test is killed
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _, _ = cmd.Wait(), log.Close() }) // it was told to end
}

// wait returns when the scanner answers.
func (s *Scanner) wait(t testing.TB) {
	t.Helper()
	for range 3000 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://rspamd/ping", nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := s.client.Do(r); err == nil {
			_ = answer.Body.Close()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	said, _ := os.ReadFile(s.log)
	t.Fatalf("rspamd does not answer: %s", said)
}

// Scan returns the verdict on a mail as it came from a host.
func (s *Scanner) Scan(t testing.TB, m Mail, from Sender) Verdict {
	t.Helper()
	s.ready.Do(func() { s.wait(t) })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://rspamd/checkv2", bytes.NewReader(m.Raw))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"From": m.From, "Rcpt": m.To, "IP": from.Address.String(), "Helo": from.Host, "Hostname": from.Host, "TLS-Version": "TLSv1.3",
	} {
		r.Header.Set(name, value)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var told struct {
		Score   float64
		Symbols map[string]struct{ Score float64 }
	}
	if err := json.Unmarshal(body, &told); err != nil || told.Symbols == nil {
		t.Fatalf("rspamd answers %s: %v", body, err)
	}
	v := Verdict{Score: told.Score}
	for name, symbol := range told.Symbols {
		v.Rules = append(v.Rules, Rule{name, symbol.Score})
	}
	slices.SortFunc(v.Rules, func(a, b Rule) int { return cmp.Compare(a.Name, b.Name) })
	return v
}
