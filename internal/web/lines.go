package web

import (
	"fmt"
	"html/template"
	"strings"
	"unicode"

	"github.com/aikagi/aikagi"
)

// noBreak is a space at which no line ends.
const noBreak = '\u00a0'

// together keeps a number and its unit on one line, as in "7 人": Japanese writes
// a space between them, at which a browser would end the line.
func together(l aikagi.Locale, s string) string {
	if l != aikagi.Japanese {
		return s
	}
	var before rune
	text := []rune(s)
	for i, c := range text {
		if c == ' ' && unicode.IsDigit(before) && i+1 < len(text) && unicode.In(text[i+1], unicode.Han, unicode.Hiragana, unicode.Katakana) {
			text[i] = noBreak
		}
		before = c
	}
	return string(text)
}

// parted shows a user name or an address so that its line ends where people
// part it, after a dot or @, and not within a word. What would act is shown as
// by visible.
func parted(text any) template.HTML {
	var b strings.Builder
	for part := range strings.SplitAfterSeq(visible(fmt.Sprint(text)), "@") {
		for piece := range strings.SplitAfterSeq(part, ".") {
			if b.Len() > 0 && piece != "" {
				b.WriteString("<wbr>")
			}
			b.WriteString(template.HTMLEscapeString(piece))
		}
	}
	return template.HTML(b.String()) // #nosec G203 -- escaped above, piece by piece
}
