package connect

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/condition"
	"github.com/aikagi/aikagi/internal/criteria"
	"github.com/aikagi/aikagi/internal/securityprofile"
)

func profile(id string) aikagi.Resource {
	return aikagi.Resource{Kind: aikagi.ResourceSecurityProfile, ID: id}
}

type profileRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	ProfileID  string `json:"-" path:"SecurityProfileId"`
}

func (r *profileRequest) touch() awsapi.Touch         { return inInstance(r.InstanceID, profile(r.ProfileID)) }
func (r *profileRequest) instance() aikagi.InstanceID { return aikagi.InstanceID(r.InstanceID) }
func (r *profileRequest) profile() aikagi.SecurityProfileID {
	return aikagi.SecurityProfileID(r.ProfileID)
}

// beyond are the members by which a profile gives rights outside this desk. They are
// refused, because nothing here would honour them. Empty ones ask for nothing.
type beyond struct {
	Apps       jsontext.Value `json:"Applications"`
	Modules    jsontext.Value `json:"AllowedFlowModules"`
	DataTables jsontext.Value `json:"GranularAccessControlConfiguration"`
}

const beyondGap = "applications, flow modules and data tables are refused"

func (b beyond) check() error {
	for _, m := range []struct {
		name  string
		value jsontext.Value
	}{
		{"Applications", b.Apps},
		{"AllowedFlowModules", b.Modules},
		{"GranularAccessControlConfiguration", b.DataTables},
	} {
		if !asksForNothing(m.value) {
			return awsapi.Invalid(m.name + " is not supported: this server would not honour it. Leave it out.")
		}
	}
	return nil
}

func asksForNothing(v jsontext.Value) bool {
	v = v.Clone()
	if v.Compact() != nil {
		return len(v) == 0
	}
	switch string(v) {
	case "", "null", "{}", "[]", `""`:
		return true
	}
	return false
}

type createProfileRequest struct {
	InstanceID  string              `json:"-" path:"InstanceId"`
	Name        string              `json:"SecurityProfileName" required:""`
	Description string              `json:"Description"`
	Permissions []aikagi.Permission `json:"Permissions"`
	Tags        tagSet              `json:"Tags"`
	scopeWish
	beyond
}

func (r *createProfileRequest) touch() awsapi.Touch {
	return r.Tags.requested(inInstance(r.InstanceID, profile("*")))
}

type createProfileResponse struct {
	ID  string     `json:"SecurityProfileId"`
	ARN aikagi.ARN `json:"SecurityProfileArn"`
}

func (a *API) createProfile(ctx context.Context, in *createProfileRequest) (*createProfileResponse, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	tags, err := in.Tags.tags()
	if err != nil {
		return nil, err
	}
	about, err := in.change()
	if err != nil {
		return nil, err
	}
	instance := aikagi.InstanceID(in.InstanceID)
	made, err := a.Profiles.Create(ctx, about.Apply(aikagi.SecurityProfile{
		InstanceID: instance, Name: in.Name, Description: in.Description, Permissions: in.Permissions,
	}), tags...)
	if err != nil {
		return nil, err
	}
	id := string(made.ID)
	return &createProfileResponse{id, awsapi.CallerFrom(ctx).Scope(instance).ARN(profile(id))}, nil
}

type describeProfileResponse struct {
	Profile describedProfile `json:"SecurityProfile"`
}

// describedProfile is Amazon's SecurityProfile. What OrganizationResourceId means
// is not documented, so it is left out.
type describedProfile struct {
	foundProfile
	scopeTold
	modified
}

// foundProfile is Amazon's SecurityProfileSearchSummary.
type foundProfile struct {
	ID          string            `json:"Id"`
	ARN         aikagi.ARN        `json:"Arn"`
	Name        string            `json:"SecurityProfileName"`
	Description *string           `json:"Description,omitzero"`
	Tags        map[string]string `json:"Tags"`
}

func foundProfileOf(scope aikagi.Scope, t securityprofile.Tagged) foundProfile {
	id := string(t.Profile.ID)
	return foundProfile{
		ID: id, ARN: scope.ARN(profile(id)), Name: t.Profile.Name,
		Description: given(t.Profile.Description), Tags: tagMap(t.Tags),
	}
}

func (a *API) describeProfile(ctx context.Context, in *profileRequest) (*describeProfileResponse, error) {
	found, err := a.Profiles.Describe(ctx, in.instance(), in.profile())
	if err != nil {
		return nil, err
	}
	scope := awsapi.CallerFrom(ctx).Scope(in.instance())
	return &describeProfileResponse{describedProfile{
		foundProfileOf(scope, found), scopeOf(found.Profile), modified{awsapi.Epoch(found.Profile.UpdatedAt), scope.Region},
	}}, nil
}

type updateProfileRequest struct {
	InstanceID  string               `json:"-" path:"InstanceId"`
	ProfileID   string               `json:"-" path:"SecurityProfileId"`
	Description *string              `json:"Description"`
	Permissions *[]aikagi.Permission `json:"Permissions"`
	scopeWish
	beyond
}

func (r *updateProfileRequest) touch() awsapi.Touch {
	return inInstance(r.InstanceID, profile(r.ProfileID))
}

