package connect

import (
	"context"
	"encoding/json"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/routing"
)

// searchRequest is how routing profiles and hours are searched, and queues too.
type searchRequest struct {
	InstanceID string          `json:"InstanceId" required:""`
	MaxResults *int32          `json:"MaxResults"`
	NextToken  string          `json:"NextToken"`
	Filter     *searchFilter   `json:"SearchFilter"`
	Criteria   *searchCriteria `json:"SearchCriteria"`
}

type searchFilter struct {
	Tags *tagFilter `json:"TagFilter"`
}

// tagFilter is Amazon's ControlPlaneTagFilter, of which one member is set.
type tagFilter struct {
	Or  [][]tagCondition `json:"OrConditions"`
	And []tagCondition   `json:"AndConditions"`
	One *tagCondition    `json:"TagCondition"`
}

type tagCondition struct {
	Key   string `json:"TagKey"`
	Value string `json:"TagValue"`
}

type searchCriteria struct {
	Or     []searchCriteria `json:"OrConditions"`
	And    []searchCriteria `json:"AndConditions"`
	String *stringCondition `json:"StringCondition"`
}

type stringCondition struct {
	Field      string `json:"FieldName"`
	Value      string `json:"Value"`
	Comparison string `json:"ComparisonType"`
}

func (c searchCriteria) rule() routing.Criteria {
	r := routing.Criteria{}
	for _, inner := range c.And {
		r.And = append(r.And, inner.rule())
	}
	for _, inner := range c.Or {
		r.Or = append(r.Or, inner.rule())
	}
	if s := c.String; s != nil {
		r.Field, r.Value, r.Comparison = routing.Field(s.Field), s.Value, routing.Comparison(s.Comparison)
	}
	return r
}

// lists are the tags of a filter: all of one of the lists must be there.
func (f *searchFilter) lists() [][]aikagi.Tag {
	if f == nil || f.Tags == nil {
		return nil
	}
	conditions := f.Tags.Or
	if len(f.Tags.And) > 0 {
		conditions = append(conditions, f.Tags.And)
	}
	if f.Tags.One != nil {
		conditions = append(conditions, []tagCondition{*f.Tags.One})
	}
	var lists [][]aikagi.Tag
	for _, all := range conditions {
		var list []aikagi.Tag
		for _, one := range all {
			list = append(list, aikagi.Tag(one))
		}
		lists = append(lists, list)
	}
	return lists
}

// touch tells policies which tags are searched for.
func (r *searchRequest) touch() awsapi.Touch {
	t := inInstance(r.InstanceID)
	t.Context = map[string][]string{}
	for _, list := range r.Filter.lists() {
		for _, tag := range list {
			key := "connect:SearchTag/" + tag.Key
			t.Context[key] = append(t.Context[key], tag.Value)
		}
	}
	return t
}

// searched reads a page of what was found. A token goes on with the same filter
// and criteria only.
func searched[T any](ctx context.Context, a *API, in *searchRequest, operation string,
	read func(context.Context, aikagi.InstanceID, routing.Search) (routing.Found[T], error), name func(T) string,
) (found routing.Found[T], next string, err error) {
	size, err := pageSize(in.MaxResults, 100, 500)
	if err != nil {
		return found, "", err
	}
	text, err := json.Marshal([]any{in.Filter, in.Criteria})
	if err != nil {
		return found, "", aikagi.E(aikagi.Internal, "search", err)
	}
	query := []string{operation, in.InstanceID, string(text)}
	asked := routing.Search{Tags: in.Filter.lists(), Size: size}
	if in.Criteria != nil {
		rule := in.Criteria.rule()
		asked.Criteria = &rule
	}
	if asked.After, err = a.Tokens.Open(ctx, in.NextToken, query...); err != nil {
		return found, "", err
	}
	found, err = read(ctx, aikagi.InstanceID(in.InstanceID), asked)
	if err == nil && found.More {
		next = a.Tokens.Seal(ctx, name(found.Page[size-1]), query...)
	}
	return found, next, err
}
