// Package condition holds the conditions of searches as Amazon Connect's API writes
// them: trees of comparisons, and filters by tags, whatever is searched.
//
//	Criteria, TagFilter, AttributeFilter → Query → criteria.Query, which rules take
//	                                     → Touch → the tags that policies may ask for
//
// condition finds nothing and compares nothing; that is package criteria's.
package condition

import (
	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/criteria"
)

// Criteria is the tree of conditions that searches by text take, whatever
// they search: Amazon's SecurityProfileSearchCriteria,
// UserHierarchyGroupSearchCriteria ….
type Criteria struct {
	And    []Criteria `json:"AndConditions,omitempty"`
	Or     []Criteria `json:"OrConditions,omitempty"`
	String *Text      `json:"StringCondition,omitzero"`
}

// Text is a comparison with one field.
type Text struct {
	Field      *string `json:"FieldName,omitzero"`
	Value      *string `json:"Value,omitzero"`
	Comparison *string `json:"ComparisonType,omitzero"`
}

func (c *Criteria) tree() (criteria.Tree, error) {
	var t criteria.Tree
	if c == nil {
		return t, nil
	}
	if s := c.String; s != nil {
		if s.Field == nil || s.Value == nil || s.Comparison == nil {
			return t, awsapi.Invalid("StringCondition: FieldName, Value and ComparisonType must be given")
		}
		t.Text = &criteria.Text{Field: *s.Field, Value: *s.Value, Comparison: criteria.Comparison(*s.Comparison)}
	}
	var err error
	if t.And, err = trees(c.And); err != nil {
		return t, err
	}
	t.Or, err = trees(c.Or)
	return t, err
}

func trees(all []Criteria) ([]criteria.Tree, error) {
	var found []criteria.Tree
	for _, one := range all {
		t, err := one.tree()
		if err != nil {
			return nil, err
		}
		found = append(found, t)
	}
	return found, nil
}

// TagFilter is Amazon's ControlPlaneTagFilter: one tag, tags that must all be
// there, or alternatives of such.
type TagFilter struct {
	Or  [][]Tag `json:"OrConditions,omitempty"`
	And []Tag   `json:"AndConditions,omitempty"`
	Tag *Tag    `json:"TagCondition,omitzero"`
}

// Tag is one that must be there.
type Tag struct {
	Key   *string `json:"TagKey,omitzero"`
	Value *string `json:"TagValue,omitzero"`
}

// AttributeFilter is Amazon's ControlPlaneAttributeFilter, which says the same
// in other words.
type AttributeFilter struct {
	Or  []tagList `json:"OrConditions,omitempty"`
	And *tagList  `json:"AndCondition,omitzero"`
	Tag *Tag      `json:"TagCondition,omitzero"`
}

type tagList struct {
	Tags []Tag `json:"TagConditions,omitempty"`
}

// Plain is the same as a TagFilter.
func (f *AttributeFilter) Plain() *TagFilter {
	if f == nil {
		return nil
	}
	plain := &TagFilter{Tag: f.Tag}
	if f.And != nil {
		plain.And = f.And.Tags
	}
	for _, one := range f.Or {
		plain.Or = append(plain.Or, one.Tags)
	}
	return plain
}

func (f *TagFilter) tags() (criteria.Tags, error) {
	if f == nil {
		return nil, nil
	}
	alternatives, members := f.Or, 0
	if len(f.Or) > 0 {
		members++
	}
	if len(f.And) > 0 {
		alternatives = [][]Tag{f.And}
		members++
	}
	if f.Tag != nil {
		alternatives = [][]Tag{{*f.Tag}}
		members++
	}
	if members > 1 {
		return nil, awsapi.Invalid("SearchFilter: give one kind of conditions")
	}
	var tags criteria.Tags
	for _, all := range alternatives {
		var wanted []aikagi.Tag
		for _, c := range all {
			if c.Key == nil || c.Value == nil {
				return nil, awsapi.Invalid("TagCondition: TagKey and TagValue must be given")
			}
			wanted = append(wanted, aikagi.Tag{Key: *c.Key, Value: *c.Value})
		}
		tags = append(tags, wanted)
	}
	return tags, nil
}

// Query is what a search asks its rule for.
func Query(c *Criteria, f *TagFilter) (criteria.Query, error) {
	texts, err := c.tree()
	if err != nil {
		return criteria.Query{}, err
	}
	tags, err := f.tags()
	return criteria.Query{Texts: texts, Tags: tags}, err
}

// Touch is what a search touches: the instance, and as
// connect:SearchTag/… the tags that everything it may find has. An alternative
// that does without a tag takes it out: a policy that demands the tag must not
// let that search pass.
func Touch(instance string, f *TagFilter) awsapi.Touch {
	t := awsapi.Touch{Instance: instance}
	tags, err := f.tags()
	if err != nil {
		return t // the search is refused before anything is judged
	}
	t.Context = map[string][]string{}
	for _, tag := range tags.Demanded() {
		key := "connect:SearchTag/" + tag.Key
		t.Context[key] = append(t.Context[key], tag.Value)
	}
	return t
}
