package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// FuzzFile: whatever a settings file holds, it is taken whole or each problem is
// named with its setting and its place; nothing unknown is passed over, and no
// password is shown (S23, S39, S40).
func FuzzFile(f *testing.F) {
	for _, text := range []string{
		"listen: 127.0.0.1:8080\n", "listen: [a, b]\n", "listen: x\n", "listen: {a: b}\n", "a: &a [*a]\n", "a: &a {b: 1}\n<<: *a\n",
		"smtp: smtp://user:geheim@host:587\n", "smtp: geheim\n", "database: 'postgres://u:geheim@h/d'\n", "listen: 1\nlisten: 2\n", "\ufefflisten: x", "base_url: https://id.example.jp\nlisten: 0.0.0.0:443\n",
		"trusted_proxies: [10.0.0.0/8, x]\n", "? [a]\n: b\n", "- a\n- b\n", "listen: !!binary aGFsbG8=\n", "data: 2026-11-22\n", "%YAML 9\n---\n", "\x00",
	} {
		f.Add(text)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(dir, "aikagi.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		flags := pflag.NewFlagSet("fuzz", pflag.ContinueOnError)
		AddFlags(flags, func(string) string { return "" })
		if err := flags.Parse([]string{"--config", path}); err != nil {
			t.Fatal(err)
		}
		s, err := Load(Sources{Flags: flags, DefaultKeyFile: "/etc/aikagi/key"})
		var problems Problems
		if err != nil && (!errors.As(err, &problems) || len(problems) == 0) {
			t.Fatalf("%q: %v", text, err)
		}
		for _, p := range problems {
			if p.Setting == "" || p.Reason == "" || p.Source.String() == "" {
				t.Errorf("%q: a problem that says too little: %+v", text, p)
			}
			if strings.Contains(p.Error(), "geheim") && !strings.Contains(p.Setting, "geheim") {
				t.Errorf("%q: the password is shown: %v", text, p)
			}
		}
		for _, v := range s.Print() {
			shown := strings.Contains(v.Text, ":geheim@") || strings.Contains(v.Text, "geheim") && !strings.Contains(v.Text, "://")
			if shown && (v.Setting == "smtp" || v.Setting == "database" && !strings.HasPrefix(v.Text, "sqlite:")) {
				t.Errorf("%q: the password is shown: %v", text, v)
			}
		}
	})
}
