package criteria_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/criteria"
)

func leaf(field string, how criteria.Comparison, value string) criteria.Tree {
	return criteria.Tree{Text: &criteria.Text{Field: field, Comparison: how, Value: value}}
}

func TestATreeMatches(t *testing.T) {
	t.Parallel()
	agents := map[string]string{"name": "Agents 100%", "levelId": "2"}
	for name, c := range map[string]struct {
		tree criteria.Tree
		want bool
	}{
		"nothing asked":   {criteria.Tree{}, true},
		"start":           {leaf("name", criteria.StartsWith, "agent"), true},
		"not the start":   {leaf("name", criteria.StartsWith, "100"), false},
		"inside":          {leaf("name", criteria.Contains, "S 1"), true},
		"no pattern":      {leaf("name", criteria.Contains, "%0"), false},
		"percent is text": {leaf("name", criteria.Contains, "0%"), true},
		"exact":           {leaf("name", criteria.Exact, "Agents 100%"), true},
		"exact by letter": {leaf("name", criteria.Exact, "agents 100%"), false},
		"both":            {criteria.Tree{And: []criteria.Tree{leaf("name", criteria.StartsWith, "A"), leaf("levelId", criteria.Exact, "2")}}, true},
		"not both":        {criteria.Tree{And: []criteria.Tree{leaf("name", criteria.StartsWith, "A"), leaf("levelId", criteria.Exact, "1")}}, false},
		"either":          {criteria.Tree{Or: []criteria.Tree{leaf("name", criteria.StartsWith, "B"), leaf("levelId", criteria.Exact, "2")}}, true},
		"neither":         {criteria.Tree{Or: []criteria.Tree{leaf("name", criteria.StartsWith, "B"), leaf("levelId", criteria.Exact, "1")}}, false},
	} {
		q := criteria.Query{Texts: c.tree}
		if err := q.Check("name", "levelId"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := q.Matches(func(field string) []string { return []string{agents[field]} }, nil); got != c.want {
			t.Errorf("%s: matches %t, want %t", name, got, c.want)
		}
	}
}

func TestATreeThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	ok := leaf("name", criteria.Exact, "x")
	many := criteria.Tree{Or: slices.Repeat([]criteria.Tree{ok}, 100)}
	for name, c := range map[string]struct {
		tree criteria.Tree
		want string
	}{
		"field":      {leaf("description", criteria.Exact, "x"), "field"},
		"case":       {leaf("Name", criteria.Exact, "x"), "field"},
		"comparison": {leaf("name", "LIKE", "x"), "comparison"},
		"short":      {leaf("name", criteria.Contains, "東"), "contained"},
		"long":       {leaf("name", criteria.Contains, strings.Repeat("東", 26)), "contained"},
		"two":        {criteria.Tree{And: []criteria.Tree{ok}, Text: ok.Text}, "several"},
		"deep":       {criteria.Tree{And: []criteria.Tree{{Or: []criteria.Tree{leaf("x", criteria.Exact, "x")}}}}, "field"},
		"many":       {many, "too_many"},
	} {
		err := criteria.Query{Texts: c.tree}.Check("name")
		if aikagi.CodeOf(err) != aikagi.Invalid || aikagi.ReasonOf(err) != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func TestTagsMatch(t *testing.T) {
	t.Parallel()
	a, b, other := aikagi.Tag{Key: "a", Value: "1"}, aikagi.Tag{Key: "b"}, aikagi.Tag{Key: "a", Value: "2"}
	for name, c := range map[string]struct {
		tags     criteria.Tags
		want     bool
		demanded []aikagi.Tag
	}{
		"nothing asked": {nil, true, nil},
		"one":           {criteria.Tags{{a}}, true, []aikagi.Tag{a}},
		"another value": {criteria.Tags{{other}}, false, []aikagi.Tag{other}},
		"both":          {criteria.Tags{{a, b}}, true, []aikagi.Tag{a, b}},
		"either":        {criteria.Tags{{other}, {b}}, true, nil},
		"common":        {criteria.Tags{{b, a}, {b, other}}, true, []aikagi.Tag{b}},
	} {
		q := criteria.Query{Tags: c.tags}
		if got := q.Matches(nil, []aikagi.Tag{a, b}); got != c.want {
			t.Errorf("%s: matches %t, want %t", name, got, c.want)
		}
		if got := c.tags.Demanded(); !slices.Equal(got, c.demanded) {
			t.Errorf("%s: demands %v, want %v", name, got, c.demanded)
		}
	}
}
