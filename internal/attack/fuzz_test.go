package attack

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aikagi/aikagi/internal/app/apptest"
)

// FuzzRequest sends anything to the whole product as nobody: address, query,
// cookies, languages, a form. Nothing is an error of the server (J14), nothing of
// it gets into a header (H26) or leads away (C19), and every answer has what
// keeps browsers safe (I15, I16, S16).
func FuzzRequest(f *testing.F) {
	site := apptest.Start(f, apptest.Options{})
	for _, path := range []string{
		"/", "/i/sakura/login", "/i/sakura/login?next=//evil.example", "/i/sakura/forgot", "/i/sakura/reset/abc", "/i/sakura/admin/users?page=YQ&q=%25", "/i/sakura/challenge/image?token=x",
		"/account", "/account/login?next=/account/me", "/account/setup/x", "/static/aikagi.css", "/i/sakura/emergency/x", "/.well-known/security.txt", "/i/sakura/auth/authorize",
		"/i/%ff/login", "/i/sakura/login%0d%0aSet-Cookie:a=b", "/i/sakura/login;a=b", "//i/sakura/login", "/i/sakura/../sakura/login", "*",
	} {
		f.Add(http.MethodGet, path, "aikagi-lang=en; aikagi-theme=\"x", "ja", "")
		f.Add(http.MethodPost, path, "=;;", "*;q=0", "username=a&password=b&next=%2f%2fevil.example&username=c")
	}
	f.Fuzz(func(t *testing.T, method, target, cookie, language, body string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || method == "" || strings.ContainsFunc(method, func(c rune) bool { return c <= ' ' || c > '~' }) {
			t.Skip()
		}
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, site.URLs.Base()+"/", io.NopCloser(strings.NewReader(body)))
		r.Method, r.RequestURI = method, target
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = u.Path, u.RawPath, u.RawQuery
		r.Header["Cookie"], r.Header["Accept-Language"], r.Header["User-Agent"] = []string{cookie}, []string{language}, []string{cookie}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		site.Handler.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError {
			t.Errorf("%s %q: status %d", method, target, w.Code)
		}
		head := w.Header()
		if to := head.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n")) {
			t.Errorf("%s %q leads to %q", method, target, to)
		}
		if head.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(head.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s %q: status %d without its headers: %v", method, target, w.Code, head)
		}
		for name, values := range head {
			if strings.ContainsAny(name+strings.Join(values, ""), "\r\n\x00") {
				t.Errorf("%s %q: header %q: %q", method, target, name, values)
			}
		}
	})
}
