package aikagi_test

import (
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
)

// TestS20NamesAreOfConnectsPatternAfterOneFold: E02, the same name however it is
// typed, and nothing that is no name of Amazon Connect.
func TestS20NamesAreOfConnectsPatternAfterOneFold(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"tanaka.ichiro": "tanaka.ichiro", "ＴＡＮＡＫＡ": "TANAKA", " tanaka\u3000": "tanaka", "ｔａｎａｋａ＿１": "tanaka_1", "tanaka@example.jp": "tanaka@example.jp",
		"\u212aato": "Kato", // one fold, documented: what is stored is the ASCII letter
		"ﬁsh":       "fish", "ſato": "sato",
	} {
		got, err := aikagi.ParseUsername(aikagi.FoldUsername(typed), aikagi.MaxUsernameOnPages)
		if err != nil || string(got) != want {
			t.Errorf("%q became %q, want %q: %v", typed, got, want, err)
		}
	}
	for _, typed := range []string{
		"", " ", "田中", "ta naka", "tanaka!", "tanaka+x", "a@b", "a@b@c.jp", "@", "tanaka\x00", "tanaka\r\nBcc: x", "tana\u200bka", "tanaka\u202e",
		"ıto", "İto", "tänaka", "a/b", "a%00", "../x", "<b>", strings.Repeat("a", 65), strings.Repeat("a", 1<<20), "\xff",
	} {
		folded := aikagi.FoldUsername(typed)
		if got, err := aikagi.ParseUsername(folded, aikagi.MaxUsernameOnPages); err == nil {
			t.Errorf("%.40q became %q", typed, got)
		}
	}
	for n, want := range map[int]bool{64: true, 65: false} {
		if _, err := aikagi.ParseUsername(strings.Repeat("a", n), aikagi.MaxUsernameOnPages); (err == nil) != want {
			t.Errorf("%d characters on pages: %v", n, err)
		}
	}
	for n, want := range map[int]bool{100: true, 101: false} {
		if _, err := aikagi.ParseUsername(strings.Repeat("a", n), aikagi.MaxUsernameOnWire); (err == nil) != want {
			t.Errorf("%d characters on the wire: %v", n, err)
		}
	}
}

// TestE01AnAliasHoldsOnlyASCII before it is lower-cased: it becomes a host name.
func TestE01AnAliasHoldsOnlyASCII(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"\u212aanto", "ſakura", "sakura\u0130", "ｓａｋｕｒａ", "sakura。", "d-1", "D-1", "-a", "a-", "", "a_b", "a.b", strings.Repeat("a", 46)} {
		if got, err := aikagi.ParseAlias(typed); err == nil {
			t.Errorf("%q became %q", typed, got)
		}
	}
	if got, err := aikagi.ParseAlias("Sakura-2--x"); err != nil || got != "sakura-2--x" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestE06E08E09AnAddressIsOneAddress of Connect's pattern, and its length is
// looked at before anything else.
func TestE06E08E09AnAddressIsOneAddress(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("d", 63)
	long := func(n int) string { // an address of n characters
		domain := label + "." + label + "." + label + ".jp"
		return strings.Repeat("a", n-1-len(domain)) + "@" + domain
	}
	for _, good := range []string{
		"a@b.jp", "O.Brien+x%y_z-1@Example.JP", ".a..b.@example.jp", "a@xn--wgv71a.jp", strings.Repeat("a", 64) + "@b.jp", long(254),
	} {
		if got, err := aikagi.ParseEmail(good); err != nil || string(got) != good {
			t.Errorf("%q: %q, %v", good, got, err)
		}
	}
	for name, bad := range map[string]string{
		"E06 a comment": "a(x)@b.jp", "E06 nested comments": strings.Repeat("(", 200) + "a@b.jp", "E06 a display name": "A <a@b.jp>",
		"E06 a group": "g:a@b.jp;", "E06 two": "a@b.jp,c@d.jp", "E06 two with a space": "a@b.jp c@d.jp", "E06 a list": "a@b.jp;c@d.jp",
		"E06 a quoted local part": `"a b"@c.jp`, "E06 an address literal": "a@[192.0.2.1]", "E06 a source route": "@x.jp:a@b.jp",
		"E06 mailto": "mailto:a@b.jp", "E06 a line": "a@b.jp\r\nBcc: c@d.jp", "E06 a tab": "a@b.jp\t", "E06 nothing before": "@b.jp", "E06 no dot": "a@localhost",
		"E08 a letter that looks like one": "a@exаmple.jp", "E08 Japanese": "a@例え.jp", "E08 a wide dot": "a@example。jp", "E08 a hyphen at the edge": "a@-b.jp",
		"E08 an underscore": "a@b_c.jp", "E08 digits as top level": "a@192.0.2.1", "E08 an ending dot": "a@b.jp.",
		"E09 65 before the at": strings.Repeat("a", 65) + "@b.jp", "E09 255": long(254) + "p", "E09 a label of 64": "a@" + label + "d.jp",
		"E09 a megabyte": strings.Repeat("a@", 1<<19), "E09 a megabyte of comments": strings.Repeat("(", 1<<20),
		"E04 a zero": "a\x00@b.jp", "E04 NEL": "a\u0085@b.jp", "E04 a line separator": "a@b\u2028.jp", "no text": "\xff@b.jp",
	} {
		if got, err := aikagi.ParseEmail(bad); err == nil {
			t.Errorf("%s: %.60q was taken as %q", name, bad, got)
		}
	}
}

// TestE15NamesOfPeopleAreNFC, as Amazon's field says, without controls.
func TestE15NamesOfPeopleAreNFC(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"花子", "O'Brien-Müller", "葛\U000e0100城", "ガ", strings.Repeat("あ", 255), "a b"} {
		if _, err := aikagi.ParsePersonName("first_name", good, aikagi.MaxFirstName); err != nil {
			t.Errorf("%.20q: %v", good, err)
		}
	}
	for name, bad := range map[string]string{
		"decomposed": "カ\u3099", "decomposed accent": "e\u0301", "empty": "", "too long": strings.Repeat("あ", 256), "E04 line": "a\r\nb", "E04 NEL": "a\u0085b",
		"E04 separator": "a\u2028b", "E04 zero": "a\x00b", "escape": "a\x1b[31m", "no text": "\xff", "huge": strings.Repeat("a", 1<<20),
	} {
		if _, err := aikagi.ParsePersonName("first_name", bad, aikagi.MaxFirstName); aikagi.CodeOf(err) != aikagi.Invalid || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
