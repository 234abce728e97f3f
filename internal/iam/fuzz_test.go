package iam

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzPattern compares the matcher with a regular expression that says the same,
// and the ARN reading with the plain one, which it may only narrow.
func FuzzPattern(f *testing.F) {
	f.Add("connect:*", "connect:CreateUser")
	f.Add("arn:aws:connect:*:*:instance/?", "arn:aws:connect:ap-northeast-1:1:instance/a")
	f.Add("arn:aws*:x", "arn:aws:y:x")
	f.Add("*a*b*", "xaxb\ny")
	f.Add("${*}${?}", "*?")
	f.Fuzz(func(t *testing.T, pattern, value string) {
		if len(pattern) > 200 || len(value) > 500 || !utf8.ValidString(pattern) || !utf8.ValidString(value) {
			t.Skip()
		}
		quoted := regexp.QuoteMeta(pattern)
		quoted = strings.ReplaceAll(strings.ReplaceAll(quoted, `\*`, `.*`), `\?`, `.`)
		want := regexp.MustCompile(`(?s)\A` + quoted + `\z`).MatchString(value)
		if got := compileGlob(pattern, noVariables).match(value); got != want {
			t.Errorf("%q matches %q: %v, want %v", pattern, value, got, want)
		}
		if compileARN(pattern, noVariables).match(value) && !want {
			t.Errorf("as an ARN, %q is wider than as a text: %q", pattern, value)
		}
		if got := compileText(pattern, noVariables).match(value); got != (pattern == value) {
			t.Errorf("%q is the text %q: %v", pattern, value, got)
		}
	})
}

// FuzzVariable: what a variable brings in is a text, never a wildcard, and one
// without a value makes a pattern that matches nothing.
func FuzzVariable(f *testing.F) {
	f.Add("a", "*", "b")
	f.Add("${", "?", "}")
	f.Add("${aws:other}", "x", "${*}")
	f.Fuzz(func(t *testing.T, before, value, after string) {
		if len(before)+len(value)+len(after) > 300 || !utf8.ValidString(before) || !utf8.ValidString(value) || !utf8.ValidString(after) || strings.ContainsAny(before+after, "*?$") {
			t.Skip()
		}
		vars := func(key string) (string, bool) { return value, key == "aws:k" }
		p := compileGlob(before+"${aws:k}"+after, vars)
		if !p.match(before + value + after) {
			t.Errorf("%q…%q does not match with %q in it", before, after, value)
		}
		if other := before + "x" + value + after; p.match(other) && other != before+value+after {
			t.Errorf("%q widened the pattern: it matches %q", value, other)
		}
		if compileGlob(before+"${aws:missing}"+after, vars).match(before + after) {
			t.Error("a variable without a value matches")
		}
	})
}

// FuzzCondition: an operator is the opposite of its negation wherever the key has
// one value; one that cannot be read is true of nothing; IfExists and Null say of
// a missing key what IAM says (S32).
func FuzzCondition(f *testing.F) {
	for _, operator := range []string{
		"StringEquals", "StringLike", "StringEqualsIgnoreCase", "NumericEquals", "DateEquals", "ArnLike", "IpAddress",
		"NumericLessThan", "Bool", "Null", "Unknown", "", "NotNot",
	} {
		f.Add(operator, "5", "5.0")
		f.Add(operator, "2026-11-22T00:00:00Z", "1795305600")
		f.Add(operator, "::ffff:192.0.2.1", "192.0.2.0/24")
	}
	f.Add("NumericEquals", "1e999999999", "1")
	f.Fuzz(func(t *testing.T, operator, value, want string) {
		if len(value)+len(want) > 300 {
			t.Skip()
		}
		c, ok := parseOperator(operator)
		if !ok {
			return
		}
		if back := c.Name(); back != operator {
			t.Errorf("operator %q is called %q", operator, back)
		}
		c.Key, c.Values = "aws:k", []string{want}
		present := newEvaluation(Request{Context: map[string][]string{"AWS:K": {value}}})
		absent := newEvaluation(Request{})
		switch name, negated := positive(c.Operator); {
		case name == "Null" || c.Set != "":
		case c.IfExists && !absent.holds(c, noVariables), !c.IfExists && absent.holds(c, noVariables) != negated:
			t.Errorf("%s of a missing key: %v", operator, absent.holds(c, noVariables))
		case negated:
			opposite := c
			opposite.Operator = name
			if present.holds(c, noVariables) == present.holds(opposite, noVariables) {
				t.Errorf("%s and its opposite agree about %q and %q", operator, value, want)
			}
		}
	})
}
