package connect

import (
	"context"
	"encoding/json"
	"maps"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/channel"
	"github.com/aikagi/aikagi/internal/awsapi/condition"
	"github.com/aikagi/aikagi/internal/search"
)

type searchUsersRequest struct {
	InstanceID string        `json:"InstanceId" required:""`
	MaxResults *int32        `json:"MaxResults"`
	NextToken  string        `json:"NextToken"`
	Filter     *userFilter   `json:"SearchFilter,omitempty"`
	Criteria   *userCriteria `json:"SearchCriteria,omitempty"`
}

// userFilter is Amazon's UserSearchFilter: one of the two, or nothing.
type userFilter struct {
	Tags       *condition.TagFilter `json:"TagFilter,omitempty"`
	Attributes *userAttributeFilter `json:"UserAttributeFilter,omitempty"`
}

// userAttributeFilter is Amazon's ControlPlaneUserAttributeFilter.
type userAttributeFilter struct {
	Or    []attributeConditions `json:"OrConditions,omitempty"`
	And   *attributeConditions  `json:"AndCondition,omitempty"`
	Tag   *condition.Tag        `json:"TagCondition,omitempty"`
	Group *groupCondition       `json:"HierarchyGroupCondition,omitempty"`
}

type attributeConditions struct {
	Tags  []condition.Tag `json:"TagConditions,omitempty"`
	Group *groupCondition `json:"HierarchyGroupCondition,omitempty"`
}

type groupCondition struct {
	Value string `json:"Value"`
	Match string `json:"HierarchyGroupMatchType"`
}

// userCriteria is Amazon's UserSearchCriteria. Of several members in one place each
// must hold; Amazon does not say what they mean together.
type userCriteria struct {
	Or    []userCriteria  `json:"OrConditions,omitempty"`
	And   []userCriteria  `json:"AndConditions,omitempty"`
	Text  *condition.Text `json:"StringCondition,omitempty"`
	List  *listCondition  `json:"ListCondition,omitempty"`
	Group *groupCondition `json:"HierarchyGroupCondition,omitempty"`
}

type listCondition struct {
	Target     string          `json:"TargetListType"`
	Conditions []itemCondition `json:"Conditions"`
}

type itemCondition struct {
	Text   *condition.Text  `json:"StringCondition,omitempty"`
	Number *numberCondition `json:"NumberCondition,omitempty"`
}

type numberCondition struct {
	Field      string `json:"FieldName"`
	Min        *int32 `json:"MinValue,omitempty"`
	Max        *int32 `json:"MaxValue,omitempty"`
	Comparison string `json:"ComparisonType"`
}

// touch says which tags everybody must have who can be found: policies limit
// searches by them. A tag that only some of the alternatives ask for is not one.
func (r *searchUsersRequest) touch() awsapi.Touch {
	t := inInstance(r.InstanceID)
	c, err := r.Filter.condition()
	if err != nil {
		return t // refused before anything is found
	}
	t.Context = map[string][]string{}
	for key, value := range certainTags(c) {
		t.Context["connect:SearchTag/"+key] = []string{value}
	}
	return t
}

// certainTags are those that every user has for whom a condition holds.
func certainTags(c search.Condition) map[string]string {
	certain := map[string]string{}
	if c.Tag != nil && c.Tag.Value != nil {
		certain[c.Tag.Key] = *c.Tag.Value
	}
	for _, child := range c.All {
		maps.Copy(certain, certainTags(child))
	}
	for i, child := range c.Any {
		tags := certainTags(child)
		if i == 0 {
			certain = tags
		}
		maps.DeleteFunc(certain, func(key, value string) bool { got, ok := tags[key]; return !ok || got != value })
	}
	return certain
}

// Amazon's limits of a UserAttributeFilter.
const (
	mostTagConditions   = 25
	mostGroupConditions = 20
)

