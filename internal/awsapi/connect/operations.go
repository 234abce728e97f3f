package connect

import (
	"net/http"
	"slices"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/directory"
)

// API is what the operations lean on.
type API struct {
	Accounts  *account.Accounts
	Directory *directory.Directory
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

func (a *API) profiles() []awsapi.Operation { return nil }

func (a *API) hierarchy() []awsapi.Operation { return nil }

func (a *API) routing() []awsapi.Operation { return nil }

func (a *API) tags() []awsapi.Operation { return nil }

// row is an operation whose action bears its name.
func row(name, method, path string) awsapi.Operation {
	return awsapi.Operation{Name: name, Method: method, Path: path, Action: "connect:" + name}
}

func get(name, path string) awsapi.Operation { return row(name, http.MethodGet, path) }

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
