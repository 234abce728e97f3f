package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
)

// Handler answers a request, or says why not. What it returns becomes a page;
// it has not written anything then.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Handle makes an http.Handler of h. Its errors become pages, by one table.
func (e *Engine) Handle(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			e.fail(w, r, err)
		}
	})
}

// refusal is what the door itself says no to. These have no aikagi.Code: no rule
// of the product is broken, only one of HTTP.
type refusal struct {
	status int
	allow  string // methods, for 405
}

func (r *refusal) Error() string { return "refused: " + http.StatusText(r.status) }

func refuse(status int) error { return &refusal{status: status} }

// answer is a row of the table: how an error looks from outside. Its texts are
// error.<word>.what and error.<word>.do.
type answer struct {
	status int
	word   string
}

// answerTo is the table. TestEachCodeHasAPage walks it.
func answerTo(err error) answer {
	var door *refusal
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &door):
		return answer{door.status, refusalWord(door.status)}
	case errors.As(err, &tooBig):
		return answer{http.StatusRequestEntityTooLarge, "too_large"}
	}
	code := aikagi.CodeOf(err)
	// Nobody decided, time ran out: a slow dependency, or a client that left (R7).
	if code == aikagi.Internal && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		code = aikagi.Unavailable
	}
	return answer{codeStatus(code), string(code)}
}

func codeStatus(code aikagi.Code) int {
	switch code {
	case aikagi.Invalid:
		return http.StatusBadRequest
	case aikagi.Unauthenticated:
		return http.StatusUnauthorized
	case aikagi.Forbidden:
		return http.StatusForbidden
	case aikagi.NotFound:
		return http.StatusNotFound
	case aikagi.Conflict:
		return http.StatusConflict
	case aikagi.Throttled:
		return http.StatusTooManyRequests
	case aikagi.Expired:
		return http.StatusGone
	case aikagi.Unavailable:
		return http.StatusServiceUnavailable
	case aikagi.Internal:
	}
	return http.StatusInternalServerError
}

func refusalWord(status int) string {
	switch status {
	case http.StatusForbidden:
		return "cross_site"
	case http.StatusMethodNotAllowed:
		return "method"
	case http.StatusRequestEntityTooLarge:
		return "too_large"
	case http.StatusUnsupportedMediaType:
		return "media_type"
	case http.StatusMisdirectedRequest:
		return "wrong_host"
	case http.StatusRequestHeaderFieldsTooLarge:
		return "cookies"
	}
	return string(aikagi.NotFound)
}

// errorPage is what error.html shows. Nothing of the error itself is on it.
type errorPage struct {
	Page
	Status    int
	Do        string
	Reference string    // for support, when only they can help
	At        time.Time // shown beside the reference
	ToLogin   bool      // there is a login page to go to, and it is not the one that is missing
}

// fail answers with the page of an error and leaves the error for the log.
func (e *Engine) fail(w http.ResponseWriter, r *http.Request, err error) {
	v := VisitOf(r.Context())
	v.err = err
	a := answerTo(err)
	wait := retryAfter(err, a)
	h := w.Header()
	if a.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Cookie realm="Aikagi"`) // RFC 9110 §15.5.2 wants one; browsers ignore this scheme
	}
	if wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	var door *refusal
	if errors.As(err, &door) && door.allow != "" {
		h.Set("Allow", door.allow)
	}
	page := errorPage{
		Page:   e.Page(r, i18n.Key("error."+a.word+".what")),
		Status: a.status,
	}
	page.Do = doText(page.Page, a.word, err, wait)
	page.ToLogin = v.Alias != "" && (a.status != http.StatusNotFound || v.path != v.Path("/login"))
	if a.status == http.StatusInternalServerError {
		page.Reference, page.At = Reference(v.RequestID), e.clock.Now()
	}
	if err := e.own.Render(w, r, a.status, "error.html", page); err != nil {
		e.log.ErrorContext(r.Context(), "error page failed", "request_id", v.RequestID, "err", err)
		http.Error(w, "Aikagi "+page.Reference, http.StatusInternalServerError)
	}
}

// doText says what a person can do. A decision with a text of its own,
// "<subject>.<reason>", says more than the code alone.
func doText(p Page, word string, err error, wait time.Duration) string {
	var e *aikagi.Error
	if errors.As(err, &e) && e.Reason != "" {
		own := i18n.Key(e.Subject + "." + e.Reason)
		if i18n.Has(p.Locale(), own) {
			return p.T(own)
		}
	}
	key := i18n.Key("error." + word + ".do")
	switch {
	case word != string(aikagi.Throttled) && word != string(aikagi.Unavailable):
		return p.T(key)
	case wait > 0 && wait < time.Minute:
		return p.T(key+"_seconds", "n", int(math.Ceil(wait.Seconds())))
	case wait > 0:
		return p.T(key+"_minutes", "n", int(math.Ceil(wait.Minutes())))
	}
	return p.T(key)
}

const unavailableWait = 10 * time.Second

func retryAfter(err error, a answer) time.Duration {
	var e *aikagi.Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		return e.RetryAfter
	}
	if a.status == http.StatusServiceUnavailable {
		return unavailableWait
	}
	return 0
}

// Reference is the short form of a request id that a person can read out, and
// that a search in the log finds: E- and its last eight digits.
func Reference(requestID string) string {
	return "E-" + strings.ToUpper(requestID[max(0, len(requestID)-8):])
}

// Panics tells how many requests ended in a panic; an alarm is worth having on it.
func (e *Engine) Panics() int64 { return e.panics.Load() }

// guard runs next and turns a panic into one error page; the process lives (J14).
func (e *Engine) guard(w http.ResponseWriter, r *http.Request, next http.Handler) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p == http.ErrAbortHandler { //nolint:errorlint // the value itself is the signal
			panic(p)
		}
		e.panics.Add(1)
		e.fail(w, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
	}()
	next.ServeHTTP(w, r)
}

// logged writes the one line of a request.
func (e *Engine) logged(r *http.Request, v *Visit, began time.Time) {
	level, code := slog.LevelInfo, "ok"
	attrs := []slog.Attr{
		slog.String("request_id", v.RequestID),
		slog.String("instance_id", v.Site.ID),
		slog.String("user_id", v.Viewer.ID),
		slog.String("actor", v.Viewer.Actor),
		slog.String("op", operation(r)),
	}
	if v.err != nil {
		a := answerTo(v.err)
		code = a.word
		attrs = append(attrs, slog.String("err", v.err.Error()))
		switch a.status {
		case http.StatusInternalServerError:
			level = slog.LevelError
		case http.StatusServiceUnavailable:
			level = slog.LevelWarn
		}
	}
	attrs = append(attrs, slog.String("code", code),
		slog.Int64("dur_ms", e.clock.Now().Sub(began).Milliseconds()))
	e.log.LogAttrs(r.Context(), level, "request", attrs...)
}

// operation is the route and never the address, which may hold a token (S10).
func operation(r *http.Request) string {
	if r.Pattern != "" {
		return r.Pattern
	}
	return "-"
}
