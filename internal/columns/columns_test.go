package columns_test

import (
	"slices"
	"testing"

	"github.com/aikagi/aikagi/internal/columns"
)

func TestWideCharactersTakeTwoPlaces(t *testing.T) {
	t.Parallel()
	got := columns.Lines([][]string{{"User", "Name", "State"}, {"tanaka", "田中 ﾀﾛｳ", "ok"}, {"佐藤", "花子"}, {"a", "", "x"}})
	want := []string{"User    Name      State", "tanaka  田中 ﾀﾛｳ  ok", "佐藤    花子", "a                 x"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if columns.Lines(nil) == nil {
		t.Error("no rows are no lines, and not nothing")
	}
}

func TestS22NothingMovesTheCursor(t *testing.T) {
	t.Parallel()
	if got := columns.Visible("a\x1b[2Jb\u202ec\u2028\td花"); got != "a\ufffd[2Jb\ufffdc\ufffd\ufffdd花" {
		t.Errorf("%q", got)
	}
}
