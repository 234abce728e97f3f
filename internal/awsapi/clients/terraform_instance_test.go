package clients_test

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/aikagi/aikagi"
)

// instanceConfig is aws_connect_instance.
type instanceConfig struct {
	Alias      string
	Identity   types.DirectoryType
	Inbound    bool
	Outbound   bool
	Attributes map[types.InstanceAttributeType]bool
	Tags       map[string]string
}

// instances is hashicorp/terraform-provider-aws:internal/service/connect/instance.go.
type instances struct{ provider }

// defaultAttributes are the seven that the provider knows, with its defaults.
func defaultAttributes() map[types.InstanceAttributeType]bool {
	return map[types.InstanceAttributeType]bool{
		types.InstanceAttributeTypeAutoResolveBestVoices: true,
		types.InstanceAttributeTypeContactflowLogs:       false,
		types.InstanceAttributeTypeContactLens:           true,
		types.InstanceAttributeTypeEarlyMedia:            true,
		types.InstanceAttributeTypeInboundCalls:          true,
		types.InstanceAttributeTypeMultiPartyConference:  false,
		types.InstanceAttributeTypeOutboundCalls:         true,
	}
}

func instanceOf(alias string) instanceConfig {
	return instanceConfig{
		Alias: alias, Identity: types.DirectoryTypeConnectManaged, Inbound: true, Outbound: true,
		Attributes: defaultAttributes(), Tags: map[string]string{"made-by": "terraform"},
	}
}

func (k instances) create(w instanceConfig) (string, error) {
	made, err := k.CreateInstance(k.ctx, &connect.CreateInstanceInput{
		ClientToken: aws.String("terraform-" + aikagi.NewID()), IdentityManagementType: w.Identity,
		InboundCallsEnabled: &w.Inbound, OutboundCallsEnabled: &w.Outbound, InstanceAlias: some(w.Alias), Tags: tagged(w.Tags),
	})
	if err != nil {
		return "", err
	}
	// The waiter: CREATION_IN_PROGRESS would be looked at again, ACTIVE is done.
	found, err := k.DescribeInstance(k.ctx, &connect.DescribeInstanceInput{InstanceId: made.Id})
	if err != nil {
		return "", err
	}
	if found.Instance.InstanceStatus != types.InstanceStatusActive {
		return "", fmt.Errorf("status %s", found.Instance.InstanceStatus)
	}
	return *made.Id, k.set(*made.Id, w.Attributes)
}

// set passes over AccessDeniedException: on Amazon, some attributes are for those
// who were let on before others.
func (k instances) set(id string, attributes map[types.InstanceAttributeType]bool) error {
	for name, on := range attributes { // in whatever order: the provider's are in a map too
		_, err := k.UpdateInstanceAttribute(k.ctx, &connect.UpdateInstanceAttributeInput{
			InstanceId: &id, AttributeType: name, Value: aws.String(strconv.FormatBool(on)),
		})
		var named interface{ ErrorCode() string }
		if errors.As(err, &named) && named.ErrorCode() == "AccessDeniedException" {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (k instances) read(id string) (s state[instanceConfig], err error) {
	out, err := k.DescribeInstance(k.ctx, &connect.DescribeInstanceInput{InstanceId: &id})
	if err != nil {
		return s, err
	}
	i := out.Instance
	if i == nil {
		return s, errEmptyResponse
	}
	s.Config = instanceConfig{
		Alias: *i.InstanceAlias, Identity: i.IdentityManagementType, Inbound: *i.InboundCallsEnabled, Outbound: *i.OutboundCallsEnabled,
		Attributes: map[types.InstanceAttributeType]bool{}, Tags: tagged(i.Tags),
	}
	s.Computed = map[string]string{
		"arn": *i.Arn, "created_time": i.CreatedTime.Format(time.RFC3339), "id": *i.Id,
		"service_role": *i.ServiceRole, "status": string(i.InstanceStatus),
	}
	for name := range defaultAttributes() {
		out, err := k.DescribeInstanceAttribute(k.ctx, &connect.DescribeInstanceAttributeInput{InstanceId: &id, AttributeType: name})
		if err != nil {
			return s, err
		}
		if s.Config.Attributes[name], err = strconv.ParseBool(*out.Attribute.Value); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (k instances) update(id string, before state[instanceConfig], w instanceConfig) error {
	if err := k.retag(before.Computed["arn"], before.Config.Tags, w.Tags); err != nil {
		return err
	}
	changed := maps.Clone(w.Attributes)
	maps.DeleteFunc(changed, func(name types.InstanceAttributeType, on bool) bool { return before.Config.Attributes[name] == on })
	return k.set(id, changed)
}

// remove takes an instance that is gone for removed, and waits for it to be gone:
// while it is there its status must be ACTIVE, and here it is gone at once.
func (k instances) remove(id string) error {
	if _, err := k.DeleteInstance(k.ctx, &connect.DeleteInstanceInput{InstanceId: &id}); err != nil {
		if gone(err) {
			return nil
		}
		return err
	}
	found, err := k.DescribeInstance(k.ctx, &connect.DescribeInstanceInput{InstanceId: &id})
	if gone(err) {
		return nil
	}
	return fmt.Errorf("deleted, and found as %v: %w", found, err)
}

func TestTerraformInstance(t *testing.T) {
	t.Parallel()
	p, _ := startProvider(t)
	r := manage(t, instances{p})
	w := instanceOf("resource-test-terraform-4834719283746592837")
	r.apply("create", w)
	if role := r.state.Computed["service_role"]; !regexp.MustCompile(`role/aws-service-role/connect\.amazonaws\.com/.+$`).MatchString(role) {
		t.Errorf("service role %s", role)
	}
	for name := range w.Attributes {
		w.Attributes = maps.Clone(w.Attributes)
		w.Attributes[name] = !w.Attributes[name]
		w.Inbound = w.Attributes[types.InstanceAttributeTypeInboundCalls]
		w.Outbound = w.Attributes[types.InstanceAttributeTypeOutboundCalls]
		r.apply("change "+string(name), w)
	}
	w.Tags = map[string]string{"made-by": "hand", "floor": "3"}
	r.apply("change tags", w)
	w.Tags = nil
	r.apply("remove tags", w)
	r.disappears()
	r.destroy()
	r.destroy() // again: done, as the provider sees it

	saml := instanceOf("terraform-saml")
	saml.Identity = types.DirectoryTypeSaml
	r = manage(t, instances{p})
	r.apply("create with SAML", saml)
	r.destroy()
}

// TestTerraformInstanceWithADeniedAttribute is made all the same, as on Amazon.
func TestTerraformInstanceWithADeniedAttribute(t *testing.T) {
	t.Parallel()
	_, c := startProvider(t)
	p := providerOf(t, c.As(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["connect:*","ds:*","iam:*"],"Resource":"*"},
		{"Effect":"Deny","Action":"connect:UpdateInstanceAttribute","Resource":"*",
		 "Condition":{"StringEquals":{"connect:AttributeType":"MULTI_PARTY_CONFERENCE"}}}]}`))
	manage(t, instances{p}).apply("create", instanceOf("terraform-denied"))
}

// TestTerraformAliasInCapitals comes back as it was written, or a second plan would
// replace the instance.
func TestTerraformAliasInCapitals(t *testing.T) {
	t.Parallel()
	p, _ := startProvider(t)
	manage(t, instances{p}).apply("create", instanceOf("Tsubaki-Terraform"))
}
