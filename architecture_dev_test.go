package aikagi_test

import (
	"go/ast"
	"slices"
	"testing"
)

// devTools are what only `aikagi dev` may touch, and the files that may name it:
// faults on request, an account with a key that everybody knows, a database that
// is gone when it is closed, a clock that is put, ids of a seed.
var devTools = map[string][]string{
	"devfault":   {"internal/app/dev.go"},
	"OpenMemory": {"internal/app/dev.go", "internal/store/store.go", "internal/store/sqldb/memory.go"},
	"MakePreset": {"internal/app/dev.go", "internal/account/preset.go"},
	"NewRunning": {"internal/app/dev.go", "internal/clock/running.go"},
	"Wall":       {"internal/app/dev.go", "internal/awsapi/server.go"},
	"Around": {
		"internal/app/dev.go", "internal/awsapi/server.go", "internal/awsapi/devfault/layer.go",
	},
	"SetRand": {"cmd/aikagi/dev.go"},
	"RunDev":  {"cmd/aikagi/dev.go", "internal/app/dev.go"},
}

// TestS41OnlyDevReachesItsTools reads who names them. Serve is wired in other
// files, so it has no way there.
func TestS41OnlyDevReachesItsTools(t *testing.T) {
	t.Parallel()
	s := source(t)
	named := map[string]bool{}
	for _, f := range s.product() {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			files, tool := devTools[id.Name]
			if tool && f.pkg != "internal/awsapi/devfault" && !slices.Contains(files, f.name) {
				s.report(t, id, "%s is for `aikagi dev` alone", id.Name)
			}
			named[id.Name] = named[id.Name] || tool
			return true
		})
	}
	for tool := range devTools {
		if !named[tool] {
			t.Errorf("nothing is called %s any more; the rule looks for nothing", tool)
		}
	}
}
