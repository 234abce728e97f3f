package backup

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/aikagi/aikagi/internal/store"
)

// The lines of a file. Each is a JSON array whose first element says what it
// is:
//
//	["aikagi", manifest]                 first
//	["table", name, [column, kind], …]   before the rows of a table
//	["row", value, …]
//	["end", {table: rows, …}]            last
const (
	lineManifest = "aikagi"
	lineTable    = "table"
	lineRow      = "row"
	lineEnd      = "end"
)

// maxLine bounds a row; the largest hold a mail or a policy.
const maxLine = 64 << 20

// writer turns rows into lines.
type writer struct {
	zip    *gzip.Writer
	counts map[string]int64
}

func newWriter(w io.Writer) *writer {
	return &writer{zip: gzip.NewWriter(w), counts: map[string]int64{}}
}

func (w *writer) line(parts ...any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(parts); err != nil {
		return fmt.Errorf("write line: %w", err)
	}
	_, err := w.zip.Write(b.Bytes())
	return err
}

func (w *writer) table(t store.Table) error {
	parts := []any{lineTable, t.Name}
	for _, c := range t.Columns {
		parts = append(parts, []string{c.Name, string(c.Kind)})
	}
	w.counts[t.Name] = 0
	return w.line(parts...)
}

func (w *writer) row(t store.Table, values []any) error {
	for i, v := range values {
		if text, ok := v.(string); ok && !utf8.ValidString(text) { // JSON would change it quietly
			return fmt.Errorf("table %s, column %s: text that is not UTF-8", t.Name, t.Columns[i].Name)
		}
	}
	w.counts[t.Name]++
	return w.line(append([]any{lineRow}, values...)...)
}

func (w *writer) end() error {
	if err := w.line(lineEnd, w.counts); err != nil {
		return err
	}
	return w.zip.Close()
}

// reader turns lines into rows and checks that none is missing.
type reader struct {
	lines  *bufio.Reader
	tables map[string]store.Table
	counts map[string]int64
	now    store.Table
}

func newReader(r io.Reader) (*reader, Manifest, error) {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return nil, Manifest{}, passOn(err)
	}
	read := &reader{lines: bufio.NewReaderSize(zip, chunkBytes), tables: map[string]store.Table{}, counts: map[string]int64{}}
	for _, t := range store.Tables() {
		read.tables[t.Name] = t
	}
	var m Manifest
	parts, err := read.next()
	if err != nil {
		return nil, m, err
	}
	if len(parts) != 2 || word(parts[0]) != lineManifest {
		return nil, m, damaged(errors.New("the manifest is missing"))
	}
	if err := json.Unmarshal(parts[1], &m); err != nil {
		return nil, m, damaged(err)
	}
	return read, m, nil
}

// rows hands every row to each.
func (r *reader) rows(each func(store.Table, []any) error) error {
	for {
		parts, err := r.next()
		if err != nil {
			return err
		}
		switch word(parts[0]) {
		case lineTable:
			if err := r.table(parts[1:]); err != nil {
				return err
			}
		case lineRow:
			values, err := r.row(parts[1:])
			if err != nil {
				return err
			}
			if err := each(r.now, values); err != nil {
				return err
			}
		case lineEnd:
			return r.end(parts[1:])
		default:
			return damaged(errors.New("a line of an unknown kind"))
		}
	}
}

func (r *reader) next() ([]json.RawMessage, error) {
	var whole []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		whole = append(whole, part...)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, passOn(err)
		}
		if len(whole) > maxLine {
			return nil, damaged(errors.New("a line is too long"))
		}
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(whole, &parts); err != nil || len(parts) == 0 {
		return nil, damaged(errors.Join(errors.New("a line cannot be read"), err))
	}
	return parts, nil
}

// passOn keeps what the opener said about a chunk.
func passOn(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged(errors.New("the end is missing"))
	}
	return damaged(err)
}

func word(raw json.RawMessage) string {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return ""
	}
	return s
}

// table takes up a table, which must be exactly as this program knows it.
func (r *reader) table(parts []json.RawMessage) error {
	if len(parts) == 0 {
		return damaged(errors.New("a table without a name"))
	}
	known, ok := r.tables[word(parts[0])]
	if !ok || len(parts)-1 != len(known.Columns) {
		return damaged(fmt.Errorf("table %q is not as this version knows it", word(parts[0])))
	}
	for i, c := range known.Columns {
		var said [2]string
		if err := json.Unmarshal(parts[i+1], &said); err != nil || said != [2]string{c.Name, string(c.Kind)} {
			return damaged(fmt.Errorf("table %s: column %q is not as this version knows it", known.Name, said[0]))
		}
	}
	r.now = known
	return nil
}

func (r *reader) row(parts []json.RawMessage) ([]any, error) {
	if len(parts) != len(r.now.Columns) || len(parts) == 0 {
		return nil, damaged(errors.New("a row does not fit its table"))
	}
	values := make([]any, len(parts))
	for i, c := range r.now.Columns {
		v, err := value(c.Kind, parts[i])
		if err != nil {
			return nil, damaged(fmt.Errorf("table %s, column %s: %w", r.now.Name, c.Name, err))
		}
		values[i] = v
	}
	r.counts[r.now.Name]++
	return values, nil
}

func value(kind store.Kind, raw json.RawMessage) (any, error) {
	switch kind {
	case store.Number:
		return decode[int64](raw)
	case store.Boolean:
		return decode[bool](raw)
	case store.Bytes: // base64, as encoding/json writes bytes
		b, err := decode[[]byte](raw)
		if err == nil && b == nil {
			return []byte{}, nil
		}
		return b, err
	case store.Text:
	}
	return decode[string](raw)
}

func decode[T any](raw json.RawMessage) (T, error) {
	var v T
	err := json.Unmarshal(raw, &v)
	return v, err
}

func (r *reader) end(parts []json.RawMessage) error {
	var said map[string]int64
	if len(parts) != 1 || json.Unmarshal(parts[0], &said) != nil {
		return damaged(errors.New("the counts cannot be read"))
	}
	for name, n := range said {
		if r.counts[name] != n {
			return damaged(fmt.Errorf("table %s has %d rows, and should have %d", name, r.counts[name], n))
		}
	}
	if _, err := r.lines.ReadByte(); !errors.Is(err, io.EOF) {
		return damaged(errors.New("something follows the end"))
	}
	return nil
}
