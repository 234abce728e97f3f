package ops_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aikagi/aikagi/internal/ops"
)

// TestMetricsHoldTheGauges as they are at each look; one that cannot be read is
// missing and keeps no other away.
func TestMetricsHoldTheGauges(t *testing.T) {
	t.Parallel()
	n := 0.0
	h := ops.Handler(func(context.Context) error { return nil },
		ops.Gauge{Name: "aikagi_broken", Help: "x", Read: func(context.Context) (float64, error) { return 0, errors.New("no") }},
		ops.Gauge{Name: "aikagi_count", Help: "x", Read: func(context.Context) (float64, error) { n++; return n, nil }},
	)
	for _, want := range []string{"aikagi_count 1\n", "aikagi_count 2\n"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
		body := w.Body.String()
		if w.Code != http.StatusOK || !strings.Contains(body, want) || strings.Contains(body, "aikagi_broken") || !strings.Contains(body, "go_goroutines") {
			t.Errorf("%d, want %q in:\n%.300s", w.Code, want, body)
		}
	}
}

// TestGaugesHaveLabels where there are several numbers of a name.
func TestGaugesHaveLabels(t *testing.T) {
	t.Parallel()
	all := []ops.Labelled{{Values: []string{"sakura", "no_email"}, N: 7}, {Values: []string{"momiji", "bounced"}, N: 1}}
	h := ops.Handler(func(context.Context) error { return nil }, ops.Gauge{
		Name: "aikagi_people", Help: "x", Labels: []string{"instance", "reason"},
		Each: func(context.Context) ([]ops.Labelled, error) { return all, nil },
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	for _, line := range []string{"aikagi_people{instance=\"sakura\",reason=\"no_email\"} 7\n", "aikagi_people{instance=\"momiji\",reason=\"bounced\"} 1\n"} {
		if !strings.Contains(w.Body.String(), line) {
			t.Errorf("lacks %s", line)
		}
	}
}
