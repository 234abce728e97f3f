package app_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/app/apptest"
)

// patience is far longer than any limit of a connection; only its end counts.
const patience = 2 * time.Minute

// dial opens a bare connection to the site.
func dial(t *testing.T, s *apptest.Site) net.Conn {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", host(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil { //nolint:forbidigo // of a socket
		t.Fatal(err)
	}
	return c
}

func host(s *apptest.Site) string { return strings.TrimPrefix(s.URLs.Base(), "http://") }

func path(s *apptest.Site) string { return strings.TrimPrefix(s.URL("/login"), s.URLs.Base()) }

// says sends the beginning of a request.
func says(t *testing.T, c net.Conn, format string, args ...any) {
	t.Helper()
	if _, err := fmt.Fprintf(c, strings.ReplaceAll(format, "\n", "\r\n"), args...); err != nil {
		t.Fatal(err)
	}
}

// status is that of the answer; 0 for a connection that was cut without one.
func status(t *testing.T, c net.Conn) int {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, r.Body) // until the end, or the cut
	_ = r.Body.Close()
	return r.StatusCode
}

// cut waits until the server closes the connection.
func cut(t *testing.T, what string, c net.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, c); err != nil {
		if e, ok := err.(net.Error); ok && e.Timeout() { //nolint:errorlint // of the connection itself
			t.Errorf("%s: still open after %s", what, patience)
		}
	}
}

// TestJ01SlowConnectionsAreCut, and hurt nobody else meanwhile.
func TestJ01SlowConnectionsAreCut(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for the limits of connections")
	}
	s := apptest.Start(t, apptest.Options{})
	var header, body []net.Conn
	for range 50 {
		c := dial(t, s)
		says(t, c, "POST %s HTTP/1.1\nHost: %s\nX-", path(s), host(s))
		header = append(header, c)
		c = dial(t, s)
		says(t, c, "POST %s HTTP/1.1\nHost: %s\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 100\n\nusername=", path(s), host(s))
		body = append(body, c)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL("/login"), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("somebody else meanwhile: %v", err)
	}
	if err == nil {
		_ = answer.Body.Close()
	}
	for _, c := range header {
		cut(t, "in the header", c)
	}
	for _, c := range body {
		if got := status(t, c); got != 0 && got != http.StatusBadRequest {
			t.Errorf("in the body: answer %d", got)
		}
		cut(t, "in the body", c)
	}
}

// TestJ04BodiesAreBounded: by their length, and by what comes of them.
func TestJ04BodiesAreBounded(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t, apptest.Options{})
	const form = "POST %s HTTP/1.1\nHost: %s\nContent-Type: application/x-www-form-urlencoded\n"
	t.Run("length", func(t *testing.T) {
		t.Parallel()
		c := dial(t, s)
		says(t, c, form+"Content-Length: 1000000000\n\n", path(s), host(s))
		if got := status(t, c); got != http.StatusRequestEntityTooLarge {
			t.Errorf("answer %d", got)
		}
	})
	t.Run("endless", func(t *testing.T) {
		t.Parallel()
		c := dial(t, s)
		says(t, c, form+"Transfer-Encoding: chunked\n\n", path(s), host(s))
		go func() {
			chunk := "4000\r\n" + strings.Repeat("a", 0x4000) + "\r\n"
			for err := error(nil); err == nil; {
				_, err = io.WriteString(c, chunk)
			}
		}()
		if got := status(t, c); got != 0 && got != http.StatusRequestEntityTooLarge {
			t.Errorf("answer %d", got)
		}
		cut(t, "endless chunks", c)
	})
	t.Run("keys", func(t *testing.T) {
		t.Parallel()
		for count, want := range map[int]int{1_000_000: http.StatusRequestEntityTooLarge, 20_000: http.StatusBadRequest} {
			c := dial(t, s)
			body := strings.Repeat("a&", count)
			says(t, c, form+"Content-Length: %d\n\n", path(s), host(s), len(body))
			go func() { _, _ = io.WriteString(c, body) }() // it may be cut
			if got := status(t, c); got != want {
				t.Errorf("%d keys: answer %d, want %d", count, got, want)
			}
		}
	})
}

// TestJ06HeadersAreBounded.
func TestJ06HeadersAreBounded(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t, apptest.Options{})
	c := dial(t, s)
	go func() {
		_, _ = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nX-Long: %s\r\n\r\n", path(s), host(s), strings.Repeat("a", 1<<20)) // it is cut
	}()
	if got := status(t, c); got != 0 && got != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("answer %d", got)
	}
	cut(t, "a header of 1 MB", c)
}
