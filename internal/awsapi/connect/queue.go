package connect

import (
	"context"
	"slices"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/condition"
	"github.com/aikagi/aikagi/internal/routing"
)

func queue(id string) aikagi.Resource { return aikagi.Resource{Kind: aikagi.ResourceQueue, ID: id} }

type listQueuesRequest struct {
	InstanceID string   `json:"-" path:"InstanceId"`
	MaxResults *int32   `query:"maxResults"`
	NextToken  string   `query:"nextToken"`
	Types      []string `query:"queueTypes"`
}

func (r *listQueuesRequest) touch() awsapi.Touch { return inInstance(r.InstanceID, queue("*")) }

type listQueuesResponse struct {
	Queues    []queueSummary `json:"QueueSummaryList"`
	NextToken string         `json:"NextToken,omitempty"`
}

type queueSummary struct {
	namedSummary
	Type string `json:"QueueType"`
}

const standard = "STANDARD"

// listQueues knows standard queues. On Amazon each user has a queue of his own as
// well, of type AGENT; nothing waits here, so there are none.
func (a *API) listQueues(ctx context.Context, in *listQueuesRequest) (*listQueuesResponse, error) {
	if slices.ContainsFunc(in.Types, func(t string) bool { return t != standard && t != "AGENT" }) {
		return nil, aikagi.Because(aikagi.Invalid, "queue_types", "unknown")
	}
	asked := &listRequest{in.InstanceID, in.MaxResults, in.NextToken}
	found, next, err := listed(ctx, a, asked, "ListQueues", a.Routing.ListQueues, func(q routing.Queue) string { return q.Name })
	if err != nil {
		return nil, err
	}
	out := &listQueuesResponse{Queues: []queueSummary{}, NextToken: next}
	if len(in.Types) > 0 && !slices.Contains(in.Types, standard) {
		return &listQueuesResponse{Queues: []queueSummary{}}, nil
	}
	scope := awsapi.CallerFrom(ctx).Scope(aikagi.InstanceID(in.InstanceID))
	for _, q := range found {
		out.Queues = append(out.Queues, queueSummary{namedSummary{
			q.ID, scope.ARN(queue(q.ID)), q.Name, modified{awsapi.Epoch(q.CreatedAt), scope.Region},
		}, standard})
	}
	return out, nil
}

type queueRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	QueueID    string `json:"-" path:"QueueId"`
}

func (r *queueRequest) touch() awsapi.Touch { return inInstance(r.InstanceID, queue(r.QueueID)) }

type describeQueueResponse struct {
	Queue describedQueue `json:"Queue"`
}

// describedQueue is Amazon's Queue.
type describedQueue struct {
	Name        string            `json:"Name"`
	ARN         aikagi.ARN        `json:"QueueArn"`
	ID          string            `json:"QueueId"`
	Description string            `json:"Description"`
	HoursID     string            `json:"HoursOfOperationId"`
	Status      string            `json:"Status"`
	Tags        map[string]string `json:"Tags"`
	modified
}

func describeQueueOf(ctx context.Context, q routing.Queue) describedQueue {
	scope := awsapi.CallerFrom(ctx).Scope(q.InstanceID)
	return describedQueue{
		Name: q.Name, ARN: scope.ARN(queue(q.ID)), ID: q.ID, Description: q.Description, HoursID: q.HoursID,
		Status: "ENABLED", Tags: tagMap(q.Tags), modified: modified{awsapi.Epoch(q.CreatedAt), scope.Region},
	}
}

func (a *API) describeQueue(ctx context.Context, in *queueRequest) (*describeQueueResponse, error) {
	q, err := a.Routing.FindQueue(ctx, aikagi.InstanceID(in.InstanceID), in.QueueID)
	if err != nil {
		return nil, err
	}
	return &describeQueueResponse{describeQueueOf(ctx, q)}, nil
}

type searchQueuesResponse struct {
	Queues    []describedQueue `json:"Queues"`
	NextToken string           `json:"NextToken,omitempty"`
	Total     int              `json:"ApproximateTotalCount"`
}

