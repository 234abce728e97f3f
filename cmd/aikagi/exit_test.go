package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/config"
	"github.com/aikagi/aikagi/internal/i18n"
)

func TestExitStatusTellsWrongUseFromFailure(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		want int
	}{
		{"found", errFound, exitFound},
		{"usage", usage{"cli.usage.flag", "--x"}, exitUsage},
		{"setting", config.Problems{{Setting: "listen", Reason: "address"}}, exitUsage},
		{"field", aikagi.Invalids{aikagi.Because(aikagi.Invalid, "email", "shape")}, exitUsage},
		{"key file", aikagi.Because(aikagi.Invalid, "key", "weak"), exitFailed},
		{"backup file", aikagi.Because(aikagi.Invalid, "backup", "damaged"), exitFailed},
		{"refused elsewhere", aikagi.Because(aikagi.Invalid, "answer", ""), exitFailed},
		{"mistakes in a table", aikagi.Because(aikagi.Invalid, "wishes", "mistakes"), exitUsage},
		{"unknown user", aikagi.E(aikagi.NotFound, "user", nil), exitFailed},
		{"bug", errors.New("bug"), exitFailed},
	} {
		var out bytes.Buffer
		term := &terminal{out: &out, err: &out, locale: aikagi.English}
		if got := term.fail(tt.err); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestEachCodeHasAText walks the closed set of codes through the table of this
// door.
func TestEachCodeHasAText(t *testing.T) {
	t.Parallel()
	for _, l := range aikagi.Locales {
		for _, code := range aikagi.Codes {
			if !i18n.Has(l, i18n.Key("cli.error."+string(code))) {
				t.Errorf("%s: no text for %s", l, code)
			}
		}
	}
}

func TestLanguageFollowsTheTerminal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args, environ []string
		want          aikagi.Locale
	}{
		{nil, nil, aikagi.English},
		{nil, []string{"LANG=C.UTF-8"}, aikagi.English},
		{nil, []string{"LANG=ja_JP.UTF-8"}, aikagi.Japanese},
		{nil, []string{"LANG=ja_JP.UTF-8", "LC_ALL=en_GB.UTF-8"}, aikagi.English},
		{nil, []string{"LANG=en_US.UTF-8", "AIKAGI_LANG=ja"}, aikagi.Japanese},
		{[]string{"user", "--lang", "ja"}, nil, aikagi.Japanese},
		{[]string{"--lang=en"}, []string{"LANG=ja_JP.UTF-8"}, aikagi.English},
	} {
		if got := chooseLocale(tt.args, tt.environ); got != tt.want {
			t.Errorf("%v %v: %s, want %s", tt.args, tt.environ, got, tt.want)
		}
	}
}
