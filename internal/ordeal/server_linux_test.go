package ordeal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/mailbox"
)

// server is `aikagi serve` on a place: a process that comes and goes, with a mail
// server that stays.
type server struct {
	place
	binary string
	box    *mailbox.Mailbox
	ops    string   // address of its operator's listener
	files  string   // how many files it may open; "" for as many as usual
	env    []string // further settings
	under  []string // a command that runs it

	process *exec.Cmd
	tracer  *tracer
	said    *tail
	base    string        // of the running process
	took    time.Duration // from its start until it was ready
	gone    chan struct{} // closed when the process has ended
}

func newServer(t testing.TB, p place) *server {
	t.Helper()
	binary, err := theBinary()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{place: p, binary: binary, ops: freePort(t)}
	if s.box, err = mailbox.Listen(t.Context(), "127.0.0.1:0", clock.System{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.kill()
		_ = s.box.Close()
		if t.Failed() && s.said != nil {
			said := s.said.String()
			t.Logf("the last process said at the end:\n%s", said[max(0, len(said)-4<<10):])
		}
	})
	return s
}

// ports are handed out one after the other, below those that the kernel gives to
// whoever asks for any: a port that was free and is let go for a moment would be
// somebody else's when the server comes back.
var ports atomic.Uint32

const firstPort, lastPort = 10000, 32000

func freePort(t testing.TB) string {
	t.Helper()
	for range lastPort - firstPort {
		port := firstPort + (uint32(os.Getpid())*97+ports.Add(1))%(lastPort-firstPort)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		_ = l.Close()
		return l.Addr().String()
	}
	t.Fatal("no port is free")
	return ""
}

// tail keeps the end of what a process says.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailLength = 64 << 10

func (k *tail) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.buf = append(k.buf, p...)
	if over := len(k.buf) - tailLength; over > 0 {
		k.buf = append(k.buf[:0], k.buf[over:]...)
	}
	return len(p), nil
}

func (k *tail) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return string(k.buf)
}

// errDied says that the process ended before it was ready.
var errDied = errors.New("the server did not get ready")

// start runs the server; with a judge under the tracer.
func (s *server) start(j judge) error {
	args := append(append([]string{}, s.under...), s.binary, "serve", "--json", "--listen", "127.0.0.1:0", "--ops-listen", s.ops, "--data", s.dir)
	environ := append(os.Environ(),
		"AIKAGI_DATABASE="+s.database, "AIKAGI_KEY_FILE="+s.dir+"/key", "AIKAGI_SMTP=smtp://"+s.box.Addr(),
		"AIKAGI_MAIL_FROM=noreply@sakura.example", "AIKAGI_LOG_LEVEL=warn", "LANG=C.UTF-8")
	s.tracer = nil
	if j != nil || s.files != "" {
		args = append([]string{os.Args[0]}, args...)
		environ = append(environ, becomeEnv+"=1", filesEnv+"="+s.files)
	}
	if j != nil {
		environ = append(environ, traceEnv+"=1")
		s.tracer = &tracer{judge: j}
	}
	c := exec.Command(args[0], args[1:]...)
	c.Env = append(environ, s.env...)
	s.said = &tail{}
	c.Stderr = s.said
	began := time.Now()
	stdout, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if s.tracer != nil {
		err = s.tracer.start(c)
	} else {
		err = c.Start()
	}
	if err != nil {
		return err
	}
	s.process, s.gone = c, make(chan struct{})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	s.took = time.Since(began)
	go func(gone chan struct{}) {
		_, _ = io.Copy(io.Discard, stdout)
		_ = c.Wait()
		close(gone)
	}(s.gone)
	if err != nil {
		<-s.gone
		return fmt.Errorf("%w: %s\n%s", errDied, c.ProcessState, s.said)
	}
	var ready struct {
		BaseURL string `json:"base_url"`
	}
	if err := json.Unmarshal(line, &ready); err != nil {
		return fmt.Errorf("%w: %s", err, line)
	}
	s.base = ready.BaseURL
	return nil
}

// kill ends the process as kill -9 does, and waits.
func (s *server) kill() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill()
	<-s.gone
	s.process = nil
}

// stop ends it as an operator does.
func (s *server) stop() error {
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-s.gone
	state := s.process.ProcessState
	s.process = nil
	if !state.Success() {
		return fmt.Errorf("stop: %s\n%s", state, s.said)
	}
	return nil
}

// alive tells whether the process runs.
func (s *server) alive() bool {
	if s.process == nil {
		return false
	}
	select {
	case <-s.gone:
		return false
	default:
		return true
	}
}

// asksOps asks the operator's listener.
func (s *server) asksOps(path string) (int, string, error) {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	got, err := client.Get("http://" + s.ops + path)
	if err != nil {
		return 0, "", err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	return got.StatusCode, string(bytes.TrimSpace(body)), err
}

// runs runs another command of the binary on the same data.
func (s *server) runs(args ...string) (status int, said string, err error) {
	all := append(append(append([]string{}, s.under...), s.binary), args...)
	c := exec.Command(all[0], all[1:]...)
	c.Env = append(append(os.Environ(),
		"AIKAGI_DATABASE="+s.database, "AIKAGI_KEY_FILE="+s.dir+"/key", "AIKAGI_DATA="+s.dir, "LANG=C.UTF-8"), s.env...)
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = nil
	}
	return c.ProcessState.ExitCode(), strings.TrimSpace(string(out)), err
}
