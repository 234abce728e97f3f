package awsapi

import (
	"context"
	"reflect"
)

// sizeMember is what Amazon calls the size of a page.
const sizeMember = "MaxResults"

type pageKey struct{}

// WithShortPages returns a context in which lists answer at most n at once,
// whatever is asked for. It is for Around.
func WithShortPages(ctx context.Context, n int32) context.Context {
	return context.WithValue(ctx, pageKey{}, n)
}

// Paged reports whether the operation answers page by page.
func (op Operation) Paged() bool {
	_, ok := op.in.FieldByName(sizeMember)
	return ok
}

// shorten lowers the size of the page that is asked for to that of the context.
func (s shape) shorten(ctx context.Context, in any) {
	n, short := ctx.Value(pageKey{}).(int32)
	member := reflect.ValueOf(in).Elem().FieldByName(sizeMember)
	if !short || !member.IsValid() {
		return
	}
	asked, ok := member.Addr().Interface().(**int32)
	if ok && (*asked == nil || **asked > n) {
		*asked = &n
	}
}
