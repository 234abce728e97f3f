package connect

import (
	"net/http"
	"slices"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/search"
)

// API is what the operations lean on.
type API struct {
	Accounts  *account.Accounts
	Directory *directory.Directory
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
		awsapi.Serve(get("ListInstances", "/instance"), ofAccount[listInstancesRequest], a.listInstances),
		awsapi.Serve(get("DescribeInstance", "/instance/{InstanceId}"), (*instanceRequest).touch, a.describeInstance),
	}
}

const ofUser = "/users/{InstanceId}/{UserId}"

// createUserRow is CreateUser with what is missing of it.
func createUserRow() awsapi.Operation {
	op := row("CreateUser", http.MethodPut, "/users/{InstanceId}")
	op.Gap = "DirectoryUserId is refused: there is no directory behind an instance"
	return op
}

func (a *API) users() []awsapi.Operation {
	return []awsapi.Operation{
		awsapi.Serve(get("ListUsers", "/users-summary/{InstanceId}"), (*listRequest).touch, a.listUsers),
		awsapi.Serve(get("DescribeUser", ofUser), (*userRequest).touch, a.describeUser),
		awsapi.Serve(post("SearchUsers", "/search-users"), (*searchUsersRequest).touch, a.searchUsers),
		awsapi.Serve(createUserRow(), (*createUserRequest).touch, a.createUser),
		awsapi.Serve(row("DeleteUser", http.MethodDelete, ofUser), (*userRequest).touch, a.deleteUser),
		awsapi.Serve(post("UpdateUserIdentityInfo", ofUser+"/identity-info"), (*identityRequest).touch, a.updateUserIdentityInfo),
		awsapi.Serve(post("UpdateUserPhoneConfig", ofUser+"/phone-config"), (*phoneRequest).touch, a.updateUserPhoneConfig),
		awsapi.Serve(post("UpdateUserConfig", ofUser+"/config"), (*configRequest).touch, a.updateUserConfig),
		awsapi.Serve(post("UpdateUserRoutingProfile", ofUser+"/routing-profile"), (*routingRequest).touch, a.updateUserRoutingProfile),
		awsapi.Serve(post("UpdateUserSecurityProfiles", ofUser+"/security-profiles"), (*heldRequest).touch, a.updateUserSecurityProfiles),
		awsapi.Serve(post("UpdateUserHierarchy", ofUser+"/hierarchy"), (*placementRequest).touch, a.updateUserHierarchy),
		awsapi.Serve(get("ListUserProficiencies", ofUser+"/proficiencies"), (*listOfUserRequest).touch, a.listUserProficiencies),
		awsapi.Serve(post("AssociateUserProficiencies", ofUser+"/associate-proficiencies"), (*proficienciesRequest).touch, a.associateUserProficiencies),
		awsapi.Serve(post("UpdateUserProficiencies", ofUser+"/proficiencies"), (*proficienciesRequest).touch, a.updateUserProficiencies),
		awsapi.Serve(post("DisassociateUserProficiencies", ofUser+"/disassociate-proficiencies"), (*proficienciesRequest).touch, a.disassociateUserProficiencies),
	}
}

func (a *API) profiles() []awsapi.Operation { return nil }

func (a *API) hierarchy() []awsapi.Operation { return nil }

func (a *API) routing() []awsapi.Operation { return nil }

func (a *API) tags() []awsapi.Operation { return nil }

// row is an operation whose action bears its name.
func row(name, method, path string) awsapi.Operation {
	return awsapi.Operation{Name: name, Method: method, Path: path, Action: "connect:" + name}
}

func get(name, path string) awsapi.Operation { return row(name, http.MethodGet, path) }

func post(name, path string) awsapi.Operation { return row(name, http.MethodPost, path) }

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
