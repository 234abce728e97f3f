package password

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go/data"
	"golang.org/x/text/unicode/norm"
)

// ownWords are what the English lists lack: romaji, kana, keyboard walks, and
// what people in call centres choose.
//
//go:embed words.txt
var ownWords string

// productWords count as names in every instance.
var productWords = []string{"aikagi", "amazon", "amazonconnect", "connect", "aws", "callcenter", "contactcenter", "agent"}

const (
	// Decoration is what surrounds or parts words: 123password, tanaka.hanako1998,
	// and a date at most. With more of it the password is a word and something else.
	maxDecoration = 8
	// A word of the dictionaries is refused as it is, from this length on;
	// shorter ones cannot be passwords anyway.
	minDictionary = ConnectLength
	minName       = 3
)

// blocklist holds words as fold leaves them.
type blocklist struct {
	common     map[string]struct{} // refused also when decorated, repeated or with digits for letters
	dictionary map[string]struct{} // refused as they are: English words and names
}

// loadBlocklist reads the lists at the first use, because most commands set no
// password; zxcvbn-go's frequency package would read them at every start.
var loadBlocklist = sync.OnceValues(readBlocklist)

func readBlocklist() (*blocklist, error) {
	b := &blocklist{common: map[string]struct{}{}, dictionary: map[string]struct{}{}}
	for _, list := range []struct {
		name    string
		into    map[string]struct{}
		minimum int
	}{
		{"Passwords", b.common, 1},
		{"English", b.dictionary, minDictionary},
		{"Surnames", b.dictionary, minDictionary},
		{"MaleNames", b.dictionary, minDictionary},
		{"FemaleNames", b.dictionary, minDictionary},
	} {
		text, err := data.Asset("data/" + list.name + ".json")
		if err != nil {
			return nil, fmt.Errorf("read word list %s: %w", list.name, err)
		}
		var words struct{ List []string }
		if err := json.Unmarshal(text, &words); err != nil {
			return nil, fmt.Errorf("parse word list %s: %w", list.name, err)
		}
		for _, word := range words.List {
			if len(word) >= list.minimum {
				list.into[fold(word)] = struct{}{}
			}
		}
	}
	for word := range strings.FieldsSeq(ownWords) {
		b.common[fold(word)] = struct{}{}
	}
	return b, nil
}

// checkBlocklist compares the whole password, never a part of it, with words
// and simple variations of them (NIST SP 800-63B-4 §3.1.1.2: "the entire
// password SHALL be subject to comparison, not substrings").
func checkBlocklist(text string, words []string) error {
	list, err := loadBlocklist()
	if err != nil {
		return err
	}
	folded := fold(text)
	if isName(folded, words) {
		return refused("contains_name")
	}
	if _, found := list.dictionary[folded]; found || list.isCommon(folded) {
		return refused("common")
	}
	return nil
}

func isName(folded string, words []string) bool {
	names := nameParts(words)
	for _, form := range forms(folded) {
		bare := letters(form)
		decoration := utf8.RuneCountInString(folded) - utf8.RuneCountInString(bare)
		if decoration <= maxDecoration && madeOf(bare, names) {
			return true
		}
	}
	// A name of digits has no parts: 00123456789.
	return slices.ContainsFunc(words, func(word string) bool { return fold(word) == folded })
}

func (b *blocklist) isCommon(folded string) bool {
	if isRun(folded) || utf8.RuneCountInString(unit(folded)) <= 4 {
		return true
	}
	for _, form := range forms(folded) {
		if _, found := b.common[unit(form)]; found {
			return true
		}
		if bare := letters(form); bare != "" && utf8.RuneCountInString(form)-utf8.RuneCountInString(bare) <= 2 {
			if _, found := b.common[bare]; found {
				return true
			}
		}
	}
	return false
}

// forms are the ways to read a password: as it is, and without what decorates
// its ends; each also with digits and signs read as the letters they stand for.
func forms(folded string) []string {
	all := []string{folded, unleet(folded)}
	bare := strings.TrimFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) })
	if bare != "" && utf8.RuneCountInString(folded)-utf8.RuneCountInString(bare) <= maxDecoration {
		all = append(all, bare, unleet(bare))
	}
	// "pa$$1234" ends in decoration, but not all that is no letter is decoration.
	for end := 1; end <= maxDecoration && end < len(folded) && isSign(folded[len(folded)-end]); end++ {
		all = append(all, unleet(folded[:len(folded)-end]))
	}
	return all
}

// fold makes case and width equal, for comparing only; what is hashed is not folded.
func fold(s string) string { return strings.ToLower(norm.NFKC.String(s)) }

func unleet(s string) string {
	return strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i").Replace(s)
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) {
			return r
		}
		return -1
	}, s)
}

func isSign(b byte) bool { return b < utf8.RuneSelf && (b < 'a' || b > 'z') }

// nameParts folds words and takes them apart at whatever is no letter:
// "tanaka.hanako@sakura" gives tanaka, hanako and sakura.
func nameParts(words []string) []string {
	var parts []string
	for _, word := range append(words[:len(words):len(words)], productWords...) {
		for _, part := range strings.FieldsFunc(fold(word), func(r rune) bool { return !unicode.IsLetter(r) }) {
			// Two kanji are a name, two Latin letters are not.
			if utf8.RuneCountInString(part) >= minName || len(part) >= 2*minName {
				parts = append(parts, part)
			}
		}
	}
	return parts
}

// madeOf reports whether text is nothing but names in a row.
func madeOf(text string, names []string) bool {
	if text == "" || len(text) > maxBytes {
		return false
	}
	reached := make([]bool, len(text)+1)
	reached[0] = true
	for i := range text {
		if !reached[i] {
			continue
		}
		for _, name := range names {
			if strings.HasPrefix(text[i:], name) {
				reached[i+len(name)] = true
			}
		}
	}
	return reached[len(text)]
}

// unit returns the shortest text of which s is a repetition: "abc" for
// "abcabcabc", and s if it repeats nothing.
func unit(s string) string {
	if s == "" {
		return s
	}
	// The first place, after the start, where s begins again in s+s.
	return s[:strings.Index(s[1:]+s, s)+1]
}

// isRun reports whether the characters count up or down by one, as in
// "123456789012" and "zyxwvutsrqpo"; 9 is followed by 0.
func isRun(s string) bool {
	r := []rune(s)
	step := func(a, b rune) rune {
		switch {
		case a == '9' && b == '0':
			return 1
		case a == '0' && b == '9':
			return -1
		}
		return b - a
	}
	for i := 2; i < len(r); i++ {
		if step(r[i-1], r[i]) != step(r[0], r[1]) {
			return false
		}
	}
	return len(r) > 2 && (step(r[0], r[1]) == 1 || step(r[0], r[1]) == -1)
}
