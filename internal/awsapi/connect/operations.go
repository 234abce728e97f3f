package connect

import (
	"net/http"
	"slices"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/routing"
	"github.com/aikagi/aikagi/internal/search"
	"github.com/aikagi/aikagi/internal/securityprofile"
)

// API is what the operations lean on.
type API struct {
	Instances *instance.Instances
	Directory *directory.Directory
	Profiles  *securityprofile.Profiles
	Routing   *routing.Routing
	Search    *search.Users
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
		awsapi.Serve(
			lacking("EXISTING_DIRECTORY with a DirectoryId is refused: there is no directory to ask", put("CreateInstance", "/instance")),
			(*createInstanceRequest).touch, a.createInstance),
		awsapi.Serve(get("ListInstances", "/instance"), ofAccount[listInstancesRequest], a.listInstances),
		awsapi.Serve(lacking("instances are not replicated, and none fails to be made", get("DescribeInstance", "/instance/{InstanceId}")),
			(*instanceRequest).touch, a.describeInstance),
		awsapi.Serve(remove("DeleteInstance", "/instance/{InstanceId}"), (*deleteInstanceRequest).touch, a.deleteInstance),
		awsapi.Serve(get("DescribeInstanceAttribute", "/instance/{InstanceId}/attribute/{AttributeType}"),
			(*attributeRequest).touch, a.describeInstanceAttribute),
		awsapi.Serve(get("ListInstanceAttributes", "/instance/{InstanceId}/attributes"), (*listRequest).touch, a.listInstanceAttributes),
		awsapi.Serve(
			lacking("kept and told; they are about calls and chats, which this server leaves to others",
				post("UpdateInstanceAttribute", "/instance/{InstanceId}/attribute/{AttributeType}")),
			(*updateAttributeRequest).touch, a.updateInstanceAttribute),
		awsapi.Serve(get("ListAuthenticationProfiles", "/authentication-profiles-summary/{InstanceId}"),
			(*listRequest).touch, a.listAuthenticationProfiles),
		awsapi.Serve(get("DescribeAuthenticationProfile", "/authentication-profiles/{InstanceId}/{AuthenticationProfileId}"),
			(*authProfileRequest).touch, a.describeAuthenticationProfile),
		awsapi.Serve(
			lacking("without SessionInactivityHandlingEnabled sessions end after an hour of no use; with it nobody is asked first",
				post("UpdateAuthenticationProfile", "/authentication-profiles/{InstanceId}/{AuthenticationProfileId}")),
			(*updateAuthProfileRequest).touch, a.updateAuthenticationProfile),
	}
}

const ofUser = "/users/{InstanceId}/{UserId}"

