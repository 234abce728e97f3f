package web

import (
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
)

// Options are what an Engine leans on. All but TrustedProxies, Locale and
// MaxBody must be set.
type Options struct {
	URLs  *URLs
	Clock clock.Clock
	Ring  *secret.Ring
	Log   *slog.Logger
	// TrustedProxies may say where a request comes from; nobody else may.
	TrustedProxies []netip.Prefix
	// Locale is used where neither person, browser nor instance says one.
	Locale aikagi.Locale
	// MaxBody ends every request body, uploads too; 0 is 16 MiB. Forms have
	// narrower limits of their own.
	MaxBody int64
}

const defaultMaxBody = 16 << 20

// Engine renders pages and guards the door. It is safe for use by many
// goroutines.
type Engine struct {
	urls    *URLs
	clock   clock.Clock
	ring    *secret.Ring
	log     *slog.Logger
	proxies []netip.Prefix
	locale  aikagi.Locale
	maxBody int64
	assets  *assets
	origins *http.CrossOriginProtection
	layouts map[aikagi.Locale]*template.Template
	own     *Pages // the error page
	panics  atomic.Int64
}

// NewEngine reads the layouts, the static files and the texts.
func NewEngine(o Options) (*Engine, error) {
	if o.URLs == nil || o.Clock == nil || o.Ring == nil || o.Log == nil {
		return nil, errors.New("make page engine: an option is missing")
	}
	files, err := loadAssets()
	if err != nil {
		return nil, fmt.Errorf("make page engine: %w", err)
	}
	e := &Engine{
		urls: o.URLs, clock: o.Clock, ring: o.Ring, log: o.Log,
		proxies: o.TrustedProxies, locale: o.Locale, maxBody: o.MaxBody,
		assets: files, origins: http.NewCrossOriginProtection(),
	}
	if e.maxBody == 0 {
		e.maxBody = defaultMaxBody
	}
	if e.layouts, err = parseLayouts(files); err != nil {
		return nil, fmt.Errorf("make page engine: %w", err)
	}
	if e.own, err = e.Pages(ownPages); err != nil {
		return nil, fmt.Errorf("make page engine: %w", err)
	}
	return e, nil
}

// URLs returns the addresses that the engine was made with.
func (e *Engine) URLs() *URLs { return e.urls }
