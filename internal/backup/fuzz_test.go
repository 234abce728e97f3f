package backup

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/aikagi/aikagi/internal/store"
)

// FuzzRows: what a file holds once its seal is open is read with the same care:
// no row for no table, no value of another kind, no count that is not there (R6).
func FuzzRows(f *testing.F) {
	var good bytes.Buffer
	w := newWriter(&good)
	for _, t := range store.Tables() {
		if err := w.table(t); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.end(); err != nil {
		f.Fatal(err)
	}
	zip, err := gzip.NewReader(&good)
	if err != nil {
		f.Fatal(err)
	}
	var plain bytes.Buffer
	if _, err := plain.ReadFrom(zip); err != nil {
		f.Fatal(err)
	}
	manifest := []byte(`["aikagi",{}]` + "\n")
	f.Add(append(bytes.Clone(manifest), plain.Bytes()...))
	f.Add(append(bytes.Clone(manifest), `["row",1]`+"\n"+`["end",{}]`+"\n"...))
	f.Add(append(bytes.Clone(manifest), `["table","settings",["name","text"],["value","text"]]`+"\n"+`["row",null,"a"]`+"\n"+`["end",{"settings":1}]`+"\n"...))
	f.Add([]byte(`["aikagi",{},1]`))
	f.Add([]byte("[[[[[[[[[[[[[[[[\n"))
	f.Fuzz(func(t *testing.T, lines []byte) {
		var packed bytes.Buffer
		zip := gzip.NewWriter(&packed)
		_, _ = zip.Write(lines) // into memory
		_ = zip.Close()
		r, _, err := newReader(&packed)
		if err != nil {
			return
		}
		rows := map[string]int64{}
		err = r.rows(func(table store.Table, values []any) error {
			rows[table.Name]++
			if table.Name == "" || len(values) != len(table.Columns) {
				t.Errorf("%d values for %q", len(values), table.Name)
			}
			for i, v := range values {
				if !ofKind(table.Columns[i].Kind, v) {
					t.Errorf("%T in %s.%s", v, table.Name, table.Columns[i].Name)
				}
			}
			return nil
		})
		if err != nil {
			return
		}
		for name, n := range rows {
			if r.counts[name] != n {
				t.Errorf("%d rows of %s, counted %d", n, name, r.counts[name])
			}
		}
	})
}

func ofKind(kind store.Kind, v any) bool {
	switch v.(type) {
	case int64:
		return kind == store.Number
	case bool:
		return kind == store.Boolean
	case []byte:
		return kind == store.Bytes
	case string:
		return kind == store.Text
	}
	return false
}
