package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/web/webtest"
)

// answersWith serves one handler that fails with err.
func answersWith(e *Engine, err error) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/i/{alias}/x", e.Handle(func(http.ResponseWriter, *http.Request) error { return err }))
	return e.Wrap(mux)
}

func TestEachCodeHasAPage(t *testing.T) {
	t.Parallel()
	e := newEngine(t, mustURLs(t, "https://id.example.jp", ""))
	want := map[aikagi.Code]int{
		aikagi.Invalid: 400, aikagi.Unauthenticated: 401, aikagi.Forbidden: 403, aikagi.NotFound: 404, aikagi.Conflict: 409,
		aikagi.Throttled: 429, aikagi.Expired: 410, aikagi.Unavailable: 503, aikagi.Internal: 500,
	}
	for _, code := range aikagi.Codes {
		for _, l := range aikagi.Locales {
			cause := errors.New("cause <script>hunter2</script>")
			err := fmt.Errorf("outer hunter2: %w", aikagi.E(code, "user", cause))
			res := request{url: "https://id.example.jp/i/sakura/x?lang=" + string(l)}.do(t, answersWith(e, err))
			page := bodyOf(t, res)
			if res.StatusCode != want[code] {
				t.Errorf("%s: status %d, want %d", code, res.StatusCode, want[code])
			}
			text := webtest.Check(t, l, page)
			for _, part := range []string{"what", "do"} {
				key := i18n.Key("error." + string(code) + "." + part)
				if !i18n.Has(l, key) {
					t.Errorf("no text %s in %s", key, l)
				}
				if part == "what" && !strings.Contains(text, i18n.T(l, key)) {
					t.Errorf("%s %s: the page does not say what happened:\n%s", code, l, text)
				}
			}
			if strings.Contains(page, "hunter2") || strings.Contains(text, "error.") {
				t.Errorf("%s: the page shows internals:\n%s", code, text)
			}
			if got := strings.Contains(page, "E-"); got != (code == aikagi.Internal) {
				t.Errorf("%s: reference on the page: %v", code, got)
			}
		}
	}
}

func TestEachRefusalHasAPage(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 404, 405, 413, 415, 421, 431} {
		a := answerTo(refuse(status))
		if a.status != status {
			t.Errorf("refusal %d answers %d", status, a.status)
		}
		for _, l := range aikagi.Locales {
			if !i18n.Has(l, i18n.Key("error."+a.word+".what")) || !i18n.Has(l, i18n.Key("error."+a.word+".do")) {
				t.Errorf("%d: no texts for %q in %s", status, a.word, l)
			}
		}
	}
}

func TestErrorsSayMore(t *testing.T) {
	t.Parallel()
	e := newEngine(t, mustURLs(t, "https://id.example.jp", ""))
	for _, tt := range []struct {
		name, says, retry string
		err               error
		status            int
	}{
		{"seconds", "あと 30 秒", "30", &aikagi.Error{Code: aikagi.Throttled, RetryAfter: 29500 * time.Millisecond}, 429},
		{"minutes", "2 分後に", "61", &aikagi.Error{Code: aikagi.Throttled, RetryAfter: 61 * time.Second}, 429},
		{"no time known", "少し時間をおいて", "", &aikagi.Error{Code: aikagi.Throttled}, 429},
		{"unavailable", "10 秒ほど", "10", aikagi.E(aikagi.Unavailable, "store", nil), 503},
		{"deadline", "10 秒ほど", "10", fmt.Errorf("read: %w", context.DeadlineExceeded), 503},
		{"own text", "使えない文字が含まれています", "", aikagi.Because(aikagi.Forbidden, "field", "not_text"), 403},
		{"no code", "参照番号", "", errors.New("x"), 500},
		{"body limit", "大きすぎます", "", aikagi.E(aikagi.Invalid, "form", &http.MaxBytesError{Limit: 1}), 413},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			res := request{url: "https://id.example.jp/i/sakura/x"}.do(t, answersWith(e, tt.err))
			text := webtest.Check(t, aikagi.Japanese, bodyOf(t, res))
			if res.StatusCode != tt.status || res.Header.Get("Retry-After") != tt.retry || !strings.Contains(text, tt.says) {
				t.Errorf("%d, Retry-After %q, want %d %q %q:\n%s", res.StatusCode, res.Header.Get("Retry-After"), tt.status, tt.retry, tt.says, text)
			}
		})
	}
}

func TestErrorsLeadToALoginPageThatIsThere(t *testing.T) {
	t.Parallel()
	e := newEngine(t, mustURLs(t, "https://id.example.jp", ""))
	mux := http.NewServeMux()
	mux.Handle("/i/sakura/login", e.Handle(func(http.ResponseWriter, *http.Request) error { return errors.New("x") }))
	for path, leads := range map[string]bool{
		"/i/sakura/nowhere":       true,
		"/i/sakura/login":         true,  // it may work the next time
		"/i/nobody/login":         false, // to itself
		"/i/nobody/login?lang=en": false,
		"/nowhere":                false,
	} {
		page := bodyOf(t, request{url: "https://id.example.jp" + path}.do(t, e.Wrap(mux)))
		if strings.Contains(page, `class="button"`) != leads {
			t.Errorf("%s: a button, want %v:\n%s", path, leads, page)
		}
	}
}

func TestI04NothingOfTheRequestIsOnErrorPages(t *testing.T) {
	t.Parallel()
	h := plainHandler(newEngine(t, mustURLs(t, "https://id.example.jp", "")))
	for _, url := range []string{
		"/%3Cscript%3Ealert(1)%3C/script%3E", "/i/%22%3E%3Cimg%20src=x%3E/nothing", "/x?q=%3Cscript%3E&%22onload=%22", "/i/sakura/do?'%3E%3Csvg",
	} {
		page := bodyOf(t, request{url: "https://id.example.jp" + url}.do(t, h))
		webtest.Check(t, aikagi.Japanese, page)
		for _, bad := range []string{"<script>", "<img", "onload=\"", "'><svg"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s: %q is on the page", url, bad)
			}
		}
	}
}

func TestExplainCollectsBrokenRules(t *testing.T) {
	t.Parallel()
	e := newEngine(t, mustURLs(t, "https://id.example.jp", ""))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	var many aikagi.Invalids
	many.Add("name", "required")
	many.Add("email", "no_such_reason")
	for _, tt := range []struct {
		name string
		err  error
		want []Problem
	}{
		{"none", nil, nil},
		{"another kind", aikagi.E(aikagi.NotFound, "user", nil), nil},
		{"no decision", errors.New("x"), nil},
		{"one", aikagi.Because(aikagi.Invalid, "name", "too_long"), []Problem{{"name", "長すぎます。短くしてください"}}},
		{"many, wrapped", fmt.Errorf("save: %w", many), []Problem{{"name", "入力してください"}, {"email", "入力した内容を確認してください"}}},
	} {
		page := e.Page(r, "shell.menu")
		if got := page.Explain(tt.err); got != (len(tt.want) > 0) || len(page.Problems) != len(tt.want) {
			t.Errorf("%s: %v, %v; want %v", tt.name, got, page.Problems, tt.want)
			continue
		}
		for i, p := range page.Problems {
			if p != tt.want[i] {
				t.Errorf("%s: problem %v, want %v", tt.name, p, tt.want[i])
			}
		}
		if got, want := strings.HasPrefix(page.FullTitle(), "エラー: "), len(tt.want) > 0; got != want {
			t.Errorf("%s: title %q", tt.name, page.FullTitle())
		}
	}
}
