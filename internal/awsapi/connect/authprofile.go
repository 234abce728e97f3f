package connect

import (
	"context"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/instance"
)

func authenticationProfile(id string) aikagi.Resource {
	return aikagi.Resource{Kind: aikagi.ResourceAuthenticationProfile, ID: id}
}

type listAuthProfilesResponse struct {
	Profiles  []authProfileSummary `json:"AuthenticationProfileSummaryList"`
	NextToken string               `json:"NextToken,omitempty"`
}

// authProfileSummary is Amazon's AuthenticationProfileSummary.
type authProfileSummary struct {
	ID        string     `json:"Id"`
	ARN       aikagi.ARN `json:"Arn"`
	Name      string     `json:"Name"`
	IsDefault bool       `json:"IsDefault"`
	modified
}

// describedAuthProfile is Amazon's AuthenticationProfile; durations are minutes.
type describedAuthProfile struct {
	authProfileSummary
	Description  string       `json:"Description"`
	AllowedIPs   []string     `json:"AllowedIps"`
	BlockedIPs   []string     `json:"BlockedIps"`
	CreatedTime  awsapi.Epoch `json:"CreatedTime"`
	Periodic     int          `json:"PeriodicSessionDuration"`
	Maximum      int          `json:"MaxSessionDuration"`
	Inactivity   int          `json:"SessionInactivityDuration"`
	EndsInactive bool         `json:"SessionInactivityHandlingEnabled"`
}

// listAuthenticationProfiles has one to tell of, so that there is never a next
// page.
func (a *API) listAuthenticationProfiles(ctx context.Context, in *listRequest) (*listAuthProfilesResponse, error) {
	if _, err := pageSize(in.MaxResults, 100, 1000); err != nil {
		return nil, err
	}
	if _, err := a.Tokens.Open(ctx, in.NextToken, "ListAuthenticationProfiles", in.InstanceID); err != nil {
		return nil, err
	}
	i, err := a.Instances.Access(ctx, in.instance(), instance.AccessID(in.instance()))
	if err != nil {
		return nil, err
	}
	return &listAuthProfilesResponse{Profiles: []authProfileSummary{summaryOfAccess(ctx, i)}}, nil
}

func summaryOfAccess(ctx context.Context, i aikagi.Instance) authProfileSummary {
	scope, id, changed := awsapi.CallerFrom(ctx).Scope(i.ID), instance.AccessID(i.ID), i.Access.UpdatedAt
	if changed.IsZero() {
		changed = i.CreatedAt
	}
	return authProfileSummary{
		ID: id, ARN: scope.ARN(authenticationProfile(id)), Name: i.Access.Name, IsDefault: true,
		modified: modified{awsapi.Epoch(changed), scope.Region},
	}
}

type authProfileRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	ProfileID  string `json:"-" path:"AuthenticationProfileId"`
}

func (r *authProfileRequest) touch() awsapi.Touch {
	return inInstance(r.InstanceID, authenticationProfile(r.ProfileID))
}

type describeAuthProfileResponse struct {
	Profile describedAuthProfile `json:"AuthenticationProfile"`
}

func (a *API) describeAuthenticationProfile(ctx context.Context, in *authProfileRequest) (*describeAuthProfileResponse, error) {
	i, err := a.Instances.Access(ctx, aikagi.InstanceID(in.InstanceID), in.ProfileID)
	if err != nil {
		return nil, err
	}
	p := i.Access
	return &describeAuthProfileResponse{describedAuthProfile{
		authProfileSummary: summaryOfAccess(ctx, i), Description: p.Description,
		AllowedIPs: some(p.AllowedIPs), BlockedIPs: some(p.BlockedIPs), CreatedTime: awsapi.Epoch(i.CreatedAt),
		Periodic: minutes(p.Periodic), Maximum: minutes(aikagi.SessionTTL), Inactivity: minutes(p.Inactivity),
		EndsInactive: p.EndsInactive,
	}}, nil
}

func minutes(d time.Duration) int { return int(d / time.Minute) }

// some is a list that is there, even if nothing is on it.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

type updateAuthProfileRequest struct {
	InstanceID   string   `json:"-" path:"InstanceId"`
	ProfileID    string   `json:"-" path:"AuthenticationProfileId"`
	Name         *string  `json:"Name"`
	Description  *string  `json:"Description"`
	AllowedIPs   []string `json:"AllowedIps"`
	BlockedIPs   []string `json:"BlockedIps"`
	Periodic     *int32   `json:"PeriodicSessionDuration"`
	Inactivity   *int32   `json:"SessionInactivityDuration"`
	EndsInactive *bool    `json:"SessionInactivityHandlingEnabled"`
}

func (r *updateAuthProfileRequest) touch() awsapi.Touch {
	return inInstance(r.InstanceID, authenticationProfile(r.ProfileID))
}

func (a *API) updateAuthenticationProfile(ctx context.Context, in *updateAuthProfileRequest) (*nothing, error) {
	return &nothing{}, a.Instances.UpdateAccess(ctx, aikagi.InstanceID(in.InstanceID), in.ProfileID, instance.AccessChange{
		Name: in.Name, Description: in.Description, AllowedIPs: in.AllowedIPs, BlockedIPs: in.BlockedIPs,
		Periodic: ofMinutes(in.Periodic), Inactivity: ofMinutes(in.Inactivity), EndsInactive: in.EndsInactive,
	})
}

func ofMinutes(n *int32) *time.Duration {
	if n == nil {
		return nil
	}
	d := time.Duration(*n) * time.Minute
	return &d
}
