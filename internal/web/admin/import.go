package admin

import (
	"mime"
	"net/http"
	"strconv"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/csvtable"
	"github.com/aikagi/aikagi/internal/directory"
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
	for _, c := range directory.Columns() {
		page.Columns = append(page.Columns, directory.ColumnName(page.Locale(), c))
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
	i, err := a.Directory.KeepImport(r.Context(), here.Instance.ID, upload.Name, upload.Data)
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
	Plan    directory.Plan
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
	if page.Import, err = a.Directory.FindImport(r.Context(), here.Instance.ID, id); err != nil {
		return err
	}
	switch page.Import.State {
	case aikagi.ImportShown:
		err = a.plan(r, here, &page, directory.RowKind(form.Get("kind")))
	case aikagi.ImportFinished:
		var failed directory.Failed
		failed, err = a.Directory.FailedRows(r.Context(), here.Instance.ID, id)
		rows := make([]directory.PlannedRow, len(failed.Rows))
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

func (a *Admin) plan(r *http.Request, here door.Here, page *plannedPage, kind directory.RowKind) error {
	var err error
	if page.Plan, err = a.Directory.PlanImport(r.Context(), here.Instance.ID, page.Import.File); err != nil {
		return err
	}
	page.Willing = page.Plan.New + page.Plan.Changed
	path := page.Path("/admin/import/" + string(page.Import.ID))
	for _, k := range []struct {
		kind directory.RowKind
		n    int
	}{
		{directory.RowNew, page.Plan.New},
		{directory.RowChanged, page.Plan.Changed},
		{directory.RowSame, page.Plan.Same},
		{directory.RowWrong, page.Plan.Wrong},
	} {
		page.Kinds = append(page.Kinds, chip{
			Text: word(page.Page, "import.kind", string(k.kind)) + " " + strconv.Itoa(k.n), Path: path + "?kind=" + string(k.kind),
			Current: k.kind == kind,
		})
	}
	var rows []directory.PlannedRow
	for _, row := range page.Plan.Rows {
		if row.Kind == kind || kind == "" && row.Kind != directory.RowSame {
			rows = append(rows, row)
		}
	}
	page.show(rows)
	return nil
}

func (p *plannedPage) show(rows []directory.PlannedRow) {
	p.More = max(0, len(rows)-shownRows)
	for _, r := range rows[:min(len(rows), shownRows)] {
		kinds := map[directory.RowKind]string{directory.RowNew: "ok", directory.RowChanged: "info", directory.RowSame: "grey", directory.RowWrong: "danger"}
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
	if err := a.Directory.StartImport(r.Context(), here.Instance.ID, id); err != nil {
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
	failed, err := a.Directory.FailedRows(r.Context(), here.Instance.ID, id)
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
	err = a.Directory.Export(r.Context(), here.Instance.ID, queryOf(form), func(cells []string) error {
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
