package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// row is one line of the table.
type row struct {
	goal, what, figure string
	ratio              float64
	bound              limit // zero: reported, not judged
}

func (b *bench) add(r row) {
	b.rows = append(b.rows, r)
	b.say("  %s", r.text())
}

func (r row) verdict() string {
	switch {
	case r.bound == limit{}:
		return "–"
	case r.bound != never && r.bound.holds(r.ratio):
		return "yes"
	}
	return "**no**"
}

func (r row) ratioText() string {
	switch {
	case r.ratio == 0 && r.bound == limit{}, r.bound == never:
		return "–"
	case r.bound == limit{}:
		return fmt.Sprintf("%.2f", r.ratio)
	case r.bound.least > 0 && r.bound.most > 0:
		return fmt.Sprintf("%.2f (%.2f–%.2f)", r.ratio, r.bound.least, r.bound.most)
	case r.bound.most > 0:
		return fmt.Sprintf("%.2f (≤ %.2f)", r.ratio, r.bound.most)
	}
	return fmt.Sprintf("%.2f (≥ %.2f)", r.ratio, r.bound.least)
}

func (r row) text() string {
	return "| " + strings.Join([]string{r.goal, r.what, r.figure, r.ratioText(), r.verdict()}, " | ") + " |"
}

// report prints the table and, if asked, puts it into a document.
func (b *bench) report() error {
	var t strings.Builder
	fmt.Fprintf(&t, "\n%s, %d users, %s, %s. Others kept %s processes busy on it before the run and, with the bench, %s after it. `%s`\n\n",
		b.engine, b.users, machine(), b.began.Format(time.DateOnly), b.busy, busy(), b.command())
	t.WriteString("| goal | what | figures | ratio (goal) | holds |\n|---|---|---|---|---|\n")
	for _, r := range b.rows {
		t.WriteString(r.text() + "\n")
	}
	t.WriteString("\n")
	fmt.Print(t.String())
	if b.write == "" {
		return nil
	}
	before, err := os.ReadFile(b.write)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(b.write, []byte(replaceResults(string(before), b.name(), t.String())), 0o644) //nolint:gosec // G306: a document
}

// busy is how many processes wanted to run in the last minute: on a machine that
// is not the bench's alone, its times are others' too.
func busy() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

func (b *bench) command() string {
	sizes := strings.Trim(strings.ReplaceAll(fmt.Sprint(b.sizes), " ", ","), "[]")
	c := fmt.Sprintf("go run ./internal/bench -users %s -database %s -rounds %d", sizes, b.engine, b.options.rounds)
	if len(b.only) > 0 {
		c += " -only " + strings.Join(b.only, ",")
	}
	return c
}

// name is what the results of a run stand under; those of some goals apart from those
// of all.
func (b *bench) name() string {
	return strings.TrimSpace(fmt.Sprintf("%s %d %s", b.engine, b.users, strings.Join(b.only, " ")))
}

// Results stand between two markers for each run; all else in the document is
// written by hand and stays.
func marker(name string) string    { return "<!-- results of make bench: " + name + " -->" }
func endMarker(name string) string { return "<!-- end of " + name + " -->" }

func replaceResults(document, name, results string) string {
	begin, end := marker(name), endMarker(name)
	above, rest, found := strings.Cut(document, begin)
	if !found {
		return strings.TrimRight(document, "\n") + "\n\n" + begin + results + end + "\n"
	}
	_, below, _ := strings.Cut(rest, end)
	return above + begin + results + end + below
}

// never is the bound of what could not be measured.
var never = limit{least: -1, most: -1} //nolint:gochecknoglobals // a constant

// oneLine is an error for a cell of the table.
func oneLine(err error) string {
	text := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "|", "/")), " ")
	return strings.ToValidUTF8(text[:min(len(text), 200)], "")
}
