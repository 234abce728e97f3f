package csvtable

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"github.com/aikagi/aikagi"
)

func TestReadKnowsWhatSpreadsheetsSave(t *testing.T) {
	t.Parallel()
	sjis := func(s string) string {
		b, err := japanese.ShiftJIS.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	want := Table{
		Header: []string{"ユーザー名", "姓"},
		Rows:   []Row{{Line: 2, Cells: []string{"tanaka", "田中"}}, {Line: 3, Cells: []string{"sato", "佐藤, 髙"}}},
	}
	for name, text := range map[string]string{
		"UTF-8":          "ユーザー名,姓\ntanaka,田中\nsato,\"佐藤, 髙\"\n",
		"with BOM, CRLF": "\ufeffユーザー名,姓\r\ntanaka,田中\r\nsato,\"佐藤, 髙\"\r\n",
		"Shift_JIS":      sjis("ユーザー名,姓\r\ntanaka,田中\r\nsato,\"佐藤, 髙\"\r\n"),
		"tabs":           "ユーザー名\t姓\ntanaka\t田中\nsato\t佐藤, 髙\n",
		"semicolons":     "ユーザー名;姓\ntanaka;田中\nsato;\"佐藤, 髙\"\n",
		"empty rows":     "ユーザー名,姓\ntanaka,田中\nsato,\"佐藤, 髙\"\n,\n\n,\n",
		"spaces":         "ユーザー名, 姓 \ntanaka ,田中\nsato,\"佐藤, 髙\"",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Read([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestI07HostileFiles holds that every file that is no table is refused with its
// reason, and at a line where there is one.
func TestI07HostileFiles(t *testing.T) {
	t.Parallel()
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("a,b\n1,2\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text, reason string
		line               int
	}{
		{"nothing", "", "empty", 0},
		{"only empty rows", ",,\n\n", "empty", 0},
		{"too large", strings.Repeat("x", MaxBytes+1), "too_large", 0},
		{"a million columns", strings.Repeat(",", 1_000_000), "too_many_columns", 1},
		{"one column too many", "a\n" + strings.Repeat(",", MaxColumns), "too_many_columns", 2},
		{"too many rows", "a\n" + strings.Repeat("x\n", MaxRows+1), "too_many_rows", MaxRows + 2},
		{"open quote", "a,b\n1,2\n\"3,4\n5,6\n", "quote", 3},
		{"quote inside", "a,b\n1,x\"y\n", "quote", 2},
		{"long cell", "a\n" + strings.Repeat("あ", MaxCell+1), "cell_too_long", 2},
		{"UTF-16", utf16, "utf16", 0},
		{"UTF-16 without mark", utf16[2:], "utf16", 0},
		{"workbook", "PK\x03\x04\x14\x00", "spreadsheet", 0},
		{"old workbook", "\xd0\xcf\x11\xe0\xa1\xb1", "spreadsheet", 0},
		{"neither encoding", "a\n\xff\xfd\x80", "encoding", 0},
		{"escape", "a\nx\x1b[2J\n", "control", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Read([]byte(c.text))
			if got := aikagi.ReasonOf(err); got != c.reason {
				t.Fatalf("got %q (%v), want %q", got, err, c.reason)
			}
			var at *Trouble
			if errors.As(err, &at) && at.Line != c.line || at == nil && c.line != 0 {
				t.Errorf("got %v, want line %d", err, c.line)
			}
		})
	}
}

// TestI06NothingComputes holds that no cell of ours begins with what a
// spreadsheet runs, and that reading gives back every cell.
func TestI06NothingComputes(t *testing.T) {
	t.Parallel()
	for _, cell := range []string{
		"=1+1", "+81312345678", "-2", "@SUM(A1)", "＝1", "＋1", "－1", "＠x", "'=1", "''+1", "'quoted'", "'",
		`=HYPERLINK("http://x","y")`, "a,b", "a\nb", `a"b`, "O'Brien", "=cmd|' /C calc'!A0",
	} {
		t.Run(cell, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, cell)
		})
	}
}

type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func roundTrip(t fataler, cell string) {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	w.Row("head", "x")
	w.Row(cell, "x")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(string([]rune(inert(cell) + " ")[:1]), acting) {
		t.Fatalf("a spreadsheet would run %q", inert(cell))
	}
	got, err := Read(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 1 || got.Rows[0].Cells[0] != cell {
		t.Fatalf("got %v, want %q", got.Rows, cell)
	}
}

func TestI06WrittenCellsAreReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cell := strings.TrimSpace(rapid.StringMatching(`['=+\-@＝＋－＠",;a 漢\n]{1,12}`).Draw(t, "cell"))
		roundTrip(t, cell)
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("a,b\n1,2\n"))
	f.Add([]byte("\ufeffa\tb\n\"x\ny\"\t'=1\n"))
	f.Add([]byte("\x83\x86,\x90\xa9\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := Read(data)
		if err != nil {
			return
		}
		var b bytes.Buffer
		w := NewWriter(&b)
		w.Row("first", "second") // a heading of ours holds no separator
		for _, r := range table.Rows {
			w.Row(r.Cells...)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		again, err := Read(b.Bytes())
		if err != nil {
			t.Fatalf("%v\n%q", err, b.String())
		}
		if len(again.Rows) != len(table.Rows) {
			t.Fatalf("%d rows became %d", len(table.Rows), len(again.Rows))
		}
		for i := range table.Rows {
			if diff := cmp.Diff(table.Rows[i].Cells, again.Rows[i].Cells); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}
