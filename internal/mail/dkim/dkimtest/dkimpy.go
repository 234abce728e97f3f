//go:build linux

package dkimtest

import (
	"bufio"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// python verifies one message after the other, as dkimverify does one: a length
// and the message come in, a line goes out.
const python = `import dkim, sys
name, record = sys.argv[1].encode(), sys.argv[2].encode()
def lookup(asked, timeout=5):
    return record if asked.rstrip(b".") == name else None
for head in sys.stdin.buffer:
    raw = sys.stdin.buffer.read(int(head))
    try:
        print("good" if dkim.verify(raw, dnsfunc=lookup) else "bad", flush=True)
    except Exception as e:
        print("bad:", repr(e), flush=True)
`

// DKIMPy is OpenDKIM by dkimpy, the library behind dkimverify. One process
// verifies all, because Python starts slowly. It is for one goroutine at a time.
func DKIMPy(t testing.TB, name, record string) Verifier {
	t.Helper()
	const interpreter = "/usr/bin/python3" // Debian's, which has the package
	if err := exec.CommandContext(t.Context(), interpreter, "-c", "import dkim").Run(); err != nil {
		absent(t, "dkimpy is not installed (Debian: python3-dkim): %v", err)
	}
	cmd := exec.CommandContext(t.Context(), interpreter, "-c", python, name, record)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = in.Close(), cmd.Wait() }) // ends with its input, or was ended with the test
	lines := bufio.NewReader(out)
	return func(raw string) (string, error) {
		if _, err := fmt.Fprintf(in, "%d\n%s", len(raw), raw); err != nil {
			return "", err
		}
		said, err := lines.ReadString('\n')
		if err == nil && strings.TrimSpace(said) != "good" {
			err = errors.New("refused")
		}
		return said, err
	}
}
