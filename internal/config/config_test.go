package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/aikagi/aikagi"
)

func load(t *testing.T, yaml string, environ []string, args ...string) (Settings, error) {
	t.Helper()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	AddFlags(flags, func(string) string { return "" })
	if yaml != "" {
		path := filepath.Join(t.TempDir(), "aikagi.yaml")
		if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return Load(Sources{Flags: flags, Environ: environ, DefaultKeyFile: "/etc/aikagi/key"})
}

func TestDefaultsServeOnLoopback(t *testing.T) {
	t.Parallel()
	s, err := load(t, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"listen": "127.0.0.1:8080", "base_url": "http://127.0.0.1:8080", "data": "aikagi-data",
		"database": "sqlite:aikagi-data/aikagi.db", "region": "ap-northeast-1", "key_file": "/etc/aikagi/key",
		"dkim_selector": "aikagi", "ops_listen": "127.0.0.1:9090", "locale": "ja", "log_level": "info",
	}
	for _, v := range s.Print() {
		if w, ok := want[v.Setting]; ok && (v.Text != w || v.Source.Place != Default) {
			t.Errorf("%s is %q from %s, want %q by default", v.Setting, v.Text, v.Source, w)
		}
	}
	if s.Database.Reveal() != "sqlite:aikagi-data/aikagi.db" || s.Locale != aikagi.Japanese || s.LogLevel != slog.LevelInfo {
		t.Errorf("got %+v", s)
	}
}

func TestTheLaterPlaceWins(t *testing.T) {
	t.Parallel()
	file := "region: eu-west-2\nlog_level: warn\nlocale: en\ntrusted_proxies: [10.0.0.0/8, 192.0.2.1]\nallow_one_origin: true\n"
	s, err := load(t, file, []string{"AIKAGI_LOG_LEVEL=debug", "AIKAGI_LOCALE=", "PATH=/bin"}, "--log-level", "error")
	if err != nil {
		t.Fatal(err)
	}
	if s.Region != "eu-west-2" || s.LogLevel != slog.LevelError || s.Locale != aikagi.English || !s.AllowOneOrigin {
		t.Errorf("got %s %s %s", s.Region, s.LogLevel, s.Locale)
	}
	if got := fmt.Sprint(s.TrustedProxies); got != "[10.0.0.0/8 192.0.2.1/32]" {
		t.Errorf("proxies %s", got)
	}
	for _, v := range s.Print() {
		if v.Setting == "log_level" && v.Source != (Source{Flag, "--log-level"}) {
			t.Errorf("log_level came from %s", v.Source)
		}
		if v.Setting == "region" && (v.Source.Place != File || !strings.HasSuffix(v.Source.Name, "aikagi.yaml")) {
			t.Errorf("region came from %s", v.Source)
		}
	}
}

func TestOriginFollowsTheListener(t *testing.T) {
	t.Parallel()
	s, err := load(t, "", nil, "--listen", "127.0.0.1:0")
	if err != nil || s.BaseURL != "" || s.Origin("127.0.0.1:4711") != "http://127.0.0.1:4711" {
		t.Errorf("got %q, %q, %v", s.BaseURL, s.Origin("127.0.0.1:4711"), err)
	}
}

func TestM04WhatCannotHoldIsRefusedByName(t *testing.T) {
	t.Parallel()
	public := "listen: 0.0.0.0:443\nbase_url: https://id.example.jp\ntls_cert: c.pem\ntls_key: k.pem\n"
	tests := []struct {
		name, file string
		environ    []string
		want       string // setting reason
	}{
		{"public and apart", public + "instance_host: '*.my.example.jp'\n", nil, ""},
		{"public, console apart", public + "console_host: console.example.jp\n", nil, ""},
		{"public, told to share", public, []string{"AIKAGI_ALLOW_ONE_ORIGIN=1"}, ""},
		{"behind a proxy", "listen: 0.0.0.0:80\nbase_url: https://id.example.jp\ninstance_host: '*.my.example.jp'\ntrusted_proxies: 10.0.0.1\n", nil, ""},
		{"one origin", public, nil, "instance_host one_origin"},
		{"console host is the base host", public + "console_host: id.example.jp\n", nil, "instance_host one_origin"},
		{"no base URL", "listen: 0.0.0.0:80\n", nil, "base_url base_url_missing"},
		{"all interfaces by empty host", "listen: ':80'\n", nil, "base_url base_url_missing"},
		{"base URL on loopback for others", "listen: 0.0.0.0:80\nbase_url: http://localhost\n", nil, "base_url base_url_loopback"},
		{"base URL without TLS", "base_url: http://id.example.jp\nallow_one_origin: true\n", nil, "base_url base_url_https"},
		{"http with a certificate", public + "base_url: http://id.example.jp\n", nil, "config file_yaml"},
		{"certificate alone", "tls_cert: c.pem\n", nil, "tls_cert tls_pair"},
		{"certificate of http", "tls_cert: c.pem\ntls_key: k.pem\nbase_url: http://127.0.0.1:8080\n", nil, "base_url base_url_https"},
		{"no certificate", "listen: 0.0.0.0:80\nbase_url: https://id.example.jp\nallow_one_origin: yes\n", nil, "tls_cert tls_missing"},
		{"base URL with a path", "base_url: https://id.example.jp/x\n", nil, "base_url base_url_more"},
		{"base URL without scheme", "base_url: id.example.jp\n", nil, "base_url base_url"},
		{"console as instance", public + "instance_host: '*.example.jp'\nconsole_host: console.example.jp\n", nil, "console_host host_of_instance"},
		{"instances without star", "instance_host: my.example.jp\n", nil, "instance_host instance_host"},
		{"one host for two", "api_host: a.example.jp\nconsole_host: a.example.jp\n", nil, "api_host host_twice"},
		{"unknown setting", "base-url: https://id.example.jp\n", nil, "base-url unknown"},
		{"setting in a map", "smtp:\n  host: x\n", nil, "smtp.host unknown"},
		{"setting twice", "region: a-b-1\nregion: a-b-1\n", nil, "config file_yaml"},
		{"not YAML", "a: [\n", nil, "config file_yaml"},
		{"list in a list", "trusted_proxies: [[a]]\n", nil, "trusted_proxies not_text"},
		{"proxy that is none", "", []string{"AIKAGI_TRUSTED_PROXIES=10.0.0.0/8,proxy"}, "trusted_proxies trusted_proxies"},
		{"listen without port", "listen: 127.0.0.1\n", nil, "listen address"},
		{"listen on a name", "listen: example.jp:80\n", nil, "listen address"},
		{"same address twice", "listen: 127.0.0.1:9090\n", nil, "ops_listen same_address"},
		{"mail without sender", "", []string{"AIKAGI_SMTP=smtp://u:p@mx.example.jp:587"}, "mail_from mail_from_missing"},
		{"signature without sender", "dkim_key: k.pem\n", nil, "mail_from mail_from_missing_dkim"},
		{"sender that is none", "mail_from: noreply\n", nil, "mail_from mail_from"},
		{"bounces that are none", "mail_bounce: bounces\n", nil, "mail_bounce mail_bounce"},
		{"bounces too long to be told apart", "mail_from: noreply@example.jp\nmail_bounce: undeliverable-mail@example.jp\n", nil, "mail_bounce mail_bounce"},
		{"bounces of another domain", "mail_from: noreply@example.jp\nmail_bounce: bounces@example.com\n", nil, "mail_bounce mail_bounce_domain"},
		{"bounces of the same domain", "mail_from: noreply@example.jp\nmail_bounce: bounces@Example.jp\n", nil, ""},
		{"mail server of an odd kind", "smtp: mx.example.jp\n", nil, "smtp smtp"},
		{"database of an odd kind", "database: mysql://x/y\n", nil, "database database"},
		{"database without path", "database: 'sqlite:'\n", nil, "database database"},
		{"level", "log_level: loud\n", nil, "log_level log_level"},
		{"locale", "locale: fr\n", nil, "locale locale"},
		{"neither yes nor no", "allow_one_origin: perhaps\n", nil, "allow_one_origin yes_or_no"},
		{"region", "region: Tokyo!\n", nil, "region region"},
		{"selector", "dkim_selector: a_b\n", nil, "dkim_selector dkim_selector"},
		{"host with a port", "api_host: a.example.jp:80\n", nil, "api_host host"},
		{"file that is missing", "", []string{"AIKAGI_CONFIG=/nonexistent/aikagi.yaml"}, "config file_unreadable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, tt.file, tt.environ)
			var problems Problems
			if errors.As(err, &problems); len(problems) == 0 {
				if tt.want != "" || err != nil {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				return
			}
			if got := problems[0].Setting + " " + problems[0].Reason; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if aikagi.CodeOf(err) != aikagi.Invalid || problems[0].Source.Place == "" {
				t.Errorf("got code %s from %q", aikagi.CodeOf(err), problems[0].Source)
			}
		})
	}
}

func TestProblemsNameEachSettingAndItsPlace(t *testing.T) {
	t.Parallel()
	_, err := load(t, "region: '?'\n", []string{"AIKAGI_LISTEN=here"}, "--locale", "xx")
	if err == nil {
		t.Fatal("took them all")
	}
	for _, want := range []string{"setting listen (environment AIKAGI_LISTEN)", "setting region (file ", "setting locale (flag --locale)"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestM08NoSecretIsPrintedOrTakenFromAFlag(t *testing.T) {
	t.Parallel()
	const canary = "canary-5e1f"
	environ := []string{
		"AIKAGI_SMTP=smtp://user:" + canary + "@mx.example.jp:587", "AIKAGI_MAIL_FROM=noreply@example.jp",
		"AIKAGI_DATABASE=postgres://u:" + canary + "@db/aikagi?sslpassword=" + canary,
	}
	s, err := load(t, "", environ)
	if err != nil {
		t.Fatal(err)
	}
	if all := fmt.Sprintf("%v %+v %#v", s, s.Print(), s); strings.Contains(all, canary) {
		t.Error("printed settings hold a password")
	}
	if i := slices.IndexFunc(s.Print(), func(v Value) bool { return v.Setting == "smtp" }); s.Print()[i].Text != "smtp://user:xxxxx@mx.example.jp:587" {
		t.Errorf("smtp is shown as %q", s.Print()[i].Text)
	}
	_, err = load(t, "", []string{"AIKAGI_MAIL_FROM=noreply@example.jp"}, "--smtp", "smtp://user:"+canary+"@mx.example.jp")
	if err == nil || !strings.Contains(err.Error(), "secret in flag") || strings.Contains(err.Error(), canary) {
		t.Errorf("got %v", err)
	}
	_, err = load(t, "", []string{"AIKAGI_SMTP=://" + canary, "AIKAGI_DATABASE=post gres://" + canary})
	if err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("got %v", err)
	}
}

func TestNamesInTheEnvironmentThatMeanNothingAreTold(t *testing.T) {
	t.Parallel()
	s, err := load(t, "", []string{"AIKAGI_BASEURL=x", "AIKAGI_TEST_POSTGRES=x", "aikagi_region=x", "AIKAGI_Region=x"})
	if err != nil || !slices.Equal(s.Ignored, []string{"AIKAGI_BASEURL", "AIKAGI_Region"}) {
		t.Errorf("got %v, %v", s.Ignored, err)
	}
}
