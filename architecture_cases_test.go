package aikagi_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of cases anew")

// The numbers in front of a test's name: of rules, and of cases, which have two digits.
var (
	numbered   = regexp.MustCompile(`^(?:Test|Fuzz)((?:[A-Z][0-9]{1,2})+)[A-Z]`)
	caseNumber = regexp.MustCompile(`[A-Z][0-9]+`)
	aCase      = regexp.MustCompile(`^[A-M][0-9]{2}$`)
)

// TestCasesNameTheirTests: the table of cases lists each test that carries a case's
// number, and no others. go test -run Cases -update . writes it.
func TestCasesNameTheirTests(t *testing.T) {
	t.Parallel()
	const document, head = "docs/security.md", "| case | tests |\n|---|---|\n"
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	above, rest, found := strings.Cut(string(text), head)
	if !found {
		t.Fatalf("%s has no table of cases", document)
	}
	_, below, _ := strings.Cut(rest, "\n\n")
	written := above + head + casesTable(source(t).tests) + "\n" + below
	if written == string(text) {
		return
	}
	if !*update {
		t.Fatalf("the table of cases in %s is not that of the tests; write it with: go test -run Cases -update .", document)
	}
	if err := os.WriteFile(document, []byte(written), 0o600); err != nil {
		t.Fatal(err)
	}
}

func casesTable(tests map[string]bool) string {
	of := map[string][]string{}
	for name := range tests {
		found := numbered.FindStringSubmatch(name)
		if found == nil {
			continue
		}
		for _, number := range caseNumber.FindAllString(found[1], -1) {
			if aCase.MatchString(number) {
				of[number] = append(of[number], name)
			}
		}
	}
	var b strings.Builder
	for _, number := range slices.Sorted(maps.Keys(of)) {
		slices.Sort(of[number])
		fmt.Fprintf(&b, "| %s | %s |\n", number, "`"+strings.Join(of[number], "` `")+"`")
	}
	return b.String()
}
