package aikagi_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// module is the module path; packages are named by their directory below it.
const module = "github.com/aikagi/aikagi"

// ranks orders the packages from low to high. A package imports only packages
// of a lower rank, and the root, which holds the nouns, imports nothing of ours.
// A package that is not named lies just below its nearest parent that is, so
// that the parent may use it. Naming a package that does not exist yet is fine.
var ranks = [][]string{
	0: {
		"internal/clock", "internal/config", "internal/fault", "internal/i18n", "internal/password", "internal/secret",
		"internal/mail/dkim", "internal/mail/dns", "internal/mail/smtpclient", "internal/awsapi/sigv4", "internal/csvtable",
		"internal/store/sqldb", "internal/criteria", "internal/qrcode", "internal/columns",
	},
	1: {"internal/store", "internal/mail"},
	2: {"internal/audit", "internal/mailbox", "internal/jobs", "internal/iam"},
	3: {
		"internal/outbox", "internal/bounce", "internal/throttle", "internal/session", "internal/captcha",
		"internal/securityprofile", "internal/sweep",
	},
	4: {
		"internal/login", "internal/reset", "internal/emergency", "internal/directory", "internal/resetcheck",
		"internal/account", "internal/backup", "internal/search", "internal/instance", "internal/routing",
	},
	5: {"internal/sheet"},
	6: {"internal/web", "internal/awsapi", "internal/awsapi/client", "internal/sample", "internal/doctor", "internal/ops"},
	7: {"internal/web/door", "internal/awsapi/condition", "internal/awsapi/channel", "internal/unreachable"},
	8: {
		"internal/web/portal", "internal/web/admin", "internal/web/console", "internal/web/devmail",
		"internal/awsapi/connect", "internal/awsapi/desk", "internal/awsapi/devfault",
	},
	9:  {"internal/app"},
	10: {"cmd"},
}

// doors answer people and programs. They ask the rules and never the store.
var doors = []string{
	"internal/web/portal", "internal/web/admin", "internal/web/console", "internal/awsapi/connect",
	"internal/awsapi/desk", "internal/awsapi/devfault",
}

// testSupport may import anything and is imported by tests only.
var testSupport = []string{
	"internal/store/storetest", "internal/app/apptest", "internal/awsapi/apitest", "internal/e2e", "internal/bench", "internal/ordeal", "internal/timing",
	"internal/captcha/captchatest", "internal/mail/dkim/dkimtest", "internal/mail/dnstest", "internal/mail/smtptest",
	"internal/mail/spamtest",
	"internal/web/webtest", "internal/reset/resettest", "internal/awsapi/apitest", "internal/awsapi/clients",
}

// namesOfNothing are package names that say nothing: the noun is missing.
var namesOfNothing = []string{
	"util", "utils", "common", "helper", "helpers", "types", "models", "core", "base", "misc", "shared", "lib",
}

// habit is a call that belongs to some packages only.
type habit struct {
	importPath string
	names      []string
	allowed    []string
	rule       string
}

var habits = []habit{
	{
		importPath: "time", names: []string{"Now", "Since", "Until"}, allowed: []string{"internal/clock"},
		rule: "asks the machine for the time; take a clock.Clock",
	},
	{
		importPath: "os", names: []string{"Exit"}, allowed: []string{"cmd"},
		rule: "ends the process; return an error, cmd decides",
	},
	{
		importPath: "log", names: []string{"Fatal", "Fatalf", "Fatalln"}, allowed: []string{"cmd"},
		rule: "ends the process; return an error, cmd decides",
	},
	{
		importPath: "context", names: []string{"Background", "TODO"}, allowed: []string{"cmd", "internal/app"},
		rule: "starts a context that nobody can cancel; take ctx as the first parameter",
	},
}

// TestLayers holds the order of the packages and what each may call.
func TestLayers(t *testing.T) {
	t.Parallel()
	s := source(t)
	for _, f := range s.product() {
		if slices.Contains(namesOfNothing, f.ast.Name.Name) {
			s.report(t, f.ast.Name, "package name %q says nothing; name its noun", f.ast.Name.Name)
		}
		for _, spec := range f.ast.Imports {
			if rule := brokenBy(f.pkg, strings.Trim(spec.Path.Value, `"`)); rule != "" {
				s.report(t, spec, "%s", rule)
			}
		}
		s.checkHabits(t, f)
	}
}

