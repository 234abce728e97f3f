package devfault

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/aikagi/aikagi/internal/clock"
)

// Path is where the control calls are.
const Path = "/aikagi/dev/"

// Control is how a test steers the emulator: calls without a signature.
type Control struct {
	Layer      *Layer
	Clock      *clock.Running
	Operations []string // that a plan may name
	// Reset brings back the state of the start, and returns what the ready line said.
	Reset func(ctx context.Context) (any, error)
}

// most is the largest body of a control call.
const most = 64 << 10

// Handler answers the control calls. A page that some browser on this machine
// shows cannot make them.
func (c *Control) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+Path+"reset", c.reset)
	mux.HandleFunc("GET "+Path+"faults", c.showFaults)
	mux.HandleFunc("PUT "+Path+"faults", c.putFaults)
	mux.HandleFunc("GET "+Path+"clock", c.showClock)
	mux.HandleFunc("PUT "+Path+"clock", c.putClock)
	return hereOnly(http.NewCrossOriginProtection().Handler(mux))
}

// hereOnly refuses whoever calls this machine by another name: a page whose name was
// made to lead here (DNS rebinding) is of one origin with what it calls.
func hereOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if host != "localhost" && (err != nil || !ip.Unmap().IsLoopback()) {
			answer(w, http.StatusForbidden, refused{"control calls are for 127.0.0.1, [::1] and localhost"})
			return
		}
		h.ServeHTTP(w, r)
	})
}

func (c *Control) reset(w http.ResponseWriter, r *http.Request) {
	c.Layer.Set(Plan{}) // nobody whom a reset waits for is kept by a fault
	ready, err := c.Reset(r.Context())
	if err != nil {
		answer(w, http.StatusInternalServerError, refused{"reset: " + err.Error()})
		return
	}
	answer(w, http.StatusOK, ready)
}

func (c *Control) showFaults(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, c.Layer.Plan())
}

func (c *Control) putFaults(w http.ResponseWriter, r *http.Request) {
	text, err := body(w, r)
	var plan Plan
	if err == nil {
		plan, err = parse(text, c.Operations)
	}
	if err != nil {
		answer(w, http.StatusBadRequest, refused{err.Error()})
		return
	}
	c.Layer.Set(plan)
	c.showFaults(w, r)
}

// shown is the clock as JSON.
type shown struct {
	Now    *time.Time `json:"now"`    // absent in PUT: what it shows
	Moving *bool      `json:"moving"` // absent in PUT: it moves
}

func (c *Control) showClock(w http.ResponseWriter, _ *http.Request) {
	now, moving := c.Clock.Now(), c.Clock.Moving()
	answer(w, http.StatusOK, shown{&now, &moving})
}

func (c *Control) putClock(w http.ResponseWriter, r *http.Request) {
	text, err := body(w, r)
	var s shown
	if err == nil {
		err = read(text, &s)
	}
	if err == nil && s.Now != nil && (s.Now.Year() < 1970 || s.Now.Year() > 9999) {
		err = errors.New("now must be a time from 1970 to 9999")
	}
	if err != nil {
		answer(w, http.StatusBadRequest, refused{err.Error()})
		return
	}
	at, moving := c.Clock.Now(), true
	if s.Now != nil {
		at = *s.Now
	}
	if s.Moving != nil {
		moving = *s.Moving
	}
	c.Clock.Put(at, moving)
	c.showClock(w, r)
}

func body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	return io.ReadAll(http.MaxBytesReader(w, r.Body, most))
}

// refused says what is wrong with a control call.
type refused struct {
	Message string `json:"message"`
}

func answer(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"message":"the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the client may be gone
}
