package ordeal

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv(becomeEnv) != "" {
		fmt.Fprintln(os.Stderr, become())
		os.Exit(125)
	}
	code := m.Run()
	if buildDir != "" {
		_ = os.RemoveAll(buildDir)
	}
	os.Exit(code)
}

// buildDir holds the binary; it is removed when all tests are over.
var buildDir string

// theBinary is the path of a binary as it is released, built once.
var theBinary = sync.OnceValues(func() (string, error) {
	if built := os.Getenv(namespaceEnv); built != "" {
		return built, nil
	}
	dir, err := os.MkdirTemp("", "aikagi-ordeal-")
	if err != nil {
		return "", err
	}
	buildDir = dir
	if err := os.Chmod(dir, 0o755); err != nil { // others run it too
		return "", err
	}
	path := filepath.Join(dir, "aikagi")
	build := exec.Command("go", "build", "-o", path, "../../cmd/aikagi")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, said)
	}
	return path, nil
})

// full reports whether the long form of a sweep is asked for (make faults).
func full() bool { return os.Getenv("AIKAGI_FAULTS") == "full" }
