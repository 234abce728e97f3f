package csvtable

import (
	"encoding/csv"
	"io"
	"strings"
)

// acting are the characters with which a spreadsheet begins to compute, in both
// widths (OWASP: CSV injection).
const acting = "=+-@\t\r＝＋－＠"

// Writer writes a table for a spreadsheet.
type Writer struct {
	csv *csv.Writer
	err error
}

// NewWriter writes to w, first of all the mark by which Excel knows UTF-8.
func NewWriter(w io.Writer) *Writer {
	_, err := io.WriteString(w, "\ufeff")
	c := csv.NewWriter(w)
	c.UseCRLF = true
	return &Writer{csv: c, err: err}
}

// Row writes a row. The first error stays, and Flush tells it.
func (w *Writer) Row(cells ...string) {
	if w.err != nil {
		return
	}
	safe := make([]string, len(cells))
	for i, c := range cells {
		safe[i] = inert(c)
	}
	w.err = w.csv.Write(safe)
}

// Flush hands over what was written so far and tells the first error.
func (w *Writer) Flush() error {
	w.csv.Flush()
	if w.err == nil {
		w.err = w.csv.Error()
	}
	return w.err
}

// inert puts an apostrophe before what a spreadsheet would run; to it, that
// means text. What has apostrophes before such a character already gets one
// more, so that plain can take back exactly one.
func inert(cell string) string {
	if acts(cell) {
		return "'" + cell
	}
	return cell
}

// plain takes back what inert did, or what a careful person typed.
func plain(cell string) string {
	if strings.HasPrefix(cell, "'") && acts(cell) {
		return cell[1:]
	}
	return cell
}

func acts(cell string) bool {
	rest := strings.TrimLeft(cell, "'")
	return rest != "" && strings.ContainsAny(string([]rune(rest)[:1]), acting)
}