func (a *API) updateProfile(ctx context.Context, in *updateProfileRequest) (*nothing, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	about, err := in.change()
	if err != nil {
		return nil, err
	}
	return &nothing{}, a.Profiles.Amend(ctx, aikagi.InstanceID(in.InstanceID), aikagi.SecurityProfileID(in.ProfileID),
		securityprofile.Change{Description: in.Description, Permissions: in.Permissions, ScopeChange: about})
}

func (a *API) deleteProfile(ctx context.Context, in *profileRequest) (*nothing, error) {
	return &nothing{}, a.Profiles.Delete(ctx, in.instance(), in.profile())
}

type listProfilesResponse struct {
	Profiles  []profileSummary `json:"SecurityProfileSummaryList"`
	NextToken string           `json:"NextToken,omitempty"`
}

type profileSummary struct {
	ID   string     `json:"Id"`
	ARN  aikagi.ARN `json:"Arn"`
	Name string     `json:"Name"`
	modified
}

func nameOfProfile(t securityprofile.Tagged) string { return t.Profile.Name }

func (a *API) listProfiles(ctx context.Context, in *listRequest) (*listProfilesResponse, error) {
	size, err := pageSize(in.MaxResults, 100, 1000)
	if err != nil {
		return nil, err
	}
	after, err := a.Tokens.Open(ctx, in.NextToken, "ListSecurityProfiles", in.InstanceID)
	if err != nil {
		return nil, err
	}
	all, err := a.Profiles.Search(ctx, in.instance(), criteria.Query{})
	if err != nil {
		return nil, err
	}
	page, next := pageOf(all, after, size, nameOfProfile)
	out := &listProfilesResponse{Profiles: make([]profileSummary, len(page))}
	scope := awsapi.CallerFrom(ctx).Scope(in.instance())
	for i, t := range page {
		id := string(t.Profile.ID)
		out.Profiles[i] = profileSummary{
			ID: id, ARN: scope.ARN(profile(id)), Name: t.Profile.Name,
			modified: modified{awsapi.Epoch(t.Profile.UpdatedAt), scope.Region},
		}
	}
	if next != "" {
		out.NextToken = a.Tokens.Seal(ctx, next, "ListSecurityProfiles", in.InstanceID)
	}
	return out, nil
}

type listPermissionsRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	ProfileID  string `json:"-" path:"SecurityProfileId"`
	MaxResults *int32 `query:"maxResults"`
	NextToken  string `query:"nextToken"`
}

func (r *listPermissionsRequest) touch() awsapi.Touch {
	return inInstance(r.InstanceID, profile(r.ProfileID))
}

type listPermissionsResponse struct {
	Permissions []string `json:"Permissions"`
	NextToken   string   `json:"NextToken,omitempty"`
	modified
}

func (a *API) listPermissions(ctx context.Context, in *listPermissionsRequest) (*listPermissionsResponse, error) {
	size, err := pageSize(in.MaxResults, 100, 1000)
	if err != nil {
		return nil, err
	}
	bound := []string{"ListSecurityProfilePermissions", in.InstanceID, in.ProfileID}
	after, err := a.Tokens.Open(ctx, in.NextToken, bound...)
	if err != nil {
		return nil, err
	}
	p, err := a.Profiles.Find(ctx, aikagi.InstanceID(in.InstanceID), aikagi.SecurityProfileID(in.ProfileID))
	if err != nil {
		return nil, err
	}
	page, next := pageOf(texts(p.Permissions), after, size, func(name string) string { return name })
	out := &listPermissionsResponse{
		Permissions: page, modified: modified{awsapi.Epoch(p.UpdatedAt), awsapi.CallerFrom(ctx).Region},
	}
	if next != "" {
		out.NextToken = a.Tokens.Seal(ctx, next, bound...)
	}
	return out, nil
}

type searchProfilesRequest struct {
	InstanceID string              `json:"InstanceId" required:""`
	MaxResults *int32              `json:"MaxResults"`
	NextToken  string              `json:"NextToken"`
	Criteria   *condition.Criteria `json:"SearchCriteria"`
	Filter     struct {
		Tags *condition.TagFilter `json:"TagFilter"`
	} `json:"SearchFilter"`
}

func (r *searchProfilesRequest) touch() awsapi.Touch {
	return condition.Touch(r.InstanceID, r.Filter.Tags)
}

type searchProfilesResponse struct {
	Profiles  []foundProfile `json:"SecurityProfiles"`
	NextToken string         `json:"NextToken,omitempty"`
	Total     int            `json:"ApproximateTotalCount"`
}

func (a *API) searchProfiles(ctx context.Context, in *searchProfilesRequest) (*searchProfilesResponse, error) {
	found, err := searchFew(ctx, a, fewSearch{
		"SearchSecurityProfiles", in.InstanceID, in.MaxResults, in.NextToken, in.Criteria, in.Filter.Tags,
	}, a.Profiles.Search, nameOfProfile)
	out := &searchProfilesResponse{Profiles: make([]foundProfile, len(found.page)), Total: found.total, NextToken: found.next}
	scope := awsapi.CallerFrom(ctx).Scope(aikagi.InstanceID(in.InstanceID))
	for i, t := range found.page {
		out.Profiles[i] = foundProfileOf(scope, t)
	}
	return out, err
}
