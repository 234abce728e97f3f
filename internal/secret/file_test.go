package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aikagi/aikagi"
)

func TestCreatedKeyIsLoadedAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "dir", "key")
	made, err := CreateRing(path)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadRing(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := loaded.Open("p", nil, made.Seal("p", nil, []byte("x"))); err != nil || string(got) != "x" {
		t.Errorf("Open = %q, %v", got, err)
	}
	if !loaded.Made(made.Check()) {
		t.Error("the loaded ring does not know the fingerprint")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*"))
	if len(left) != 0 {
		t.Errorf("drafts left: %v", left)
	}
}

func TestM05KeyIsNeverOverwritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, errs[i] = CreateRing(path) })
	}
	wg.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		} else if aikagi.CodeOf(err) != aikagi.Conflict {
			t.Errorf("loser got %v", err)
		}
	}
	if made != 1 {
		t.Errorf("%d keys were made", made)
	}
	before, _ := os.ReadFile(path)
	_, err := CreateRing(path)
	after, _ := os.ReadFile(path)
	if aikagi.CodeOf(err) != aikagi.Conflict || !bytes.Equal(before, after) {
		t.Errorf("second CreateRing: %v", err)
	}
}

func TestM05BadKeyFilesAreRefused(t *testing.T) {
	t.Parallel()
	line := func(master string) string {
		var k [KeyBytes]byte
		copy(k[:], master)
		id := newKey(k).id
		return lineTag + " " + hex.EncodeToString(id[:]) + " " + base64.StdEncoding.EncodeToString([]byte(master)) + "\n"
	}
	good := line("\x00\xff0123456789abcdefghijklmnopqrst")
	counting := make([]byte, KeyBytes)
	for i := range counting {
		counting[i] = byte(i * 3)
	}
	tests := []struct {
		name, text string
		mode       fs.FileMode
		want       string
	}{
		{"good", "# kept\n\n" + good, 0o600, ""},
		{"read-only", good, 0o400, ""},
		{"empty", "", 0o600, "malformed"},
		{"comment only", fileComment, 0o600, "malformed"},
		{"group reads", good, 0o640, "open_to_others"},
		{"others read", good, 0o604, "open_to_others"},
		{"unknown version", strings.Replace(good, "v1", "v9", 1), 0o600, "malformed"},
		{"twice", good + good, 0o600, "malformed"},
		{"wrong id", strings.Replace(good, " ", " 0", 1), 0o600, "malformed"},
		{"no base64", lineTag + " 00000000 *\n", 0o600, "malformed"},
		{"binary", "\x00\x01\x02", 0o600, "malformed"},
		{"very long line", strings.Repeat("x", maxFileBytes), 0o600, "malformed"},
		{"too large", strings.Repeat("#\n", maxFileBytes), 0o600, "malformed"},
		{"short", line("\x00\xff0123456789abcdefghijklmnopqrs"), 0o600, "weak"},
		{"long", line("\x00\xff0123456789abcdefghijklmnopqrstu"), 0o600, "malformed"},
		{"zero", line(strings.Repeat("\x00", 32)), 0o600, "weak"},
		{"one byte", line(strings.Repeat("\xa7", 32)), 0o600, "weak"},
		{"repeated", line(strings.Repeat("\xa7\x01\x02\x99", 8)), 0o600, "weak"},
		{"typed", line("change-me-change-me-change-me-ok"), 0o600, "weak"},
		{"typed, all different", line("0123456789abcdefghijklmnopqrstuv"), 0o600, "weak"},
		{"counting", line(string(counting)), 0o600, "weak"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, []byte(test.text), test.mode); err != nil {
				t.Fatal(err)
			}
			_, err := LoadRing(path)
			if got := aikagi.ReasonOf(err); got != test.want || (err == nil) != (test.want == "") {
				t.Errorf("LoadRing = %v, want reason %q", err, test.want)
			}
			if err != nil && len(test.text) > 60 && strings.Contains(err.Error(), test.text[25:50]) {
				t.Errorf("the error quotes the key: %v", err)
			}
		})
	}
}

func TestMissingKeyFile(t *testing.T) {
	t.Parallel()
	_, err := LoadRing(filepath.Join(t.TempDir(), "none"))
	if aikagi.CodeOf(err) != aikagi.NotFound || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if _, err := LoadRing(t.TempDir()); aikagi.ReasonOf(err) != "malformed" {
		t.Errorf("a directory: %v", err)
	}
}

func TestDefaultKeyPath(t *testing.T) {
	t.Parallel()
	tests := []struct {
		xdg, home string
		euid      int
		want      string
	}{
		{"/x", "/home/a", 1000, "/x/aikagi/key"},
		{"", "/home/a", 1000, "/home/a/.config/aikagi/key"},
		{"relative", "/home/a", 1000, "/home/a/.config/aikagi/key"},
		{"", "/root", 0, "/etc/aikagi/key"},
		{"/x", "/root", 0, "/x/aikagi/key"},
		{"", "", 1000, ""},
	}
	for _, test := range tests {
		env := map[string]string{"XDG_CONFIG_HOME": test.xdg, "HOME": test.home}
		got, err := keyPath(func(name string) string { return env[name] }, test.euid)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("keyPath(%+v) = %q, %v", test, got, err)
		}
	}
	if path, err := DefaultKeyPath(); err == nil && !filepath.IsAbs(path) {
		t.Errorf("DefaultKeyPath = %q", path)
	}
}

func FuzzKeyLine(f *testing.F) {
	f.Add("aikagi-key-v1 00000000 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	f.Add("aikagi-key-v1  ")
	f.Fuzz(func(t *testing.T, line string) {
		k, err := parseLine(line)
		if (k == nil) == (err == nil) || (err != nil && aikagi.CodeOf(err) != aikagi.Invalid) {
			t.Errorf("parseLine(%q) = %v, %v", line, k, err)
		}
	})
}
