package connect

import (
	"context"
	"slices"
	"strconv"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/instance"
)

// attribute is on or off, which Amazon writes as the texts "true" and "false".
type attribute struct {
	Type  string `json:"AttributeType"`
	Value string `json:"Value"`
}

func attributeOf(t aikagi.AttributeType, on bool) attribute {
	return attribute{string(t), strconv.FormatBool(on)}
}

type attributeRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	Type       string `json:"-" path:"AttributeType"`
}

func (r *attributeRequest) touch() awsapi.Touch { return aboutAttribute(r.InstanceID, r.Type) }

func aboutAttribute(instance, attribute string) awsapi.Touch {
	t := inInstance(instance)
	t.Context = map[string][]string{"connect:AttributeType": {attribute}}
	return t
}

type attributeResponse struct {
	Attribute attribute `json:"Attribute"`
}

func (a *API) describeInstanceAttribute(ctx context.Context, in *attributeRequest) (*attributeResponse, error) {
	t := aikagi.AttributeType(in.Type)
	on, err := a.Instances.Attribute(ctx, aikagi.InstanceID(in.InstanceID), t)
	if err != nil {
		return nil, err
	}
	return &attributeResponse{attributeOf(t, on)}, nil
}

type listAttributesResponse struct {
	Attributes []attribute `json:"Attributes"`
	NextToken  string      `json:"NextToken,omitempty"`
}

const mostAttributes = 7 // a page, Amazon's limit

func (a *API) listInstanceAttributes(ctx context.Context, in *listRequest) (*listAttributesResponse, error) {
	size, err := pageSize(in.MaxResults, mostAttributes, mostAttributes)
	if err != nil {
		return nil, err
	}
	after, err := a.Tokens.Open(ctx, in.NextToken, "ListInstanceAttributes", in.InstanceID)
	if err != nil {
		return nil, err
	}
	i, err := a.Instances.Attributes(ctx, in.instance())
	if err != nil {
		return nil, err
	}
	types := instance.AttributeTypes()
	types = types[slices.Index(types, aikagi.AttributeType(after))+1:] // none is -1: from the beginning
	out := &listAttributesResponse{Attributes: []attribute{}}
	if len(types) > size {
		types = types[:size]
		out.NextToken = a.Tokens.Seal(ctx, string(types[size-1]), "ListInstanceAttributes", in.InstanceID)
	}
	for _, t := range types {
		out.Attributes = append(out.Attributes, attributeOf(t, i.Attribute(t)))
	}
	return out, nil
}

// updateAttributeRequest has a client token that nobody looks at: to set a value
// twice is to set it once.
type updateAttributeRequest struct {
	InstanceID string `json:"-" path:"InstanceId"`
	Type       string `json:"-" path:"AttributeType"`
	Value      string `json:"Value" required:""`
	Token      string `json:"ClientToken"`
}

func (r *updateAttributeRequest) touch() awsapi.Touch { return aboutAttribute(r.InstanceID, r.Type) }

func (a *API) updateInstanceAttribute(ctx context.Context, in *updateAttributeRequest) (*nothing, error) {
	on := in.Value == "true"
	if !on && in.Value != "false" {
		return nil, aikagi.Because(aikagi.Invalid, "attribute_value", "boolean")
	}
	return &nothing{}, a.Instances.SetAttribute(ctx, aikagi.InstanceID(in.InstanceID), aikagi.AttributeType(in.Type), on)
}
