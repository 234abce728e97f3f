package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"time"
)

// report gathers the tables.
type report struct {
	options
	engine string
	busy   string
	text   strings.Builder
}

func newReport(o options) *report {
	engine, _, _ := strings.Cut(o.database, ":")
	return &report{options: o, engine: engine, busy: busy()}
}

// add makes the table of a group.
func (r *report) add(name string, found []contrast) {
	fmt.Fprintf(&r.text, "\n%s:\n\n", strings.ToUpper(name[:1])+name[1:])
	r.text.WriteString("| state | n | median, ms | difference of medians, ms | AUC | holds |\n|---|--:|--:|--:|--:|---|\n")
	for n, c := range found {
		row := fmt.Sprintf("| %s | %d | %.3f | %+.3f ± %.3f | %.3f ± %.3f | %s |",
			c.state, c.n, c.median, c.difference.value, c.difference.within, c.auc.value, c.auc.within, c.verdict())
		if n == 0 {
			row = fmt.Sprintf("| %s | %d | %.3f | – | – | baseline |", c.state, c.n, c.median)
		}
		r.text.WriteString(row + "\n")
		say("%s", row)
	}
}

// finish prints the tables and, if asked, puts them into a document.
func (r *report) finish() error {
	head := fmt.Sprintf("\n%s, %s/%s, %d processors, %s, %s. Others kept %s processes busy on the machine before the run; with it, %s after it. `%s`\n",
		r.engine, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), now().Format(time.DateOnly), r.busy, busy(), r.command())
	text := head + r.text.String() + "\n"
	fmt.Print(text)
	if r.write == "" {
		return nil
	}
	before, err := os.ReadFile(r.write)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(r.write, []byte(replaced(string(before), r.name(), text)), 0o644) //nolint:gosec // G306: a document
}

// name is what the results stand under: parts that were measured one by one stand
// side by side.
func (r *report) name() string { return r.engine + " " + strings.Join(r.only, ",") }

func (r *report) command() string {
	command := fmt.Sprintf("go run ./internal/timing -n %d -only %s -every %s", r.n, strings.Join(r.only, ","), r.every)
	if r.engine != "sqlite" {
		command += " -database " + r.engine + "://…"
	}
	return command
}

// busy is how many processes wanted to run in the last minute.
func busy() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// replaced puts results between the markers of their name; all else in the
// document is written by hand and stays.
func replaced(document, name, results string) string {
	begin, end := "<!-- results of make timing: "+name+" -->", "<!-- end of "+name+" -->"
	above, rest, found := strings.Cut(document, begin)
	if !found {
		return strings.TrimRight(document, "\n") + "\n\n" + begin + results + end + "\n"
	}
	_, below, _ := strings.Cut(rest, end)
	return above + begin + results + end + below
}
