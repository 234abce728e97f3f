package ordeal

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/store"
)

// TestL28NoMoreFilesIsSurvived: connections that say nothing use up what the
// process may open, database files included; when they are gone, everything is as
// before (J02, R5).
func TestL28NoMoreFilesIsSurvived(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts the server")
	}
	for _, tt := range []struct {
		files string
		idle  int
	}{{"64", 300}, {"256", 5000}} {
		t.Run(tt.files, func(t *testing.T) {
			t.Parallel()
			var own syscall.Rlimit
			if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &own); err != nil || own.Cur < uint64(tt.idle+500) {
				t.Skipf("this process may open %d files itself", own.Cur)
			}
			s := newStory(newServer(t, newPlace(t, store.SQLite)))
			s.files = tt.files
			if err := s.start(nil); err != nil {
				t.Fatal(err)
			}
			s.until = stepReceive
			if err := s.goes(); err != nil {
				t.Fatal(err)
			}
			idle := connections(strings.TrimPrefix(s.base, "http://"), tt.idle)
			if len(idle) < tt.idle/2 {
				t.Errorf("only %d connections of %d", len(idle), tt.idle)
			}
			for range 10 { // some get through between two of the silent ones, and some answers are 503
				_, _ = newBrowser().quick().get(s.base, "/login")
			}
			for _, c := range idle {
				_ = c.Close()
			}
			s.until = len(steps)
			s.outlasts(t)
			s.kill()
			s.files = ""
			s.goesOn(t, now())
		})
	}
}

// quick gives up soon.
func (b *browser) quick() *browser {
	b.client.Timeout = time.Second
	return b
}

// connections opens connections that say nothing.
func connections(address string, n int) []net.Conn {
	var mu sync.Mutex
	var all []net.Conn
	var wait sync.WaitGroup
	todo := make(chan struct{})
	for range 100 {
		wait.Go(func() {
			for range todo {
				if c, err := net.DialTimeout("tcp", address, 2*time.Second); err == nil {
					mu.Lock()
					all = append(all, c)
					mu.Unlock()
				}
			}
		})
	}
	for range n {
		todo <- struct{}{}
	}
	close(todo)
	wait.Wait()
	return all
}

// outlasts plays the story with somebody who tries again whatever happens.
func (s *story) outlasts(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(2 * patience); ; <-time.After(100 * time.Millisecond) {
		err := s.goes()
		if err == nil {
			return
		}
		if !s.alive() || time.Now().After(end) {
			t.Fatalf("alive %v: %v", s.alive(), err)
		}
	}
}

// mostMemory is what the process may take under a flood (R11).
const mostMemory = 300 << 20

var peak = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// TestJ13AFloodStaysBelowTheMemoryLimit: a control group with that limit would not
// have killed the process. Pictures, sounds and hashes are what costs.
func TestJ13AFloodStaysBelowTheMemoryLimit(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("floods the server")
	}
	s := newStory(newServer(t, newPlace(t, store.SQLite)))
	if err := s.start(nil); err != nil {
		t.Fatal(err)
	}
	p, err := newBrowser().get(s.base, "/forgot")
	if err != nil {
		t.Fatal(err)
	}
	picture := regexp.MustCompile(`/i/\w+(/challenge/[^"]+)"`).FindStringSubmatch(p.body)
	if picture == nil {
		t.Fatalf("no picture in\n%s", p.body)
	}
	floods := 200
	if full() {
		floods = 5000
	}
	var wait sync.WaitGroup
	todo := make(chan int)
	for range 100 {
		wait.Go(func() {
			b := newBrowser()
			for n := range todo { // what it answers is another test's matter
				_, _ = b.do(s.base, http.MethodPost, "/login", url.Values{"username": {fmt.Sprint("nobody", n)}, "password": {"some password or other"}})
				_, _ = b.get(s.base, picture[1])
			}
		})
	}
	for n := range floods {
		todo <- n
	}
	close(todo)
	wait.Wait()
	if !s.alive() {
		t.Fatal("the process is gone")
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	kilobytes, err := strconv.Atoi(string(peak.FindSubmatch(status)[1]))
	if err != nil || kilobytes<<10 > mostMemory {
		t.Errorf("it took %d kB at most, %v; want at most %d", kilobytes, err, mostMemory>>10)
	}
	t.Logf("it took %d kB at most", kilobytes)
	s.outlasts(t)
}
