//go:build !bench

package captcha

import (
	"bytes"
	"go/build/constraint"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
)

func TestS41NoFixedAnswerWithoutTheTag(t *testing.T) {
	t.Parallel()
	d := open(t)
	token := d.Issue(Forgot, sakura, all)
	for _, text := range []string{"BENCH", "bench", "ＢＥＮＣＨ"} {
		if _, _, err := d.Check(token, typed(text), Forgot, sakura); aikagi.ReasonOf(err) != "wrong" {
			t.Errorf("%q: %v", text, err)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") || !bytes.Contains(text, []byte(`"BENCH"`)) {
			continue
		}
		line, _, _ := strings.Cut(string(text), "\n")
		rule, err := constraint.Parse(line)
		if err != nil || rule.Eval(func(tag string) bool { return tag != "bench" }) {
			t.Errorf("%s holds the fixed answer and is built without the tag", file)
		}
	}
}
