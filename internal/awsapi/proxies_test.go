package awsapi_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
)

// proxies are programs that stand before the product, each told to keep one connection
// to it for all who come: what is left in it would meet the next.
var proxies = map[string]struct {
	args   func(settings string) []string
	config string // the directory, its own address, the product's
}{
	"nginx": {
		func(settings string) []string { return []string{"-c", settings, "-p", filepath.Dir(settings)} },
		`daemon off; pid %[1]s/pid; error_log %[1]s/log; user root; worker_processes 1; events {}
http {
 access_log off; client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;
 upstream product { server %[3]s; keepalive 1; }
 server {
  listen %[2]s; ignore_invalid_headers off;
  location / { proxy_pass http://product; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; proxy_request_buffering off; }
 }
}`,
	},
	"haproxy": {
		func(settings string) []string { return []string{"-db", "-f", settings} },
		`global
 maxconn 100
 nbthread 1
defaults
 mode http
 timeout connect 5s
 timeout client 10s
 timeout server 10s
 http-reuse always
frontend all # of %[1]s
 bind %[2]s
 default_backend product
backend product
 server one %[3]s pool-max-conn 1
`,
	},
}

// proxied is a proxy before the product, and how many connections it made to it.
type proxied struct {
	*apitest.Client
	address string
	made    *atomic.Int64
}

func behind(t *testing.T, name string) proxied {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		program = "/usr/sbin/" + name
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("AIKAGI_REQUIRE_CLIENTS") != "" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
	p := proxied{apitest.Start(t, apptest.Options{}), freeAddress(t), &atomic.Int64{}}
	dir := t.TempDir()
	settings := filepath.Join(dir, "settings")
	text := fmt.Sprintf(proxies[name].config, dir, p.address, p.tap(t))
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	process := exec.CommandContext(t.Context(), program, proxies[name].args(settings)...)
	process.Cancel = func() error { return process.Process.Signal(os.Interrupt) }
	process.WaitDelay = 5 * time.Second
	var said strings.Builder
	process.Stderr = &said
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = process.Wait(); close(ended) }()
	t.Cleanup(func() { <-ended }) // its context ended before
	for range 500 {
		if conn, err := net.Dial("tcp", p.address); err == nil {
			_ = conn.Close()
			return p
		}
		select {
		case <-ended:
			t.Fatalf("%s ended: %s", name, said.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatalf("%s does not listen", name)
	return p
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// tap passes bytes on to the product and counts connections.
func (p proxied) tap(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			p.made.Add(1)
			to, err := net.Dial("tcp", strings.TrimPrefix(p.URLs.Base(), "http://"))
			if err != nil {
				_ = from.Close()
				continue
			}
			for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
				go func() {
					_, _ = io.Copy(way[0], way[1])
					_ = way[0].Close()
				}()
			}
		}
	}()
	return l.Addr().String()
}

// victim asks who it is for, on a connection of its own.
func (p proxied) victim(t *testing.T) apitest.Answer {
	t.Helper()
	path := "/instance/" + p.Instance
	answers, _ := rawTo(t, p.address, message("", append(lines(p.Request(http.MethodGet, path, ""), path), "Connection: close")...), 5*time.Second)
	if len(answers) != 1 {
		t.Fatalf("%d answers", len(answers))
	}
	return answers[0]
}

// TestH14NothingIsSmuggledThroughAProxy: where nginx or haproxy and the product see
// the end of a request differently, the next one on their connection, another's, would
// get what an attacker left there.
func TestH14NothingIsSmuggledThroughAProxy(t *testing.T) {
	t.Parallel()
	for name := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := behind(t, name)
			const quiet = 5
			for range quiet {
				if a := p.victim(t); a.Status != http.StatusOK {
					t.Fatalf("answered %d %s", a.Status, a.Body)
				}
			}
			if p.made.Load() >= quiet {
				t.Fatalf("%d connections for %d requests: nothing left in one would be seen", p.made.Load(), quiet)
			}
			attacks := twofolds(p.Client)
			upgrade := append(lines(p.Request(http.MethodGet, "/instance", ""), "/instance"),
				"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")
			attacks["h2c"] = twofold{bytes: message("", upgrade...)}
			attacks["the preface of HTTP/2"] = twofold{bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"}
			for attack, tt := range attacks {
				answers, _ := rawTo(t, p.address, tt.bytes, 300*time.Millisecond)
				if got := statuses(answers); slices.Contains(got, http.StatusSwitchingProtocols) || attack == controlOfTwo && !slices.Equal(got, tt.want) {
					t.Errorf("%s: answered %v", attack, got)
				}
				for range 3 {
					if a := p.victim(t); a.Status != http.StatusOK || !strings.Contains(string(a.Body), `"InstanceAlias":"sakura"`) {
						t.Errorf("after %s somebody else is answered %d %s", attack, a.Status, a.Body)
					}
				}
			}
		})
	}
}
