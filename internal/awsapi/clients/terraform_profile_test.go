package clients_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"

	"github.com/aikagi/aikagi"
)

// profileConfig is aws_connect_security_profile.
type profileConfig struct {
	Name        string
	Description string
	Permissions string // sorted
	Tags        map[string]string
}

// profiles is hashicorp/terraform-provider-aws:internal/service/connect/security_profile.go.
type profiles struct {
	provider
	instance string
}

func (k profiles) create(w profileConfig) (string, error) {
	in := &connect.CreateSecurityProfileInput{
		InstanceId: &k.instance, SecurityProfileName: &w.Name, Description: some(w.Description), Tags: tagged(w.Tags),
	}
	if w.Permissions != "" {
		in.Permissions = ids(w.Permissions)
	}
	made, err := k.CreateSecurityProfile(k.ctx, in)
	if err != nil {
		return "", err
	}
	return k.instance + ":" + *made.SecurityProfileId, nil
}

func (k profiles) read(id string) (s state[profileConfig], err error) {
	instance, profile := parts(id)
	out, err := k.DescribeSecurityProfile(k.ctx, &connect.DescribeSecurityProfileInput{InstanceId: instance, SecurityProfileId: profile})
	if err != nil {
		return s, err
	}
	if out.SecurityProfile == nil {
		return s, errEmptyResponse
	}
	var permissions []string
	pages := connect.NewListSecurityProfilePermissionsPaginator(k.Client, &connect.ListSecurityProfilePermissionsInput{
		InstanceId: instance, SecurityProfileId: profile, MaxResults: aws.Int32(60),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(k.ctx)
		if err != nil {
			return s, err
		}
		permissions = append(permissions, page.Permissions...)
	}
	p := out.SecurityProfile
	s.Config = profileConfig{*p.SecurityProfileName, aws.ToString(p.Description), sorted(permissions), tagged(p.Tags)}
	s.Computed = map[string]string{"arn": *p.Arn, "security_profile_id": *p.Id}
	return s, nil
}

// update sends UpdateSecurityProfile always, with what changed: with nothing if
// only tags did.
func (k profiles) update(id string, before state[profileConfig], w profileConfig) error {
	if err := k.retag(before.Computed["arn"], before.Config.Tags, w.Tags); err != nil {
		return err
	}
	instance, profile := parts(id)
	in := &connect.UpdateSecurityProfileInput{InstanceId: instance, SecurityProfileId: profile}
	if before.Config.Description != w.Description {
		in.Description = &w.Description
	}
	if before.Config.Permissions != w.Permissions {
		in.Permissions = ids(w.Permissions)
	}
	_, err := k.UpdateSecurityProfile(k.ctx, in)
	return err
}

func (k profiles) remove(id string) error {
	instance, profile := parts(id)
	_, err := k.DeleteSecurityProfile(k.ctx, &connect.DeleteSecurityProfileInput{InstanceId: instance, SecurityProfileId: profile})
	return err
}

func TestTerraformSecurityProfile(t *testing.T) {
	t.Parallel()
	p, c := startProvider(t)
	r := manage(t, profiles{p, c.Instance})
	w := profileConfig{Name: "resource-test-terraform-4834719283746592837", Description: "Created", Tags: map[string]string{"Key1": "Value1"}}
	r.apply("create without permissions", w)
	w.Description = "Updated"
	r.apply("change the description", w)
	w.Permissions = "BasicAgentAccess OutboundCallAccess"
	r.apply("give permissions", w)
	w.Tags = map[string]string{"Key1": "Value1", "Key2": "Value2a"}
	r.apply("change nothing but tags", w)
	w.Tags = map[string]string{"Key2": "Value2b"}
	r.apply("change and remove tags", w)
	w.Permissions, w.Description = "BasicAgentAccess", ""
	r.apply("take permissions and the description away", w)
	w.Permissions = ""
	r.apply("take all permissions away", w)
	w.Permissions = sorted(manyPermissions())
	r.apply("more than a page of permissions", w)
	r.disappears()
	r.destroy()
}

// manyPermissions are more than the provider reads at once.
func manyPermissions() []string {
	var names []string
	for _, p := range aikagi.DefaultSecurityProfiles() {
		for _, name := range p.Permissions {
			names = append(names, string(name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
