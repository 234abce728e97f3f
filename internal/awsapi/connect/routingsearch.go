package connect

import (
	"context"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/condition"
	"github.com/aikagi/aikagi/internal/routing"
)

// searchRequest is how routing profiles and hours are searched, and queues too.
type searchRequest struct {
	InstanceID string              `json:"InstanceId" required:""`
	MaxResults *int32              `json:"MaxResults"`
	NextToken  string              `json:"NextToken"`
	Filter     *searchFilter       `json:"SearchFilter"`
	Criteria   *condition.Criteria `json:"SearchCriteria"`
}

type searchFilter struct {
	Tags *condition.TagFilter `json:"TagFilter"`
}

func (f *searchFilter) filter() *condition.TagFilter {
	if f == nil {
		return nil
	}
	return f.Tags
}

func (r *searchRequest) touch() awsapi.Touch { return condition.Touch(r.InstanceID, r.Filter.filter()) }

// searched reads a page of what was found. A token goes on with the same filter
// and criteria only.
func searched[T any](ctx context.Context, a *API, in *searchRequest, operation string,
	read func(context.Context, aikagi.InstanceID, routing.Search) (routing.Found[T], error), name func(T) string,
) (found routing.Found[T], next string, err error) {
	instance, err := instanceNamed(in.InstanceID)
	if err != nil {
		return found, "", err
	}
	size, err := pageSize(in.MaxResults, 100, 500)
	if err != nil {
		return found, "", err
	}
	asked := routing.Search{Size: size}
	if asked.Query, err = condition.Query(in.Criteria, in.Filter.filter()); err != nil {
		return found, "", err
	}
	bound := []string{operation, in.InstanceID, digest(in.Filter, in.Criteria)}
	if asked.After, err = a.Tokens.Open(ctx, in.NextToken, bound...); err != nil {
		return found, "", err
	}
	found, err = read(ctx, instance, asked)
	if err == nil && found.More {
		next = a.Tokens.Seal(ctx, name(found.Page[size-1]), bound...)
	}
	return found, next, err
}
