package awsapi

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aikagi/aikagi"
)

// Operation is one row of the table of what can be asked.
type Operation struct {
	Name   string // "DescribeUser"
	Method string
	Path   string // Amazon's, with its labels: "/users/{InstanceId}/{UserId}"
	Action string // that a policy allows; empty: nobody needs a right
	// Gap says what is missing of the operation; empty: nothing that we know of.
	Gap string

	in, out reflect.Type
	serve   func(ctx context.Context, r *http.Request, labels map[string]string, body []byte, op Operation) (any, error)
}

// Shapes returns what the operation reads and answers, to be compared with
// Amazon's model.
func (op Operation) Shapes() (in, out reflect.Type) { return op.in, op.out }

// Touch says what a request is about, for the policies that judge it.
type Touch struct {
	Instance  string
	Resources []aikagi.Resource
	Context   map[string][]string
}

// Serve completes a row with its function: In is filled from path, query and
// body; touch says what it is about; Out becomes the answer.
func Serve[In, Out any](op Operation, touch func(*In) Touch, do func(context.Context, *In) (*Out, error)) Operation {
	op.in, op.out = reflect.TypeFor[In](), reflect.TypeFor[Out]()
	shape := shapeOf[In]()
	op.serve = func(ctx context.Context, r *http.Request, labels map[string]string, body []byte, op Operation) (any, error) {
		in := new(In)
		if err := shape.read(in, r, labels, body); err != nil {
			return nil, err
		}
		shape.shorten(ctx, in)
		return do(withCall(ctx, op, touch(in)), in)
	}
	return op
}

// router finds the operation of a request. Paths are matched as they were sent,
// segment by segment, and decoded only afterwards: an ARN in one segment keeps
// its slashes, and nothing is cleaned or redirected (S34).
type router struct {
	operations []Operation
	patterns   [][]string
	firsts     map[string]bool
}

func newRouter(operations []Operation) *router {
	rt := &router{operations: operations, firsts: map[string]bool{}}
	for _, op := range operations {
		pattern := strings.Split(op.Path[1:], "/")
		rt.patterns = append(rt.patterns, pattern)
		rt.firsts[pattern[0]] = true
	}
	return rt
}

// owns reports whether a path begins like one of Amazon's.
func (rt *router) owns(u *url.URL) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	return first != "" && rt.firsts[first]
}

// find returns the operation and the labels of its path.
func (rt *router) find(r *http.Request) (Operation, map[string]string, bool) {
	segments := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	for i, op := range rt.operations {
		if op.Method != r.Method || len(rt.patterns[i]) != len(segments) {
			continue
		}
		if labels, ok := match(rt.patterns[i], segments); ok {
			return op, labels, true
		}
	}
	return Operation{}, nil, false
}

func match(pattern, segments []string) (map[string]string, bool) {
	labels := map[string]string{}
	for i, part := range pattern {
		if !strings.HasPrefix(part, "{") {
			if part != segments[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(segments[i])
		if err != nil || value == "" || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
			return nil, false // no id is like that, and PostgreSQL answers with an error
		}
		labels[strings.Trim(part, "{}")] = value
	}
	return labels, true
}