func (f *userFilter) condition() (search.Condition, error) {
	switch {
	case f == nil:
		return search.Condition{}, nil
	case f.Tags != nil && f.Attributes != nil: // Amazon documents this error for it
		return search.Condition{}, aikagi.Because(aikagi.Forbidden, "search", "two_filters")
	case f.Attributes != nil:
		return f.Attributes.condition()
	case f.Tags != nil:
		return tagged(f.Tags), nil
	}
	return search.Condition{}, nil
}

func tagged(f *condition.TagFilter) search.Condition {
	var any []search.Condition
	for _, tags := range f.Or {
		any = append(any, allTags(tags, nil))
	}
	all := allTags(f.And, f.Tag)
	if len(any) > 0 {
		all.All = append(all.All, search.Condition{Any: any})
	}
	return all
}

func (f *userAttributeFilter) condition() (search.Condition, error) {
	filled := 0
	for _, is := range []bool{len(f.Or) > 0, f.And != nil, f.Tag != nil, f.Group != nil} {
		if is {
			filled++
		}
	}
	if filled > 1 {
		return search.Condition{}, awsapi.Invalid("Only one member of UserAttributeFilter may be set.")
	}
	if f.And != nil {
		f = &userAttributeFilter{Or: []attributeConditions{*f.And}}
	}
	var any []search.Condition
	tags, groups := 0, 0
	for _, both := range f.Or {
		c := allTags(both.Tags, nil)
		if both.Group != nil {
			groups++
			c.All = append(c.All, both.Group.condition())
		}
		tags += len(both.Tags)
		any = append(any, c)
	}
	if tags > mostTagConditions || groups > mostGroupConditions {
		return search.Condition{}, awsapi.OutOfRange("UserAttributeFilter takes up to 25 tag conditions and 20 hierarchy group conditions.")
	}
	all := allTags(nil, f.Tag)
	if f.Group != nil {
		all.All = append(all.All, f.Group.condition())
	}
	if len(any) > 0 {
		all.All = append(all.All, search.Condition{Any: any})
	}
	return all, nil
}

// allTags asks for every one of the tags; one without a key is refused by the rule.
func allTags(tags []condition.Tag, one *condition.Tag) search.Condition {
	if one != nil {
		tags = append(tags[:len(tags):len(tags)], *one)
	}
	var c search.Condition
	for _, t := range tags {
		c.All = append(c.All, search.Condition{Tag: &search.TagCondition{Key: or(t.Key), Value: t.Value}})
	}
	return c
}

func (c *groupCondition) condition() search.Condition {
	return search.Condition{Group: &search.GroupCondition{ID: aikagi.HierarchyGroupID(c.Value), Match: c.Match}}
}

func compared(c *condition.Text) *search.TextCondition {
	if c == nil {
		return nil
	}
	return &search.TextCondition{Field: or(c.Field), Comparison: or(c.Comparison), Value: or(c.Value)}
}

// condition makes the rule's tree of the wire's.
func (c *userCriteria) condition() (search.Condition, error) {
	var all search.Condition
	if c == nil {
		return all, nil
	}
	either, err := conditions(c.Or)
	if err != nil {
		return all, err
	}
	if len(either) > 0 {
		all.All = append(all.All, search.Condition{Any: either})
	}
	each, err := conditions(c.And)
	if err != nil {
		return all, err
	}
	all.All = append(all.All, each...)
	if c.Text != nil {
		all.All = append(all.All, search.Condition{Text: compared(c.Text)})
	}
	if c.Group != nil {
		all.All = append(all.All, c.Group.condition())
	}
	if c.List != nil {
		if c.List.Target != "PROFICIENCIES" {
			return all, awsapi.OutOfRange("TargetListType must be PROFICIENCIES.")
		}
		all.All = append(all.All, c.List.condition())
	}
	return all, nil
}

// conditions leaves out what says nothing: in an OR it would stand for everybody.
func conditions(criteria []userCriteria) ([]search.Condition, error) {
	var all []search.Condition
	for _, one := range criteria {
		c, err := one.condition()
		if err != nil {
			return nil, err
		}
		if len(c.All) > 0 {
			all = append(all, c)
		}
	}
	return all, nil
}

