package ordeal

import (
	"bytes"
	"os"
	"testing"
)

// TestM17AReleaseHasNoHooks: neither the marks at which a test kills it, nor a
// clock that can be set, nor a fixed answer to the challenge.
func TestM17AReleaseHasNoHooks(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the binary")
	}
	path, err := theBinary()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(binary, []byte("internal/clock.System.Now")) {
		t.Fatal("the binary names no functions; this test sees nothing")
	}
	for _, hook := range []string{"AIKAGI_FAULT", "AIKAGI_ORDEAL", "internal/clock.(*Set).Move", "internal/clock.NewSet", "internal/ordeal."} {
		if bytes.Contains(binary, []byte(hook)) {
			t.Errorf("the binary has %s", hook)
		}
	}
}
