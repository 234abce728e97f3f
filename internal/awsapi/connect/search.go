package connect

import (
	"cmp"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/criteria"
)

// searchCriteria is the tree of conditions that searches by text take, whatever
// they search: Amazon's SecurityProfileSearchCriteria,
// UserHierarchyGroupSearchCriteria ….
type searchCriteria struct {
	And    []searchCriteria `json:"AndConditions,omitempty"`
	Or     []searchCriteria `json:"OrConditions,omitempty"`
	String *stringCondition `json:"StringCondition,omitzero"`
}

type stringCondition struct {
	Field      *string `json:"FieldName,omitzero"`
	Value      *string `json:"Value,omitzero"`
	Comparison *string `json:"ComparisonType,omitzero"`
}

func (c *searchCriteria) tree() (criteria.Tree, error) {
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

func trees(all []searchCriteria) ([]criteria.Tree, error) {
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

// tagFilter is Amazon's ControlPlaneTagFilter: one tag, tags that must all be
// there, or alternatives of such.
type tagFilter struct {
	Or  [][]tagCondition `json:"OrConditions,omitempty"`
	And []tagCondition   `json:"AndConditions,omitempty"`
	Tag *tagCondition    `json:"TagCondition,omitzero"`
}

type tagCondition struct {
	Key   *string `json:"TagKey,omitzero"`
	Value *string `json:"TagValue,omitzero"`
}

// attributeFilter is Amazon's ControlPlaneAttributeFilter, which says the same
// in other words.
type attributeFilter struct {
	Or  []tagConditions `json:"OrConditions,omitempty"`
	And *tagConditions  `json:"AndCondition,omitzero"`
	Tag *tagCondition   `json:"TagCondition,omitzero"`
}

type tagConditions struct {
	Tags []tagCondition `json:"TagConditions,omitempty"`
}

func (f *attributeFilter) plain() *tagFilter {
	if f == nil {
		return nil
	}
	plain := &tagFilter{Tag: f.Tag}
	if f.And != nil {
		plain.And = f.And.Tags
	}
	for _, one := range f.Or {
		plain.Or = append(plain.Or, one.Tags)
	}
	return plain
}

func (f *tagFilter) tags() (criteria.Tags, error) {
	if f == nil {
		return nil, nil
	}
	alternatives, members := f.Or, 0
	if len(f.Or) > 0 {
		members++
	}
	if len(f.And) > 0 {
		alternatives = [][]tagCondition{f.And}
		members++
	}
	if f.Tag != nil {
		alternatives = [][]tagCondition{{*f.Tag}}
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

// query is what a search asks its rule for.
func query(c *searchCriteria, f *tagFilter) (criteria.Query, error) {
	texts, err := c.tree()
	if err != nil {
		return criteria.Query{}, err
	}
	tags, err := f.tags()
	return criteria.Query{Texts: texts, Tags: tags}, err
}

// touchOfSearch is what a search touches: the instance, and as
// connect:SearchTag/… the tags that everything it may find has. An alternative
// that does without a tag takes it out: a policy that demands the tag must not
// let that search pass.
func touchOfSearch(instance string, f *tagFilter) awsapi.Touch {
	t := inInstance(instance)
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

// instanceNamed reads the id of an instance in a body, which can hold what no
// path can.
func instanceNamed(id string) (aikagi.InstanceID, error) {
	id, err := aikagi.ParseID("instance", id)
	return aikagi.InstanceID(id), err
}

// digest says in one text what a search asks for, so that its tokens are good for
// nothing else.
func digest(parts ...any) string {
	text, _ := json.Marshal(parts) // what was read from JSON can be written
	return string(text)
}

// pageOf cuts a page out of everything that was found: up to size of those whose
// keys come after a position, and the position of the last one if there are more.
// Keys are unique.
func pageOf[T any](all []T, after string, size int, key func(T) string) (page []T, next string) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	start := slices.IndexFunc(all, func(one T) bool { return after == "" || key(one) > after })
	if start < 0 {
		return nil, ""
	}
	page = all[start:]
	if len(page) > size {
		page = page[:size]
		next = key(page[size-1])
	}
	return page, next
}
