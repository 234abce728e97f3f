package search

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/walk"
)

// Condition is what users are searched by: a tree of conditions with one of the
// members set. The zero Condition holds for everybody.
type Condition struct {
	Any   []Condition // one of them holds
	All   []Condition // each of them holds
	Text  *TextCondition
	Group *GroupCondition
	Tag   *TagCondition
	Good  []SkillCondition // one proficiency of the user meets all of them
}

// TextCondition compares a field. STARTS_WITH and CONTAINS compare as the search of
// the pages does, without regard to case, width and spaces; EXACT compares exactly.
// What is typed is taken literally (H18).
type TextCondition struct {
	Field      string // Username, FirstName, LastName, RoutingProfileId, SecurityProfileId, resourceId; of a proficiency: name, value
	Comparison string // STARTS_WITH, CONTAINS, EXACT
	Value      string
	folded     string
}

// GroupCondition asks for the hierarchy group.
type GroupCondition struct {
	ID    aikagi.HierarchyGroupID
	Match string // EXACT, WITH_CHILD_GROUPS
	in    map[string]bool
}

// TagCondition asks for a tag; without a value, for its key.
type TagCondition struct {
	Key   string
	Value *string
}

// SkillCondition asks for the name, the value or the level of a proficiency.
type SkillCondition struct {
	Text   *TextCondition
	Number *NumberCondition
}

// NumberCondition compares the level of a proficiency, which Amazon calls limit.
type NumberCondition struct {
	Field      string
	Comparison string // GREATER, GREATER_OR_EQUAL, LESSER, LESSER_OR_EQUAL, EQUAL, NOT_EQUAL, RANGE
	Min, Max   *float64
}

// Limits of a walk. Amazon documents the lengths for CONTAINS; the number keeps
// what one user costs small.
const (
	maxConditions = 100
	minContains   = 2
	maxContains   = 25
)

// The comparisons of texts.
const (
	startsWith = "STARTS_WITH"
	contains   = "CONTAINS"
	exact      = "EXACT"
)

// wrongSearch says what about a search is wrong.
func wrongSearch(reason string) error { return aikagi.Because(aikagi.Invalid, "search", reason) }

// checked returns the condition ready to be used, and counts its leaves.
func (c Condition) checked(leaves *int) (Condition, error) {
	var err error
	for _, list := range []*[]Condition{&c.Any, &c.All} {
		*list = slices.Clone(*list)
		for i := range *list {
			if (*list)[i], err = (*list)[i].checked(leaves); err != nil {
				return c, err
			}
		}
	}
	children := slices.Concat(c.Any, c.All)
	if len(children) == 1 {
		return children[0], nil
	}
	if len(children) == 0 {
		*leaves++
	}
	switch {
	case *leaves > maxConditions:
		return c, wrongSearch("too_many")
	case c.Text != nil:
		c.Text, err = c.Text.checked("Username", "FirstName", "LastName", "RoutingProfileId", "SecurityProfileId", "resourceId")
	case c.Group != nil && c.Group.ID == "":
		err = wrongSearch("required")
	case c.Group != nil:
		c.Group, err = c.Group.checked()
	case c.Tag != nil && c.Tag.Key == "":
		err = wrongSearch("required")
	case c.Good != nil:
		c.Good, err = checkedSkills(c.Good, leaves)
	}
	return c, err
}

func (t TextCondition) checked(fields ...string) (*TextCondition, error) {
	t.folded = store.SearchKey(t.Value)
	length := utf8.RuneCountInString(t.Value)
	switch {
	case t.Value == "" || t.Comparison != exact && t.folded == "":
		return nil, wrongSearch("required")
	case !slices.Contains(fields, t.Field):
		return nil, wrongSearch("field")
	case !slices.Contains([]string{startsWith, contains, exact}, t.Comparison):
		return nil, wrongSearch("comparison")
	case t.Comparison == contains && (length < minContains || length > maxContains):
		return nil, wrongSearch("contained")
	}
	return &t, nil
}

func (g GroupCondition) checked() (*GroupCondition, error) {
	if g.Match != exact && g.Match != "WITH_CHILD_GROUPS" {
		return nil, wrongSearch("comparison")
	}
	return &g, nil
}

