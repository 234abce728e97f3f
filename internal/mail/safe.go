package mail

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/net/publicsuffix"
)

// maxText is how much of a person's text a mail shows, in characters. The
// longest user name is 100.
const maxText = 200

// safe prepares text from people for a mail (S22, E10).
//
// Control, direction and invisible characters become visible, "[U+202E]".
//
// What mail programs turn into links on their own is taken apart with a space:
// "https: / /evil. example", "a@ evil. example". A visible space and not a
// zero-width character, because browsers drop those from host names (UTS #46
// §4 maps U+200B and U+2060 to nothing), so the link would still lead there,
// and because spam filters count them. Dots are left alone where no top-level
// domain follows, so that the user name "tanaka.ichiro" reads as it is typed.
func safe(s string) string {
	runes := []rune(strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
	cut := len(runes) > maxText
	if cut {
		runes = runes[:maxText]
	}
	var b strings.Builder
	for i, r := range runes {
		if isHidden(r) {
			fmt.Fprintf(&b, "[U+%04X]", r)
			continue
		}
		b.WriteRune(r)
		if linksOn(runes, i) {
			b.WriteByte(' ')
		}
	}
	if cut {
		b.WriteString("…")
	}
	return b.String()
}

// isHidden reports whether r does something else than being seen.
func isHidden(r rune) bool {
	switch r {
	case '\u2028', '\u2029', '\u115F', '\u1160', '\u3164', '\uFFA0', '\u2800': // separators, fillers, blank
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs)
}

// linksOn reports whether a mail program may read over position i as part of
// an address: scheme, user info, host or UNC path.
func linksOn(runes []rune, i int) bool {
	if i+1 == len(runes) {
		return false
	}
	next := runes[i+1]
	switch runes[i] {
	case '@', '＠':
		return !unicode.IsSpace(next)
	case ':', '：':
		return next == '/' || next == '\\' || unicode.IsLetter(next)
	case '/', '\\':
		return next == '/' || next == '\\'
	case '.', '．', '｡': // IDNA takes these and the ideographic full stop for dots, RFC 3490 §3.1
		return isWWW(runes[:i]) || isTopLevel(runes[i+1:]) || next > unicode.MaxASCII && unicode.IsLetter(next)
	case '。': // in Japanese text Japanese goes on after it
		return isWWW(runes[:i]) || isTopLevel(runes[i+1:])
	}
	return false
}

func isWWW(before []rune) bool {
	n := len(before)
	return n >= 3 && strings.EqualFold(string(before[n-3:]), "www")
}

// isTopLevel reports whether rest starts with a top-level domain, whatever
// follows it: programs differ in where they see an address end.
func isTopLevel(rest []rune) bool {
	n := 0
	for n < len(rest) && rest[n] <= unicode.MaxASCII && (unicode.IsLetter(rest[n]) || unicode.IsDigit(rest[n])) {
		n++
	}
	label := strings.ToLower(string(rest[:n]))
	if label == "xn" && strings.HasPrefix(string(rest[n:]), "--") {
		return true
	}
	switch label {
	case "":
		return false
	// RFC 6761, 6762, 7686, 8375 and ICANN's "internal": not in the public list.
	case "example", "test", "invalid", "localhost", "local", "onion", "arpa", "internal", "lan", "home", "corp":
		return true
	}
	_, managed := publicsuffix.PublicSuffix(label)
	return managed
}
