package connect

import (
	"cmp"
	"context"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi/condition"
	"github.com/aikagi/aikagi/internal/criteria"
)

// fewSearch is a search among things of which an instance has some hundreds at
// most: the rule finds them all, and the page is cut out here.
type fewSearch struct {
	operation, instance string
	size                *int32
	token               string
	criteria            *condition.Criteria
	filter              *condition.TagFilter
}

// fewFound is a page of what was found, and how much there is in all.
type fewFound[T any] struct {
	page  []T
	total int
	next  string // token
}

func searchFew[T any](ctx context.Context, a *API, s fewSearch,
	find func(context.Context, aikagi.InstanceID, criteria.Query) ([]T, error), key func(T) string,
) (fewFound[T], error) {
	var f fewFound[T]
	size, err := pageSize(s.size, 100, 100)
	if err != nil {
		return f, err
	}
	q, err := condition.Query(s.criteria, s.filter)
	if err != nil {
		return f, err
	}
	bound := []string{s.operation, s.instance, digest(s.criteria, s.filter)}
	after, err := a.Tokens.Open(ctx, s.token, bound...)
	if err != nil {
		return f, err
	}
	instance, err := instanceNamed(s.instance)
	if err != nil {
		return f, err
	}
	all, err := find(ctx, instance, q)
	if err != nil {
		return f, err
	}
	f.total = len(all)
	var position string
	if f.page, position = pageOf(all, after, size, key); position != "" {
		f.next = a.Tokens.Seal(ctx, position, bound...)
	}
	return f, nil
}

// instanceNamed reads the id of an instance in a body, which can hold what no
// path can.
func instanceNamed(id string) (aikagi.InstanceID, error) {
	id, err := aikagi.ParseID("instance", id)
	return aikagi.InstanceID(id), err
}

// digest says in one text what a search asks for, so that its tokens are good for
// nothing else.
func digest(parts ...any) string {
	text, _ := json.Marshal(parts) // what was read from JSON can be written
	return string(text)
}

// pageOf cuts a page out of everything that was found: up to size of those whose
// keys come after a position, and the position of the last one if there are more.
// Keys are unique.
func pageOf[T any](all []T, after string, size int, key func(T) string) (page []T, next string) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	start := slices.IndexFunc(all, func(one T) bool { return after == "" || key(one) > after })
	if start < 0 {
		return nil, ""
	}
	page = all[start:]
	if len(page) > size {
		page = page[:size]
		next = key(page[size-1])
	}
	return page, next
}
