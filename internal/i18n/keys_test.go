package i18n

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
)

// dynamic lists prefixes of keys that are put together when they are used, so
// that no file contains them whole.
var dynamic = []string{
	"error.", // error.<code>.what, .do
	"field.", // field.<reason>
	"admin.resource.", "admin.action.", "admin.group.", "admin.event.", "admin.field.", "admin.ask.", "admin.mail_kind.",
	"admin.mail_state.", "admin.try.", "admin.reason.", "admin.recognised.", "admin.start.", "admin.start_hint.",
	"admin.no_email.", "admin.no_email_hint.", "admin.phone.", "admin.locale.", "admin.source.", "admin.actor.",
	"cli.do.", "cli.error.", "cli.reason.", "cli.mend.", "cli.wish.", "cli.flaw.", "cli.level.", "cli.place.", "cli.demo.role.", "config.", "doctor.",
	"forgot.answer.hint.", // of image and sound, or one of them
	"ended.",              // ended.<why a link no longer works>
	"wire.",               // wire.<code or reason of a signature>
}

// textCalls are functions whose constant text arguments are keys.
var textCalls = map[string]bool{"T": true, "Key": true, "Page": true, "Flash": true, "Has": true}

// subjectCalls make errors and problems; their last two constant texts are
// subject and reason, and "<subject>.<reason>" is the key of a text.
var subjectCalls = map[string]bool{"Because": true, "Add": true, "Blame": true}

// ownTexts is the package that keeps its texts beside its templates and tests
// them itself.
const ownTexts = "mail"

// uses is what the sources say about keys.
type uses struct {
	needed map[string]string // key → where it must exist
	seen   map[string]bool   // every constant text, wherever it stands
}

func TestKeys(t *testing.T) {
	t.Parallel()
	u := uses{needed: map[string]string{}, seen: map[string]bool{}}
	root := moduleRoot(t)
	nouns, err := filepath.Glob(filepath.Join(root, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range append(nouns, filepath.Join(root, "internal"), filepath.Join(root, "cmd")) {
		u.scan(t, place)
	}
	known := readTexts(t, aikagi.Japanese)
	for key, where := range u.needed {
		if _, ok := known[key]; !ok {
			t.Errorf("%s: no text for key %q", where, key)
		}
	}
	for key, e := range known {
		if u.seen[key] || isDynamic(key) || u.isPair(key) {
			continue
		}
		t.Errorf("%s: key %q is used nowhere", e.file, key)
	}
}

// isPair reports whether key reads "<subject>.<reason>" and both words stand in
// the sources, where an error with a variable subject or reason puts them
// together. Commands have texts of their own for some, under "cli.".
func (u *uses) isPair(key string) bool {
	key = strings.TrimPrefix(key, "cli.")
	dot := strings.LastIndexByte(key, '.')
	return dot > 0 && u.seen[key[:dot]] && u.seen[key[dot+1:]]
}

func isDynamic(key string) bool {
	for _, prefix := range dynamic {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Skipf("sources are not here: %v", err)
	}
	return root
}

func (u *uses) scan(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // a directory that is not there yet has no keys
		}
		switch {
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == ownTexts):
			return filepath.SkipDir
		case strings.HasSuffix(path, "_test.go"):
		case filepath.Ext(path) == ".go":
			u.scanGo(t, path)
		case isTemplate(path):
			u.scanTemplate(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func isTemplate(path string) bool {
	switch filepath.Ext(path) {
	case ".html", ".txt", ".subject":
		dir := filepath.Base(filepath.Dir(path))
		return dir == "templates" || dir == "layout"
	}
	return false
}

var (
	tCall  = regexp.MustCompile(`\bt "([^"]+)"`)
	quoted = regexp.MustCompile(`"([a-z0-9_.]+)"`)
	action = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
)

func (u *uses) scanTemplate(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range action.FindAll(text, -1) {
		for _, m := range tCall.FindAllSubmatch(a, -1) {
			u.needed[string(m[1])] = path
		}
		for _, m := range quoted.FindAllSubmatch(a, -1) {
			u.seen[string(m[1])] = true
		}
	}
}

func (u *uses) scanGo(t *testing.T, path string) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Logf("not read: %v", err) // the compiler says more
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if text, ok := constant(n); ok {
				u.seen[text] = true
			}
		case *ast.CallExpr:
			u.call(n, fset.Position(n.Pos()).String())
		}
		return true
	})
}

func (u *uses) call(n *ast.CallExpr, where string) {
	name := calledName(n)
	var texts []string
	for _, arg := range n.Args {
		if text, ok := constant(arg); ok {
			texts = append(texts, text)
			if textCalls[name] && keyPattern.MatchString(text) {
				u.needed[text] = where
			}
		}
	}
	if subjectCalls[name] && len(texts) >= 2 {
		u.seen[texts[len(texts)-2]+"."+texts[len(texts)-1]] = true
	}
}

func calledName(n *ast.CallExpr) string {
	switch f := n.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}

func constant(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}
