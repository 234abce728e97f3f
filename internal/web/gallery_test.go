package web

import (
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/web/webtest"
)

var testTime = time.Date(2026, 11, 22, 0, 2, 0, 0, time.UTC)

// gallery has every component on a few pages. Nothing but tests shows it.
type gallery struct {
	Page
	Rules    []Rule
	Choices  []Choice
	People   []person
	NameSort Sort
	Pager    Pager
	Confirm  Confirm
	At       time.Time
}

type person struct {
	Name, Login, Email, Kind, State string
	Last                            time.Time
}

// newEngine makes an engine for a base URL; further settings by changes.
func newEngine(t *testing.T, urls *URLs, changes ...func(*Options)) *Engine {
	t.Helper()
	o := Options{
		URLs: urls, Clock: clock.NewSet(testTime), Ring: secret.NewRing([secret.KeyBytes]byte{1}),
		Log: slog.New(slog.DiscardHandler), Locale: aikagi.Japanese,
	}
	for _, change := range changes {
		change(&o)
	}
	e, err := NewEngine(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func mustURLs(t *testing.T, base, instanceHost string, others ...string) *URLs {
	t.Helper()
	u, err := ParseURLs(base, instanceHost, others...)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// galleryHandler serves the gallery below /i/sakura/.
func galleryHandler(t *testing.T, e *Engine) http.Handler {
	t.Helper()
	pages, err := e.Pages(os.DirFS("testdata/gallery"))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /i/{alias}/{page...}", e.Handle(func(w http.ResponseWriter, r *http.Request) error {
		furnish(r)
		if r.PathValue("page") == "boom" {
			return os.ErrInvalid
		}
		return pages.Render(w, r, http.StatusOK, r.PathValue("page")+".html", galleryOf(e, r))
	}))
	return e.Wrap(mux)
}

func furnish(r *http.Request) {
	v := VisitOf(r.Context())
	v.Site = Site{
		ID: "i-1", Name: "さくらコールセンター", Locale: aikagi.Japanese,
		Zone: time.FixedZone("JST", 9*3600), Contact: "情報システム部 内線 1234",
	}
	if r.PathValue("page") == "auth" || r.PathValue("page") == "boom" {
		return
	}
	v.Viewer = Viewer{ID: "u-1", Actor: "user", Name: "佐藤 花子"}
	v.Emergency = &Emergency{Until: testTime.Add(28*time.Minute + 14*time.Second), Reason: "管理者が全員退職した", End: Path(r, "/end")}
	v.Menu = &Menu{
		Home: Path(r, "/desk"), LogOut: Path(r, "/logout"),
		Account: []MenuItem{{Label: "shell.keys.title", Path: Path(r, "/me")}},
		Groups: []MenuGroup{
			{Label: "shell.menu", Items: []MenuItem{
				{Label: "shell.language", Path: Path(r, "/desk")},
				{Label: "shell.theme", Path: Path(r, "/requests"), Count: 7},
			}},
			{Label: "shell.language", Items: []MenuItem{{Label: "shell.log_out", Path: Path(r, "/x")}}},
		},
	}
}

func galleryOf(e *Engine, r *http.Request) gallery {
	g := gallery{
		Page: e.Page(r, "shell.keys.title"), At: testTime,
		Rules:    []Rule{{Text: "12 文字以上", Kind: "length", N: 12}, {Text: "よく使われるパスワードは使えません"}},
		Choices:  []Choice{{Value: "a", Text: "直接会った"}, {Value: "b", Text: "登録済みの番号に折り返した", Hint: "内線も可", Chosen: true}},
		NameSort: Sort{Text: "名前", Path: "?sort=-name", Dir: "ascending"},
		Pager:    Pager{Next: "?after=25", Text: "1–25 / 128 人"},
		People: []person{
			{"田中 一郎", "tanaka", "tanaka@example.co.jp", "ok", "有効", testTime},
			{"佐藤 花子", "sato", "", "warn", "メールなし", testTime},
			{"evil\u202egnp.exe", "evil\u200b", "x@example.jp", "danger", "ロック中", time.Time{}},
		},
		Confirm: Confirm{
			Question: "田中 一郎 を無効にしますか", Consequences: []string{"ログインできなくなります", "開いている画面からログアウトします"},
			Action: Path(r, "/disable"), Button: "田中 一郎 を無効にする", Cancel: Path(r, "/desk"),
			Fields: []Hidden{{Name: "id", Value: "u-1"}},
		},
	}
	if r.URL.Query().Has("bad") {
		g.Blame("password", "too_short")
		g.Blame("answer", "required")
		g.Blame("email", "invalid")
		g.Blame("how", "required")
	}
	return g
}

func TestGallery(t *testing.T) {
	t.Parallel()
	for _, urls := range []*URLs{
		mustURLs(t, "https://id.example.jp", ""),
		mustURLs(t, "https://id.example.jp", "*.my.example.jp"),
	} {
		h := galleryHandler(t, newEngine(t, urls))
		for _, name := range []string{"auth", "desk", "confirm", "card", "boom"} {
			for _, query := range []string{"", "&bad", "&bad&q=%22%3E%3Cscript%3E"} {
				for _, l := range aikagi.Locales {
					where := urls.Instance("sakura", "/"+name) + "?lang=" + string(l) + query
					res := request{url: where}.do(t, h)
					page := bodyOf(t, res)
					text := webtest.Check(t, l, page)
					if res.Header.Get("Content-Language") != string(l) || res.Header.Get("Content-Type") != "text/html; charset=utf-8" {
						t.Errorf("%s: headers %v", where, res.Header)
					}
					if strings.Contains(text, "shell.") || strings.Contains(text, "%!") || strings.Contains(text, "{n}") {
						t.Errorf("%s: a text is missing:\n%s", where, text)
					}
					if strings.ContainsAny(page, "\u202e\u200b") {
						t.Errorf("%s: acting characters are on the page", where)
					}
					if urls.hosted() && strings.Contains(page, `"/i/`) {
						t.Errorf("%s: a link shows the path of path mode", where)
					}
					if t.Failed() {
						t.Fatalf("first at %s", where)
					}
				}
			}
		}
	}
}

func TestCurrentMenuItem(t *testing.T) {
	t.Parallel()
	v := &Visit{Menu: &Menu{
		Groups:  []MenuGroup{{Items: []MenuItem{{Path: "/a"}, {Path: "/a/b", Also: "/a/other"}, {Path: "/ab"}}}},
		Account: []MenuItem{{Path: "/a/me"}}, // in a menu of its own, so that nothing here is current
	}}
	for path, want := range map[string]string{"/a": "/a", "/a/x": "/a", "/a/b": "/a/b", "/a/b/c": "/a/b", "/a/other/x": "/a/b", "/ab": "/ab", "/c": "", "/abc": "", "/a/me/x": ""} {
		v.path = path
		for _, item := range v.Menu.Groups[0].Items {
			if got := (Page{visit: v}).Current(item.Path); got != (item.Path == want) {
				t.Errorf("on %s, %s current: %v", path, item.Path, got)
			}
		}
	}
}
