package connect

import (
	"context"
	"strconv"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/condition"
	"github.com/aikagi/aikagi/internal/directory"
)

func group(id string) aikagi.Resource {
	return aikagi.Resource{Kind: aikagi.ResourceHierarchyGroup, ID: id}
}

// levels has something of each level, or nil.
type levels[T any] struct {
	One   *T `json:"LevelOne,omitzero"`
	Two   *T `json:"LevelTwo,omitzero"`
	Three *T `json:"LevelThree,omitzero"`
	Four  *T `json:"LevelFour,omitzero"`
	Five  *T `json:"LevelFive,omitzero"`
}

// places are where it has them, the highest level first.
func (l *levels[T]) places() []**T { return []**T{&l.One, &l.Two, &l.Three, &l.Four, &l.Five} }

type groupRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	GroupID    string `json:"-" path:"HierarchyGroupId"`
}

func (r *groupRequest) touch() awsapi.Touch            { return inInstance(r.InstanceID, group(r.GroupID)) }
func (r *groupRequest) instance() aikagi.InstanceID    { return aikagi.InstanceID(r.InstanceID) }
func (r *groupRequest) group() aikagi.HierarchyGroupID { return aikagi.HierarchyGroupID(r.GroupID) }

type createGroupRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	Name       string `json:"Name" required:""`
	ParentID   string `json:"ParentGroupId"`
	Tags       tagSet `json:"Tags"`
}

func (r *createGroupRequest) touch() awsapi.Touch {
	return r.Tags.requested(inInstance(r.InstanceID, group("*")))
}

type createGroupResponse struct {
	ID  string     `json:"HierarchyGroupId"`
	ARN aikagi.ARN `json:"HierarchyGroupArn"`
}

func (a *API) createGroup(ctx context.Context, in *createGroupRequest) (*createGroupResponse, error) {
	tags, err := in.Tags.tags()
	if err != nil {
		return nil, err
	}
	if in.ParentID != "" {
		if _, err := aikagi.ParseID("hierarchy_group", in.ParentID); err != nil {
			return nil, err
		}
	}
	instance := aikagi.InstanceID(in.InstanceID)
	made, err := a.Directory.CreateGroup(ctx, instance, aikagi.HierarchyGroupID(in.ParentID), in.Name, tags...)
	if err != nil {
		return nil, err
	}
	id := string(made.ID)
	return &createGroupResponse{id, awsapi.CallerFrom(ctx).Scope(instance).ARN(group(id))}, nil
}

// groupSummary is Amazon's HierarchyGroupSummary.
type groupSummary = namedSummary

func groupSummaryOf(scope aikagi.Scope, g aikagi.HierarchyGroup) groupSummary {
	return groupSummary{string(g.ID), scope.ARN(group(string(g.ID))), g.Name, modified{awsapi.Epoch(g.UpdatedAt), scope.Region}}
}

// describedGroup is Amazon's HierarchyGroup. Its path ends with itself.
type describedGroup struct {
	groupSummary
	LevelID string               `json:"LevelId"`
	Path    levels[groupSummary] `json:"HierarchyPath"`
	Tags    map[string]string    `json:"Tags"`
}

func describedGroupOf(scope aikagi.Scope, f directory.FoundGroup) describedGroup {
	d := describedGroup{
		groupSummary: groupSummaryOf(scope, f.Group), LevelID: strconv.Itoa(f.Group.Level), Tags: tagMap(f.Tags),
	}
	places := d.Path.places()
	for i, g := range f.Path {
		one := groupSummaryOf(scope, g)
		*places[i] = &one
	}
	return d
}

type describeGroupResponse struct {
	Group describedGroup `json:"HierarchyGroup"`
}

func (a *API) describeGroup(ctx context.Context, in *groupRequest) (*describeGroupResponse, error) {
	found, err := a.Directory.DescribeGroup(ctx, in.instance(), in.group())
	if err != nil {
		return nil, err
	}
	return &describeGroupResponse{describedGroupOf(awsapi.CallerFrom(ctx).Scope(in.instance()), found)}, nil
}

type listGroupsResponse struct {
	Groups    []groupSummary `json:"UserHierarchyGroupSummaryList"`
	NextToken string         `json:"NextToken,omitempty"`
}

// groupKey is the place of a group in lists: by name, and by id where names are
// the same in different places.
func groupKey(g aikagi.HierarchyGroup) string { return g.Name + "\x00" + string(g.ID) }

