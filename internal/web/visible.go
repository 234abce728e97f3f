package web

import (
	"fmt"
	"strings"
	"unicode"
)

// visible shows the characters that would act instead of being seen: controls,
// direction marks and what has no width (S22). U+202E becomes ⟨U+202E⟩. Line
// breaks and tabs become spaces.
func visible(s string) string {
	if !strings.ContainsFunc(s, acts) {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		switch {
		case c == '\n' || c == '\t' || c == '\r':
			b.WriteByte(' ')
		case acts(c):
			fmt.Fprintf(&b, "⟨U+%04X⟩", c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// acts reports control (Cc) and format (Cf) characters, among them all of
// Unicode's Bidi_Control, line and paragraph separators, fillers that look like
// nothing, and broken UTF-8. Variation selectors belong to Japanese names and
// stay.
func acts(c rune) bool {
	switch c {
	case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, unicode.ReplacementChar:
		return true
	}
	return unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
