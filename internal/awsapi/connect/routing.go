package connect

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/routing"
)

func routingProfile(id string) aikagi.Resource {
	return aikagi.Resource{Kind: aikagi.ResourceRoutingProfile, ID: id}
}

// namedSummary is how Amazon lists things of which it tells no more than the name.
type namedSummary struct {
	ID   string     `json:"Id"`
	ARN  aikagi.ARN `json:"Arn"`
	Name string     `json:"Name"`
	modified
}

type listRoutingProfilesResponse struct {
	Profiles  []namedSummary `json:"RoutingProfileSummaryList"`
	NextToken string         `json:"NextToken,omitempty"`
}

func (a *API) listRoutingProfiles(ctx context.Context, in *listRequest) (*listRoutingProfilesResponse, error) {
	found, next, err := listed(ctx, a, in, "ListRoutingProfiles", a.Routing.ListProfiles,
		func(p routing.Profile) string { return p.Name })
	out := &listRoutingProfilesResponse{Profiles: []namedSummary{}, NextToken: next}
	scope := awsapi.CallerFrom(ctx).Scope(in.instance())
	for _, p := range found {
		out.Profiles = append(out.Profiles, namedSummary{
			string(p.ID), scope.ARN(routingProfile(string(p.ID))), p.Name, modified{awsapi.Epoch(p.CreatedAt), scope.Region},
		})
	}
	return out, err
}

// listed reads a page of a list that is in the order of names.
func listed[T any](ctx context.Context, a *API, in *listRequest, operation string,
	read func(context.Context, aikagi.InstanceID, routing.Search) (routing.Found[T], error), name func(T) string,
) (page []T, next string, err error) {
	size, err := pageSize(in.MaxResults, 100, 1000)
	if err != nil {
		return nil, "", err
	}
	after, err := a.Tokens.Open(ctx, in.NextToken, operation, in.InstanceID)
	if err != nil {
		return nil, "", err
	}
	found, err := read(ctx, in.instance(), routing.Search{After: after, Size: size})
	if err == nil && found.More {
		next = a.Tokens.Seal(ctx, name(found.Page[size-1]), operation, in.InstanceID)
	}
	return found.Page, next, err
}

type routingProfileRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	ProfileID  string `json:"-" path:"RoutingProfileId"`
}

func (r *routingProfileRequest) touch() awsapi.Touch {
	return inInstance(r.InstanceID, routingProfile(r.ProfileID))
}

type describeRoutingProfileResponse struct {
	Profile describedRoutingProfile `json:"RoutingProfile"`
}

// describedRoutingProfile is Amazon's RoutingProfile. How many users and queues a
// profile has is left out: we do not know how Amazon counts them.
type describedRoutingProfile struct {
	InstanceID      string            `json:"InstanceId"`
	Name            string            `json:"Name"`
	ARN             aikagi.ARN        `json:"RoutingProfileArn"`
	ID              string            `json:"RoutingProfileId"`
	Description     string            `json:"Description"`
	Channels        []concurrency     `json:"MediaConcurrencies"`
	DefaultQueueID  string            `json:"DefaultOutboundQueueId,omitempty"`
	AssociatedQueue []string          `json:"AssociatedQueueIds"`
	IsDefault       bool              `json:"IsDefault"`
	Tags            map[string]string `json:"Tags"`
	modified
}

// concurrency is Amazon's MediaConcurrency.
type concurrency struct {
	Channel     string   `json:"Channel"`
	Concurrency int      `json:"Concurrency"`
	Behaviour   behavior `json:"CrossChannelBehavior"`
}

type behavior struct {
	Type string `json:"BehaviorType"`
}

// concurrencies are those of the Basic Routing Profile of instances that others
// have published as Terraform code: chat 2, task 1, voice 1, one channel at a
// time. Nothing here routes by them.
func concurrencies() []concurrency {
	alone := behavior{"ROUTE_CURRENT_CHANNEL_ONLY"}
	return []concurrency{{"CHAT", 2, alone}, {"TASK", 1, alone}, {"VOICE", 1, alone}}
}

func (a *API) describeRoutingProfile(ctx context.Context, in *routingProfileRequest) (*describeRoutingProfileResponse, error) {
	p, err := a.Routing.FindProfile(ctx, aikagi.InstanceID(in.InstanceID), in.ProfileID)
	if err != nil {
		return nil, err
	}
	return &describeRoutingProfileResponse{describeProfile(ctx, p)}, nil
}

