package i18n

import (
	"strings"
	"testing"
	"unicode"

	"github.com/aikagi/aikagi"
)

// FuzzAcceptLanguage: the header chooses one of ours or nothing, case and spaces
// do not matter, and a long one is cut, not read (J10).
func FuzzAcceptLanguage(f *testing.F) {
	for _, s := range []string{"ja,en;q=0.5", "en-GB;q=0.9, ja;q=0", "*", "ja;q=2", "de,,;q=", "ja-Latn-x-private", "\x00ja", strings.Repeat("en-GB,", 200) + "ja", "EN"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		l := Match(header)
		if l != "" && aikagi.ParseLocale(string(l)) != l {
			t.Errorf("Match(%q) = %q", header, l)
		}
		if l != "" && !strings.Contains(strings.ToLower(header), string(l)) && !strings.Contains(strings.ToLower(header), map[aikagi.Locale]string{"ja": "jp", "en": "eng"}[l]) {
			t.Errorf("Match(%q) = %q, which it does not name", header, l)
		}
		if len(header) < maxAcceptLanguage && !strings.ContainsFunc(header, func(c rune) bool { return c > unicode.MaxASCII }) && Match(strings.ToUpper(header)) != l && !strings.Contains(strings.ToLower(header), "q=") {
			t.Errorf("Match(%q) depends on case", header)
		}
	})
}

// FuzzT: what is put into a text is data: a brace in it opens nothing (S22).
func FuzzT(f *testing.F) {
	f.Add("{n}", "{text}")
	f.Add("}{", "{{.}}\x00")
	f.Fuzz(func(t *testing.T, n, text string) {
		for _, l := range aikagi.Locales {
			want := strings.NewReplacer("{n}", n, "{text}", text)
			parsed, err := braces{}.Parse("a {n} b {text}{other} {", "", "")
			if err != nil {
				t.Fatal(err)
			}
			got, err := parsed.Execute(map[string]string{"n": n, "text": text})
			if err != nil || got != want.Replace("a {n} b {text}{other} {") {
				t.Errorf("%s: %q, %v", l, got, err)
			}
			if got := T(l, Key("fuzz."+n)); got != "fuzz."+n {
				t.Errorf("%s: the key %q is the text %q", l, n, got)
			}
		}
	})
}
