package password

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/aikagi/aikagi"
)

func TestD01LengthsAreThoseOfThePolicy(t *testing.T) {
	t.Parallel()
	// Of any length, and neither a word nor a repetition.
	text := func(n int) string {
		s := ""
		for i := range n {
			s += string(rune('a' + (i*i*7+i*3)%26))
		}
		return s
	}
	kana := strings.Repeat("\u30ac", MaxLength-4) + "みずうみ" // ガ
	tests := []struct {
		name   string
		policy Policy
		text   string
		want   string
	}{
		{"empty", Policy{}, "", "too_short"},
		{"11", Policy{}, text(11), "too_short"},
		{"12", Policy{}, text(12), ""},
		{"setting 8: 7", Policy{MinLength: 8}, text(7), "too_short"},
		{"setting 8: 8", Policy{MinLength: 8}, text(8), ""},
		{"guarded: 14", Policy{MinLength: GuardedLength}, text(14), "too_short"},
		{"guarded: 15", Policy{MinLength: GuardedLength}, text(15), ""},
		{"setting 64: 63", Policy{MinLength: 64}, text(63), "too_short"},
		{"setting 64: 64", Policy{MinLength: 64}, text(64), ""},
		{"128", Policy{}, text(128), ""},
		{"129", Policy{}, text(129), "too_long"},
		{"128 composed", Policy{}, kana, ""},
		{"128 decomposed", Policy{}, strings.ReplaceAll(kana, "\u30ac", "\u30ab\u3099"), ""},
		{"129 composed", Policy{}, kana + "a", "too_long"},
		{"1,025 bytes", Policy{}, strings.Repeat("a", 1025), "too_long"},
		{"no UTF-8", Policy{}, "abc\xff\xfe qwoeiru zm", "encoding"},
		{"12 kana", Policy{}, "ゆうぐれのみずうみのなか", ""},
		{"spaces", Policy{}, "four small blue kettles", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.policy.Check(aikagi.NewSecret(test.text))
			if got := aikagi.ReasonOf(err); got != test.want || (err == nil) != (test.want == "") {
				t.Errorf("Check = %v, want %q", err, test.want)
			}
		})
	}
}

func TestPolicyOfAnInstance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		min     int
		connect bool
		guarded bool
		want    int
	}{
		{0, false, false, 12},
		{12, false, false, 12},
		{8, false, false, 8},
		{12, false, true, 15},
		{8, false, true, 15},
		{20, false, true, 20},
		{12, true, true, 8},
	}
	for _, test := range tests {
		p := PolicyFor(aikagi.InstanceSettings{PasswordMin: test.min, ConnectPassword: test.connect}, test.guarded)
		if p.Length() != test.want {
			t.Errorf("%+v asks for %d", test, p.Length())
		}
	}
}

