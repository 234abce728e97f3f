package ordeal

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// tally counts outcomes of one kind.
type tally struct{ deaths, torn, problems int }

// table is what docs/reliability.md says about a sweep.
func (s *sweep) table(calls int) string {
	byCall, byStep := map[string]tally{}, map[string]tally{}
	var starts []time.Duration
	reached := 0
	for _, o := range s.done {
		if !o.reached {
			continue
		}
		reached++
		starts = append(starts, o.took)
		count(byCall, "`"+o.at.name+"` "+o.at.what, o)
		count(byStep, o.during, o)
	}
	slices.Sort(starts)
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %s. The story makes %d calls; %d deaths in %s, **%d violations**.", s.engine,
		time.Now().UTC().Format(time.DateOnly), machine(), calls, reached, time.Since(s.began).Round(time.Second), s.violations())
	if len(starts) > 0 {
		fmt.Fprintf(&b, " The next process was ready after %d ms (median), %d ms (longest).",
			starts[len(starts)/2].Milliseconds(), starts[len(starts)-1].Milliseconds())
	}
	b.WriteString("\n\n| dies at | deaths | of them after half of a write | violations |\n|---|--:|--:|--:|\n")
	rows(&b, byCall)
	b.WriteString("\n| dies while | deaths | of them after half of a write | violations |\n|---|--:|--:|--:|\n")
	rows(&b, byStep)
	return b.String()
}

func count(into map[string]tally, what string, o outcome) {
	n := into[what]
	n.deaths++
	if o.torn && o.at.name == "pwrite64" {
		n.torn++
	}
	n.problems += len(o.problems)
	into[what] = n
}

func rows(b *strings.Builder, all map[string]tally) {
	for _, what := range slices.Sorted(maps.Keys(all)) {
		n := all[what]
		fmt.Fprintf(b, "| %s | %d | %d | %d |\n", what, n.deaths, n.torn, n.problems)
	}
}

// machine says what the figures were taken on.
func machine() string {
	var u syscall.Utsname
	_ = syscall.Uname(&u) // never fails
	var release []byte
	for _, c := range u.Release {
		if c == 0 {
			break
		}
		release = append(release, byte(c))
	}
	return fmt.Sprintf("%d cores, Linux %s, %s", runtime.NumCPU(), release, runtime.GOARCH)
}

// writeBetween puts a text into a document between <!-- name --> and <!-- end name -->.
func writeBetween(path, name, text string) error {
	whole, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := "<!-- "+name+" -->", "<!-- end "+name+" -->"
	before, rest, found := strings.Cut(string(whole), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return fmt.Errorf("%s: no place for %q", path, name)
	}
	return os.WriteFile(path, []byte(before+begin+"\n"+text+end+after), 0o644)
}
