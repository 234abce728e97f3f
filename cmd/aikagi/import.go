package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/csvtable"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/sheet"
)

// importView is what "import" answers.
type importView struct {
	DryRun  bool         `json:"dry_run"`
	Rows    int          `json:"rows"`
	Created int          `json:"created"`
	Updated int          `json:"updated"`
	Same    int          `json:"unchanged"`
	Failed  int          `json:"failed"`
	Unread  []string     `json:"unread_columns,omitempty"`
	Errors  []importFlaw `json:"errors,omitempty"`
}

type importFlaw struct {
	Line     int      `json:"line"`
	Username string   `json:"username"`
	Problems []string `json:"problems"`
}

func importCommand(t *terminal) *cobra.Command {
	var dryRun bool
	c := withInstance(t, &cobra.Command{
		Use: "import FILE|-", Short: t.T("cli.import"), Long: t.T("cli.import.long"), Args: exactly(1),
		RunE: t.act(func(ctx context.Context, h *host, args []string) error {
			i, err := h.instance(ctx)
			if err != nil {
				return err
			}
			file, err := t.readTable(args[0])
			if err != nil {
				return err
			}
			if dryRun {
				return t.planImport(ctx, h, i, file)
			}
			return t.importUsers(ctx, h, i, file)
		}),
	})
	c.Flags().BoolVar(&dryRun, "dry-run", false, t.T("cli.flag.dry_run"))
	return c
}

func (t *terminal) readTable(path string) ([]byte, error) {
	in := t.in
	if path != "-" {
		f, err := os.Open(path) //nolint:gosec // the person names the file
		if errors.Is(err, fs.ErrNotExist) {
			return nil, aikagi.E(aikagi.NotFound, "file", err)
		}
		if err != nil {
			return nil, aikagi.E(aikagi.Unavailable, "file", err)
		}
		defer func() { _ = f.Close() }() // read only
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, csvtable.MaxBytes+1))
	if err != nil {
		return nil, aikagi.E(aikagi.Unavailable, "file", err)
	}
	return data, nil
}

func (t *terminal) planImport(ctx context.Context, h *host, i aikagi.Instance, file []byte) error {
	p, err := h.Sheets.PlanImport(ctx, i.ID, file)
	if err != nil {
		return t.atLine(err)
	}
	v := importView{
		DryRun: true, Rows: len(p.Rows), Created: p.New, Updated: p.Changed, Same: p.Same, Failed: p.Wrong, Unread: p.Unread,
	}
	return t.tellImport(v, p.Rows)
}

func (t *terminal) importUsers(ctx context.Context, h *host, i aikagi.Instance, file []byte) error {
	p, failed, err := h.Sheets.ImportNow(ctx, i.ID, file, func(p sheet.Progress) {
		t.note(t.T("cli.import.progress", "done", p.Done, "all", p.Total))
	})
	if err != nil {
		return t.atLine(err)
	}
	return t.tellImport(importView{Rows: p.Total, Created: p.Created, Updated: p.Updated, Same: p.Same, Failed: p.Failed}, failed)
}

// atLine notes where in the file the error is.
func (t *terminal) atLine(err error) error {
	if line := csvtable.LineOf(err); line > 0 {
		t.note(t.T("cli.import.line", "line", line))
	}
	return err
}

func (t *terminal) tellImport(v importView, rows []sheet.PlannedRow) error {
	for _, r := range rows {
		if len(r.Problems) == 0 {
			continue
		}
		flaw := importFlaw{Line: r.Line, Username: r.Username}
		for _, p := range r.Problems {
			flaw.Problems = append(flaw.Problems, p.Text(t.locale))
		}
		v.Errors = append(v.Errors, flaw)
	}
	err := t.answer(v, func() {
		n := strconv.Itoa
		t.pairs(
			t.T("import.kind.new"), n(v.Created), t.T("import.kind.changed"), n(v.Updated),
			t.T("import.kind.same"), n(v.Same), t.T("import.kind.wrong"), n(v.Failed),
		)
		for _, h := range v.Unread {
			t.line(visible(t.T("import.unread", "column", h)))
		}
		for _, e := range v.Errors {
			for _, p := range e.Problems {
				t.line(visible(t.T("import.at_line", "line", e.Line, "text", p)))
			}
		}
	})
	if err == nil && v.Failed > 0 {
		return errFound
	}
	return err
}

func exportCommand(t *terminal) *cobra.Command {
	return withInstance(t, &cobra.Command{
		Use: "export", Short: t.T("cli.export"), Long: t.T("cli.export.long"), Args: exactly(0),
		RunE: t.act(func(ctx context.Context, h *host, _ []string) error {
			i, err := h.instance(ctx)
			if err != nil {
				return err
			}
			if t.json {
				return t.exportJSON(ctx, h, i)
			}
			out := csvtable.NewWriter(t.out)
			headings := make([]string, 0, len(sheet.Columns()))
			for _, c := range sheet.Columns() {
				headings = append(headings, sheet.ColumnName(t.locale, c))
			}
			out.Row(headings...)
			err = h.Sheets.Export(ctx, i.ID, directory.Query{Filter: directory.FilterAll}, func(cells []string) error {
				out.Row(cells...)
				return nil
			})
			if err != nil {
				return err
			}
			if err := out.Flush(); err != nil {
				return fmt.Errorf("write table: %w", err)
			}
			return nil
		}),
	})
}

// exportJSON writes one object a line, with the columns' names as keys.
func (t *terminal) exportJSON(ctx context.Context, h *host, i aikagi.Instance) error {
	columns := sheet.Columns()
	return h.Sheets.Export(ctx, i.ID, directory.Query{Filter: directory.FilterAll}, func(cells []string) error {
		row := map[string]string{}
		for n, c := range columns {
			row[c] = cells[n]
		}
		return t.answer(row, nil)
	})
}