func checkedSkills(all []SkillCondition, leaves *int) ([]SkillCondition, error) {
	if len(all) == 0 {
		return nil, wrongSearch("required")
	}
	all = slices.Clone(all)
	for i, one := range all {
		*leaves++
		var err error
		if one.Text != nil {
			all[i].Text, err = one.Text.checked("name", "value")
		}
		if err == nil && one.Number != nil {
			err = one.Number.check()
		}
		if err == nil && one.Text == nil && one.Number == nil {
			err = wrongSearch("required")
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// check asks for the bound that the comparison looks at; EQUAL and NOT_EQUAL take
// either.
func (n NumberCondition) check() error {
	needed := map[string][]bool{
		"GREATER": {n.Min != nil}, "GREATER_OR_EQUAL": {n.Min != nil}, "LESSER": {n.Max != nil}, "LESSER_OR_EQUAL": {n.Max != nil},
		"EQUAL": {n.Min != nil || n.Max != nil}, "NOT_EQUAL": {n.Min != nil || n.Max != nil}, "RANGE": {n.Min != nil, n.Max != nil},
	}[n.Comparison]
	switch {
	case n.Field != "limit":
		return wrongSearch("field")
	case needed == nil:
		return wrongSearch("comparison")
	case slices.Contains(needed, false):
		return wrongSearch("required")
	}
	return nil
}

// tree tells which groups are right below a group.
type tree map[aikagi.HierarchyGroupID][]aikagi.HierarchyGroupID

// settle reads what the condition means in this instance: which groups are below
// those it names.
func (c Condition) settle(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, below *tree) error {
	for _, child := range slices.Concat(c.Any, c.All) {
		if err := child.settle(ctx, tx, instance, below); err != nil {
			return err
		}
	}
	if c.Group == nil {
		return nil
	}
	c.Group.in = map[string]bool{string(c.Group.ID): true}
	if c.Group.Match == exact {
		return nil
	}
	if *below == nil {
		groups, err := tx.ListHierarchyGroups(ctx, instance)
		if err != nil {
			return err
		}
		*below = tree{}
		for _, g := range groups {
			(*below)[g.ParentID] = append((*below)[g.ParentID], g.ID)
		}
	}
	for next := []aikagi.HierarchyGroupID{c.Group.ID}; len(next) > 0; next = next[1:] {
		c.Group.in[string(next[0])] = true
		next = append(next, (*below)[next[0]]...)
	}
	return nil
}

// candidate is somebody who may be searched for, with what the conditions ask of
// him.
type candidate struct {
	walk.Person
	profiles      []aikagi.SecurityProfileID
	tags          []aikagi.Tag
	proficiencies []aikagi.Proficiency
}

// holds reports whether the condition holds for a candidate.
func (c Condition) holds(u candidate) bool {
	is := func(child Condition) bool { return child.holds(u) }
	switch {
	case len(c.Any) > 0:
		return slices.ContainsFunc(c.Any, is)
	case len(c.All) > 0:
		return !slices.ContainsFunc(c.All, func(child Condition) bool { return !child.holds(u) })
	case c.Text != nil:
		return c.Text.holds(u)
	case c.Group != nil:
		return c.Group.in[u.HierarchyGroupID]
	case c.Tag != nil:
		return slices.ContainsFunc(u.tags, func(t aikagi.Tag) bool {
			return t.Key == c.Tag.Key && (c.Tag.Value == nil || t.Value == *c.Tag.Value)
		})
	case len(c.Good) > 0:
		return slices.ContainsFunc(u.proficiencies, func(p aikagi.Proficiency) bool { return meets(p, c.Good) })
	}
	return true
}

func (t TextCondition) holds(u candidate) bool {
	switch t.Field {
	case "Username":
		return t.matches(u.Username)
	case "FirstName":
		return t.matches(u.FirstName)
	case "LastName":
		return t.matches(u.LastName)
	case "RoutingProfileId":
		return t.matches(u.RoutingProfileID)
	case "SecurityProfileId":
		return slices.ContainsFunc(u.profiles, func(id aikagi.SecurityProfileID) bool { return t.matches(string(id)) })
	}
	return t.matches(string(u.ID))
}

func (t TextCondition) matches(text string) bool {
	switch t.Comparison {
	case startsWith:
		return strings.HasPrefix(store.SearchKey(text), t.folded)
	case contains:
		return strings.Contains(store.SearchKey(text), t.folded)
	}
	return text == t.Value
}

// meets reports whether one proficiency meets all conditions.
func meets(p aikagi.Proficiency, all []SkillCondition) bool {
	for _, c := range all {
		if c.Text != nil {
			text := p.Attribute
			if c.Text.Field == "value" {
				text = p.Value
			}
			if !c.Text.matches(text) {
				return false
			}
		}
		if c.Number != nil && !c.Number.holds(float64(p.Level)) {
			return false
		}
	}
	return true
}

func (n NumberCondition) holds(level float64) bool {
	bound := n.Min
	if bound == nil {
		bound = n.Max
	}
	switch n.Comparison {
	case "GREATER":
		return level > *n.Min
	case "GREATER_OR_EQUAL":
		return level >= *n.Min
	case "LESSER":
		return level < *n.Max
	case "LESSER_OR_EQUAL":
		return level <= *n.Max
	case "EQUAL":
		return level == *bound
	case "NOT_EQUAL":
		return level != *bound
	}
	return level >= *n.Min && level <= *n.Max
}
