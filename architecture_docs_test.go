package aikagi_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	fenced   = regexp.MustCompile("(?ms)^[ \t]*```.*?^[ \t]*```[ \t]*$")
	codeSpan = regexp.MustCompile("`([^`\n]+)`")
	linkTo   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	testName = regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark)[A-Z]\w*`)
	// Only what is certain to mean a file of this tree counts as one: a place
	// below a known directory, or a name that ends like source.
	filePath = regexp.MustCompile(`^(?:(?:\./)?(?:cmd|internal|docs|scripts|tools|\.ci)/[\w.@*{},/-]+|[\w@*{},][\w.@*{},/-]*\.(?:go|md|sh|sql|html))$`)
	lineRef  = regexp.MustCompile(`(?::\d+)?/?$`)
	scheme   = regexp.MustCompile(`^[a-z]+:`)
)

// TestDocs holds the documents to the tree: each file and each test that they
// name exists, and so does each test that a comment names.
func TestDocs(t *testing.T) {
	t.Parallel()
	s := source(t)
	for _, doc := range s.documents() {
		raw, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		// Blanking what is fenced keeps the line numbers.
		text := fenced.ReplaceAllStringFunc(string(raw), func(block string) string {
			return strings.Repeat("\n", strings.Count(block, "\n"))
		})
		for i, line := range strings.Split(text, "\n") {
			for _, missing := range s.missingFrom(line, path.Dir(doc)) {
				t.Errorf("%s:%d: names %s, which does not exist", doc, i+1, missing)
			}
		}
	}
	for _, f := range s.product() {
		if !s.described[f.pkg] {
			s.report(t, f.ast.Name, "package %s has no package comment; write its doc.go", f.pkg)
			s.described[f.pkg] = true // once is enough
		}
		for _, group := range f.ast.Comments {
			for _, c := range group.List {
				for _, name := range testName.FindAllString(c.Text, -1) {
					if !s.tests[name] {
						s.report(t, c, "names %s, which does not exist", name)
					}
				}
			}
		}
	}
}

// missingFrom returns the files and tests that a line of a document in dir
// names and that do not exist.
func (s *tree) missingFrom(line, dir string) []string {
	var missing []string
	for _, span := range codeSpan.FindAllStringSubmatch(line, -1) {
		for _, name := range testName.FindAllString(span[1], -1) {
			if !s.tests[name] {
				missing = append(missing, name)
			}
		}
		name := lineRef.ReplaceAllString(span[1], "")
		if !filePath.MatchString(name) {
			continue
		}
		for _, alternative := range alternatives(name) {
			if !s.exists(alternative, dir) {
				missing = append(missing, alternative)
			}
		}
	}
	for _, link := range linkTo.FindAllStringSubmatch(line, -1) {
		target, _, _ := strings.Cut(link[1], "#")
		if target == "" || scheme.MatchString(target) || strings.HasPrefix(target, "/") {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, target)); err != nil {
			missing = append(missing, target)
		}
	}
	return missing
}

// alternatives turns "a/{b,c}.go" into "a/b.go" and "a/c.go".
func alternatives(name string) []string {
	before, rest, braced := strings.Cut(name, "{")
	choices, after, closed := strings.Cut(rest, "}")
	if !braced || !closed {
		return []string{name}
	}
	var all []string
	for choice := range strings.SplitSeq(choices, ",") {
		all = append(all, alternatives(before+choice+after)...)
	}
	return all
}

// exists reports whether the path or pattern is in the tree, seen from the
// root, from dir, or as the end of a longer path, which is how people shorten
// paths.
func (s *tree) exists(name, dir string) bool {
	for _, from := range []string{".", dir} {
		if found, err := filepath.Glob(filepath.Join(from, name)); err == nil && len(found) > 0 {
			return true
		}
	}
	return slices.ContainsFunc(s.paths, func(p string) bool {
		return strings.HasSuffix(p, "/"+name)
	})
}

func TestDocsNoticesWhatIsGone(t *testing.T) {
	t.Parallel()
	s := &tree{
		paths: []string{"internal/web/portal/forgot.go", "internal/web/portal"},
		tests: map[string]bool{"TestArticle": true},
	}
	for _, c := range []struct{ line, missing string }{
		{"nothing of ours: `aikagi demo`, `/admin/users`, `users.csv`, `View/Edit`, `text/html`", ""},
		{"`architecture_test.go:12`, `cmd/`, `go.mod`", ""},
		{"`portal/forgot.go` holds `TestArticle/japanese`", ""},
		{"`architecture_{docs,sizes}_test.go`, `architecture_*_test.go`", ""},
		{"[why](LICENSE), [there](https://example.jp/x.md), [here](#words)", ""},
		{"`portal/gone.go`", "portal/gone.go"},
		{"`internal/gone`", "internal/gone"},
		{"`architecture_{docs,gone}_test.go`", "architecture_gone_test.go"},
		{"`go test -run TestGone .`", "TestGone"},
		{"[why](docs/gone.md#context)", "docs/gone.md"},
	} {
		if got := strings.Join(s.missingFrom(c.line, "."), " "); got != c.missing {
			t.Errorf("%s: missing %q, want %q", c.line, got, c.missing)
		}
	}
}
