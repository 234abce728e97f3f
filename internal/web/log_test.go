package web

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
)

// TestI08ARequestIsOneLineOfTheLog, whatever it holds: line breaks, escapes for a
// terminal, a megabyte. Nobody writes an event that did not happen.
func TestI08ARequestIsOneLineOfTheLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	e := newEngine(t, mustURLs(t, "https://id.example.jp", ""), func(o *Options) {
		o.Log = slog.New(slog.NewJSONHandler(&out, nil))
	})
	mux := http.NewServeMux()
	mux.Handle("/", e.Handle(func(_ http.ResponseWriter, r *http.Request) error {
		return aikagi.E(aikagi.Internal, "page", errString("a server's\r\n\x1b[31mreply at "+r.URL.Path))
	}))
	h := e.Wrap(mux)
	const forged = "x\r\n{\"level\":\"INFO\",\"msg\":\"request\",\"actor\":\"forged\"}\x1b[2J\u2028\u202e"
	for _, value := range []string{forged, strings.Repeat("a", 1<<20), "\xff\xfe\x00"} {
		out.Reset()
		r := httptest.NewRequest(http.MethodGet, "https://id.example.jp/i/sakura/who", nil)
		r.Method = "GET"
		r.Header["User-Agent"], r.Header["Referer"], r.Header["X-Request-Id"] = []string{value}, []string{value}, []string{value}
		r.Header["Traceparent"], r.Header["X-Forwarded-For"] = []string{value}, []string{value}
		r.URL.RawQuery = "q=" + value
		h.ServeHTTP(httptest.NewRecorder(), r)
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		for _, line := range lines {
			var event map[string]any
			if err := json.Unmarshal([]byte(line), &event); err != nil {
				t.Errorf("%.20q: a line that is no event: %.200q", value, line)
			}
			if event["actor"] == "forged" || strings.ContainsAny(line, "\x1b\x00\r\u2028\u202e") {
				t.Errorf("%.20q: %.300q", value, line)
			}
		}
		if len(lines) != 1 || out.Len() > 16<<10 {
			t.Errorf("%.20q: %d lines of %d bytes", value, len(lines), out.Len())
		}
	}
}

type errString string

func (e errString) Error() string { return string(e) }
