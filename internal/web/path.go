package web

import (
	"net/http"
	"net/url"
	"strings"
)

const maxPath = 2048

// SafePath returns s if it is a path of this host and nothing else: it begins
// with exactly one slash, holds only the characters that RFC 3986 allows, and
// stays harmless however often it is unescaped. Browsers treat a backslash as a
// slash, drop tabs and line breaks, and resolve //host, so none may be there
// (S16, C19).
func SafePath(s string) (string, bool) {
	if len(s) > maxPath || strings.ContainsFunc(s, notInPath) {
		return "", false
	}
	path, _, _ := strings.Cut(s, "?")
	for range 5 {
		if !plainPath(path) {
			return "", false
		}
		next, err := url.PathUnescape(path)
		if err != nil {
			return "", false
		}
		if next == path {
			return s, true
		}
		path = next
	}
	return "", false // escaped too often to be ours
}

func plainPath(p string) bool {
	if !strings.HasPrefix(p, "/") || strings.Contains(p, "//") || strings.ContainsAny(p, `\`) {
		return false
	}
	for segment := range strings.SplitSeq(p, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return !strings.ContainsFunc(p, func(c rune) bool { return c < ' ' || c == 0x7f })
}

func notInPath(c rune) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return false
	}
	return !strings.ContainsRune("-._~/?:@!$&'()*+,;=%", c)
}

// SeeOther answers 303 to a path of this host; anything else leads to "/".
func SeeOther(w http.ResponseWriter, r *http.Request, path string) error {
	safe, ok := SafePath(path)
	if !ok {
		safe = VisitOf(r.Context()).Path("/")
	}
	w.Header().Set("Location", safe)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}