func (c *listCondition) condition() search.Condition {
	good := []search.SkillCondition{}
	for _, one := range c.Conditions {
		s := search.SkillCondition{Text: compared(one.Text)}
		if n := one.Number; n != nil {
			s.Number = &search.NumberCondition{Field: n.Field, Comparison: n.Comparison, Min: level(n.Min), Max: level(n.Max)}
		}
		good = append(good, s)
	}
	return search.Condition{Good: good}
}

func level(bound *int32) *float64 {
	if bound == nil {
		return nil
	}
	l := float64(*bound)
	return &l
}

type searchUsersResponse struct {
	Users     []foundUser `json:"Users"`
	NextToken string      `json:"NextToken,omitempty"`
	About     int64       `json:"ApproximateTotalCount"`
}

// foundUser is Amazon's UserSearchSummary. There is no address in it (and none in a
// search), and the limits of after-contact work are in milliseconds.
type foundUser struct {
	ARN                aikagi.ARN        `json:"Arn"`
	DirectoryUserID    string            `json:"DirectoryUserId"`
	HierarchyGroupID   string            `json:"HierarchyGroupId,omitempty"`
	ID                 string            `json:"Id"`
	IdentityInfo       knownAs           `json:"IdentityInfo"`
	PhoneConfig        phoneConfig       `json:"PhoneConfig"`
	RoutingProfileID   string            `json:"RoutingProfileId"`
	SecurityProfileIDs []string          `json:"SecurityProfileIds"`
	Tags               map[string]string `json:"Tags"`
	Username           string            `json:"Username"`
	channel.Configs
}

// knownAs is Amazon's UserIdentityInfoLite.
type knownAs struct {
	FirstName *string `json:"FirstName,omitzero"`
	LastName  *string `json:"LastName,omitzero"`
}

const milliseconds = 1000

func (a *API) searchUsers(ctx context.Context, in *searchUsersRequest) (*searchUsersResponse, error) {
	size, err := pageSize(in.MaxResults, 100, 500)
	if err != nil {
		return nil, err
	}
	filter, err := in.Filter.condition()
	if err != nil {
		return nil, err
	}
	criteria, err := in.Criteria.condition()
	if err != nil {
		return nil, err
	}
	query, err := json.Marshal([]any{in.Filter, in.Criteria})
	if err != nil {
		return nil, aikagi.E(aikagi.Internal, "search", err)
	}
	next, err := a.Tokens.Open(ctx, in.NextToken, "SearchUsers", in.InstanceID, string(query))
	if err != nil {
		return nil, err
	}
	wanted := search.Condition{All: append(filter.All, criteria.All...)}
	found, err := a.Search.Find(ctx, aikagi.InstanceID(in.InstanceID), wanted, next, size)
	if err != nil {
		return nil, err
	}
	out := &searchUsersResponse{Users: make([]foundUser, len(found.Users)), About: found.About}
	scope := awsapi.CallerFrom(ctx).Scope(aikagi.InstanceID(in.InstanceID))
	for i, u := range found.Users {
		out.Users[i] = foundOf(scope, u, found.Tags[u.ID])
	}
	if found.Next != "" {
		out.NextToken = a.Tokens.Seal(ctx, found.Next, "SearchUsers", in.InstanceID, string(query))
	}
	return out, nil
}

func foundOf(scope aikagi.Scope, u aikagi.User, tags []aikagi.Tag) foundUser {
	f := foundUser{
		ARN: scope.ARN(user(string(u.ID))), DirectoryUserID: string(u.ID), HierarchyGroupID: string(u.HierarchyGroupID),
		ID: string(u.ID), IdentityInfo: knownAs{given(u.FirstName), given(u.LastName)},
		PhoneConfig: phoneOf(u.Phone), RoutingProfileID: string(u.RoutingProfileID),
		SecurityProfileIDs: texts(u.SecurityProfileIDs), Tags: tagMap(tags), Username: string(u.Username),
		Configs: channel.Of(u.Phone).Times(milliseconds),
	}
	f.PhoneConfig.AfterContactWorkTimeLimit *= milliseconds
	return f
}
