package connect

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/instance"
)

type createInstanceRequest struct {
	IdentityType    string `json:"IdentityManagementType" required:""`
	Alias           string `json:"InstanceAlias"`
	DirectoryID     string `json:"DirectoryId"`
	InboundEnabled  *bool  `json:"InboundCallsEnabled" required:""`
	OutboundEnabled *bool  `json:"OutboundCallsEnabled" required:""`
	Token           string `json:"ClientToken"`
	Tags            tagSet `json:"Tags"`
}

// touch names no resource: the instance is not there yet. What tags it is to have
// is settled by the request.
func (r *createInstanceRequest) touch() awsapi.Touch { return r.Tags.requested(awsapi.Touch{}) }

type createInstanceResponse struct {
	ID  string     `json:"Id"`
	ARN aikagi.ARN `json:"Arn"`
}

func (a *API) createInstance(ctx context.Context, in *createInstanceRequest) (*createInstanceResponse, error) {
	if in.DirectoryID != "" {
		return nil, aikagi.Because(aikagi.Invalid, "directory", "not_supported")
	}
	tags, err := in.Tags.tags()
	if err != nil {
		return nil, err
	}
	made, err := a.Instances.Create(ctx, instance.New{
		Alias: in.Alias, Identity: aikagi.IdentityType(in.IdentityType), Settings: aikagi.DefaultInstanceSettings(),
		Attributes: map[aikagi.AttributeType]bool{
			aikagi.InboundCalls: *in.InboundEnabled, aikagi.OutboundCalls: *in.OutboundEnabled,
		},
		Tags: tags, Token: in.Token,
	})
	if err != nil {
		return nil, err
	}
	return &createInstanceResponse{string(made.ID), awsapi.CallerFrom(ctx).Scope(made.ID).InstanceARN()}, nil
}

type listInstancesRequest struct {
	MaxResults *int32 `query:"maxResults"`
	NextToken  string `query:"nextToken"`
}

type listInstancesResponse struct {
	Instances []instanceSummary `json:"InstanceSummaryList"`
	NextToken string            `json:"NextToken,omitempty"`
}

type instanceSummary struct {
	ID              string       `json:"Id"`
	ARN             aikagi.ARN   `json:"Arn"`
	IdentityType    string       `json:"IdentityManagementType"`
	Alias           string       `json:"InstanceAlias"`
	CreatedTime     awsapi.Epoch `json:"CreatedTime"`
	ServiceRole     string       `json:"ServiceRole"`
	Status          string       `json:"InstanceStatus"`
	InboundEnabled  bool         `json:"InboundCallsEnabled"`
	OutboundEnabled bool         `json:"OutboundCallsEnabled"`
	AccessURL       string       `json:"InstanceAccessUrl"`
}

const mostInstances = 10 // a page, Amazon's limit

func (a *API) listInstances(ctx context.Context, in *listInstancesRequest) (*listInstancesResponse, error) {
	size, err := pageSize(in.MaxResults, mostInstances, mostInstances)
	if err != nil {
		return nil, err
	}
	after, err := a.Tokens.Open(ctx, in.NextToken, "ListInstances")
	if err != nil {
		return nil, err
	}
	found, err := a.Instances.List(ctx, after, size+1)
	if err != nil {
		return nil, err
	}
	out := &listInstancesResponse{Instances: []instanceSummary{}}
	for i, one := range found {
		if i == size {
			out.NextToken = a.Tokens.Seal(ctx, found[i-1].Alias, "ListInstances")
			break
		}
		out.Instances = append(out.Instances, a.summary(ctx, one))
	}
	return out, nil
}

// serviceRole has the form of the role that Amazon makes for an instance; nobody
// can assume it.
func serviceRole(c awsapi.Caller) string {
	return "arn:aws:iam::" + string(c.Account) + ":role/aws-service-role/connect.amazonaws.com/AWSServiceRoleForAmazonConnect"
}

func (a *API) summary(ctx context.Context, i aikagi.Instance) instanceSummary {
	caller := awsapi.CallerFrom(ctx)
	return instanceSummary{
		ID: string(i.ID), ARN: caller.Scope(i.ID).InstanceARN(), IdentityType: string(i.IdentityType), Alias: i.TypedAlias,
		CreatedTime: awsapi.Epoch(i.CreatedAt), ServiceRole: serviceRole(caller), Status: "ACTIVE",
		InboundEnabled: i.Attribute(aikagi.InboundCalls), OutboundEnabled: i.Attribute(aikagi.OutboundCalls),
		AccessURL: a.LoginURL(i.Alias),
	}
}

type instanceRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
}

func (r *instanceRequest) touch() awsapi.Touch { return inInstance(r.InstanceID) }

type describeInstanceResponse struct {
	Instance describedInstance `json:"Instance"`
}

// describedInstance is Amazon's Instance.
type describedInstance struct {
	instanceSummary
	Tags map[string]string `json:"Tags"`
}

func (a *API) describeInstance(ctx context.Context, in *instanceRequest) (*describeInstanceResponse, error) {
	i, tags, err := a.Instances.Find(ctx, aikagi.InstanceID(in.InstanceID))
	if err != nil {
		return nil, err
	}
	return &describeInstanceResponse{describedInstance{a.summary(ctx, i), tagMap(tags)}}, nil
}

func tagMap(tags []aikagi.Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}

type deleteInstanceRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	Token      string `query:"clientToken"`
}

func (r *deleteInstanceRequest) touch() awsapi.Touch { return inInstance(r.InstanceID) }

func (a *API) deleteInstance(ctx context.Context, in *deleteInstanceRequest) (*nothing, error) {
	return &nothing{}, a.Instances.Delete(ctx, aikagi.InstanceID(in.InstanceID), in.Token)
}