func (a *API) users() []awsapi.Operation {
	return []awsapi.Operation{
		awsapi.Serve(get("ListUsers", "/users-summary/{InstanceId}"), (*listRequest).touch, a.listUsers),
		awsapi.Serve(get("DescribeUser", ofUser), (*userRequest).touch, a.describeUser),
		awsapi.Serve(post("SearchUsers", "/search-users"), (*searchUsersRequest).touch, a.searchUsers),
		awsapi.Serve(lacking("DirectoryUserId is refused: there is no directory behind an instance", put("CreateUser", "/users/{InstanceId}")),
			(*createUserRequest).touch, a.createUser),
		awsapi.Serve(remove("DeleteUser", ofUser), (*userRequest).touch, a.deleteUser),
		awsapi.Serve(post("UpdateUserIdentityInfo", ofUser+"/identity-info"), (*identityRequest).touch, a.updateUserIdentityInfo),
		awsapi.Serve(post("UpdateUserPhoneConfig", ofUser+"/phone-config"), (*phoneRequest).touch, a.updateUserPhoneConfig),
		awsapi.Serve(post("UpdateUserConfig", ofUser+"/config"), (*configRequest).touch, a.updateUserConfig),
		awsapi.Serve(post("UpdateUserRoutingProfile", ofUser+"/routing-profile"), (*routingRequest).touch, a.updateUserRoutingProfile),
		awsapi.Serve(post("UpdateUserSecurityProfiles", ofUser+"/security-profiles"), (*heldRequest).touch, a.updateUserSecurityProfiles),
		awsapi.Serve(post("UpdateUserHierarchy", ofUser+"/hierarchy"), (*placementRequest).touch, a.updateUserHierarchy),
		awsapi.Serve(get("ListUserProficiencies", ofUser+"/proficiencies"), (*listOfUserRequest).touch, a.listUserProficiencies),
		awsapi.Serve(post("AssociateUserProficiencies", ofUser+"/associate-proficiencies"), (*proficienciesRequest).touch, a.associateUserProficiencies),
		awsapi.Serve(post("UpdateUserProficiencies", ofUser+"/proficiencies"), (*proficienciesRequest).touch, a.updateUserProficiencies),
		awsapi.Serve(post("DisassociateUserProficiencies", ofUser+"/disassociate-proficiencies"), (*takenOffRequest).touch, a.disassociateUserProficiencies),
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
	const structure, summaries = "/user-hierarchy-structure/{InstanceId}", "/user-hierarchy-groups-summary/{InstanceId}"
	search := lacking("there is no group on a level 0", post("SearchUserHierarchyGroups", "/search-user-hierarchy-groups"))
	return []awsapi.Operation{
		awsapi.Serve(put("CreateUserHierarchyGroup", all), (*createGroupRequest).touch, a.createGroup),
		awsapi.Serve(get("DescribeUserHierarchyGroup", one), (*groupRequest).touch, a.describeGroup),
		awsapi.Serve(get("ListUserHierarchyGroups", summaries), (*listRequest).touch, a.listGroups),
		awsapi.Serve(search, (*searchGroupsRequest).touch, a.searchGroups),
		awsapi.Serve(post("UpdateUserHierarchyGroupName", one+"/name"), (*renameGroupRequest).touch, a.renameGroup),
		awsapi.Serve(remove("DeleteUserHierarchyGroup", one), (*groupRequest).touch, a.deleteGroup),
		awsapi.Serve(get("DescribeUserHierarchyStructure", structure), (*instanceRequest).touch, a.describeStructure),
		awsapi.Serve(post("UpdateUserHierarchyStructure", structure), (*updateStructureRequest).touch, a.updateStructure),
	}
}

func (a *API) routing() []awsapi.Operation {
	const (
		none     = "there are no quick connects"
		counts   = "how many users and queues it has is not told, nor how long people count as waiting"
		noCalls  = "there are no calls, so neither a caller's name nor a limit of contacts"
		noParent = "hours have no parents"
	)
	return []awsapi.Operation{
		awsapi.Serve(get("ListRoutingProfiles", "/routing-profiles-summary/{InstanceId}"), (*listRequest).touch, a.listRoutingProfiles),
		awsapi.Serve(lacking(counts, get("DescribeRoutingProfile", "/routing-profiles/{InstanceId}/{RoutingProfileId}")),
			(*routingProfileRequest).touch, a.describeRoutingProfile),
		awsapi.Serve(get("ListRoutingProfileQueues", "/routing-profiles/{InstanceId}/{RoutingProfileId}/queues"),
			(*listProfileQueuesRequest).touch, a.listRoutingProfileQueues),
		awsapi.Serve(lacking(counts, post("SearchRoutingProfiles", "/search-routing-profiles")), (*searchRequest).touch, a.searchRoutingProfiles),
		awsapi.Serve(
			lacking("standard queues only: users have none of their own", get("ListQueues", "/queues-summary/{InstanceId}")),
			(*listQueuesRequest).touch, a.listQueues),
		awsapi.Serve(lacking(noCalls, get("DescribeQueue", "/queues/{InstanceId}/{QueueId}")), (*queueRequest).touch, a.describeQueue),
		awsapi.Serve(lacking(none, get("ListQueueQuickConnects", "/queues/{InstanceId}/{QueueId}/quick-connects")),
			(*listQuickConnectsRequest).touch, a.listQueueQuickConnects),
		awsapi.Serve(lacking(noCalls, post("SearchQueues", "/search-queues")), (*searchQueuesRequest).touch, a.searchQueues),
		awsapi.Serve(get("ListHoursOfOperations", "/hours-of-operations-summary/{InstanceId}"), (*listRequest).touch, a.listHoursOfOperations),
		awsapi.Serve(lacking(noParent, get("DescribeHoursOfOperation", "/hours-of-operations/{InstanceId}/{HoursOfOperationId}")),
			(*hoursRequest).touch, a.describeHoursOfOperation),
		awsapi.Serve(lacking(noParent, post("SearchHoursOfOperations", "/search-hours-of-operations")), (*searchRequest).touch, a.searchHoursOfOperations),
	}
}

func (a *API) tags() []awsapi.Operation {
	const (
		path = "/tags/{resourceArn}"
		some = "of what this server keeps; contacts, flows and the rest of Amazon's kinds are unknown here"
	)
	return []awsapi.Operation{
		awsapi.Serve(lacking(some, post("TagResource", path)), (*tagRequest).touch, a.tagResource),
		awsapi.Serve(lacking(some, remove("UntagResource", path)), (*untagRequest).touch, a.untagResource),
		awsapi.Serve(lacking(some, get("ListTagsForResource", path)), (*resourceRequest).touch, a.listTags),
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

// lacking is a row that says what of the operation is missing.
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

// withInstance touches the instance too, as Amazon's reference has it for proficiencies.
func withInstance(instance string, resources ...aikagi.Resource) awsapi.Touch {
	return inInstance(instance, append(resources, aikagi.Resource{Kind: aikagi.ResourceInstance, ID: instance})...)
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
