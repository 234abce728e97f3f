package directory

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzCursor: a cursor comes back as it was made, and one that somebody else made
// holds text and no more parts than ours do (S36, I04).
func FuzzCursor(f *testing.F) {
	f.Add("YXRhbmFrYQ", "tanaka", "id")
	f.Add("", "a\x00b", "\x00")
	f.Add("c/8AeQ", "\xff", "田中")
	f.Fuzz(func(t *testing.T, given, key, id string) {
		kind, rest := readCursor(given)
		if !utf8.ValidString(rest) || len(rest) > 1024 || kind == "" && rest != "" {
			t.Errorf("%q says %q %q", given, kind, rest)
		}
		if parts := strings.Count(rest, "\x00"); parts > 1 || parts == 1 && kind != "s" {
			t.Errorf("%q has %d parts", given, parts+1)
		}
		if strings.Contains(key+id, "\x00") || !utf8.ValidString(key) || !utf8.ValidString(id) || len(key+id) > 1000 {
			return
		}
		if kind, rest := readCursor(cursor("s", key, id)); kind != "s" || rest != key+"\x00"+id {
			t.Errorf("%q and %q came back as %q %q", key, id, kind, rest)
		}
		if kind, rest := readCursor(cursor("a", key)); key != "" && (kind != "a" || rest != key) {
			t.Errorf("%q came back as %q %q", key, kind, rest)
		}
	})
}
