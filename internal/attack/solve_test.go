package attack

import (
	"crypto/sha256"
	"math/bits"
	"os"
	"strconv"
	"testing"

	"github.com/aikagi/aikagi/internal/captcha/captchatest"
)

// full is how often something is tried: few times usually, and many in `make
// faults`.
func full(few, many int) int {
	if os.Getenv("AIKAGI_FAULTS") == "full" {
		return many
	}
	return few
}

// answers are what the picture of a challenge shows and what its sound says.
func answers(t *testing.T, s *siege, token string) (image, sound string) {
	t.Helper()
	return captchatest.Answers(t, s.Ring, token)
}

// solved does the work that a browser does in place of a puzzle.
func solved(salt string, zeros int) string {
	for n := 0; ; n++ {
		number := strconv.Itoa(n)
		sum := sha256.Sum256([]byte(salt + number))
		got := 0
		for _, b := range sum {
			got += bits.LeadingZeros8(b)
			if b != 0 {
				break
			}
		}
		if got >= zeros {
			return number
		}
	}
}
