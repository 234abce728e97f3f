package iam

import (
	"strings"
	"unicode/utf8"
)

// variables gives the value of a variable in a policy text; nil means that the
// text has none.
type variables func(key string) (value string, ok bool)

var noVariables variables // of actions, and of documents in the 2008 language

// variables returns the look-up for documents of a version. Only a key with
// exactly one value can stand in a text.
func (e *evaluation) variables(version string) variables {
	if version != version2012 {
		return noVariables
	}
	return func(key string) (string, bool) {
		values := e.context[strings.ToLower(key)]
		if len(values) != 1 {
			return "", false
		}
		return values[0], true
	}
}

// token is one step of a pattern: a character, or a wildcard.
type token struct {
	kind kind
	char rune
}

type kind uint8

const (
	literal    kind = iota
	one             // ? any character
	oneInPart       // ? any character but a colon
	star            // * any run of characters
	starInPart      // * any run without a colon
)

func (t token) takes(c rune) bool {
	switch t.kind {
	case literal:
		return t.char == c
	case oneInPart, starInPart:
		return c != ':'
	}
	return true
}

func (t token) repeats() bool { return t.kind == star || t.kind == starInPart }

// pattern is a compiled policy text. One whose text has a variable without a
// value matches nothing. IAM: such a variable is null, and nothing is equal to
// or like null.
type pattern struct {
	tokens []token
	null   bool
}

// compileText reads a text in which * and ? are ordinary characters.
func compileText(text string, vars variables) pattern {
	return compile(text, vars, func(c rune, _ int, _ bool) token { return token{literal, c} })
}

// compileGlob reads a text in which * and ? match anything.
func compileGlob(text string, vars variables) pattern {
	return compile(text, vars, func(c rune, _ int, _ bool) token { return wildcard(c, one, star) })
}

// compileARN reads the text of a Resource element. In the first five parts of
// an ARN, ? and * stay within their part, but a * that ends its part may run on
// beyond the colon; in the sixth they match anything.
// IAM user guide, "Using wildcards in resource ARNs".
func compileARN(text string, vars variables) pattern {
	return compile(text, vars, func(c rune, colons int, endsPart bool) token {
		switch {
		case colons >= 5:
			return wildcard(c, one, star)
		case endsPart:
			return wildcard(c, oneInPart, star)
		}
		return wildcard(c, oneInPart, starInPart)
	})
}

func wildcard(c rune, question, asterisk kind) token {
	switch c {
	case '?':
		return token{question, 0}
	case '*':
		return token{asterisk, 0}
	}
	return token{literal, c}
}

// compile walks the text; step turns a character of the text itself into a
// token. What a variable brings in is literal, whatever it contains, so that
// nobody widens a pattern by the value of a tag.
func compile(text string, vars variables, step func(c rune, colons int, endsPart bool) token) pattern {
	p := pattern{tokens: make([]token, 0, len(text))}
	colons := 0
	for text != "" {
		if vars != nil && strings.HasPrefix(text, "${") {
			value, rest, ok := expand(text, vars)
			p.null = p.null || !ok
			for _, c := range value {
				p.tokens = append(p.tokens, token{literal, c})
			}
			text = rest
			continue
		}
		c, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		p.tokens = append(p.tokens, step(c, colons, text == "" || text[0] == ':'))
		if c == ':' {
			colons++
		}
	}
	return p
}

// expand reads the variable that text begins with.
func expand(text string, vars variables) (value, rest string, ok bool) {
	v, rest, ok := cutVariable(text)
	if !ok {
		return "", rest, false
	}
	if v.Literal != "" {
		return v.Literal, rest, true
	}
	if value, ok = vars(v.Key); ok {
		return value, rest, true
	}
	return v.Default, rest, v.HasDefault
}

// match walks the value once and carries the set of places in the pattern that
// can have been reached, so that no pattern takes exponential time.
func (p pattern) match(value string) bool {
	if p.null {
		return false
	}
	here, next := make([]bool, len(p.tokens)+1), make([]bool, len(p.tokens)+1)
	here[0] = true
	p.skipStars(here)
	for _, c := range value {
		clear(next)
		for i, t := range p.tokens {
			if !here[i] || !t.takes(c) {
				continue
			}
			if t.repeats() {
				next[i] = true
			} else {
				next[i+1] = true
			}
		}
		p.skipStars(next)
		here, next = next, here
	}
	return here[len(p.tokens)]
}

// skipStars notes that a star may match nothing.
func (p pattern) skipStars(reached []bool) {
	for i, t := range p.tokens {
		if reached[i] && t.repeats() {
			reached[i+1] = true
		}
	}
}

// text returns what a pattern without wildcards says.
func (p pattern) text() string {
	var b strings.Builder
	for _, t := range p.tokens {
		b.WriteRune(t.char)
	}
	return b.String()
}
