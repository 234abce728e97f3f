package connect

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/channel"
	"github.com/aikagi/aikagi/internal/directory"
)

type createUserRequest struct {
	InstanceID         string       `json:"-" path:"InstanceId"`
	Username           string       `json:"Username" required:""`
	Password           string       `json:"Password"`
	IdentityInfo       identityInfo `json:"IdentityInfo"`
	PhoneConfig        *givenPhone  `json:"PhoneConfig"`
	DirectoryUserID    string       `json:"DirectoryUserId"`
	SecurityProfileIDs []string     `json:"SecurityProfileIds" required:""`
	RoutingProfileID   string       `json:"RoutingProfileId" required:""`
	HierarchyGroupID   string       `json:"HierarchyGroupId"`
	Tags               tagSet       `json:"Tags"`
	channel.Configs
}

// touch names the user that is to be, and all that he is given: a Deny on one
// security profile keeps everybody from getting it.
func (r *createUserRequest) touch() awsapi.Touch {
	t := inInstance(r.InstanceID, user("*"), aikagi.Resource{Kind: aikagi.ResourceRoutingProfile, ID: r.RoutingProfileID})
	t.Resources = append(t.Resources, securityProfiles(r.SecurityProfileIDs)...)
	t.Resources = append(t.Resources, hierarchyGroup(r.HierarchyGroupID)...)
	return r.Tags.requested(t)
}

func securityProfiles(ids []string) []aikagi.Resource {
	all := make([]aikagi.Resource, len(ids))
	for i, id := range ids {
		all[i] = aikagi.Resource{Kind: aikagi.ResourceSecurityProfile, ID: id}
	}
	return all
}

// hierarchyGroup is the group, if there is one.
func hierarchyGroup(id string) []aikagi.Resource {
	if id == "" {
		return nil
	}
	return []aikagi.Resource{{Kind: aikagi.ResourceHierarchyGroup, ID: id}}
}

type createUserResponse struct {
	UserID  string     `json:"UserId"`
	UserARN aikagi.ARN `json:"UserArn"`
}

func (a *API) createUser(ctx context.Context, in *createUserRequest) (*createUserResponse, error) {
	n, err := in.newUser()
	if err != nil {
		return nil, err
	}
	u, _, err := a.Directory.Create(ctx, aikagi.InstanceID(in.InstanceID), n)
	if err != nil {
		return nil, err
	}
	arn := awsapi.CallerFrom(ctx).Scope(u.InstanceID).ARN(user(string(u.ID)))
	return &createUserResponse{string(u.ID), arn}, nil
}

func (r *createUserRequest) newUser() (directory.NewUser, error) {
	n := directory.NewUser{
		OnWire: true, Password: aikagi.NewSecret(r.Password), Phone: r.PhoneConfig.phone(),
		Profiles: idsOf[aikagi.SecurityProfileID](r.SecurityProfileIDs),
		Draft: directory.Draft{
			Username: r.Username, FirstName: or(r.IdentityInfo.FirstName), LastName: or(r.IdentityInfo.LastName),
			Email: or(r.IdentityInfo.Email), SecondaryEmail: or(r.IdentityInfo.SecondaryEmail), Mobile: or(r.IdentityInfo.Mobile),
			RoutingProfile: r.RoutingProfileID, HierarchyGroup: r.HierarchyGroupID,
		},
	}
	if r.DirectoryUserID != "" {
		return n, awsapi.Invalid("DirectoryUserId: there is no directory behind this instance; leave it out.")
	}
	if err := r.PhoneConfig.agrees(r.Configs); err != nil {
		return n, err
	}
	var err error
	if n.Tags, err = r.Tags.tags(); err != nil {
		return n, err
	}
	n.Channels, err = r.Settings()
	return n, err
}

// idsOf makes ids of plain texts.
func idsOf[T ~string](plain []string) []T {
	ids := make([]T, len(plain))
	for i, id := range plain {
		ids[i] = T(id)
	}
	return ids
}