// brokenBy returns the rule that pkg breaks by importing importPath, or "".
func brokenBy(pkg, importPath string) string {
	imported, ours := relative(importPath)
	if !ours {
		return brokenByForeign(pkg, importPath)
	}
	from, known := heightOf(pkg)
	to, toKnown := heightOf(imported)
	switch {
	case !known || !toKnown:
		return fmt.Sprintf("%s imports %s, and one of them has no rank; give it one in architecture_test.go", pkg, imported)
	case within(imported, testSupport):
		return fmt.Sprintf("%s imports %s, which is for tests only", pkg, imported)
	case slices.Contains(doors, pkg) && within(imported, []string{"internal/store"}):
		return fmt.Sprintf("%s imports %s; pages and operations ask a rule (rank 2 to 5)", pkg, imported)
	case to >= from:
		return fmt.Sprintf("%s (%s) imports %s (%s); import only lower ranks", pkg, from, imported, to)
	}
	return ""
}

func brokenByForeign(pkg, importPath string) string {
	h, _ := heightOf(pkg) // a package without a rank is reported for its imports of ours
	isRule := h.rank() >= 2 && h.rank() <= 5
	speaks := importPath == "html/template" || importPath == "net/http" || strings.HasPrefix(importPath, "net/http/")
	switch {
	case importPath == "database/sql" && !within(pkg, []string{"internal/store"}):
		return pkg + " imports database/sql; only internal/store does"
	case isRule && speaks:
		return fmt.Sprintf("%s (%s) imports %s; rules (rank 2 to 5) neither speak HTTP nor render", pkg, h, importPath)
	}
	return ""
}

// height is ten times the rank, less one for each directory that a package
// lies below the package that was given the rank.
type height int

const rootHeight height = -10

func (h height) rank() int { return int(h+9) / 10 }

func (h height) String() string {
	switch {
	case h == rootHeight:
		return "the root"
	case h%10 != 0:
		return fmt.Sprintf("just below rank %d", h.rank())
	}
	return fmt.Sprintf("rank %d", h.rank())
}

func heightOf(pkg string) (height, bool) {
	if pkg == "." {
		return rootHeight, true
	}
	for below := 0; pkg != "."; below++ {
		for rank, packages := range ranks {
			if slices.Contains(packages, pkg) {
				return height(10*rank - below), true
			}
		}
		pkg = path.Dir(pkg)
	}
	return 0, false
}

// The rules are tried on packages that need not exist.
func TestLayersNoticesABadImport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pkg, imports string
		want         string // part of the rule; empty: allowed
	}{
		{"internal/store", module, ""},
		{"internal/i18n", module, ""},
		{".", module + "/internal/clock", "lower ranks"},
		{"internal/store", module + "/internal/clock", ""},
		{"internal/clock", module + "/internal/secret", "lower ranks"},
		{"internal/store", module + "/internal/audit", "lower ranks"},
		{"internal/store", module + "/internal/store/migrations", ""},
		{"internal/store/migrations", module + "/internal/store", "lower ranks"},
		{"internal/mail", module + "/internal/mail/dkim", ""},
		{"internal/reset", module + "/internal/login", "lower ranks"},
		{"internal/reset", module + "/internal/store", ""},
		{"internal/reset", "database/sql", "only internal/store"},
		{"internal/reset", "net/http", "neither speak"},
		{"internal/reset/cards", "net/http/httputil", "neither speak"},
		{"internal/reset", "net/netip", ""},
		{"internal/sheet", module + "/internal/directory", ""},
		{"internal/directory", module + "/internal/sheet", "lower ranks"},
		{"internal/sheet", "net/http", "neither speak"},
		{"internal/web", "net/http", ""},
		{"internal/store", "database/sql", ""},
		{"internal/store/migrations", "database/sql", ""},
		{"internal/web/admin", "net/http", ""},
		{"internal/web/admin", module + "/internal/web", ""},
		{"internal/web/admin", module + "/internal/store", "ask a rule"},
		{"internal/web/admin", module + "/internal/web/portal", "lower ranks"},
		{"internal/app", module + "/internal/web/admin", ""},
		{"internal/app", module + "/internal/store/storetest", "tests only"},
		{"cmd/aikagi", module + "/internal/app", ""},
		{"internal/unheard", module + "/internal/clock", "no rank"},
	} {
		if got := brokenBy(c.pkg, c.imports); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s imports %s: got %q, want %q", c.pkg, c.imports, got, c.want)
		}
	}
}

