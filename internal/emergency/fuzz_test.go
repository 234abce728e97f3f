package emergency

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/aikagi/aikagi"
)

// FuzzReason: the reason stands in the record, on every page and in mails, so it
// is one line of text (S21, S31).
func FuzzReason(f *testing.F) {
	for _, s := range []string{"", "管理者が全員退職しました", " a\r\n b\tc d e f ", "ten \x00 or more", strings.Repeat("長", 600), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "a\u2028b\u0085c d e f g h i"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		reason, err := parseReason(typed)
		if err != nil {
			return
		}
		n := utf8.RuneCountInString(reason)
		if !utf8.ValidString(reason) || n < aikagi.MinGrantReason || n > maxReason ||
			strings.ContainsFunc(reason, unicode.IsControl) || strings.ContainsAny(reason, "\u2028\u2029") {
			t.Errorf("took %q as %q", typed, reason)
		}
		if again, err := parseReason(reason); err != nil || again != reason {
			t.Errorf("%q became %q and then %q: %v", typed, reason, again, err)
		}
	})
}
