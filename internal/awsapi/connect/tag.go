package connect

import (
	"context"
	"slices"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
)

// tagSet is the tags of a request, by key. A value may be empty, and null is
// none.
type tagSet map[string]*string

func (s tagSet) tags() ([]aikagi.Tag, error) {
	var tags []aikagi.Tag
	folded := map[string]bool{}
	for key, value := range s {
		if value == nil {
			return nil, awsapi.Invalid("Tags: a value is null")
		}
		// Condition keys of policies do not tell capital letters from small ones: two
		// such tags would be judged as one (F08).
		if folded[strings.ToLower(key)] {
			return nil, awsapi.OutOfRange("Tags: two keys differ in nothing but capital letters")
		}
		folded[strings.ToLower(key)] = true
		tags = append(tags, aikagi.Tag{Key: key, Value: *value})
	}
	return tags, nil
}

// requested adds to what a request touches which tags it gives:
// aws:RequestTag/… and aws:TagKeys.
func (s tagSet) requested(t awsapi.Touch) awsapi.Touch {
	if len(s) == 0 {
		return t
	}
	t.Context = map[string][]string{}
	for key, value := range s {
		t.Context["aws:TagKeys"] = append(t.Context["aws:TagKeys"], key)
		if value != nil {
			t.Context["aws:RequestTag/"+key] = []string{*value}
		}
	}
	slices.Sort(t.Context["aws:TagKeys"])
	return t
}

// resourceRequest names something by its ARN.
type resourceRequest struct {
	ARN string `json:"-" path:"resourceArn"`
}

func (r *resourceRequest) touch() awsapi.Touch { return touchOf(r.ARN) }

// touchOf is what a request about an ARN touches; of one that names nothing here,
// nothing.
func touchOf(arn string) awsapi.Touch {
	scope, resource, err := aikagi.ParseARN(arn)
	if err != nil {
		return awsapi.Touch{}
	}
	return inInstance(string(scope.Instance), resource)
}

// resourceOf reads an ARN. One of another account or region is unknown here.
func resourceOf(ctx context.Context, arn string) (aikagi.InstanceID, aikagi.Resource, error) {
	scope, resource, err := aikagi.ParseARN(arn)
	if err == nil && scope != awsapi.CallerFrom(ctx).Scope(scope.Instance) {
		err = aikagi.E(aikagi.NotFound, "resource", nil)
	}
	return scope.Instance, resource, err
}

type tagRequest struct {
	ARN  string `json:"-" path:"resourceArn"`
	Tags tagSet `json:"tags" required:""`
}

func (r *tagRequest) touch() awsapi.Touch { return r.Tags.requested(touchOf(r.ARN)) }

func (a *API) tagResource(ctx context.Context, in *tagRequest) (*nothing, error) {
	tags, err := in.Tags.tags()
	if err != nil {
		return nil, err
	}
	if len(tags) == 0 {
		return nil, awsapi.OutOfRange("tags: give at least one")
	}
	instance, resource, err := resourceOf(ctx, in.ARN)
	if err != nil {
		return nil, err
	}
	return &nothing{}, a.Directory.AddTags(ctx, instance, resource, tags)
}

type untagRequest struct {
	ARN  string   `json:"-" path:"resourceArn"`
	Keys []string `query:"tagKeys" required:""`
}

func (r *untagRequest) touch() awsapi.Touch {
	t := touchOf(r.ARN)
	t.Context = map[string][]string{"aws:TagKeys": r.Keys}
	return t
}

const mostTagKeys = 50 // Amazon's limit of one request

func (a *API) untagResource(ctx context.Context, in *untagRequest) (*nothing, error) {
	if len(in.Keys) > mostTagKeys {
		return nil, awsapi.OutOfRange("tagKeys: at most 50 at once")
	}
	instance, resource, err := resourceOf(ctx, in.ARN)
	if err != nil {
		return nil, err
	}
	return &nothing{}, a.Directory.RemoveTags(ctx, instance, resource, in.Keys)
}

type listTagsResponse struct {
	Tags map[string]string `json:"tags"`
}

func (a *API) listTags(ctx context.Context, in *resourceRequest) (*listTagsResponse, error) {
	instance, resource, err := resourceOf(ctx, in.ARN)
	if err != nil {
		return nil, err
	}
	tags, err := a.Directory.ListTags(ctx, instance, resource)
	if err != nil {
		return nil, err
	}
	return &listTagsResponse{tagMap(tags)}, nil
}
