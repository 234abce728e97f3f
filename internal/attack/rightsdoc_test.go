package attack

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of docs/rights.md")

const rightsFile = "../../docs/rights.md"

// holds compares a table with the one between its marks in docs/rights.md, or
// puts it there with -update.
func holds(t *testing.T, name string, header []string, rows [][]string) {
	t.Helper()
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(header)
	b.WriteString(strings.Repeat("|---", len(header)) + "|\n")
	for _, r := range rows {
		line(r)
	}
	text, err := os.ReadFile(rightsFile)
	if err != nil {
		t.Fatal(err)
	}
	first, last := "<!-- "+name+": written by go test ./internal/attack -run S25 -update -->\n", "<!-- end of "+name+" -->"
	before, rest, found := strings.Cut(string(text), first)
	was, after, closed := strings.Cut(rest, last)
	if !found || !closed {
		t.Fatalf("%s has no marks for %s", rightsFile, name)
	}
	if was == b.String() {
		return
	}
	if !*update {
		t.Errorf("%s does not say what is so; look at it and run with -update:\n%s", rightsFile, b.String())
		return
	}
	if err := os.WriteFile(rightsFile, []byte(before+first+b.String()+last+after), 0o600); err != nil {
		t.Fatal(err)
	}
}
