package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/unreachable"
)

// mending is what "unreachable" is told about changing addresses.
type mending struct {
	file, pattern string
	undo, undoTo  string
	replace, yes  bool
	allowShared   bool
}

// ways is in how many of the three ways something is to be changed.
func (m mending) ways() int {
	n := 0
	for _, given := range []string{m.file, m.pattern, m.undo} {
		if given != "" {
			n++
		}
	}
	return n
}

func mendingFlags(t *terminal, c *cobra.Command, m *mending) {
	f := c.Flags()
	f.StringVar(&m.file, "fix", "", t.T("cli.flag.fix"))
	f.StringVar(&m.pattern, "fix-pattern", "", t.T("cli.flag.fix_pattern"))
	f.StringVar(&m.undo, "undo", "", t.T("cli.flag.undo"))
	f.StringVar(&m.undoTo, "undo-file", "", t.T("cli.flag.undo_file"))
	f.BoolVar(&m.replace, "replace", false, t.T("cli.flag.replace"))
	f.BoolVar(&m.allowShared, "allow-shared", false, t.T("cli.flag.allow_shared"))
	f.BoolVar(&m.yes, "yes", false, t.T("cli.flag.yes"))
}

// mended is what --fix and --undo answer.
type mended struct {
	Mistakes []unreachable.Mistake `json:"mistakes,omitempty"`
	Results  []unreachable.Result  `json:"results"`
	UndoFile string                `json:"undo_file,omitempty"`
	LookedAt time.Time             `json:"others_looked_at,omitzero"` // when others' addresses were
}

// mend changes addresses: nothing before all wishes are right and somebody agreed.
func (t *terminal) mend(ctx context.Context, s search, registry unreachable.Registry) error {
	f := t.finder(ctx, s, registry)
	i, err := f.One(ctx)
	if err != nil {
		return err
	}
	state, err := unreachable.StateDir()
	if err != nil {
		return err
	}
	m := &unreachable.Mender{Registry: registry, Finder: f, Replace: s.mending.replace, AllowShared: s.mending.allowShared, State: state}
	steps, wrong, err := t.plan(ctx, s, m, i)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		if err := t.answer(mended{wrong, []unreachable.Result{}, "", m.LookedAt}, func() { t.tellMistakes(wrong) }); err != nil {
			return err
		}
		return aikagi.Because(aikagi.Invalid, "wishes", "mistakes")
	}
	if err := t.agreed(s.mending, steps); err != nil {
		return err
	}
	return t.take(ctx, s.mending, m, i, steps)
}

func (t *terminal) plan(ctx context.Context, s search, m *unreachable.Mender, i unreachable.Instance) ([]unreachable.Step, []unreachable.Mistake, error) {
	if s.mending.undo != "" {
		steps, err := unreachable.ReadUndo(s.mending.undo)
		if err != nil {
			return nil, nil, &aikagi.Error{Code: aikagi.NotFound, Subject: "undo_file", Err: err}
		}
		return steps, nil, nil
	}
	wishes, wrong, err := t.wishes(ctx, s, m)
	if err != nil {
		return nil, nil, err
	}
	steps, wrong, err := m.Plan(ctx, i, wishes, wrong)
	if len(steps) > 0 && !m.AllowShared {
		t.tellLook(m.LookedAt)
	}
	return steps, wrong, err
}

// tellLook says how far it is known who else has an address.
func (t *terminal) tellLook(at time.Time) {
	if at.IsZero() {
		t.note(t.T("cli.mend.not_looked"))
		return
	}
	t.note(t.T("cli.mend.looked", "date", at.Format("2006-01-02 15:04 MST")))
}

func (t *terminal) wishes(ctx context.Context, s search, m *unreachable.Mender) ([]unreachable.Wish, []unreachable.Mistake, error) {
	if s.mending.file != "" {
		text, err := os.ReadFile(s.mending.file)
		if err != nil {
			return nil, nil, &aikagi.Error{Code: aikagi.NotFound, Subject: "wishes", Err: err}
		}
		return unreachable.ReadWishes(text)
	}
	if !strings.Contains(s.mending.pattern, "{login}") {
		return nil, nil, usage{"cli.usage.pattern", s.mending.pattern}
	}
	report, err := t.find(ctx, s, m.Registry)
	if err != nil {
		return nil, nil, err
	}
	wishes, wrong := unreachable.PatternWishes(s.mending.pattern, report.Instances[0])
	return wishes, wrong, nil
}

func (t *terminal) tellMistakes(wrong []unreachable.Mistake) {
	rows := make([][]string, len(wrong))
	for n, w := range wrong {
		line := ""
		if w.Line > 0 {
			line = strconv.Itoa(w.Line)
		}
		rows[n] = []string{line, w.Username, t.T(i18n.Key("cli.wish." + w.Reason)), w.Detail}
	}
	t.table([]string{t.T("cli.col.line"), t.T("cli.col.username"), t.T("cli.col.reason"), t.T("cli.col.detail")}, rows)
}

// agreed shows what would be written and asks, unless --yes says so.
func (t *terminal) agreed(m mending, steps []unreachable.Step) error {
	if m.yes {
		return nil
	}
	rows := make([][]string, len(steps))
	for n, s := range steps {
		rows[n] = []string{s.Username, text(s.Before), "→", text(s.After)}
	}
	if !t.json {
		t.table([]string{t.T("cli.col.username"), t.T("cli.col.before"), "", t.T("cli.col.after")}, rows)
	}
	f, ok := t.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) { // #nosec G115 -- a descriptor is small
		return usage{"cli.usage.yes", ""}
	}
	t.note(t.T("cli.mend.ask", "count", strconv.Itoa(len(steps))))
	said, err := bufio.NewReader(t.in).ReadString('\n')
	if err != nil || strings.TrimSpace(said) != "yes" {
		return aikagi.Because(aikagi.Conflict, "wishes", "not_agreed")
	}
	return nil
}

func text(i unreachable.Identity) string {
	email, _ := i["Email"].(string)
	return email
}

// take takes the steps, each noted for --undo before it is.
func (t *terminal) take(ctx context.Context, m mending, mender *unreachable.Mender, i unreachable.Instance, steps []unreachable.Step) error {
	path := m.undoTo
	if path == "" {
		path = "aikagi-undo-" + clock.System{}.Now().Format("20060102T150405.000") + ".jsonl"
	}
	undo, err := unreachable.NewUndo(path)
	if err != nil {
		return &aikagi.Error{Code: aikagi.Unavailable, Subject: "undo_file", Err: err}
	}
	answer := mended{Results: []unreachable.Result{}, UndoFile: path, LookedAt: mender.LookedAt}
	failed := 0
	err = mender.MendAll(ctx, i, steps, undo, func(r unreachable.Result) {
		answer.Results = append(answer.Results, r)
		if r.Outcome != unreachable.Mended && r.Outcome != unreachable.Same {
			failed++
		}
		if !t.json {
			t.line(strings.TrimRight(visible(r.Username)+": "+t.T(i18n.Key("cli.mend."+r.Outcome))+" "+visible(r.Error), " "))
		}
	})
	if told := t.answer(answer, func() { t.note(t.T("cli.mend.undo", "path", path)) }); err == nil {
		err = told
	}
	if err = errors.Join(err, undo.Close()); err == nil && failed > 0 {
		err = aikagi.Because(aikagi.Conflict, "wishes", "some_failed")
	}
	return err
}
