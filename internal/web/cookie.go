package web

import (
	"net/http"
	"time"

	"github.com/aikagi/aikagi"
)

// Cookies of the engine itself. Those of planes are named by plane and instance.
const (
	langName  = "lang"
	themeName = "theme"
	keysName  = "keys"
	flashName = "flash"
)

const (
	securePrefix = "__Host-aikagi-" // RFC 6265bis §4.1.3.2: this host, whole path, https
	plainPrefix  = "aikagi-"        // http on loopback only
	year         = 365 * 24 * time.Hour
)

// Cookie makes a cookie for this host, unreadable to scripts. maxAge 0 makes it
// end with the browser. Use http.SameSiteLaxMode where people arrive from
// elsewhere (a link in a mail), and http.SameSiteStrictMode otherwise.
func (e *Engine) Cookie(name, value string, maxAge time.Duration, site http.SameSite) *http.Cookie {
	return &http.Cookie{ // #nosec G124 -- Secure wherever browsers come by https
		Name: e.cookieName(name), Value: value, Path: "/",
		MaxAge: int(maxAge / time.Second), SameSite: site,
		Secure: e.urls.Secure(), HttpOnly: true,
	}
}

// DropCookie makes a cookie that removes the one of that name.
func (e *Engine) DropCookie(name string) *http.Cookie {
	c := e.Cookie(name, "", 0, http.SameSiteLaxMode)
	c.MaxAge = -1
	return c
}

// ReadCookie returns the value of a cookie, "" if there is none. Two of one name
// are refused: one of them was put there by somebody else (C23).
func (e *Engine) ReadCookie(r *http.Request, name string) (string, error) {
	found := r.CookiesNamed(e.cookieName(name))
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0].Value, nil
	}
	return "", aikagi.Because(aikagi.Invalid, "cookie", "repeated")
}

func (e *Engine) cookieName(name string) string {
	if e.urls.Secure() {
		return securePrefix + name
	}
	return plainPrefix + name
}
