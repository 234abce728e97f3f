package reset

import (
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/secret"
)

// FuzzCode: however a code is typed it is the same code, and nothing else is one
// (S6, B30). Receipt numbers and codes are of the alphabet that can be read out.
func FuzzCode(f *testing.F) {
	r := &Resets{Ring: secret.NewRing([secret.KeyBytes]byte{1})}
	token := aikagi.ResetToken{InstanceID: "i", ID: "t"}
	good := r.code(token).Reveal()
	f.Add(good, "q")
	f.Add(strings.ToLower(good), "\x00")
	f.Add("ＡＢＣＤ　ＥＦＧＨ", "")
	f.Add(strings.Repeat("A", 65), "a")
	f.Add("ſßıﬁ\ufdfa\xff", "z")
	f.Fuzz(func(t *testing.T, typed, id string) {
		plain := plainCode(typed)
		if strings.Trim(plain, alphabet) != "" || plainCode(plain) != plain && len(plain) <= 64 {
			t.Errorf("%q is read as %q", typed, plain)
		}
		if r.matches(token, aikagi.NewSecret(typed)) != (plain == plainCode(good)) {
			t.Errorf("%q matches, or does not, as %q", typed, plain)
		}
		made := aikagi.ResetToken{InstanceID: "i", ID: aikagi.ResetTokenID(id)}
		code := r.code(made).Reveal()
		if len(code) != 9 || code[4] != '-' || strings.Trim(code, alphabet+"-") != "" {
			t.Errorf("the code of %q is %q", id, code)
		}
		for _, spelled := range []string{code, strings.ToLower(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " - ") + "\n"} {
			if !r.matches(made, aikagi.NewSecret(spelled)) {
				t.Errorf("%q is not taken for %q", spelled, code)
			}
		}
		receipt := Receipt(r.Ring, "i", aikagi.ResetRequestID(id))
		if len(receipt) != 9 || !strings.HasPrefix(receipt, "R-") || strings.Trim(receipt[2:], alphabet+"-") != "" {
			t.Errorf("the receipt of %q is %q", id, receipt)
		}
		if n := Matching(r.Ring, "i", aikagi.ResetRequestID(id)); len(n) != 2 || strings.Trim(n, "0123456789") != "" {
			t.Errorf("the matching number of %q is %q", id, n)
		}
	})
}
