package account

import (
	"regexp"
	"testing"
)

var iamNames = regexp.MustCompile(`^[\w+=,.@-]+$`)

// FuzzNames: names of principals and policies stand in ARNs, where a colon, a
// slash or a wildcard would mean something (S20, S23).
func FuzzNames(f *testing.F) {
	for _, s := range []string{"", "root", " root ", "ｒｏｏｔ", "a/b", "a:b", "*", "${aws:username}", "K", "\u2100", "\ufdfa", "\xff", "a\x00", "田中"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		for limit, parse := range map[int]func(string) (string, error){maxName: ParseName, maxPolicyName: ParsePolicyName} {
			name, err := parse(typed)
			if err != nil {
				continue
			}
			if !iamNames.MatchString(name) || len(name) > limit {
				t.Errorf("%q became %q", typed, name)
			}
			if again, err := parse(name); err != nil || again != name {
				t.Errorf("%q became %q and then %q: %v", typed, name, again, err)
			}
		}
	})
}
