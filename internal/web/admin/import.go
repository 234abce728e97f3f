package admin

import (
	"mime"
	"net/http"
	"strconv"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/csvtable"
	"github.com/aikagi/aikagi/internal/sheet"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// importPage is what import.html shows: where a file is chosen.
type importPage struct {
	web.Page
	Alias   string
	Columns []string // in words
}

func (a *Admin) importPage(r *http.Request, here door.Here) importPage {
	page := importPage{Page: a.Web.Page(r, "import.title"), Alias: here.Instance.Alias}
	for _, c := range sheet.Columns() {
		page.Columns = append(page.Columns, sheet.ColumnName(page.Locale(), c))
	}
	return page
}

func (a *Admin) showImport(w http.ResponseWriter, r *http.Request, here door.Here) error {
	if !here.May(aikagi.UsersCreate) && !here.May(aikagi.UsersEdit) {
		return aikagi.Because(aikagi.Forbidden, "permission", string(aikagi.UsersEdit))
	}
	return a.pages.Render(w, r, http.StatusOK, "import.html", a.importPage(r, here))
}

// uploadLimit leaves room for what a browser writes around the file.
const uploadLimit = csvtable.MaxBytes + 64<<10

func (a *Admin) handleImport(w http.ResponseWriter, r *http.Request, here door.Here) error {
	upload, err := web.ParseUpload(r, uploadLimit, "file")
	if err != nil {
		return err
	}
	i, err := a.Sheets.KeepImport(r.Context(), here.Instance.ID, upload.Name, upload.Data)
	if err == nil {
		return back(w, r, "/admin/import/"+string(i.ID))
	}
	page := a.importPage(r, here)
	if !explainFile(&page.Page, err) {
		return err
	}
	return a.pages.Render(w, r, http.StatusBadRequest, "import.html", page)
}

func importID(r *http.Request) (aikagi.ImportID, error) {
	id, err := aikagi.ParseID("import", r.PathValue("id"))
	return aikagi.ImportID(id), err
}

// shownRows is how many rows of a kind the page of an import shows.
const shownRows = 200

// plannedRow is a row in words.
type plannedRow struct {
	Line     int
	Username string
	Badge    badge
	Changes  []changeRow
	Problems []string
}

// plannedPage is what imported.html shows: what a file would do, how far it is,
// or what became of it.
type plannedPage struct {
	web.Page
	Import  aikagi.Import
	Plan    sheet.Plan
	Kinds   []chip
	Rows    []plannedRow
	More    int // rows of the kind that are not shown
	Willing int // rows that would change something
}

func (a *Admin) showImported(w http.ResponseWriter, r *http.Request, here door.Here) error {
	id, err := importID(r)
	if err != nil {
		return err
	}
	form, err := web.ParseQuery(r, "kind", "lang")
	if err != nil {
		return err
	}
	page := plannedPage{Page: a.Web.Page(r, "import.title")}
	if page.Import, err = a.Sheets.FindImport(r.Context(), here.Instance.ID, id); err != nil {
		return err
	}
	switch page.Import.State {
	case aikagi.ImportShown:
		err = a.plan(r, here, &page, sheet.RowKind(form.Get("kind")))
	case aikagi.ImportFinished:
		var failed sheet.Failed
		failed, err = a.Sheets.FailedRows(r.Context(), here.Instance.ID, id)
		rows := make([]sheet.PlannedRow, len(failed.Rows))
		for i, f := range failed.Rows {
			rows[i] = f.PlannedRow
		}
		page.show(rows)
	case aikagi.ImportRunning:
	}
	if err != nil {
		return err
	}
	return a.pages.Render(w, r, http.StatusOK, "imported.html", page)
}

func (a *Admin) plan(r *http.Request, here door.Here, page *plannedPage, kind sheet.RowKind) error {
	var err error
	if page.Plan, err = a.Sheets.PlanImport(r.Context(), here.Instance.ID, page.Import.File); err != nil {
		return err
	}
	page.Willing = page.Plan.New + page.Plan.Changed
	path := page.Path("/admin/import/" + string(page.Import.ID))
	for _, k := range []struct {
		kind sheet.RowKind
		n    int
	}{
		{sheet.RowNew, page.Plan.New},
		{sheet.RowChanged, page.Plan.Changed},
		{sheet.RowSame, page.Plan.Same},
		{sheet.RowWrong, page.Plan.Wrong},
	} {
		page.Kinds = append(page.Kinds, chip{
			Text: word(page.Page, "import.kind", string(k.kind)) + " " + strconv.Itoa(k.n), Path: path + "?kind=" + string(k.kind),
			Current: k.kind == kind,
		})
	}
	var rows []sheet.PlannedRow
	for _, row := range page.Plan.Rows {
		if row.Kind == kind || kind == "" && row.Kind != sheet.RowSame {
			rows = append(rows, row)
		}
	}
	page.show(rows)
	return nil
}

func (p *plannedPage) show(rows []sheet.PlannedRow) {
	p.More = max(0, len(rows)-shownRows)
	for _, r := range rows[:min(len(rows), shownRows)] {
		kinds := map[sheet.RowKind]string{sheet.RowNew: "ok", sheet.RowChanged: "info", sheet.RowSame: "grey", sheet.RowWrong: "danger"}
		row := plannedRow{
			Line: r.Line, Username: r.Username, Changes: changeRows(p.Page, r.Changes),
			Badge: badge{kinds[r.Kind], word(p.Page, "import.kind", string(r.Kind))},
		}
		for _, x := range r.Problems {
			row.Problems = append(row.Problems, x.Text(p.Locale()))
		}
		p.Rows = append(p.Rows, row)
	}
}

// explainFile puts what is wrong with a whole file beside its field.
func explainFile(page *web.Page, err error) bool {
	if aikagi.CodeOf(err) != aikagi.Invalid {
		return false
	}
	page.Blame("file", aikagi.ReasonOf(err))
	if line := csvtable.LineOf(err); line > 0 {
		page.Problems[0].Text = page.T("import.at_line", "line", line, "text", page.Problems[0].Text)
	}
	return true
}

func (a *Admin) handleStartImport(w http.ResponseWriter, r *http.Request, here door.Here) error {
	id, err := importID(r)
	if err != nil {
		return err
	}
	if _, err := web.ParseForm(r, web.SmallForm); err != nil {
		return err
	}
	if err := a.Sheets.StartImport(r.Context(), here.Instance.ID, id); err != nil {
		return err
	}
	return back(w, r, "/admin/import/"+string(id))
}

// showFailed is the rows that were not carried out, as a table to mend and to
// upload again: the columns of the file, and one with the reasons.
func (a *Admin) showFailed(w http.ResponseWriter, r *http.Request, here door.Here) error {
	id, err := importID(r)
	if err != nil {
		return err
	}
	failed, err := a.Sheets.FailedRows(r.Context(), here.Instance.ID, id)
	if err != nil {
		return err
	}
	page := a.Web.Page(r, "import.title")
	out := download(w, page.T("import.failed_file"))
	out.Row(append(failed.Header, page.T("import.reasons"))...)
	for _, f := range failed.Rows {
		var reasons string
		for i, x := range f.Problems {
			if i > 0 {
				reasons += "; "
			}
			reasons += x.Text(page.Locale())
		}
		out.Row(append(f.Cells, reasons)...)
	}
	return out.Flush()
}

// showTemplate is an empty table with the headings.
func (a *Admin) showTemplate(w http.ResponseWriter, r *http.Request, here door.Here) error {
	page := a.importPage(r, here)
	out := download(w, page.T("import.template_file"))
	out.Row(page.Columns...)
	return out.Flush()
}

// showExport is every user that the list would show, on all its pages.
func (a *Admin) showExport(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseQuery(r, listFields...)
	if err != nil {
		return err
	}
	page := a.importPage(r, here)
	var out *csvtable.Writer
	err = a.Sheets.Export(r.Context(), here.Instance.ID, queryOf(form), func(cells []string) error {
		if out == nil {
			out = download(w, page.T("import.export_file"))
			out.Row(page.Columns...)
		}
		out.Row(cells...)
		return nil
	})
	if err != nil && out != nil {
		panic(http.ErrAbortHandler) // half a table is not to be taken for the whole
	}
	if err != nil {
		return err
	}
	if out == nil {
		out = download(w, page.T("import.export_file"))
		out.Row(page.Columns...)
	}
	return out.Flush()
}

// download begins the answer with a table; its name is encoded (RFC 6266 §4.3).
func download(w http.ResponseWriter, name string) *csvtable.Writer {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	return csvtable.NewWriter(w)
}
