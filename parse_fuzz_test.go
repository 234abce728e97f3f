package aikagi_test

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/aikagi/aikagi"
)

// The patterns of Amazon Connect's model, written down apart from the parsers:
// what is accepted has to match them, however it got there (S20, S23).
var (
	usernamePattern = regexp.MustCompile(`^[a-zA-Z0-9_.@-]+$`)
	emailPattern    = regexp.MustCompile(`^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,63}$`)
	aliasPattern    = regexp.MustCompile(`^([0-9a-z]+)(-*[0-9a-z])*$`)
	profilePattern  = regexp.MustCompile(`^[ a-zA-Z0-9_@-]+$`)
	phonePattern    = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)
	idPattern       = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	tagKeyPattern   = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$`)
)

// hostileTexts are what every target of names begins with.
func hostileTexts() []string {
	return []string{
		"", "tanaka", "ＴＡＮＡＫＡ", "a@example.jp", "K", "ſ", "ı", "İ", "\u212a", "\u00a8a", "\ufdfa", "\xff\xfe", "\x00", "a\r\nBcc: b@evil.example",
		"..", "-", "@", "a@b@c.jp", strings.Repeat("あ", 300), "\u202e", "e\u0301", "\u2028", "d-a", "a--b", "+819012345678", "aws:x", "%00",
	}
}

// FuzzUsername: names in storage are of Connect's alphabet, and whoever types the
// stored name, or types it as before, means the same person (E01, E02).
func FuzzUsername(f *testing.F) {
	for _, s := range hostileTexts() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		folded := aikagi.FoldUsername(typed)
		if again := aikagi.FoldUsername(folded); again != folded && len(folded) <= 4*aikagi.MaxUsernameOnWire {
			t.Errorf("%q folds to %q and that to %q", typed, folded, again)
		}
		if len(folded) > 20*len(typed) {
			t.Errorf("%d bytes fold to %d", len(typed), len(folded))
		}
		name, err := aikagi.ParseUsername(folded, aikagi.MaxUsernameOnPages)
		if err != nil {
			return
		}
		if !usernamePattern.MatchString(string(name)) || len(name) > aikagi.MaxUsernameOnPages {
			t.Errorf("%q became %q", typed, name)
		}
		again, err := aikagi.ParseUsername(aikagi.FoldUsername(string(name)), aikagi.MaxUsernameOnWire)
		if err != nil || again != name {
			t.Errorf("%q is stored as %q and looked for as %q: %v", typed, name, again, err)
		}
	})
}

// FuzzEmail: an accepted address is one address of Connect's pattern, for
// net/mail too where that can read it, and says nothing else (E03, E06, E09).
func FuzzEmail(f *testing.F) {
	for _, s := range append(hostileTexts(), "a(c)@b.jp", "A <a@b.jp>", "g:a@b.jp;", `"a b"@c.jp`, "a@[192.0.2.1]", "a..b@c.jp", "a@-b.jp", "a@b_c.jp", "a@b.j1") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		folded := aikagi.FoldEmail(typed)
		if again := aikagi.FoldEmail(folded); again != folded && len(folded) <= 4*254 {
			t.Errorf("%q folds to %q and that to %q", typed, folded, again)
		}
		email, err := aikagi.ParseEmail(folded)
		if err != nil {
			return
		}
		s := string(email)
		local, domain, _ := strings.Cut(s, "@")
		if s != folded || !emailPattern.MatchString(s) || len(s) > 254 || len(local) > 64 || domain != email.Domain() {
			t.Errorf("%q became %q", typed, s)
		}
		if read, err := mail.ParseAddress(s); err == nil && (read.Address != s || read.Name != "") {
			t.Errorf("%q is read elsewhere as %q", s, read.Address)
		}
		if masked := email.Masked(); len(local) > 1 && strings.HasPrefix(masked, local) {
			t.Errorf("%q is masked as %q", s, masked)
		}
		if optional, err := aikagi.ParseOptionalEmail(s); err != nil || optional != email {
			t.Errorf("%q is no optional address: %v", s, err)
		}
	})
}

// FuzzAlias: an alias becomes a host name.
func FuzzAlias(f *testing.F) {
	for _, s := range hostileTexts() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		alias, err := aikagi.ParseAlias(typed)
		if err != nil {
			return
		}
		if !aliasPattern.MatchString(alias) || strings.HasPrefix(alias, "d-") || len(alias) > 45 || len(alias) != len(typed) {
			t.Errorf("%q became %q", typed, alias)
		}
		if again, err := aikagi.ParseAlias(alias); err != nil || again != alias {
			t.Errorf("%q became %q and then %q: %v", typed, alias, again, err)
		}
	})
}

// FuzzPersonName: what is stored is NFC text without controls (E04, E15).
func FuzzPersonName(f *testing.F) {
	for _, s := range hostileTexts() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		name, err := aikagi.ParsePersonName("first_name", typed, aikagi.MaxFirstName)
		if err != nil {
			if aikagi.CodeOf(err) != aikagi.Invalid || aikagi.ReasonOf(err) == "" {
				t.Errorf("%q: %v", typed, err)
			}
			return
		}
		if name != typed || !utf8.ValidString(name) || !norm.NFC.IsNormalString(name) || name == "" ||
			utf8.RuneCountInString(name) > aikagi.MaxFirstName || strings.ContainsFunc(name, unicode.IsControl) || strings.ContainsAny(name, "\u2028\u2029") {
			t.Errorf("took %q as %q", typed, name)
		}
	})
}

// FuzzShortNames: profile names, telephone numbers, ids and locales.
func FuzzShortNames(f *testing.F) {
	for _, s := range append(hostileTexts(), "6c0f2a5e-0000-4000-8000-00000000dead", "{6c0f2a5e-0000-4000-8000-00000000dea}", "6C0F2A5E-0000-4000-8000-00000000DEAD", "ja") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := aikagi.ParseSecurityProfileName(s); err == nil && (got != s || !profilePattern.MatchString(s) || len(s) > 127) {
			t.Errorf("a profile called %q", s)
		}
		if got, err := aikagi.ParsePhoneNumber("mobile", s); err == nil && s != "" && (got != s || !phonePattern.MatchString(s)) {
			t.Errorf("a number %q", s)
		}
		if got, err := aikagi.ParseID("user", s); (err == nil) != idPattern.MatchString(s) || err == nil && got != s {
			t.Errorf("an id %q: %v", s, err)
		} else if err == nil {
			// What stands in an ARN is found in it again.
			arn := string(aikagi.Scope{Region: "ap-northeast-1", Account: "123456789012", Instance: aikagi.InstanceID(got)}.InstanceARN())
			if parts := strings.SplitN(arn, ":", 6); len(parts) != 6 || parts[5] != "instance/"+s {
				t.Errorf("%q names itself %q", s, arn)
			}
		}
		if l := aikagi.ParseLocale(s); l != "" && string(l) != s {
			t.Errorf("a language %q", s)
		}
	})
}

// FuzzTags: accepted tags are of Amazon's pattern, sorted, each key once, and
// accepted again as they are. Proficiencies likewise.
func FuzzTags(f *testing.F) {
	for _, s := range hostileTexts() {
		f.Add(s, "値", s, "5", 5)
	}
	f.Fuzz(func(t *testing.T, key1, value1, key2, value2 string, level int) {
		tags, err := aikagi.ParseTags([]aikagi.Tag{{Key: key1, Value: value1}, {Key: key2, Value: value2}})
		if err == nil {
			for _, tag := range tags {
				if !tagKeyPattern.MatchString(tag.Key) || strings.HasPrefix(tag.Key, "aws:") || !utf8.ValidString(tag.Value) ||
					utf8.RuneCountInString(tag.Key) > 128 || utf8.RuneCountInString(tag.Value) > 256 || strings.ContainsFunc(tag.Value, unicode.IsControl) {
					t.Errorf("took %q", tag)
				}
			}
			again, err := aikagi.ParseTags(tags)
			if err != nil || !slices.Equal(again, tags) || tags[0].Key >= tags[1].Key {
				t.Errorf("%q became %q: %v", tags, again, err)
			}
		}
		all, err := aikagi.ParseProficiencies([]aikagi.Proficiency{
			{Attribute: key1, Value: value1, Level: level}, {Attribute: key2, Value: value2, Level: 1},
		})
		if err != nil {
			return
		}
		again, err := aikagi.ParseProficiencies(all)
		if err != nil || !slices.Equal(again, all) || all[0].Level < 1 || all[0].Level > 5 || all[0] == all[1] {
			t.Errorf("%q became %q: %v", all, again, err)
		}
	})
}

// FuzzParseARN: what is read as the ARN of something is written as the same ARN, and
// nothing else is anything here.
func FuzzParseARN(f *testing.F) {
	const instance = "arn:aws:connect:ap-northeast-1:123456789012:instance/11111111-2222-4333-8444-555555555555"
	for _, s := range append(hostileTexts(), instance, instance+"/agent/a", instance+"/agent-group/g", instance+"/agent/",
		instance+"/agent/a/b", instance+"/queue/q", "arn:aws:connect:::instance/", "arn:aws-cn:connect:r:a:instance/i",
		"arn:aws:iam::123456789012:user/u", instance+"/AGENT/a", instance+":agent/a") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		scope, resource, err := aikagi.ParseARN(text)
		switch {
		case err != nil && aikagi.CodeOf(err) != aikagi.NotFound:
			t.Errorf("%q: %v", text, err)
		case err == nil && string(scope.ARN(resource)) != text:
			t.Errorf("%q was read as %q", text, scope.ARN(resource))
		}
	})
}
