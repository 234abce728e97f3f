package password

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/aikagi/aikagi"
)

// FuzzPolicy: what is accepted has the length that the policy says, in code
// points of the one normal form; composed and decomposed typing are judged alike,
// and nothing else is made equal (S17, D01, D04).
func FuzzPolicy(f *testing.F) {
	for _, s := range []string{
		"", "short", "midori no densha 47", "password1234", "ＰＡＳＳＷＯＲＤ１２３４", "カ\u3099キ\u3099ク\u3099ケ\u3099コ\u3099サ\u3099", "Abcdefg1", "Abc defg1",
		strings.Repeat("a", 129), strings.Repeat("\u0301", 200), "\xff\xfe", "aaaaaaaaaaaaaaaa", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	} {
		f.Add(s, "tanaka", 12, false)
		f.Add(s, "", 15, true)
	}
	f.Fuzz(func(t *testing.T, typed, word string, least int, connect bool) {
		if least < 1 || least > 64 || len(word) > 200 {
			t.Skip()
		}
		policy := Policy{MinLength: least, Connect: connect}
		err := policy.Check(aikagi.NewSecret(typed), word)
		if err != nil && (aikagi.CodeOf(err) != aikagi.Invalid || aikagi.ReasonOf(err) == "" || len(typed) > 20 && strings.Contains(err.Error(), typed)) {
			t.Errorf("%q: %v", typed, err)
		}
		if n := utf8.RuneCountInString(norm.NFC.String(typed)); err == nil && (!utf8.ValidString(typed) || n < policy.Length() || n > MaxLength) {
			t.Errorf("took %q of %d characters, want %d to %d", typed, n, policy.Length(), MaxLength)
		}
		decomposed, composed := norm.NFD.String(typed), norm.NFC.String(typed)
		if len(decomposed) > maxBytes || len(typed) > maxBytes {
			return
		}
		one, other := policy.Check(aikagi.NewSecret(decomposed), word), policy.Check(aikagi.NewSecret(composed), word)
		if aikagi.ReasonOf(one) != aikagi.ReasonOf(other) {
			t.Errorf("%q: %v decomposed, %v composed", typed, one, other)
		}
		a, errA := normal(aikagi.NewSecret(typed))
		if errA == nil && string(a) != composed {
			t.Errorf("%q is kept as %q, want NFC alone", typed, a)
		}
	})
}