// checkHabits reports calls that f's package leaves to others.
func (s *tree) checkHabits(t *testing.T, f file) {
	imported := map[string]string{} // the name in this file → import path
	for _, spec := range f.ast.Imports {
		importPath := strings.Trim(spec.Path.Value, `"`)
		name := path.Base(importPath)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imported[name] = importPath
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				s.report(t, n, "func init runs where nobody looks; set fields in internal/app")
			}
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if !ok {
				return true
			}
			for _, h := range habits {
				if imported[x.Name] == h.importPath && slices.Contains(h.names, n.Sel.Name) && !within(f.pkg, h.allowed) {
					s.report(t, n, "%s.%s %s", x.Name, n.Sel.Name, h.rule)
				}
			}
		}
		return true
	})
}

// tree is the source of the module, read once.
type tree struct {
	fset      *token.FileSet
	files     []file
	paths     []string        // every file and directory, slashed
	tests     map[string]bool // Test, Fuzz, Benchmark and Example functions
	described map[string]bool // packages with a package comment
}

// file is a Go file of the package in directory pkg.
type file struct {
	name, pkg string
	ast       *ast.File
}

var readTree = sync.OnceValues(parseTree)

func source(t *testing.T) *tree {
	t.Helper()
	s, err := readTree()
	if err != nil {
		t.Fatal(err)
	}
	copied := *s
	copied.described = maps.Clone(s.described)
	return &copied
}

func parseTree() (*tree, error) {
	s := &tree{fset: token.NewFileSet(), tests: map[string]bool{}, described: map[string]bool{}}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && isForeign(name):
			return filepath.SkipDir
		}
		s.paths = append(s.paths, filepath.ToSlash(name))
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.Contains(filepath.ToSlash(name), "testdata/") {
			return nil
		}
		return s.parse(name)
	})
	return s, err
}

// isForeign reports whether a directory holds nothing of this module: hidden
// ones, packages of other languages, data of a server, and nested modules.
func isForeign(dir string) bool {
	base := filepath.Base(dir)
	if base == ".ci" {
		return false
	}
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "node_modules" || base == "aikagi-data" {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func (s *tree) parse(name string) error {
	parsed, err := parser.ParseFile(s.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("parse %s: %w", name, err)
	}
	f := file{name: filepath.ToSlash(name), pkg: path.Dir(filepath.ToSlash(name)), ast: parsed}
	s.files = append(s.files, f)
	if strings.HasSuffix(name, "_test.go") {
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				s.tests[fn.Name.Name] = true
			}
		}
		return nil
	}
	s.described[f.pkg] = s.described[f.pkg] || parsed.Doc != nil
	return nil
}

// product returns the files that people wrote and that become part of a
// binary: no tests, nothing generated, no generators.
func (s *tree) product() []file {
	return slices.DeleteFunc(slices.Clone(s.files), func(f file) bool {
		return strings.HasSuffix(f.name, "_test.go") || within(f.pkg, testSupport) || ast.IsGenerated(f.ast) || isIgnored(f.ast)
	})
}

// isIgnored reports whether only "go run" with the file's name builds it.
func isIgnored(f *ast.File) bool {
	return slices.ContainsFunc(f.Comments, func(group *ast.CommentGroup) bool {
		return group.Pos() < f.Package && slices.ContainsFunc(group.List, func(c *ast.Comment) bool {
			return c.Text == "//go:build ignore"
		})
	})
}

// documents returns the Markdown that describes this tree. The changelog
// describes trees that are gone, so it may name what is gone.
func (s *tree) documents() []string {
	docs := slices.DeleteFunc(slices.Clone(s.paths), func(p string) bool {
		known := slices.Contains([]string{"ARCHITECTURE.md", "GLOSSARY.md", "README.md", "README.ja.md", "CONTRIBUTING.md"}, p)
		return !known && (!strings.HasPrefix(p, "docs/") || path.Ext(p) != ".md")
	})
	slices.SortFunc(docs, cmp.Compare)
	return docs
}

func (s *tree) line(p token.Pos) int { return s.fset.Position(p).Line }

func (s *tree) report(t *testing.T, at ast.Node, format string, args ...any) {
	t.Helper()
	p := s.fset.Position(at.Pos())
	t.Errorf("%s:%d: %s", filepath.ToSlash(p.Filename), p.Line, fmt.Sprintf(format, args...))
}

// relative turns an import path of ours into a directory below the root.
func relative(importPath string) (pkg string, ours bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// within reports whether pkg is one of parents or lies below one.
func within(pkg string, parents []string) bool {
	return slices.ContainsFunc(parents, func(parent string) bool {
		return pkg == parent || strings.HasPrefix(pkg, parent+"/")
	})
}