func describeProfile(ctx context.Context, p routing.Profile) describedRoutingProfile {
	scope := awsapi.CallerFrom(ctx).Scope(p.InstanceID)
	d := describedRoutingProfile{
		InstanceID: string(p.InstanceID), Name: p.Name, ARN: scope.ARN(routingProfile(string(p.ID))), ID: string(p.ID),
		Description: p.Description, Channels: concurrencies(), AssociatedQueue: []string{}, IsDefault: p.Default,
		Tags: tagMap(p.Tags), modified: modified{awsapi.Epoch(p.CreatedAt), scope.Region},
	}
	for _, q := range p.Queues {
		d.AssociatedQueue = append(d.AssociatedQueue, q.ID)
	}
	if len(p.Queues) > 0 {
		d.DefaultQueueID = p.Queues[0].ID
	}
	return d
}

type searchRoutingProfilesResponse struct {
	Profiles  []describedRoutingProfile `json:"RoutingProfiles"`
	NextToken string                    `json:"NextToken,omitempty"`
	Total     int                       `json:"ApproximateTotalCount"`
}

func (a *API) searchRoutingProfiles(ctx context.Context, in *searchRequest) (*searchRoutingProfilesResponse, error) {
	found, next, err := searched(ctx, a, in, "SearchRoutingProfiles", a.Routing.ListProfiles,
		func(p routing.Profile) string { return p.Name })
	out := &searchRoutingProfilesResponse{Profiles: []describedRoutingProfile{}, NextToken: next, Total: found.Total}
	for _, p := range found.Page {
		out.Profiles = append(out.Profiles, describeProfile(ctx, p))
	}
	return out, err
}

type listProfileQueuesRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	ProfileID  string `json:"-" path:"RoutingProfileId"`
	MaxResults *int32 `query:"maxResults"`
	NextToken  string `query:"nextToken"`
}

func (r *listProfileQueuesRequest) touch() awsapi.Touch {
	return inInstance(r.InstanceID, routingProfile(r.ProfileID))
}

type listProfileQueuesResponse struct {
	Queues    []profileQueue `json:"RoutingProfileQueueConfigSummaryList"`
	NextToken string         `json:"NextToken,omitempty"`
	modified
}

// profileQueue is Amazon's RoutingProfileQueueConfigSummary. Priority 1 and no
// delay are from the same source as the concurrencies.
type profileQueue struct {
	QueueID  string     `json:"QueueId"`
	ARN      aikagi.ARN `json:"QueueArn"`
	Name     string     `json:"QueueName"`
	Priority int        `json:"Priority"`
	Delay    int        `json:"Delay"`
	Channel  string     `json:"Channel"`
}

// listRoutingProfileQueues tells each queue of a profile once for each channel.
func (a *API) listRoutingProfileQueues(ctx context.Context, in *listProfileQueuesRequest) (*listProfileQueuesResponse, error) {
	size, err := pageSize(in.MaxResults, 100, 100)
	if err != nil {
		return nil, err
	}
	query := []string{"ListRoutingProfileQueues", in.InstanceID, in.ProfileID}
	after, err := a.Tokens.Open(ctx, in.NextToken, query...)
	if err != nil {
		return nil, err
	}
	p, err := a.Routing.FindProfile(ctx, aikagi.InstanceID(in.InstanceID), in.ProfileID)
	if err != nil {
		return nil, err
	}
	scope := awsapi.CallerFrom(ctx).Scope(p.InstanceID)
	out := &listProfileQueuesResponse{Queues: []profileQueue{}, modified: modified{awsapi.Epoch(p.CreatedAt), scope.Region}}
	for _, q := range p.Queues {
		for _, c := range concurrencies() {
			if q.Name+" "+c.Channel <= after {
				continue
			}
			if len(out.Queues) == size {
				last := out.Queues[size-1]
				out.NextToken = a.Tokens.Seal(ctx, last.Name+" "+last.Channel, query...)
				return out, nil
			}
			out.Queues = append(out.Queues, profileQueue{q.ID, scope.ARN(queue(q.ID)), q.Name, 1, 0, c.Channel})
		}
	}
	return out, nil
}