func TestD02WholePasswordIsCompared(t *testing.T) {
	t.Parallel()
	words := []string{"tanaka.hanako", "田中", "花子", "Hanako Tanaka", "t.hanako@sakura.example.jp", "sakura-support", "00123456789012"}
	tests := map[string]string{
		"passwordpassword":     "common",
		"P@ssw0rd2026!":        "common",
		"pa$$word1234":         "common",
		"password-1998":        "common",
		"123456789012":         "common",
		"abcdefghijkl":         "common",
		"zyxwvutsrqpo":         "common",
		"aaaaaaaaaaaa":         "common",
		"abcabcabcabc":         "common",
		"qwertyuiop[]":         "common",
		"1qaz2wsx3edc":         "common",
		"responsibility":       "common",
		"konnichiwa2026":       "common",
		"ｋｏｎｎｉｃｈｉｗａ１２":         "common",
		"Arigatougozaimasu":    "common",
		"sakurasakura!":        "contains_name", // part of the alias
		"yoroshiku-onegai":     "",
		"nekonekoneko":         "common",
		"いろはにほへとちりぬるを":         "common",
		"こんにちはこんにちは2026":       "common",
		"hanakotanaka":         "contains_name",
		"Tanaka.Hanako1998":    "contains_name",
		"T4n4k4H4n4k0":         "contains_name",
		"sakura-support":       "contains_name",
		"田中花子田中花子田中花子":         "contains_name",
		"AmazonConnect1":       "contains_name",
		"Connect!Aikagi":       "contains_name",
		"00123456789012":       "contains_name",
		"tanaka likes soba":    "",
		"tanaka-8391-2231-004": "",
		"my password is long":  "",
		"Tr0mbone kettle":      "",
		"connected kettles":    "",
		"0012345678901277":     "",
		"abcdefghijkm":         "",
	}
	for text, want := range tests {
		err := Policy{}.Check(aikagi.NewSecret(text), words...)
		if got := aikagi.ReasonOf(err); got != want || (err == nil) != (want == "") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestD03CompositionIsAskedByConnectsRuleOnly(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, wire, connect, web string }{
		{"Kettle7x", "", "", "too_short"},
		{"Kettle7", "connect_rule", "connect_rule", "too_short"},
		{"kettle-seven-blue", "connect_rule", "connect_rule", ""},
		{"Kettle seven 7 blue", "connect_rule", "connect_rule", ""},
		{"KETTLE-SEVEN-7", "connect_rule", "connect_rule", ""},
		{"Kettle-Seven-Blue", "connect_rule", "connect_rule", ""},
		{"Password1", "", "common", "too_short"},
		{"Kettle7" + strings.Repeat("xY", 28) + "z", "", "", ""},
		{"Kettle7" + strings.Repeat("xY", 29), "connect_rule", "connect_rule", ""},
		{"みずうみのやかんKa7", "", "", "too_short"},
	}
	for _, test := range tests {
		p := aikagi.NewSecret(test.text)
		got := [3]string{aikagi.ReasonOf(CheckWire(p)), aikagi.ReasonOf(Policy{Connect: true}.Check(p)), aikagi.ReasonOf(Policy{}.Check(p))}
		if want := [3]string{test.wire, test.connect, test.web}; got != want {
			t.Errorf("%q: wire, connect, web = %q, want %q", test.text, got, want)
		}
	}
}

func TestWireRuleIsAmazonsPattern(t *testing.T) {
	t.Parallel()
	// Go's expressions have no lookahead: one for each condition.
	conditions := []*regexp.Regexp{
		regexp.MustCompile(`[a-z]`), regexp.MustCompile(`[A-Z]`), regexp.MustCompile(`\d`), regexp.MustCompile(`^[a-zA-Z\d\S]{8,64}$`),
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-zA-Z0-9 !~\t]{0,70}`).Draw(t, "text")
		want := true
		for _, c := range conditions {
			want = want && c.MatchString(text)
		}
		if got := CheckWire(aikagi.NewSecret(text)) == nil; got != want {
			t.Fatalf("%q: %v, want %v", text, got, want)
		}
	})
}

func TestCheckSurvivesAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		words := rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "words")
		err := Policy{MinLength: 1}.Check(aikagi.NewSecret(text), words...)
		if err != nil && aikagi.CodeOf(err) != aikagi.Invalid {
			t.Fatalf("%q: %v", text, err)
		}
		if err != nil && len(text) > 20 && strings.Contains(err.Error(), text) {
			t.Fatalf("the error quotes the password: %v", err)
		}
		_, _ = checkBlocklist(text, words), forms(fold(text))
		if u := unit(text); u != "" && strings.Repeat(u, len(text)/len(u)) != text {
			t.Fatalf("unit(%q) = %q", text, u)
		}
	})
}

func TestTemporaryPasswordPassesEveryPolicy(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 300 {
		p := Generate()
		for _, policy := range []Policy{{}, {MinLength: GuardedLength}, {Connect: true}} {
			if err := policy.Check(p, "tanaka"); err != nil {
				t.Fatalf("%q: %v", p.Reveal(), err)
			}
		}
		text := p.Reveal()
		if CheckWire(p) != nil || len(text) != 19 || strings.ContainsAny(text, "01258OoIilLSsZzBUuVv9gq") {
			t.Fatalf("generated %q", text)
		}
		if seen[text] || !utf8.ValidString(text) {
			t.Fatalf("%q twice", text)
		}
		seen[text] = true
	}
}
