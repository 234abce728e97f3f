// Package columns lays out cells for terminals, where wide characters take two places
// and control characters must not act.
package columns

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// gap is the places between two columns.
const gap = 2

// Lines lays out rows of cells, one below the other.
func Lines(rows [][]string) []string {
	var widths []int
	shown := make([][]string, len(rows))
	for n, row := range rows {
		for i, cell := range row {
			cell = Visible(cell)
			shown[n] = append(shown[n], cell)
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], places(cell))
		}
	}
	lines := make([]string, len(rows))
	for n, row := range shown {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-places(cell)+gap))
			}
		}
		lines[n] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// Visible shows control and direction characters, which would move the cursor
// or reorder a line (S22).
func Visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return '\ufffd'
		}
		return r
	}, s)
}

func places(s string) int {
	n := 0
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		case width.Neutral, width.EastAsianAmbiguous, width.EastAsianHalfwidth, width.EastAsianNarrow:
			n++
		}
	}
	return n
}
