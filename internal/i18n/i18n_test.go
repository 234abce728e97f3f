package i18n

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/aikagi/aikagi"
)

func TestT(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		l    aikagi.Locale
		key  Key
		args []any
		want string
	}{
		{"Japanese", aikagi.Japanese, "shell.log_out", nil, "ログアウト"},
		{"English", aikagi.English, "shell.log_out", nil, "Log out"},
		{"no language is the default", "", "shell.log_out", nil, "ログアウト"},
		{"unknown language", "xx", "shell.log_out", nil, "shell.log_out"},
		{"unknown key", aikagi.English, "no.such_key", nil, "no.such_key"},
		{"named", aikagi.English, "page.error_prefix", []any{"title", "Log in"}, "Error: Log in"},
		{"value is not read again", aikagi.English, "page.error_prefix", []any{"title", "{title}{{.}}"}, "Error: {title}{{.}}"},
		{"value missing", aikagi.English, "page.error_prefix", nil, "Error: {title}"},
		{"name without value", aikagi.English, "page.error_prefix", []any{"title"}, "Error: {title}"},
		{"secret", aikagi.English, "page.error_prefix", []any{"title", aikagi.NewSecret("pw")}, "Error: [redacted]"},
		{"one", aikagi.English, "error.throttled.do_minutes", []any{"n", 1}, "There were many tries in a short time. Try again in 1 minute."},
		{"other", aikagi.English, "error.throttled.do_minutes", []any{"n", int64(1200)}, "There were many tries in a short time. Try again in 1,200 minutes."},
		{"Japanese has one form", aikagi.Japanese, "error.throttled.do_seconds", []any{"n", 1}, "短い時間に何度も操作されたため、一時的に受け付けを止めています。あと 1 秒お待ちください。"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := T(tt.l, tt.key, tt.args...); got != tt.want {
				t.Errorf("T(%q, %q, %v) = %q, want %q", tt.l, tt.key, tt.args, got, tt.want)
			}
		})
	}
}

func TestHas(t *testing.T) {
	t.Parallel()
	if !Has(aikagi.English, "shell.menu") || Has(aikagi.English, "shell") || Has("xx", "shell.menu") {
		t.Error("Has does not tell which texts there are")
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 12345: "12,345", 1234567: "1,234,567", -1000: "-1,000", -5: "-5",
	} {
		if got := Number(n); got != want {
			t.Errorf("Number(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestJ10AcceptLanguageIsCut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, header string
		want         aikagi.Locale
	}{
		{"none", "", ""},
		{"Japanese", "ja-JP,ja;q=0.9,en-US;q=0.8", aikagi.Japanese},
		{"English first", "en-GB, ja;q=0.9", aikagi.English},
		{"weights count, not order", "en;q=0.1, ja;q=0.9", aikagi.Japanese},
		{"others are skipped", "fr, de;q=0.9, en;q=0.2", aikagi.English},
		{"refused by weight", "ja;q=0", ""},
		{"neither", "fr-FR, zh", ""},
		{"star names none", "*", ""},
		{"not a header", "\xff\x00;;;===", ""},
		{"good after a long head is not read", strings.Repeat("fr,", 400) + "ja", ""},
		{"good before a long tail", "en," + strings.Repeat("fr;q=0.1,", 12_000), aikagi.English},
		{"one endless word", strings.Repeat("a", 100_000), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Match(tt.header); got != tt.want {
				t.Errorf("Match = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, fsys := range map[string]fstest.MapFS{
		"key in two files": {"en/a.json": {Data: []byte(`{"a.b":"x"}`)}, "en/b.json": {Data: []byte(`{"a.b":"y"}`)}},
		"no JSON":          {"en/a.json": {Data: []byte(`{`)}},
		"a list":           {"en/a.json": {Data: []byte(`"x"`)}},
	} {
		if _, err := load(fsys, aikagi.English); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTextsCanBeRead(t *testing.T) {
	t.Parallel()
	for _, l := range aikagi.Locales {
		if c, err := load(files, l); err != nil || len(c.known) == 0 {
			t.Errorf("%s: %v", l, err)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("ja,en;q=0.5")
	f.Fuzz(func(t *testing.T, header string) {
		if l := Match(header); l != "" && aikagi.ParseLocale(string(l)) == "" {
			t.Errorf("Match(%q) = %q", header, l)
		}
	})
}

func BenchmarkT(b *testing.B) {
	for b.Loop() {
		T(aikagi.English, "error.throttled.do_minutes", "n", 12)
	}
}
