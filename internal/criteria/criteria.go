package criteria

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aikagi/aikagi"
)

// Query is what a search asks for; the zero Query, for everything.
type Query struct {
	Texts Tree
	Tags  Tags
}

// Tree is a tree of conditions. A node has one of its members: all of And hold,
// one of Or holds, or Text does. One without any asks for nothing.
type Tree struct {
	And, Or []Tree
	Text    *Text
}

// Text is a condition on one field.
type Text struct {
	Field      string
	Comparison Comparison
	Value      string
}

// Comparison is how a field is compared.
type Comparison string

// The comparisons. StartsWith and Contains do not tell capital letters from
// small ones, and Exact does.
const (
	StartsWith Comparison = "STARTS_WITH"
	Contains   Comparison = "CONTAINS"
	Exact      Comparison = "EXACT"
)

// Name is the field that Amazon Connect looks into for texts of 2 to 25
// characters only.
const Name = "name"

const (
	minContained  = 2
	maxContained  = 25
	maxConditions = 100 // ours, so that a search is cheap
)

// Tags are alternatives, each a list of tags that a thing must all have. None at
// all asks for nothing.
type Tags [][]aikagi.Tag

// Check refuses what cannot be asked of things with these fields.
func (q Query) Check(fields ...string) error {
	if q.Texts.count()+q.Tags.count() > maxConditions {
		return aikagi.Because(aikagi.Invalid, "search", "too_many")
	}
	return q.Texts.check(fields)
}

// Matches reports whether a thing with these texts and tags is asked for. A field
// with several texts meets a condition by any of them.
func (q Query) Matches(texts func(field string) []string, tags []aikagi.Tag) bool {
	return q.Texts.matches(texts) && q.Tags.matches(tags)
}

func (t Tree) count() int {
	n := 1
	for _, below := range slices.Concat(t.And, t.Or) {
		n += below.count()
	}
	return n
}

func (t Tree) check(fields []string) error {
	members := 0
	for _, there := range []bool{len(t.And) > 0, len(t.Or) > 0, t.Text != nil} {
		if there {
			members++
		}
	}
	if members > 1 {
		return aikagi.Because(aikagi.Invalid, "search", "several")
	}
	for _, below := range slices.Concat(t.And, t.Or) {
		if err := below.check(fields); err != nil {
			return err
		}
	}
	if t.Text == nil {
		return nil
	}
	return t.Text.check(fields)
}

func (t Text) check(fields []string) error {
	length := utf8.RuneCountInString(t.Value)
	switch {
	case !slices.Contains(fields, t.Field):
		return aikagi.Because(aikagi.Invalid, "search", "field")
	case t.Comparison == Contains && t.Field == Name && (length < minContained || length > maxContained):
		return aikagi.Because(aikagi.Invalid, "search", "contained")
	}
	switch t.Comparison {
	case StartsWith, Contains, Exact:
		return nil
	}
	return aikagi.Because(aikagi.Invalid, "search", "comparison")
}

func (t Tree) matches(texts func(string) []string) bool {
	meets := func(below Tree) bool { return below.matches(texts) }
	switch {
	case t.Text != nil:
		return slices.ContainsFunc(texts(t.Text.Field), t.Text.matches)
	case len(t.Or) > 0:
		return slices.ContainsFunc(t.Or, meets)
	}
	return !slices.ContainsFunc(t.And, func(below Tree) bool { return !meets(below) })
}

func (t Text) matches(s string) bool {
	switch t.Comparison {
	case StartsWith:
		return strings.HasPrefix(strings.ToLower(s), strings.ToLower(t.Value))
	case Contains:
		return strings.Contains(strings.ToLower(s), strings.ToLower(t.Value))
	case Exact:
	}
	return s == t.Value
}

func (t Tags) count() int {
	n := 0
	for _, all := range t {
		n += len(all)
	}
	return n
}

func (t Tags) matches(tags []aikagi.Tag) bool {
	if len(t) == 0 {
		return true
	}
	return slices.ContainsFunc(t, func(all []aikagi.Tag) bool {
		return !slices.ContainsFunc(all, func(wanted aikagi.Tag) bool { return !slices.Contains(tags, wanted) })
	})
}

// Demanded returns the tags that whatever is found has: those of every
// alternative, which a policy may ask for as connect:SearchTag/….
func (t Tags) Demanded() []aikagi.Tag {
	if len(t) == 0 {
		return nil
	}
	var demanded []aikagi.Tag
	for _, tag := range t[0] {
		everywhere := !slices.ContainsFunc(t, func(all []aikagi.Tag) bool { return !slices.Contains(all, tag) })
		if everywhere && !slices.Contains(demanded, tag) {
			demanded = append(demanded, tag)
		}
	}
	return demanded
}
