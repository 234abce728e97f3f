package connect

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/channel"
	"github.com/aikagi/aikagi/internal/directory"
)

func done(err error) (*nothing, error) {
	if err != nil {
		return nil, err
	}
	return &nothing{}, nil
}

func (a *API) deleteUser(ctx context.Context, in *userRequest) (*nothing, error) {
	return done(a.Directory.Delete(ctx, in.instance(), in.user()))
}

// amend changes a part of what is known about a user.
func (a *API) amend(ctx context.Context, instance, id string, part directory.Amendment) (*nothing, error) {
	return done(a.Directory.Amend(ctx, aikagi.InstanceID(instance), aikagi.UserID(id), part))
}

type identityRequest struct {
	InstanceID   string        `json:"-" path:"InstanceId"`
	UserID       string        `json:"-" path:"UserId"`
	IdentityInfo *identityInfo `json:"IdentityInfo" required:""`
}

func (r *identityRequest) touch() awsapi.Touch { return inInstance(r.InstanceID, user(r.UserID)) }

// updateUserIdentityInfo changes names and addresses. Amazon warns of it: who may
// set somebody's address can have his password reset there. The address that was,
// the user and other administrators are told, as from the pages.
func (a *API) updateUserIdentityInfo(ctx context.Context, in *identityRequest) (*nothing, error) {
	return a.amend(ctx, in.InstanceID, in.UserID, directory.Identity(*in.IdentityInfo))
}

type phoneRequest struct {
	InstanceID  string      `json:"-" path:"InstanceId"`
	UserID      string      `json:"-" path:"UserId"`
	PhoneConfig *givenPhone `json:"PhoneConfig" required:""`
}

func (r *phoneRequest) touch() awsapi.Touch { return inInstance(r.InstanceID, user(r.UserID)) }

func (a *API) updateUserPhoneConfig(ctx context.Context, in *phoneRequest) (*nothing, error) {
	return a.amend(ctx, in.InstanceID, in.UserID, in.PhoneConfig.phone())
}

type configRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	UserID     string `json:"-" path:"UserId"`
	channel.Configs
}

func (r *configRequest) touch() awsapi.Touch { return inInstance(r.InstanceID, user(r.UserID)) }

func (a *API) updateUserConfig(ctx context.Context, in *configRequest) (*nothing, error) {
	settings, err := in.Settings()
	if err != nil {
		return nil, err
	}
	return a.amend(ctx, in.InstanceID, in.UserID, settings)
}

type routingRequest struct {
	InstanceID       string `json:"-" path:"InstanceId"`
	UserID           string `json:"-" path:"UserId"`
	RoutingProfileID string `json:"RoutingProfileId" required:""`
}

func (r *routingRequest) touch() awsapi.Touch {
	return inInstance(r.InstanceID, user(r.UserID), aikagi.Resource{Kind: aikagi.ResourceRoutingProfile, ID: r.RoutingProfileID})
}

func (a *API) updateUserRoutingProfile(ctx context.Context, in *routingRequest) (*nothing, error) {
	return a.amend(ctx, in.InstanceID, in.UserID, directory.Routing{To: aikagi.RoutingProfileID(in.RoutingProfileID)})
}

type placementRequest struct {
	InstanceID       string `json:"-" path:"InstanceId"`
	UserID           string `json:"-" path:"UserId"`
	HierarchyGroupID string `json:"HierarchyGroupId"`
}

func (r *placementRequest) touch() awsapi.Touch {
	return inInstance(r.InstanceID, append(hierarchyGroup(r.HierarchyGroupID), user(r.UserID))...)
}

// updateUserHierarchy moves a user to a group; without one, out of the hierarchy.
func (a *API) updateUserHierarchy(ctx context.Context, in *placementRequest) (*nothing, error) {
	return a.amend(ctx, in.InstanceID, in.UserID, directory.Placement{In: aikagi.HierarchyGroupID(in.HierarchyGroupID)})
}

type heldRequest struct {
	InstanceID         string   `json:"-" path:"InstanceId"`
	UserID             string   `json:"-" path:"UserId"`
	SecurityProfileIDs []string `json:"SecurityProfileIds" required:""`
}

func (r *heldRequest) touch() awsapi.Touch {
	return inInstance(r.InstanceID, append(securityProfiles(r.SecurityProfileIDs), user(r.UserID))...)
}

func (a *API) updateUserSecurityProfiles(ctx context.Context, in *heldRequest) (*nothing, error) {
	ids := idsOf[aikagi.SecurityProfileID](in.SecurityProfileIDs)
	return done(a.Directory.ReplaceProfiles(ctx, aikagi.InstanceID(in.InstanceID), aikagi.UserID(in.UserID), directory.AsItStands, ids))
}
