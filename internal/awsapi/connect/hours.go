package connect

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/routing"
)

func hours(id string) aikagi.Resource { return aikagi.Resource{Kind: aikagi.ResourceHours, ID: id} }

type listHoursResponse struct {
	Hours     []namedSummary `json:"HoursOfOperationSummaryList"`
	NextToken string         `json:"NextToken,omitempty"`
}

func (a *API) listHoursOfOperations(ctx context.Context, in *listRequest) (*listHoursResponse, error) {
	found, next, err := listed(ctx, a, in, "ListHoursOfOperations", a.Routing.ListHours,
		func(h routing.Hours) string { return h.Name })
	out := &listHoursResponse{Hours: []namedSummary{}, NextToken: next}
	scope := awsapi.CallerFrom(ctx).Scope(in.instance())
	for _, h := range found {
		out.Hours = append(out.Hours, namedSummary{
			h.ID, scope.ARN(hours(h.ID)), h.Name, modified{awsapi.Epoch(h.CreatedAt), scope.Region},
		})
	}
	return out, err
}

type hoursRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	HoursID    string `json:"-" path:"HoursOfOperationId"`
}

func (r *hoursRequest) touch() awsapi.Touch { return inInstance(r.InstanceID, hours(r.HoursID)) }

type describeHoursResponse struct {
	Hours describedHours `json:"HoursOfOperation"`
}

// describedHours is Amazon's HoursOfOperation.
type describedHours struct {
	ID          string            `json:"HoursOfOperationId"`
	ARN         aikagi.ARN        `json:"HoursOfOperationArn"`
	Name        string            `json:"Name"`
	Description string            `json:"Description"`
	TimeZone    string            `json:"TimeZone"`
	Config      []openDay         `json:"Config"`
	Tags        map[string]string `json:"Tags"`
	modified
}

type openDay struct {
	Day   string    `json:"Day"`
	Start timeOfDay `json:"StartTime"`
	End   timeOfDay `json:"EndTime"`
}

type timeOfDay struct {
	Hours   int `json:"Hours"`
	Minutes int `json:"Minutes"`
}

// always is how an instance that was published as Terraform code writes that it is
// open day and night: each day from midnight to midnight.
func always() []openDay {
	var week []openDay
	for _, day := range []string{"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"} {
		week = append(week, openDay{Day: day})
	}
	return week
}

func describeHoursOf(ctx context.Context, h routing.Hours) describedHours {
	scope := awsapi.CallerFrom(ctx).Scope(h.InstanceID)
	return describedHours{
		ID: h.ID, ARN: scope.ARN(hours(h.ID)), Name: h.Name, Description: h.Description, TimeZone: h.TimeZone,
		Config: always(), Tags: tagMap(h.Tags), modified: modified{awsapi.Epoch(h.CreatedAt), scope.Region},
	}
}

func (a *API) describeHoursOfOperation(ctx context.Context, in *hoursRequest) (*describeHoursResponse, error) {
	h, err := a.Routing.FindHours(ctx, aikagi.InstanceID(in.InstanceID), in.HoursID)
	if err != nil {
		return nil, err
	}
	return &describeHoursResponse{describeHoursOf(ctx, h)}, nil
}

type searchHoursResponse struct {
	Hours     []describedHours `json:"HoursOfOperations"`
	NextToken string           `json:"NextToken,omitempty"`
	Total     int              `json:"ApproximateTotalCount"`
}

func (a *API) searchHoursOfOperations(ctx context.Context, in *searchRequest) (*searchHoursResponse, error) {
	found, next, err := searched(ctx, a, in, "SearchHoursOfOperations", a.Routing.ListHours,
		func(h routing.Hours) string { return h.Name })
	out := &searchHoursResponse{Hours: []describedHours{}, NextToken: next, Total: found.Total}
	for _, h := range found.Page {
		out.Hours = append(out.Hours, describeHoursOf(ctx, h))
	}
	return out, err
}
