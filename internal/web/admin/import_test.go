package admin_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aikagi/aikagi/internal/csvtable"
)

// uploads posts a file as a browser does.
func (b *browser) uploads(name, text string) *httptest.ResponseRecorder {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	must(b.t, err)
	_, err = part.Write([]byte(text))
	must(b.t, err)
	must(b.t, form.Close())
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, "http://127.0.0.1:8080/i/sakura/admin/import", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

func TestAFileIsLookedAtBeforeItIsWritten(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.admin)
	file := "ユーザー名,姓,名,メールアドレス,セキュリティプロファイル\n" +
		"<b>new,新井,一,,Agent\nnew.one,新井,一,new.one@example.jp,Agent\ntanaka,,,tanaka@example.jp,\n"
	w := b.uploads(`C:\fakepath\users.csv`, file)
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d\n%s", w.Code, w.Body)
	}
	place := strings.TrimPrefix(w.Header().Get("Location"), "/i/sakura")
	page := b.sees(b.gets(place), http.StatusOK, "<code>users.csv</code>", "new.<wbr>one@<wbr>example.<wbr>jp", "&lt;b&gt;new", "電話の種類: ソフトフォン")
	if strings.Contains(page, "<b>new") || o.read(t, o.agent.ID).Email != "" {
		t.Error("looking at a file wrote it, or what it holds is markup")
	}
	b.led(b.posts(place), place)
	b.sees(b.gets(place), http.StatusOK, "<progress", `http-equiv="refresh"`)
	for found := true; found; {
		var err error
		found, err = o.sheets.WorkImports(t.Context())
		must(t, err)
	}
	b.sees(b.gets(place), http.StatusOK, place+"/failed")
	if o.read(t, o.agent.ID).Email != "tanaka@example.jp" {
		t.Error("the address was not stored")
	}
	// Nobody else sees what somebody uploaded.
	for _, path := range []string{place, place + "/failed"} {
		b.sees(o.as(t, o.editor).gets(path), http.StatusNotFound)
	}
}

// TestI07RefusedFilesSayWhy, with what to do, and never with an internal.
func TestI07RefusedFilesSayWhy(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.as(t, o.admin)
	for text, words := range map[string]string{
		"":                                "ファイルを選んでください",
		"PK\x03\x04":                      "CSV UTF-8",
		"ユーザー名,パスワード\na,b\n":              "パスワードの列は使えません",
		"ユーザー名,姓\na,\"open\n":             "2 行目",
		"姓,名\n田中,一郎\n":                    "「ユーザー名」の列が必要です",
		strings.Repeat(",", 3_000) + "\n": "列は",
	} {
		b.sees(b.uploads("x.csv", text), http.StatusBadRequest, words)
	}
	if w := b.uploads("x.csv", strings.Repeat("x", csvtable.MaxBytes+1<<20)); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a huge file: %d", w.Code)
	}
	b.sees(b.posts("/admin/import", "file", "a"), http.StatusUnsupportedMediaType)
	b.sees(o.as(t, o.viewer).uploads("x.csv", "username\na\n"), http.StatusForbidden)
}

// TestI06I14DownloadsAreInertAndNamed: a spreadsheet runs nothing of them, and
// their names are encoded.
func TestI06I14DownloadsAreInertAndNamed(t *testing.T) {
	t.Parallel()
	o := open(t)
	for i, name := range []string{"=1+1", "@x", "＝1"} {
		o.has(t, fmt.Sprintf("danger%d", i), name, "-2", "", "Agent")
	}
	b := o.as(t, o.viewer)
	for path, rows := range map[string]int{
		"/admin/users/export": 8, "/admin/users/export?filter=no_email": 5, "/admin/users/export?q=nobody": 1, "/admin/import/template": 1,
	} {
		w := b.gets(path)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" {
			t.Fatalf("%s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
		name := w.Header().Get("Content-Disposition")
		if !strings.HasPrefix(name, "attachment; filename*=utf-8''%E3%83%A6") || strings.ContainsFunc(name, func(r rune) bool { return r > 126 }) {
			t.Errorf("%s is named %q", path, name)
		}
		lines := strings.Split(strings.TrimSpace(w.Body.String()), "\r\n")
		if len(lines) != rows {
			t.Errorf("%s has %d lines, want %d", path, len(lines), rows)
		}
		for _, line := range lines {
			for _, cell := range strings.Split(strings.TrimPrefix(line, "\ufeff"), ",") {
				if strings.ContainsAny(string([]rune(cell + " ")[:1]), "=+-@＝＋－＠") {
					t.Errorf("%s: a spreadsheet would run %q", path, cell)
				}
			}
		}
	}
	b.sees(o.as(t, o.agent).gets("/admin/users/export"), http.StatusForbidden)
}
