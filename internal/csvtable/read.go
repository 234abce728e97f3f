package csvtable

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"github.com/aikagi/aikagi"
)

// Limits of a file. A row of users is some 200 bytes, so that the largest file
// holds what the largest number of rows needs.
const (
	MaxBytes   = 8 << 20
	MaxRows    = 20_000
	MaxColumns = 64
	MaxCell    = 1_024 // characters
)

// Table is a file as read: the heading, and the rows below it.
type Table struct {
	Header []string
	Rows   []Row
}

// Row is a line of cells. It has as many as it has: a short row lacks the last
// columns.
type Row struct {
	Line  int // in the file, from 1, for messages
	Cells []string
}

// Trouble says where in a file something is wrong; the reason inside the error
// it wraps says what.
type Trouble struct {
	Line int
	err  *aikagi.Error
}

func (t *Trouble) Error() string { return "line " + strconv.Itoa(t.Line) + ": " + t.err.Error() }

// Unwrap returns the decision.
func (t *Trouble) Unwrap() error { return t.err }

// LineOf is the line that an error of Read is about; 0 if it is about the file.
func LineOf(err error) int {
	var t *Trouble
	if errors.As(err, &t) {
		return t.Line
	}
	return 0
}

func bad(reason string) *aikagi.Error { return aikagi.Because(aikagi.Invalid, "file", reason) }

func badAt(line int, reason string) error { return &Trouble{Line: line, err: bad(reason)} }

// Read reads a file. Its errors are decisions about "file": too_large, empty,
// spreadsheet (a workbook, not text), utf16, encoding, quote, too_many_columns,
// too_many_rows, cell_too_long, control; those about a line are a *Trouble.
func Read(data []byte) (Table, error) {
	if len(data) > MaxBytes {
		return Table{}, bad("too_large")
	}
	text, err := decode(data)
	if err != nil {
		return Table{}, err
	}
	if err := bounded(text); err != nil {
		return Table{}, err
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = separator(text)
	r.FieldsPerRecord = -1 // a short row is told by what it lacks
	var t Table
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			return Table{}, badAt(wrong.StartLine, "quote")
		}
		if err != nil {
			return Table{}, bad("encoding")
		}
		line, _ := r.FieldPos(0)
		if err := t.add(line, cells); err != nil {
			return Table{}, err
		}
	}
	if t.Header == nil {
		return Table{}, bad("empty")
	}
	return t, nil
}

func (t *Table) add(line int, cells []string) error {
	if len(cells) > MaxColumns {
		return badAt(line, "too_many_columns")
	}
	blank := true
	for i, c := range cells {
		if utf8.RuneCountInString(c) > MaxCell {
			return badAt(line, "cell_too_long")
		}
		cells[i] = strings.TrimSpace(plain(c))
		blank = blank && cells[i] == ""
	}
	switch {
	case blank: // spreadsheets leave empty rows at the end
	case t.Header == nil:
		t.Header = cells
	case len(t.Rows) == MaxRows:
		return badAt(line, "too_many_rows")
	default:
		t.Rows = append(t.Rows, Row{Line: line, Cells: cells})
	}
	return nil
}

// decode makes UTF-8 of what a spreadsheet saved.
func decode(data []byte) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return "", bad("spreadsheet") // .xlsx is a zip archive, .xls an OLE file; neither is unpacked
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return "", bad("utf16")
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.IndexByte(data, 0) >= 0 {
		return "", bad("utf16") // UTF-16 without its mark; no text has NUL
	}
	if utf8.Valid(data) {
		return checked(string(data))
	}
	text, err := japanese.ShiftJIS.NewDecoder().Bytes(data)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return "", bad("encoding")
	}
	return checked(string(text))
}

// checked refuses control characters that no table needs. Direction marks and
// the like stay: the rules about names judge them.
func checked(text string) (string, error) {
	line := 1
	for _, r := range text {
		if r == '\n' {
			line++
		}
		if r < 0x20 && r != '\n' && r != '\r' && r != '\t' || r == 0x7f {
			return "", badAt(line, "control")
		}
	}
	return text, nil
}

// separators are what spreadsheets put between cells.
const separators = ",\t;"

// bounded refuses a line with so many separators that reading it would cost
// much more memory than it is long.
func bounded(text string) error {
	line, n := 1, 0
	for _, r := range text {
		switch {
		case r == '\n':
			line, n = line+1, 0
		case strings.ContainsRune(separators, r):
			n++
		}
		if n > 2*MaxCell { // a quoted cell may hold some
			return badAt(line, "too_many_columns")
		}
	}
	return nil
}

// separator is the one that stands most often in the heading, outside quotes.
func separator(text string) rune {
	counts := map[rune]int{}
	quoted := false
	for _, r := range text {
		if r == '\n' && !quoted {
			break
		}
		if r == '"' {
			quoted = !quoted
		}
		if !quoted {
			counts[r]++
		}
	}
	best := ','
	for _, r := range separators {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}
