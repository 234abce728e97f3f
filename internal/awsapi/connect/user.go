package connect

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/channel"
)

type listUsersResponse struct {
	Users     []userSummary `json:"UserSummaryList"`
	NextToken string        `json:"NextToken,omitempty"`
}

type userSummary struct {
	ID       string     `json:"Id"`
	ARN      aikagi.ARN `json:"Arn"`
	Username string     `json:"Username"`
	modified
}

// modified is when and where something was changed last.
type modified struct {
	Time   awsapi.Epoch `json:"LastModifiedTime"`
	Region string       `json:"LastModifiedRegion"`
}

func (a *API) listUsers(ctx context.Context, in *listRequest) (*listUsersResponse, error) {
	size, err := pageSize(in.MaxResults, 100, 1000)
	if err != nil {
		return nil, err
	}
	after, err := a.Tokens.Open(ctx, in.NextToken, "ListUsers", in.InstanceID)
	if err != nil {
		return nil, err
	}
	users, more, err := a.Directory.ListAfter(ctx, in.instance(), aikagi.Username(after), size)
	if err != nil {
		return nil, err
	}
	out := &listUsersResponse{Users: make([]userSummary, len(users))}
	scope := awsapi.CallerFrom(ctx).Scope(in.instance())
	for i, u := range users {
		out.Users[i] = userSummary{
			ID: string(u.ID), ARN: scope.ARN(user(string(u.ID))), Username: u.Username,
			modified: modified{awsapi.Epoch(u.UpdatedAt), scope.Region},
		}
	}
	if more {
		out.NextToken = a.Tokens.Seal(ctx, users[len(users)-1].Username, "ListUsers", in.InstanceID)
	}
	return out, nil
}

type userRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	UserID     string `json:"-" path:"UserId"`
}

func (r *userRequest) touch() awsapi.Touch         { return inInstance(r.InstanceID, user(r.UserID)) }
func (r *userRequest) instance() aikagi.InstanceID { return aikagi.InstanceID(r.InstanceID) }
func (r *userRequest) user() aikagi.UserID         { return aikagi.UserID(r.UserID) }

type describeUserResponse struct {
	User describedUser `json:"User"`
}

// describedUser is Amazon's User. DirectoryUserId is the id of a user in the
// directory that keeps him; here the two are one.
type describedUser struct {
	ID                 string            `json:"Id"`
	ARN                aikagi.ARN        `json:"Arn"`
	Username           string            `json:"Username"`
	IdentityInfo       identityInfo      `json:"IdentityInfo"`
	PhoneConfig        phoneConfig       `json:"PhoneConfig"`
	DirectoryUserID    string            `json:"DirectoryUserId"`
	SecurityProfileIDs []string          `json:"SecurityProfileIds"`
	RoutingProfileID   string            `json:"RoutingProfileId"`
	HierarchyGroupID   string            `json:"HierarchyGroupId,omitempty"`
	Tags               map[string]string `json:"Tags"`
	channel.Configs
	modified
}

// identityInfo is Amazon's UserIdentityInfo; in a request, what is absent is nil.
type identityInfo struct {
	FirstName      *string `json:"FirstName,omitzero"`
	LastName       *string `json:"LastName,omitzero"`
	Email          *string `json:"Email,omitzero"`
	SecondaryEmail *string `json:"SecondaryEmail,omitzero"`
	Mobile         *string `json:"Mobile,omitzero"`
}

func identityOf(u aikagi.User) identityInfo {
	return identityInfo{
		FirstName: given(u.FirstName), LastName: given(u.LastName), Email: given(string(u.Email)),
		SecondaryEmail: given(string(u.SecondaryEmail)), Mobile: given(u.Mobile),
	}
}

// given is a pointer to a text that is there, and nil for none.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (a *API) describeUser(ctx context.Context, in *userRequest) (*describeUserResponse, error) {
	u, tags, err := a.Directory.Describe(ctx, in.instance(), in.user())
	if err != nil {
		return nil, err
	}
	scope := awsapi.CallerFrom(ctx).Scope(u.InstanceID)
	return &describeUserResponse{describedUser{
		ID: string(u.ID), ARN: scope.ARN(user(string(u.ID))), Username: string(u.Username),
		IdentityInfo: identityOf(u), PhoneConfig: phoneOf(u.Phone), DirectoryUserID: string(u.ID),
		SecurityProfileIDs: texts(u.SecurityProfileIDs), RoutingProfileID: string(u.RoutingProfileID),
		HierarchyGroupID: string(u.HierarchyGroupID), Tags: tagMap(tags),
		Configs: channel.Of(u.Phone), modified: modified{awsapi.Epoch(u.UpdatedAt), scope.Region},
	}}, nil
}

// texts makes plain texts of ids.
func texts[T ~string](ids []T) []string {
	plain := make([]string, len(ids))
	for i, id := range ids {
		plain[i] = string(id)
	}
	return plain
}
