package clients_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	sdk "github.com/aws/aws-sdk-go-v2/service/connect"

	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/connect"
)

var update = flag.Bool("update", false, "write docs/compat.md anew")

const (
	compat = "../../../docs/compat.md"
	begin  = "<!-- operations: written by go test ./internal/awsapi/clients -run Compat -update -->\n"
	end    = "<!-- end of operations -->\n"
)

// TestCompatTellsTheTruth holds the table of docs/compat.md to the operations
// that there are, and each operation to at least one story that calls it.
func TestCompatTellsTheTruth(t *testing.T) {
	t.Parallel()
	before, err := os.ReadFile(compat)
	if err != nil {
		t.Fatal(err)
	}
	above, rest, ok := strings.Cut(string(before), begin)
	_, below, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("docs/compat.md lacks the marks between which the table stands")
	}
	text := above + begin + table(t) + end + below
	if *update {
		if err := os.WriteFile(compat, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text != string(before) {
		t.Error("docs/compat.md is out of date: go test ./internal/awsapi/clients -run Compat -update")
	}
}

func table(t *testing.T) string {
	t.Helper()
	operations := new(connect.API).Operations()
	told := stories(t)
	var b strings.Builder
	b.WriteString("\n| operation | | what is missing | called by |\n|---|---|---|---|\n")
	for _, op := range operations {
		var by []string
		for _, s := range told {
			if s.calls(op.Name) {
				by = append(by, s.client)
			}
		}
		if len(by) == 0 {
			t.Errorf("no story calls %s", op.Name)
		}
		state := "full"
		if op.Gap != "" {
			state = "partial"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", op.Name, state, op.Gap, strings.Join(by, ", "))
	}
	absent := absentOperations(operations)
	fmt.Fprintf(&b, "\nThe other %d operations of Amazon Connect's model (SDK for Go v1.175.2) are absent and answer "+
		"`UnknownOperationException`: %s.\n\n", len(absent), strings.Join(absent, ", "))
	return b.String()
}

// absentOperations are the SDK's methods that take an input and are not ours.
func absentOperations(have []awsapi.Operation) []string {
	var names []string
	client := reflect.TypeFor[*sdk.Client]()
	for i := range client.NumMethod() {
		m := client.Method(i)
		if m.Type.NumIn() == 4 && !slices.ContainsFunc(have, func(op awsapi.Operation) bool { return op.Name == m.Name }) {
			names = append(names, m.Name)
		}
	}
	return names
}

type story struct {
	client, text string
	spelled      func(name string) []string // how a call looks
}

func (s story) calls(name string) bool {
	return slices.ContainsFunc(s.spelled(name), func(call string) bool { return strings.Contains(s.text, call) })
}

func stories(t *testing.T) []story {
	t.Helper()
	read := func(path string) string {
		text, err := os.ReadFile(filepath.FromSlash(path))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	sdkCalls := func(n string) []string { return []string{"." + n + "(", ".New" + n + "Paginator("} }
	terraform, err := filepath.Glob("terraform_*_test.go")
	if err != nil || len(terraform) == 0 {
		t.Fatalf("Terraform's calls are gone: %v", err)
	}
	provider := read("terraform_test.go")
	for _, path := range terraform {
		provider += read(path)
	}
	return []story{
		{"AWS CLI", read("testdata/awscli_story.sh"), func(n string) []string {
			return []string{"connect " + joined(n, '-') + " ", "(" + joined(n, '-') + " "}
		}},
		{"boto3", read("testdata/boto3_story.py"), func(n string) []string { return []string{`"` + n + `"`, "." + joined(n, '_') + "("} }},
		{"Go", read("sdk_test.go") + read("sdk_instances_test.go"), sdkCalls},
		{"JavaScript", read("testdata/javascript/story.mjs"), func(n string) []string {
			return []string{`"` + n + `"`, "." + n + "Command(", ".paginate" + n + "("}
		}},
		{"as Terraform", provider, sdkCalls},
	}
}

// joined spells ListUsers as list-users or list_users.
func joined(name string, by rune) string {
	var b strings.Builder
	for i, c := range name {
		if unicode.IsUpper(c) && i > 0 {
			b.WriteRune(by)
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}
