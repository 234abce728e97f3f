package admin

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/web"
)

// FuzzLines: what a field of lines shows of what is stored, sent back unchanged,
// stores the same, whatever was stored; and what is typed is accepted by the same
// rule as on the wire (S23).
func FuzzLines(f *testing.F) {
	f.Add("部署=東京\r\nb\n a = 1 ", "connect:Language=connect:Japanese=5")
	f.Add("a=b=c\n=\n＝\n", "a=b=6\na=b\n=1")
	f.Add("a=\u2028b\na=\x00", "\xff=1=1")
	f.Add(strings.Repeat("a=b\n", 60), "ａ＝ｂ＝５")
	urls, err := web.ParseURLs("https://id.example.jp", "")
	if err != nil {
		f.Fatal(err)
	}
	engine, err := web.NewEngine(web.Options{
		URLs: urls, Clock: clock.NewSet(time.Time{}), Ring: secret.NewRing([secret.KeyBytes]byte{1}), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.Fatal(err)
	}
	empty := engine.Page(httptest.NewRequest(http.MethodPost, "/", http.NoBody), "admin.saved")
	f.Fuzz(func(t *testing.T, tags, proficiencies string) {
		if len(tags)+len(proficiencies) > 4000 {
			t.Skip()
		}
		unchanged(t, empty, tags, func(stored []aikagi.Tag) lines[aikagi.Tag] {
			return lines[aikagi.Tag]{"tags", stored, readTag, aikagi.ParseTags}
		})
		unchanged(t, empty, proficiencies, func(stored []aikagi.Proficiency) lines[aikagi.Proficiency] {
			return lines[aikagi.Proficiency]{"proficiencies", stored, readProficiency, aikagi.ParseProficiencies}
		})
	})
}

func unchanged[T interface {
	comparable
	String() string
}](t *testing.T, page web.Page, typed string, field func(stored []T) lines[T]) {
	t.Helper()
	again, l := page, field(nil)
	good := l.parse(&page, typed)
	sorted, err := l.check(good)
	if err != nil || len(page.Problems) > mostProblems {
		t.Fatalf("%q became %v: %v, %d problems", typed, good, err, len(page.Problems))
	}
	back := field(sorted).parse(&again, inLines(sorted))
	if len(again.Problems) > 0 || !slices.Equal(back, sorted) {
		t.Errorf("%q is stored as %v and comes back as %v with %v", typed, sorted, back, again.Problems)
	}
	for i := range sorted {
		if strings.ContainsAny(sorted[i].String(), "\r\n") {
			t.Errorf("%q became a line of two: %q", typed, sorted[i])
		}
	}
}
