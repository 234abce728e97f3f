package iam

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// The reference table (S32) is testdata/*.txt: one line a case, under the rule
// that it shows.

type referenceCase struct {
	file string
	line int
	rule string
	cols []string
}

func (c referenceCase) name() string { return fmt.Sprintf("%s:%d %s", c.file, c.line, c.rule) }

func readReference(t *testing.T, file string) []referenceCase {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []referenceCase
	rule := ""
	for i, line := range strings.Split(string(data), "\n") {
		switch {
		case strings.HasPrefix(line, "## "):
			rule = line[3:]
		case line == "" || line[0] == '#':
		default:
			cols := strings.Split(line, " | ")
			if len(cols) != 4 || rule == "" {
				t.Fatalf("%s:%d: %d columns under the rule %q", file, i+1, len(cols), rule)
			}
			if cols[3] != "yes" && cols[3] != "no" {
				t.Fatalf("%s:%d: answer %q", file, i+1, cols[3])
			}
			cases = append(cases, referenceCase{file, i + 1, rule, cols})
		}
	}
	return cases
}

func TestS32G04ReferenceTableIsLargeEnough(t *testing.T) {
	t.Parallel()
	n, seen := 0, map[string]bool{}
	for _, file := range []string{"conditions.txt", "actions.txt", "resources.txt"} {
		for _, c := range readReference(t, file) {
			key := file + strings.Join(c.cols, "|")
			if seen[key] {
				t.Errorf("%s stands twice", c.name())
			}
			seen[key] = true
			n++
		}
	}
	if n < 300 {
		t.Errorf("%d cases, want at least 300", n)
	}
}

// referenceValues reads "a , b", "-", "[]" and empty strings as two single quotes.
func referenceValues(s string) []string {
	if s == "-" {
		return nil
	}
	if s == "[]" {
		return []string{}
	}
	values := strings.Split(s, " , ")
	for i, v := range values {
		if v == "''" {
			values[i] = ""
		}
	}
	return values
}

func referenceRequest() Request {
	return Request{
		Principal: "arn:aws:iam::123456789012:user/tanaka",
		Action:    "connect:CreateUser",
		Resource:  "arn:aws:connect:eu-west-2:123456789012:instance/i1",
		Context: map[string][]string{
			"aws:PrincipalTag/team": {"sales"},
			"aws:PrincipalTag/star": {"*"},
			"aws:PrincipalTag/many": {"x", "y"},
		},
	}
}

// statement writes a statement as JSON; elements replaces or adds.
func statement(effect string, elements map[string]any) string {
	s := map[string]any{"Effect": effect}
	if elements["NotAction"] == nil {
		s["Action"] = "*"
	}
	if elements["NotResource"] == nil {
		s["Resource"] = "*"
	}
	for k, v := range elements {
		s[k] = v
	}
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func document(t testing.TB, statements ...string) Document {
	t.Helper()
	text := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",\n") + `]}`
	doc, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return doc
}

// checkApplies asserts that a statement with these elements has its effect, or
// has not.
func checkApplies(t *testing.T, effect string, elements map[string]any, r Request, want bool) {
	t.Helper()
	statements := []string{statement(effect, elements)}
	if effect == "Deny" {
		statements = append(statements, statement("Allow", nil))
	}
	d := Evaluate([]Document{document(t, statements...)}, r)
	if applied := d.Allowed == (effect == "Allow"); applied != want {
		t.Errorf("%s applied = %v, want %v: %s", effect, applied, want, statements[0])
	}
	if d.Explicit != (effect == "Deny" && want) {
		t.Errorf("%s: explicit = %v", effect, d.Explicit)
	}
}

func TestS32Conditions(t *testing.T) {
	t.Parallel()
	for _, c := range readReference(t, "conditions.txt") {
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			r := referenceRequest()
			if given := referenceValues(c.cols[2]); given != nil {
				r.Context["AWS:requesttag/k"] = given // IAM: keys are not case-sensitive
			}
			elements := map[string]any{"Condition": map[string]any{
				c.cols[0]: map[string]any{"aws:RequestTag/K": referenceValues(c.cols[1])},
			}}
			for _, effect := range []string{"Allow", "Deny"} {
				checkApplies(t, effect, elements, r, c.cols[3] == "yes")
			}
		})
	}
}

func TestS32Actions(t *testing.T) {
	t.Parallel()
	for _, c := range readReference(t, "actions.txt") {
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			r := referenceRequest()
			r.Action = c.cols[2]
			effect, element := "Allow", c.cols[0]
			if rest, ok := strings.CutPrefix(element, "Deny."); ok {
				effect, element = "Deny", rest
			}
			checkApplies(t, effect, map[string]any{element: c.cols[1]}, r, c.cols[3] == "yes")
		})
	}
}

func TestS32Resources(t *testing.T) {
	t.Parallel()
	for _, c := range readReference(t, "resources.txt") {
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			r := referenceRequest()
			r.Resource = c.cols[2]
			for _, effect := range []string{"Allow", "Deny"} {
				checkApplies(t, effect, map[string]any{c.cols[0]: c.cols[1]}, r, c.cols[3] == "yes")
			}
		})
	}
}
