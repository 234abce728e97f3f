package captcha

import (
	"slices"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
)

// FuzzAnswer: an answer is right only if it is what was shown, or heard, in the
// way that was offered, however it was typed (S4, A13).
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{"3ACDEH", "3acdeh", "３ａｃｄｅｈ", " 3 A C D E H ", "012345", "０１２３４５", "", "3ACDEHJ", strings.Repeat("\ufdfa", 20), "\x00\xff"} {
		f.Add(s, "7", true, true)
		f.Add(s, "", false, false)
	}
	f.Fuzz(func(t *testing.T, typed, proof string, image, sound bool) {
		ch := challenge{image: "3ACDEH", sound: "012345", bits: 20, ways: Ways{Image: image, Sound: sound}}
		err := Answer{Typed: aikagi.NewSecret(typed), Proof: proof}.meets(ch)
		said := fold(typed)
		right := image && said == ch.image || sound && said == ch.sound || proves(proof, ch) || fixedAnswer(said)
		if (err == nil) != right {
			t.Errorf("%q with %q: %v", typed, proof, err)
		}
		if err != nil && !slices.Contains([]string{"required", "wrong"}, aikagi.ReasonOf(err)) {
			t.Errorf("%q: %v", typed, err)
		}
		if len(said) > 11*maxTyped || proves(proof, ch) && (len(proof) > maxProof || strings.Trim(proof, digits) != "") {
			t.Errorf("%q is read as %q, proof %q", typed, said, proof)
		}
	})
}
