package attack

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
)

// route is one page as the source has it.
type route struct {
	method, path string
	comment      string // what stands behind it on its line: who may
}

func (r route) String() string { return r.method + " " + r.path }

// needs are the permissions that the comment names.
func (r route) needs() []aikagi.Permission {
	var all []aikagi.Permission
	for _, name := range regexp.MustCompile(`[A-Z]\w+\.[A-Z]\w+`).FindAllString(r.comment, -1) {
		all = append(all, aikagi.Permission(name))
	}
	return all
}

// own reports whether the page shows everybody only what is his; another's is
// unknown.
func (r route) own() bool { return strings.Contains(r.comment, "own") }

// allows reads the comment as a rule: what stands between commas is needed, and
// of what "or" joins, one.
func (r route) allows(held []aikagi.Permission) bool {
	for part := range strings.SplitSeq(r.comment, ",") {
		named := route{comment: part}.needs()
		has := func(p aikagi.Permission) bool { return slices.Contains(held, p) }
		either := strings.Contains(part, " or ")
		if len(named) > 0 && (either && !slices.ContainsFunc(named, has) || !either && slices.ContainsFunc(named, func(p aikagi.Permission) bool { return !has(p) })) {
			return false
		}
	}
	return true
}

func (r route) console() bool { return strings.HasPrefix(r.path, "/account") }

func (r route) admin() bool { return strings.HasPrefix(r.path, "/i/{alias}/admin/") }

var patternShape = regexp.MustCompile(`^([A-Z]+) (/\S*)$`)

// routes reads every route of the pages from their source: a string that looks
// like a pattern is one, wherever it is written.
func routes(t *testing.T) []route {
	t.Helper()
	all := []route{{method: "POST", path: "/theme"}} // the engine's own, before the mux
	err := filepath.WalkDir("../web", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		found, err := routesIn(path)
		all = append(all, found...)
		return err
	})
	if err != nil {
		t.Fatalf("read the routes: %v", err)
	}
	if len(all) < 100 {
		t.Fatalf("found %d routes; the source is written in another way than this test reads it", len(all))
	}
	return all
}

func routesIn(path string) ([]route, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	comments := map[int]string{}
	for _, group := range file.Comments {
		comments[fset.Position(group.Pos()).Line] = group.Text()
	}
	var found []route
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 2 {
			return true
		}
		if r, ok := patternOf(call.Args[0]); ok {
			r.comment = comments[fset.Position(call.Pos()).Line]
			found = append(found, r)
		}
		return true
	})
	return found, nil
}

// patternOf reads "GET /path" or "GET "+Constant+"/rest", whose constant is the
// path of the mailbox that demo has.
func patternOf(e ast.Expr) (route, bool) {
	text, ok := literal(e)
	if !ok {
		return route{}, false
	}
	m := patternShape.FindStringSubmatch(text)
	if m == nil {
		return route{}, false
	}
	return route{method: m[1], path: m[2]}, true
}

func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, ok := literal(e.X)
		right, also := literal(e.Y)
		return left + right, ok && also && e.Op == token.ADD
	case *ast.Ident:
		return "/dev/mail", e.Name == "Path"
	}
	return "", false
}

// TestRoutesAreReadWhole checks the reader itself: nothing but GET and POST, and
// each routes.go has as many calls as were understood.
func TestRoutesAreReadWhole(t *testing.T) {
	t.Parallel()
	all := routes(t)
	for _, r := range all {
		if r.method != "GET" && r.method != "POST" {
			t.Errorf("%s: a method that no form and no link has", r)
		}
		if r.admin() && r.comment == "" {
			t.Errorf("%s: nothing says who may (S25)", r)
		}
	}
	for _, want := range []string{
		"POST /i/{alias}/admin/users/{id}/card", "POST /account/simulator", "POST /i/{alias}/emergency",
		"GET /dev/mail/{id}/raw", "POST /i/{alias}/reset",
	} {
		if !slices.ContainsFunc(all, func(r route) bool { return r.String() == want }) {
			t.Errorf("%s was not found", want)
		}
	}
}
