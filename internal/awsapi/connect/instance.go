package connect

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
)

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
	found, err := a.Accounts.ListInstances(ctx, after, size+1)
	if err != nil {
		return nil, err
	}
	out := &listInstancesResponse{Instances: []instanceSummary{}}
	for i, one := range found {
		if i == size {
			out.NextToken = a.Tokens.Seal(ctx, found[i-1].Instance.Alias, "ListInstances")
			break
		}
		out.Instances = append(out.Instances, a.summary(ctx, one.Instance))
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
		ID: string(i.ID), ARN: caller.Scope(i.ID).InstanceARN(), IdentityType: string(i.IdentityType), Alias: i.Alias,
		CreatedTime: awsapi.Epoch(i.CreatedAt), ServiceRole: serviceRole(caller), Status: "ACTIVE",
		AccessURL: a.LoginURL(i.Alias),
	}
}

type instanceRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
}

func (r *instanceRequest) touch() awsapi.Touch { return inInstance(r.InstanceID) }

type describeInstanceResponse struct {
	Instance instance `json:"Instance"`
}

type instance struct {
	instanceSummary
	Tags map[string]string `json:"Tags"`
}

func (a *API) describeInstance(ctx context.Context, in *instanceRequest) (*describeInstanceResponse, error) {
	i, tags, err := a.Directory.FindInstance(ctx, aikagi.InstanceID(in.InstanceID))
	if err != nil {
		return nil, err
	}
	return &describeInstanceResponse{instance{a.summary(ctx, i), tagMap(tags)}}, nil
}

func tagMap(tags []aikagi.Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}
