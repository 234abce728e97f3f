package aikagi_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// The limits of TestSizes.
const (
	maxFunctionLines = 100
	maxComplexity    = 15
	maxNesting       = 4
	maxParameters    = 6
	maxFileLines     = 600
	maxPackageLines  = 3000
	maxExported      = 70
	maxNouns         = 130 // of the root package, the front page (ADR 0004)
)

// TestSizes holds the "never over" column of the house style: the longest
// piece of code decides how a tree reads, not the average one.
func TestSizes(t *testing.T) {
	t.Parallel()
	s := source(t)
	lines, exported, first := map[string]int{}, map[string]int{}, map[string]file{}
	for _, f := range s.product() {
		n := s.fset.File(f.ast.FileStart).LineCount()
		if n > maxFileLines {
			s.report(t, f.ast.Name, "file has %d lines, never over %d", n, maxFileLines)
		}
		if _, seen := first[f.pkg]; !seen {
			first[f.pkg] = f
		}
		lines[f.pkg] += n
		for _, d := range f.ast.Decls {
			exported[f.pkg] += countExported(d)
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				s.checkFunction(t, fn)
			}
		}
	}
	for pkg, f := range first {
		if lines[pkg] > maxPackageLines {
			s.report(t, f.ast.Name, "package %s has %d lines, never over %d; split it by noun", pkg, lines[pkg], maxPackageLines)
		}
		limit := maxExported
		if pkg == "." {
			limit = maxNouns
		}
		if exported[pkg] > limit {
			s.report(t, f.ast.Name, "package %s exports %d names, never over %d", pkg, exported[pkg], limit)
		}
	}
}

func (s *tree) checkFunction(t *testing.T, fn *ast.FuncDecl) {
	parameters := 0
	for _, field := range fn.Type.Params.List {
		parameters += max(1, len(field.Names))
	}
	for _, m := range []struct {
		what     string
		got, max int
	}{
		{"lines", s.line(fn.End()) - s.line(fn.Pos()) + 1, maxFunctionLines},
		{"cyclomatic complexity", complexity(fn.Body), maxComplexity},
		{"nesting", nesting(fn.Body), maxNesting},
		{"parameters", parameters, maxParameters},
	} {
		if m.got > m.max {
			s.report(t, fn, "func %s: %s %d, never over %d", fn.Name.Name, m.what, m.got, m.max)
		}
	}
}

// complexity is McCabe's: one, and one for each decision.
func complexity(body *ast.BlockStmt) int {
	n := 1
	ast.Inspect(body, func(x ast.Node) bool {
		switch x := x.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			n++
		case *ast.CaseClause:
			n += min(1, len(x.List)) // default decides nothing
		case *ast.CommClause:
			if x.Comm != nil {
				n++
			}
		case *ast.BinaryExpr:
			if x.Op == token.LAND || x.Op == token.LOR {
				n++
			}
		}
		return true
	})
	return n
}

// nesting counts the statements that indent around the deepest line. "else if"
// continues its if and goes no deeper; a function literal starts where it stands.
func nesting(body *ast.BlockStmt) int {
	deepest, depth := 0, 0
	var open []ast.Node // what ast.Inspect is inside of
	elseIfs := map[ast.Node]bool{}
	deeper := func(n ast.Node) int {
		switch n := n.(type) {
		case *ast.IfStmt:
			elseIfs[n.Else] = true
			if elseIfs[n] {
				return 0
			}
			return 1
		case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			return 1
		}
		return 0
	}
	ast.Inspect(body, func(n ast.Node) bool {
		if n != nil {
			open = append(open, n)
			depth += deeper(n)
			deepest = max(deepest, depth)
			return true
		}
		depth -= deeper(open[len(open)-1])
		open = open[:len(open)-1]
		return true
	})
	return deepest
}

func countExported(d ast.Decl) int {
	n := 0
	count := func(names ...*ast.Ident) {
		for _, name := range names {
			if name.IsExported() {
				n++
			}
		}
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			count(d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				count(spec.Name)
			case *ast.ValueSpec:
				if d.Tok == token.CONST && spec.Type != nil {
					continue // a value of a closed set: its type is the name to learn (ADR 0004)
				}
				count(spec.Names...)
			}
		}
	}
	return n
}

func TestSizesCountsAsPeopleDo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body                string
		complexity, nesting int
	}{
		{"return", 1, 0},
		{"if a { return }", 2, 1},
		{"if a && b || c { return }", 4, 1},
		{"if a { return } else if b { return } else { return }", 3, 1},
		{"if a { return } else { if b { return } }", 3, 2},
		{"for range a { if b { return } }", 3, 2},
		{"switch a { case 1, 2: case 3: default: }", 3, 1},
		{"switch a { case 1: for { select { case <-b: default: } } }", 4, 3},
		{"defer func() { if a { return } }()", 2, 1},
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "", "package p; func f() {"+c.body+"}", 0)
		if err != nil {
			t.Fatal(err)
		}
		body := f.Decls[0].(*ast.FuncDecl).Body
		if got := complexity(body); got != c.complexity {
			t.Errorf("%s: complexity %d, want %d", c.body, got, c.complexity)
		}
		if got := nesting(body); got != c.nesting {
			t.Errorf("%s: nesting %d, want %d", c.body, got, c.nesting)
		}
	}
}
