package bounce_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/bounce"
)

func TestEachFindsTheMails(t *testing.T) {
	t.Parallel()
	a, b := "Subject: a\n\nText.\n>From the other side.\nFrom here it goes on.\n", "Subject: b\n\nMore.\n"
	for name, c := range map[string]struct {
		in   string
		want int
	}{
		"one mail": {a, 1}, "one mail of a pipe": {"From bounce Mon\n" + a, 1},
		"two":         {"From bounce Mon Nov 23\n" + a + "\nFrom bounce Mon Nov 23\n" + b + "\n", 2},
		"CRLF":        {strings.ReplaceAll("From bounce Mon\n"+a+"\nFrom bounce Mon\n"+b, "\n", "\r\n"), 2},
		"no line end": {"From x\n" + a + "\nFrom y\nSubject: c", 2},
		"empty":       {"", 0}, "blank": {"\n\n\n", 0},
		"a long line": {"From x\n" + "Subject: " + strings.Repeat("x", 100_000) + "\n\nFrom y\n" + b, 2},
	} {
		found := 0
		err := bounce.Each(strings.NewReader(c.in), func(raw []byte) error {
			if !bytes.HasPrefix(raw, []byte("Subject: ")) {
				t.Errorf("%s: a mail begins with %.20q", name, raw)
			}
			found++
			return nil
		})
		if err != nil || found != c.want {
			t.Errorf("%s: %d mails, want %d (%v)", name, found, c.want, err)
		}
	}
}

// TestEachCutsAnEndlessMail: only so much of one is kept.
func TestEachCutsAnEndlessMail(t *testing.T) {
	t.Parallel()
	longest := 0
	err := bounce.Each(strings.NewReader(strings.Repeat("line\n", 1<<20)), func(raw []byte) error {
		longest = max(longest, len(raw))
		return nil
	})
	if err != nil || longest == 0 || longest > 1<<20 {
		t.Errorf("%d octets (%v)", longest, err)
	}
}

func TestEachInReadsFilesAndMaildirs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"new/1.a": "Subject: a\n\nText.\n\nFrom here it goes on.\nMore.\n", "cur/2.b:2,S": "Subject: b\n\n", "tmp/3.c": "Subject: c\n\n",
	} {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	count := func(path string) (n int, err error) {
		err = bounce.EachIn(path, func([]byte) error { n++; return nil })
		return n, err
	}
	if n, err := count(dir); n != 2 || err != nil {
		t.Errorf("%d mails in the maildir (%v)", n, err)
	}
	if n, err := count(filepath.Join(dir, "new/1.a")); n != 2 || err != nil { // as an mbox it is two
		t.Errorf("%d mails in the file (%v)", n, err)
	}
	for _, missing := range []string{filepath.Join(dir, "none"), t.TempDir()} {
		if _, err := count(missing); aikagi.CodeOf(err) != aikagi.NotFound {
			t.Errorf("%s: %v", missing, err)
		}
	}
}

// FuzzParse: no mail makes it panic, or report something that was not there.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) < 5 {
		f.Fatalf("%d mails (%v)", len(files), err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.ReplaceAll(raw, []byte("{action}"), []byte("failed")))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := bounce.Parse(raw)
		if err != nil {
			return
		}
		if r.Kind != bounce.Other && !bytes.Contains(bytes.ToLower(raw), []byte("delivery-status")) {
			t.Errorf("a %s report from a mail that is none", r.Kind)
		}
		if strings.ContainsAny(r.Words+r.Status, "\r\n\x00") || len([]rune(r.Words)) > 301 || len(r.To) > 20 {
			t.Errorf("words %q, status %q, %d addressees", r.Words, r.Status, len(r.To))
		}
	})
}
