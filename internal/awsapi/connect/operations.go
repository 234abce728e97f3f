package connect

import (
	"net/http"
	"slices"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/securityprofile"
)

// API is what the operations lean on.
type API struct {
	Accounts  *account.Accounts
	Directory *directory.Directory
	Profiles  *securityprofile.Profiles
	Tokens    awsapi.Tokens
	// LoginURL tells where people of an instance log in.
	LoginURL func(alias string) string
}

// Operations is the table.
func (a *API) Operations() []awsapi.Operation {
	return slices.Concat(a.instances(), a.users(), a.profiles(), a.hierarchy(), a.routing(), a.tags())
}

func (a *API) instances() []awsapi.Operation {
	return []awsapi.Operation{
		awsapi.Serve(get("ListInstances", "/instance"), ofAccount[listInstancesRequest], a.listInstances),
		awsapi.Serve(get("DescribeInstance", "/instance/{InstanceId}"), (*instanceRequest).touch, a.describeInstance),
	}
}

func (a *API) users() []awsapi.Operation {
	return []awsapi.Operation{
		awsapi.Serve(get("ListUsers", "/users-summary/{InstanceId}"), (*listRequest).touch, a.listUsers),
		awsapi.Serve(get("DescribeUser", "/users/{InstanceId}/{UserId}"), (*userRequest).touch, a.describeUser),
	}
}

func (a *API) profiles() []awsapi.Operation {
	const all, one = "/security-profiles/{InstanceId}", "/security-profiles/{InstanceId}/{SecurityProfileId}"
	create := lacking(beyondGap, put("CreateSecurityProfile", all))
	describe := lacking("OrganizationResourceId is left out", get("DescribeSecurityProfile", one))
	update := lacking(beyondGap, post("UpdateSecurityProfile", one))
	search := lacking("OrganizationResourceId is left out", post("SearchSecurityProfiles", "/search-security-profiles"))
	permissions := get("ListSecurityProfilePermissions", "/security-profiles-permissions/{InstanceId}/{SecurityProfileId}")
	return []awsapi.Operation{
		awsapi.Serve(create, (*createProfileRequest).touch, a.createProfile),
		awsapi.Serve(describe, (*profileRequest).touch, a.describeProfile),
		awsapi.Serve(update, (*updateProfileRequest).touch, a.updateProfile),
		awsapi.Serve(remove("DeleteSecurityProfile", one), (*profileRequest).touch, a.deleteProfile),
		awsapi.Serve(get("ListSecurityProfiles", "/security-profiles-summary/{InstanceId}"), (*listRequest).touch, a.listProfiles),
		awsapi.Serve(search, (*searchProfilesRequest).touch, a.searchProfiles),
		awsapi.Serve(permissions, (*listPermissionsRequest).touch, a.listPermissions),
	}
}

func (a *API) hierarchy() []awsapi.Operation {
	const all, one = "/user-hierarchy-groups/{InstanceId}", "/user-hierarchy-groups/{InstanceId}/{HierarchyGroupId}"
	const structure, noTime = "/user-hierarchy-structure/{InstanceId}", "LastModifiedTime is not kept"
	describe := lacking(noTime, get("DescribeUserHierarchyGroup", one))
	list := lacking(noTime, get("ListUserHierarchyGroups", "/user-hierarchy-groups-summary/{InstanceId}"))
	search := lacking(noTime+"; there is no group on a level 0", post("SearchUserHierarchyGroups", "/search-user-hierarchy-groups"))
	levels := lacking(noTime, get("DescribeUserHierarchyStructure", structure))
	return []awsapi.Operation{
		awsapi.Serve(put("CreateUserHierarchyGroup", all), (*createGroupRequest).touch, a.createGroup),
		awsapi.Serve(describe, (*groupRequest).touch, a.describeGroup),
		awsapi.Serve(list, (*listRequest).touch, a.listGroups),
		awsapi.Serve(search, (*searchGroupsRequest).touch, a.searchGroups),
		awsapi.Serve(post("UpdateUserHierarchyGroupName", one+"/name"), (*renameGroupRequest).touch, a.renameGroup),
		awsapi.Serve(remove("DeleteUserHierarchyGroup", one), (*groupRequest).touch, a.deleteGroup),
		awsapi.Serve(levels, (*instanceRequest).touch, a.describeStructure),
		awsapi.Serve(post("UpdateUserHierarchyStructure", structure), (*updateStructureRequest).touch, a.updateStructure),
	}
}

func (a *API) routing() []awsapi.Operation { return nil }

func (a *API) tags() []awsapi.Operation {
	const path = "/tags/{resourceArn}"
	return []awsapi.Operation{
		awsapi.Serve(post("TagResource", path), (*tagRequest).touch, a.tagResource),
		awsapi.Serve(remove("UntagResource", path), (*untagRequest).touch, a.untagResource),
		awsapi.Serve(get("ListTagsForResource", path), (*resourceRequest).touch, a.listTags),
	}
}

// row is an operation whose action bears its name.
func row(name, method, path string) awsapi.Operation {
	return awsapi.Operation{Name: name, Method: method, Path: path, Action: "connect:" + name}
}

func get(name, path string) awsapi.Operation    { return row(name, http.MethodGet, path) }
func put(name, path string) awsapi.Operation    { return row(name, http.MethodPut, path) }
func post(name, path string) awsapi.Operation   { return row(name, http.MethodPost, path) }
func remove(name, path string) awsapi.Operation { return row(name, http.MethodDelete, path) }

// lacking says what is missing of an operation.
func lacking(gap string, op awsapi.Operation) awsapi.Operation {
	op.Gap = gap
	return op
}

// nothing is the answer of operations that have none: {}.
type nothing struct{}

// ofAccount is what a request touches that is about no instance.
func ofAccount[In any](*In) awsapi.Touch { return awsapi.Touch{} }

// inInstance is what a request touches that is about things of one instance, or
// about the instance itself.
func inInstance(instance string, resources ...aikagi.Resource) awsapi.Touch {
	return awsapi.Touch{Instance: instance, Resources: resources}
}

func user(id string) aikagi.Resource { return aikagi.Resource{Kind: aikagi.ResourceUser, ID: id} }

// listRequest is what most lists of an instance are asked with.
type listRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	MaxResults *int32 `query:"maxResults"`
	NextToken  string `query:"nextToken"`
}

func (r *listRequest) touch() awsapi.Touch { return inInstance(r.InstanceID) }

func (r *listRequest) instance() aikagi.InstanceID { return aikagi.InstanceID(r.InstanceID) }

// pageSize is how many a list answers at once: what was asked for within
// Amazon's limits, or the default.
func pageSize(asked *int32, usual, most int32) (int, error) {
	switch {
	case asked == nil:
		return int(min(usual, most)), nil
	case *asked < 1 || *asked > most:
		return 0, awsapi.OutOfRange("MaxResults is out of range")
	}
	return int(*asked), nil
}
