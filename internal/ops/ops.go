package ops

import (
	"context"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyTimeout is how long the database may take before the node counts as not
// ready.
const readyTimeout = 2 * time.Second

// Gauge is a number that is read when somebody asks for it.
type Gauge struct {
	Name, Help string
	Read       func(context.Context) (float64, error)
	// Labels tell the numbers of Each apart, which is read in place of Read.
	Labels []string
	Each   func(context.Context) ([]Labelled, error)
}

// Labelled is one number of several, with the values of its labels.
type Labelled struct {
	Values []string
	N      float64
}

// read puts the numbers as they are now into a registry.
func (g Gauge) read(ctx context.Context, registry *prometheus.Registry) error {
	options := prometheus.GaugeOpts{Name: g.Name, Help: g.Help}
	if g.Each == nil {
		n, err := g.Read(ctx)
		if err != nil {
			return err
		}
		metric := prometheus.NewGauge(options)
		metric.Set(n)
		return registry.Register(metric)
	}
	all, err := g.Each(ctx)
	if err != nil {
		return err
	}
	metrics := prometheus.NewGaugeVec(options, g.Labels)
	for _, one := range all {
		metrics.WithLabelValues(one.Values...).Set(one.N)
	}
	return registry.Register(metrics)
}

// Handler answers /healthz, /readyz, /metrics and /debug/pprof. ready asks the
// database.
func Handler(ready func(context.Context) error, gauges ...Gauge) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		if err := ready(ctx); err != nil {
			say(w, http.StatusServiceUnavailable, "database unavailable")
			return
		}
		say(w, http.StatusOK, "ready")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		all := prometheus.Gatherers{registry, read(r.Context(), gauges)}
		promhttp.HandlerFor(all, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// read makes metrics of the numbers as they are now. One that cannot be read is
// missing, which an alarm can tell from 0.
func read(ctx context.Context, gauges []Gauge) *prometheus.Registry {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	registry := prometheus.NewRegistry()
	for _, g := range gauges {
		_ = g.read(ctx, registry) // and one that cannot be read keeps no other away
	}
	return registry
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // the prober went away
}