func (a *API) listGroups(ctx context.Context, in *listRequest) (*listGroupsResponse, error) {
	size, err := pageSize(in.MaxResults, 100, 1000)
	if err != nil {
		return nil, err
	}
	after, err := a.Tokens.Open(ctx, in.NextToken, "ListUserHierarchyGroups", in.InstanceID)
	if err != nil {
		return nil, err
	}
	tree, err := a.Directory.Tree(ctx, in.instance())
	if err != nil {
		return nil, err
	}
	page, next := pageOf(tree.Groups, after, size, groupKey)
	out := &listGroupsResponse{Groups: make([]groupSummary, len(page))}
	for i, g := range page {
		out.Groups[i] = groupSummaryOf(awsapi.CallerFrom(ctx).Scope(in.instance()), g)
	}
	if next != "" {
		out.NextToken = a.Tokens.Seal(ctx, next, "ListUserHierarchyGroups", in.InstanceID)
	}
	return out, nil
}

type searchGroupsRequest struct {
	InstanceID string              `json:"InstanceId" required:""`
	MaxResults *int32              `json:"MaxResults"`
	NextToken  string              `json:"NextToken"`
	Criteria   *condition.Criteria `json:"SearchCriteria"`
	Filter     struct {
		Attributes *condition.AttributeFilter `json:"AttributeFilter"`
	} `json:"SearchFilter"`
}

func (r *searchGroupsRequest) touch() awsapi.Touch {
	return condition.Touch(r.InstanceID, r.Filter.Attributes.Plain())
}

type searchGroupsResponse struct {
	Groups    []describedGroup `json:"UserHierarchyGroups"`
	NextToken string           `json:"NextToken,omitempty"`
	Total     int              `json:"ApproximateTotalCount"`
}

func (a *API) searchGroups(ctx context.Context, in *searchGroupsRequest) (*searchGroupsResponse, error) {
	found, err := searchFew(ctx, a, fewSearch{
		"SearchUserHierarchyGroups", in.InstanceID, in.MaxResults, in.NextToken, in.Criteria, in.Filter.Attributes.Plain(),
	}, a.Directory.SearchGroups, func(f directory.FoundGroup) string { return groupKey(f.Group) })
	out := &searchGroupsResponse{Groups: make([]describedGroup, len(found.page)), Total: found.total, NextToken: found.next}
	scope := awsapi.CallerFrom(ctx).Scope(aikagi.InstanceID(in.InstanceID))
	for i, f := range found.page {
		out.Groups[i] = describedGroupOf(scope, f)
	}
	return out, err
}

type renameGroupRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	GroupID    string `json:"-" path:"HierarchyGroupId"`
	Name       string `json:"Name" required:""`
}

func (r *renameGroupRequest) touch() awsapi.Touch { return inInstance(r.InstanceID, group(r.GroupID)) }

func (a *API) renameGroup(ctx context.Context, in *renameGroupRequest) (*nothing, error) {
	return &nothing{}, a.Directory.RenameGroup(ctx, aikagi.InstanceID(in.InstanceID), aikagi.HierarchyGroupID(in.GroupID), in.Name)
}

func (a *API) deleteGroup(ctx context.Context, in *groupRequest) (*nothing, error) {
	return &nothing{}, a.Directory.DeleteGroup(ctx, in.instance(), in.group())
}

type describeStructureResponse struct {
	Structure levels[hierarchyLevel] `json:"HierarchyStructure"`
}

// hierarchyLevel is a level as Amazon names it: by its number.
type hierarchyLevel = namedSummary

func (a *API) describeStructure(ctx context.Context, in *instanceRequest) (*describeStructureResponse, error) {
	instance := aikagi.InstanceID(in.InstanceID)
	tree, err := a.Directory.Tree(ctx, instance)
	if err != nil {
		return nil, err
	}
	out := &describeStructureResponse{}
	places, scope := out.Structure.places(), awsapi.CallerFrom(ctx).Scope(instance)
	for i, l := range tree.Levels {
		id := strconv.Itoa(i + 1)
		arn := scope.InstanceARN() + aikagi.ARN("/agent-group-level/"+id)
		*places[i] = &hierarchyLevel{id, arn, l.Name, modified{awsapi.Epoch(l.UpdatedAt), scope.Region}}
	}
	return out, nil
}

type updateStructureRequest struct {
	InstanceID string               `json:"-" path:"InstanceId"`
	Structure  *levels[levelUpdate] `json:"HierarchyStructure" required:""`
}

type levelUpdate struct {
	Name string `json:"Name"`
}

func (r *updateStructureRequest) touch() awsapi.Touch { return inInstance(r.InstanceID) }

func (a *API) updateStructure(ctx context.Context, in *updateStructureRequest) (*nothing, error) {
	var names []string
	for i, place := range in.Structure.places() {
		if *place == nil {
			continue
		}
		if len(names) < i {
			return nil, awsapi.Invalid("HierarchyStructure: a level is missing above another")
		}
		names = append(names, (*place).Name)
	}
	return &nothing{}, a.Directory.UpdateStructure(ctx, aikagi.InstanceID(in.InstanceID), names)
}
