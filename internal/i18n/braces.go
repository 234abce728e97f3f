package i18n

import (
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// braces reads {name} placeholders in place of go-i18n's text/template ones: a
// text is data and gets no functions, pipelines or conditions.
type braces struct{}

// Cacheable says that a parsed text may be kept for the life of the program.
func (braces) Cacheable() bool { return true }

// Parse cuts a text at its placeholders.
func (braces) Parse(src, _, _ string) (template.ParsedTemplate, error) {
	var p pieces
	for {
		before, rest, found := strings.Cut(src, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return append(p, piece{literal: src}), nil
		}
		p = append(p, piece{literal: before, name: name})
		src = after
	}
}

// pieces are a text, cut at its placeholders.
type pieces []piece

type piece struct{ literal, name string }

// Execute puts the values in. A placeholder without a value stays visible.
func (p pieces) Execute(data any) (string, error) {
	values, _ := data.(map[string]string)
	var b strings.Builder
	for _, x := range p {
		b.WriteString(x.literal)
		if x.name == "" {
			continue
		}
		if v, ok := values[x.name]; ok {
			b.WriteString(v)
			continue
		}
		b.WriteString("{" + x.name + "}")
	}
	return b.String(), nil
}