// searchQueuesRequest is a searchRequest with one more sort of condition.
type searchQueuesRequest struct {
	InstanceID string         `json:"InstanceId" required:""`
	MaxResults *int32         `json:"MaxResults"`
	NextToken  string         `json:"NextToken"`
	Filter     *searchFilter  `json:"SearchFilter"`
	Criteria   *queueCriteria `json:"SearchCriteria"`
}

// queueCriteria may ask for standard queues, which all are.
type queueCriteria struct {
	Or     []queueCriteria `json:"OrConditions"`
	And    []queueCriteria `json:"AndConditions"`
	Type   string          `json:"QueueTypeCondition"`
	String *condition.Text `json:"StringCondition"`
}

func (c queueCriteria) plain() (condition.Criteria, error) {
	p := condition.Criteria{String: c.String}
	if c.Type != "" && c.Type != standard {
		return p, aikagi.Because(aikagi.Invalid, "queue_types", "unknown")
	}
	for _, list := range []struct {
		from []queueCriteria
		to   *[]condition.Criteria
	}{{c.Or, &p.Or}, {c.And, &p.And}} {
		for _, inner := range list.from {
			plain, err := inner.plain()
			if err != nil {
				return p, err
			}
			*list.to = append(*list.to, plain)
		}
	}
	return p, nil
}

func (r *searchQueuesRequest) touch() awsapi.Touch {
	return (&searchRequest{InstanceID: r.InstanceID, Filter: r.Filter}).touch()
}

func (a *API) searchQueues(ctx context.Context, in *searchQueuesRequest) (*searchQueuesResponse, error) {
	asked := &searchRequest{InstanceID: in.InstanceID, MaxResults: in.MaxResults, NextToken: in.NextToken, Filter: in.Filter}
	if in.Criteria != nil {
		plain, err := in.Criteria.plain()
		if err != nil {
			return nil, err
		}
		asked.Criteria = &plain
	}
	found, next, err := searched(ctx, a, asked, "SearchQueues", a.Routing.ListQueues, func(q routing.Queue) string { return q.Name })
	out := &searchQueuesResponse{Queues: []describedQueue{}, NextToken: next, Total: found.Total}
	for _, q := range found.Page {
		out.Queues = append(out.Queues, describeQueueOf(ctx, q))
	}
	return out, err
}

type listQuickConnectsRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	QueueID    string `json:"-" path:"QueueId"`
	MaxResults *int32 `query:"maxResults"`
	NextToken  string `query:"nextToken"`
}

func (r *listQuickConnectsRequest) touch() awsapi.Touch {
	return inInstance(r.InstanceID, queue(r.QueueID))
}

type listQuickConnectsResponse struct {
	QuickConnects []quickConnect `json:"QuickConnectSummaryList"`
	NextToken     string         `json:"NextToken,omitempty"`
	modified
}

// quickConnect is Amazon's QuickConnectSummary.
type quickConnect struct {
	namedSummary
	Type string `json:"QuickConnectType"`
}

// listQueueQuickConnects finds none: there are no quick connects here.
func (a *API) listQueueQuickConnects(ctx context.Context, in *listQuickConnectsRequest) (*listQuickConnectsResponse, error) {
	if _, err := pageSize(in.MaxResults, 100, 100); err != nil {
		return nil, err
	}
	if _, err := a.Tokens.Open(ctx, in.NextToken, "ListQueueQuickConnects", in.InstanceID, in.QueueID); err != nil {
		return nil, err
	}
	q, err := a.Routing.FindQueue(ctx, aikagi.InstanceID(in.InstanceID), in.QueueID)
	if err != nil {
		return nil, err
	}
	changed := modified{awsapi.Epoch(q.CreatedAt), awsapi.CallerFrom(ctx).Region}
	return &listQuickConnectsResponse{QuickConnects: []quickConnect{}, modified: changed}, nil
}
