package web

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
)

// Visit is what is known about one request while it is answered. Wrap makes it;
// the page packages fill in Site, Viewer, Menu and Emergency as they learn them.
// It belongs to the request's goroutine.
type Visit struct {
	RequestID string
	// Client is where the request comes from. It is the zero Addr, which is in
	// no list of allowed ranges and shares one counter, if a trusted proxy sent
	// an address that cannot be read (S9).
	Client    netip.Addr
	Alias     string // the instance that the address names; "" elsewhere
	Site      Site
	Viewer    Viewer
	Menu      *Menu
	Emergency *Emergency

	urls   *URLs
	path   string        // as the browser sees it
	query  string        // likewise, without the question mark
	chosen aikagi.Locale // by ?lang or cookie
	asked  aikagi.Locale // by Accept-Language
	theme  string
	keys   string // "off" where the person wants no shortcuts
	flash  *flash
	err    error // what the handler answered, for the log
}

// Site is the instance, or the console, that a page belongs to.
type Site struct {
	ID      string // of the instance, for the log
	Name    string
	Locale  aikagi.Locale  // default of the instance
	Zone    *time.Location // times are shown in it; nil is UTC
	Contact string         // whom to ask for help; may be empty
}

// Viewer is the person who looks at the page.
type Viewer struct {
	ID     string // for the log
	Actor  string // kind of actor, for the log: "user", "principal", "emergency"
	Name   string
	Locale aikagi.Locale
	Theme  string // "system", "light", "dark" or ""
}

// Menu is what page-shell shows around a page. Paths are as Path makes them.
type Menu struct {
	Home    string
	Groups  []MenuGroup
	Account []MenuItem // the account menu in the top bar
	LogOut  string     // a form posts to it; "" for none
}

// MenuGroup is a labelled part of the menu. An empty label shows none.
type MenuGroup struct {
	Label i18n.Key
	Items []MenuItem
}

// MenuItem is a link of the menu. A count of 0 is not shown.
type MenuItem struct {
	Label i18n.Key
	Path  string
	Also  string // pages that belong to it but lie elsewhere; may be empty
	Count int
}

// Emergency makes the red bar of emergency access appear on every page.
type Emergency struct {
	Until  time.Time
	Reason string
	End    string // a form posts to it
}

type visitKey struct{}

// VisitOf returns the visit of the request whose context it is. Outside Wrap it
// is an empty one.
func VisitOf(ctx context.Context) *Visit {
	if v, ok := ctx.Value(visitKey{}).(*Visit); ok {
		return v
	}
	return &Visit{}
}

// Locale is the language of the answer: ?lang, then cookie, then the person's
// setting, then Accept-Language, then the instance's default.
func (v *Visit) Locale() aikagi.Locale {
	return v.chosen.Or(v.Viewer.Locale, v.asked, v.Site.Locale)
}

// Theme is "light", "dark" or "" for what the system prefers; the cookie, which
// is what the person pressed last on this device, is stronger than the setting.
func (v *Visit) Theme() string {
	for _, t := range []string{v.theme, v.Viewer.Theme} {
		switch t {
		case "light", "dark":
			return t
		case "system":
			return ""
		}
	}
	return ""
}

// Shortcuts tells whether the keys / and ? work. They are single characters, so
// they can be switched off (WCAG 2.2 SC 2.1.4).
func (v *Visit) Shortcuts() bool { return v.keys != "off" }

// Path turns the path of a page, as an instance knows it ("/forgot"), into the
// one that a browser sees: "/i/sakura/forgot", or unchanged where each instance
// has a host of its own. Outside instances it is unchanged.
func Path(r *http.Request, path string) string { return VisitOf(r.Context()).Path(path) }

// Path is what the function Path says.
func (v *Visit) Path(path string) string {
	if v.Alias == "" || v.urls.hosted() {
		return path
	}
	return instancePrefix + v.Alias + path
}

const instancePrefix = "/i/"

// aliasIn returns the instance that a path in path mode names.
func aliasIn(path string) string {
	rest, ok := strings.CutPrefix(path, instancePrefix)
	if !ok {
		return ""
	}
	alias, _, _ := strings.Cut(rest, "/")
	return alias
}
