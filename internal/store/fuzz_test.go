package store

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/aikagi/aikagi"
)

// FuzzSearchKey: whoever types a name in another form of the same characters
// finds it, keys are bounded text, and a wildcard is a character like others
// (S36, A19, H18).
func FuzzSearchKey(f *testing.F) {
	for _, s := range []string{"田中 一郎", "タナカ", "ﾀﾅｶ", "カ\u3099", "İ", "ß", "a%_\\", "\ufdfa\ufdfa", "\xff", strings.Repeat("あ", 200), " ", "\U0010ffff"} {
		f.Add(s, "")
		f.Add("a", s)
	}
	f.Fuzz(func(t *testing.T, last, first string) {
		if len(last)+len(first) > 2000 {
			t.Skip()
		}
		key := SearchKey(last)
		if utf8.ValidString(last) && (!utf8.ValidString(key) || SearchKey(norm.NFD.String(last)) != key || SearchKey(norm.NFC.String(last)) != key) {
			t.Errorf("%q is looked for as %q, and otherwise as %q and %q", last, key, SearchKey(norm.NFD.String(last)), SearchKey(norm.NFC.String(last)))
		}
		if strings.ContainsAny(last, "%_\\") && !strings.ContainsAny(key, "%_\\") {
			t.Errorf("%q lost its characters: %q", last, key)
		}
		if !utf8.ValidString(last) || !utf8.ValidString(first) {
			return
		}
		u := aikagi.User{Username: "tanaka", LastName: last, FirstName: first}
		seen := map[string]bool{}
		for _, k := range userKeys(u) {
			if k == "" || len(k) > maxSearchKey || !utf8.ValidString(k) || seen[k] {
				t.Errorf("%q %q is kept as %q", last, first, k)
			}
			seen[k] = true
		}
	})
}
