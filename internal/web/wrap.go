package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
)

// contentSecurityPolicy allows our own files and nothing inline (S16).
const contentSecurityPolicy = "default-src 'none'; style-src 'self'; img-src 'self' data:; " +
	"media-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// Wrap puts the door in front of the routes: one log line, one page for each
// failure, headers, host, origin, size, language. It serves the engine's own
// routes too.
func (e *Engine) Wrap(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := e.clock.Now()
		crowded := dropCrowdedCookies(r)
		v := e.visit(r)
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
		e.headers(w.Header())
		defer e.logged(r, v, began)
		e.guard(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			err := crowded
			if err == nil {
				err = e.enter(w, r, v, mux)
			}
			if err != nil {
				e.fail(w, r, err)
			}
		}))
	})
}

func (e *Engine) visit(r *http.Request) *Visit {
	v := &Visit{
		Client: clientAddr(r, e.proxies),
		urls:   e.urls,
		path:   r.URL.Path,
		query:  r.URL.RawQuery,
		asked:  i18n.Match(r.Header.Get("Accept-Language")),
		Site:   Site{Locale: e.locale},
	}
	v.RequestID = e.requestID(r)
	v.theme, _ = e.ReadCookie(r, themeName) // two of them are as good as none
	v.keys, _ = e.ReadCookie(r, keysName)   // likewise
	lang, _ := e.ReadCookie(r, langName)    // likewise
	v.chosen = aikagi.ParseLocale(lang)
	return v
}

// maxCookieBytes is far above what we set ourselves.
const maxCookieBytes = 16 << 10

// dropCrowdedCookies keeps the cost of reading cookies bounded: a neighbour's page
// can have the browser send thousands (C23).
func dropCrowdedCookies(r *http.Request) error {
	n := 0
	for _, line := range r.Header.Values("Cookie") {
		n += len(line)
	}
	if n <= maxCookieBytes {
		return nil
	}
	r.Header.Del("Cookie")
	return refuse(http.StatusRequestHeaderFieldsTooLarge)
}

// headers are on every answer, errors too. Handlers that serve public files
// overwrite Cache-Control.
func (e *Engine) headers(h http.Header) {
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
	if e.urls.Secure() {
		h.Set("Strict-Transport-Security", "max-age=31536000") // RFC 6797; sub-domains may be others'
	}
}

// enter checks what must hold before any route is looked at.
func (e *Engine) enter(w http.ResponseWriter, r *http.Request, v *Visit, mux *http.ServeMux) error {
	alias, ok := e.urls.answers(r.Host)
	if !ok {
		return refuse(http.StatusMisdirectedRequest)
	}
	if err := e.origins.Check(r); err != nil {
		return refuse(http.StatusForbidden)
	}
	if strings.ContainsFunc(r.URL.Path, unicode.IsControl) || !utf8.ValidString(r.URL.Path) {
		return refuse(http.StatusNotFound) // no id is like that, and PostgreSQL answers with an error
	}
	if r.ContentLength > e.maxBody {
		return refuse(http.StatusRequestEntityTooLarge)
	}
	r.Body = http.MaxBytesReader(w, r.Body, e.maxBody)
	e.chooseLanguage(w, r, v)
	if e.assets.serve(w, r) {
		r.Pattern = "GET " + staticPrefix
		return nil
	}
	if r.URL.Path == themePath {
		r.Pattern = "POST " + themePath
		return e.handleTheme(w, r)
	}
	if err := e.route(r, v, alias); err != nil {
		return err
	}
	v.flash = e.flashOf(r)
	return serve(w, r, mux)
}

// route finds the instance. Where each has its own host, the path of the browser
// is put below /i/{alias} for the routes, and /i/… on the common host is gone:
// one origin for each instance.
func (e *Engine) route(r *http.Request, v *Visit, alias string) error {
	if !e.urls.hosted() {
		v.Alias = aliasIn(r.URL.Path)
		return nil
	}
	if alias == "" {
		if aliasIn(r.URL.Path) != "" {
			return refuse(http.StatusNotFound)
		}
		return nil
	}
	// The mux would answer an unclean path with a redirect that shows /i/….
	if clean := path.Clean(r.URL.Path); clean != strings.TrimSuffix(r.URL.Path, "/") && r.URL.Path != "/" {
		return refuse(http.StatusNotFound)
	}
	v.Alias = alias
	inner := *r.URL
	inner.Path = instancePrefix + alias + r.URL.Path
	if r.URL.RawPath != "" {
		inner.RawPath = instancePrefix + alias + r.URL.RawPath
	}
	r.URL = &inner
	return nil
}

// serve lets the mux answer, but makes pages of its own refusals.
func serve(w http.ResponseWriter, r *http.Request, mux *http.ServeMux) error {
	refused, pattern := mux.Handler(r)
	if pattern != "" {
		mux.ServeHTTP(w, r)
		return nil
	}
	said := &statusOnly{header: http.Header{}}
	refused.ServeHTTP(said, r)
	if said.status < http.StatusBadRequest {
		return refuse(http.StatusNotFound) // a way to a cleaner address, where nothing is either
	}
	return &refusal{status: said.status, allow: said.header.Get("Allow")}
}

// statusOnly keeps what the mux's own 404 and 405 say and drops their text.
type statusOnly struct {
	header http.Header
	status int
}

func (s *statusOnly) Header() http.Header         { return s.header }
func (s *statusOnly) Write(b []byte) (int, error) { return len(b), nil }
func (s *statusOnly) WriteHeader(status int)      { s.status = status }

// chooseLanguage obeys ?lang and remembers it on this device.
func (e *Engine) chooseLanguage(w http.ResponseWriter, r *http.Request, v *Visit) {
	if r.Method != http.MethodGet || !strings.Contains(r.URL.RawQuery, langName+"=") {
		return
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return
	}
	if l := aikagi.ParseLocale(query.Get(langName)); l != "" {
		v.chosen = l
		http.SetCookie(w, e.Cookie(langName, string(l), year, http.SameSiteLaxMode))
	}
}

const themePath = "/theme"

// handleTheme remembers how this device wants its pages, light or dark and with
// shortcuts or without, and goes back.
func (e *Engine) handleTheme(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return &refusal{status: http.StatusMethodNotAllowed, allow: http.MethodPost}
	}
	form, err := ParseForm(r, SmallForm, "theme", "keys", "back")
	if err != nil {
		return err
	}
	theme, keys := form.Get("theme"), form.Get("keys")
	switch {
	case theme == "system" || theme == "light" || theme == "dark":
		http.SetCookie(w, e.Cookie(themeName, theme, year, http.SameSiteLaxMode))
	case keys == "on" || keys == "off":
		http.SetCookie(w, e.Cookie(keysName, keys, year, http.SameSiteLaxMode))
	default:
		return aikagi.Because(aikagi.Invalid, "theme", "unknown")
	}
	return SeeOther(w, r, form.Get("back"))
}

// requestID is the trace id of a W3C traceparent header if a trusted proxy sent
// it, so that its log and ours can be joined; and random otherwise.
func (e *Engine) requestID(r *http.Request) string {
	if peer, ok := parseAddr(portless(r.RemoteAddr)); ok && contains(e.proxies, peer) {
		// Trace Context §3.2.2: version-traceid-parentid-flags; a trace id of zeros is none.
		parts := strings.Split(r.Header.Get("Traceparent"), "-")
		if len(parts) >= 4 && isTraceID(parts[1]) {
			return parts[1]
		}
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(id[:])
}

func isTraceID(s string) bool {
	if len(s) != 32 || strings.Trim(s, "0") == "" {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'f')
	})
}
