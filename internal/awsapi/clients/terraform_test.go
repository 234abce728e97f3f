package clients_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
)

// provider makes the calls that Terraform's AWS provider makes, in its order, as
// hashicorp/terraform-provider-aws:internal/service/connect reads in versions 5
// and 6. It is not the provider: no binary of it and no Terraform runs here.
type provider struct {
	*connect.Client
	ctx context.Context //nolint:containedctx // one test's
}

func startProvider(t *testing.T) (provider, *apitest.Client) {
	t.Helper()
	c := apitest.Start(t, apptest.Options{})
	return providerOf(t, c), c
}

func providerOf(t *testing.T, c *apitest.Client) provider {
	t.Helper()
	return provider{
		connect.New(connect.Options{
			Region: apitest.Region, BaseEndpoint: aws.String(c.URLs.Base()),
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c.Key, nil }),
		}),
		t.Context(),
	}
}

// resourceKind is what the provider calls for a sort of resources. C is what of it stands
// in a configuration and is read back.
type resourceKind[C any] interface {
	create(wanted C) (id string, err error)
	read(id string) (state[C], error)
	update(id string, before state[C], wanted C) error
	remove(id string) error
}

// state is what Terraform keeps of a resource.
type state[C any] struct {
	Config   C
	Computed map[string]string
}

// resource is one of a configuration.
type resource[C any] struct {
	kind  resourceKind[C]
	id    string
	state state[C]
	t     *testing.T
}

func manage[C any](t *testing.T, k resourceKind[C]) *resource[C] {
	t.Helper()
	return &resource[C]{kind: k, t: t}
}

// apply creates or updates, reads back at once, and plans a second time: that
// plan must be empty, and an import by the id must find the same.
func (r *resource[C]) apply(what string, wanted C) {
	r.t.Helper()
	if diff := r.applied(what, wanted); diff != "" {
		r.t.Errorf("%s: the second plan is not empty: %s", what, diff)
	}
}

// applied is apply for who wants to see what the second plan says.
func (r *resource[C]) applied(what string, wanted C) (diff string) {
	r.t.Helper()
	var err error
	if r.id == "" {
		r.id, err = r.kind.create(wanted)
	} else {
		err = r.kind.update(r.id, r.state, wanted)
	}
	if err != nil {
		r.t.Fatalf("%s: %v", what, err)
	}
	before := r.state.Computed
	if r.state, err = r.kind.read(r.id); err != nil {
		r.t.Fatalf("%s: read back: %v", what, err)
	}
	for name, value := range r.state.Computed {
		if value == "" {
			r.t.Errorf("%s: %s is empty", what, name)
		}
		if name != "path" && before[name] != "" && before[name] != value {
			r.t.Errorf("%s: %s was %s and is %s", what, name, before[name], value)
		}
	}
	imported, err := r.kind.read(r.id)
	if err != nil || !reflect.DeepEqual(imported, r.state) {
		r.t.Errorf("%s: imported as %+v (%v), want %+v", what, imported, err, r.state)
	}
	return differing(r.state.Config, wanted)
}

// differing names the attributes in which a state differs from a configuration.
func differing(state, wanted any) (diff string) {
	s, w := reflect.ValueOf(state), reflect.ValueOf(wanted)
	for i := range s.NumField() {
		if !reflect.DeepEqual(s.Field(i).Interface(), w.Field(i).Interface()) {
			diff += " " + s.Type().Field(i).Name
		}
	}
	return diff
}

// destroy removes, and looks that it is gone.
func (r *resource[C]) destroy() {
	r.t.Helper()
	if err := r.kind.remove(r.id); err != nil {
		r.t.Fatalf("destroy: %v", err)
	}
	if _, err := r.kind.read(r.id); !gone(err) {
		r.t.Errorf("destroyed: %v, want ResourceNotFoundException", err)
	}
}

// disappears deletes behind Terraform's back: a refresh takes it from the state,
// and the next apply makes a new one.
func (r *resource[C]) disappears() {
	r.t.Helper()
	wanted, was := r.state.Config, r.id
	r.destroy()
	r.id, r.state = "", state[C]{}
	r.apply("make again what disappeared", wanted)
	if r.id == was {
		r.t.Errorf("what disappeared came back as %s", was)
	}
}

// gone is the one error to which the provider gives a meaning.
func gone(err error) bool {
	var notFound *types.ResourceNotFoundException
	return errors.As(err, &notFound)
}

// errEmptyResponse is the error for an answer without its one member.
var errEmptyResponse = errors.New("empty response")

// retag is internal/service/connect/tags_gen.go: identified by the ARN, removed
// keys first, no call for no change. By internal/provider/intercept.go it comes
// before all other updates, and after them if the plan did not know the tags yet;
// version 4 had it after them.
func (p provider) retag(arn string, before, wanted map[string]string) error {
	var removed []string
	updated := maps.Clone(wanted)
	for key, value := range before {
		switch now, ok := wanted[key]; {
		case !ok:
			removed = append(removed, key)
		case now == value:
			delete(updated, key)
		}
	}
	slices.Sort(removed)
	if len(removed) > 0 {
		if _, err := p.UntagResource(p.ctx, &connect.UntagResourceInput{ResourceArn: &arn, TagKeys: removed}); err != nil {
			return err
		}
	}
	if len(updated) == 0 {
		return nil
	}
	_, err := p.TagResource(p.ctx, &connect.TagResourceInput{ResourceArn: &arn, Tags: updated})
	return err
}

// some is a text that the provider sends, and nil for one that it leaves out.
func some(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// tagged makes no difference between no tags and none.
func tagged(tags map[string]string) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	return tags
}
