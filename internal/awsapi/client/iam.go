package client

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
)

// IAM asks AWS Identity and Access Management, which has one address for all Regions of
// a partition, and speaks the query protocol: a form, answered in XML. Two questions of
// it are all that is needed here, so it is no module of the SDK.
type IAM struct {
	Endpoint    string // https://HOST, without a path
	Region      string // that it is signed for
	Credentials aws.CredentialsProvider
	Clock       clock.Clock
}

// Decision is what IAM says of one action. That of the organization is in it already.
type Decision struct {
	Action string `xml:"EvalActionName"`
	Kind   string `xml:"EvalDecision"` // one of the following
	// Organization is whether the policies of the organization allow it; nil without one.
	Organization *bool `xml:"OrganizationsDecisionDetail>AllowedByOrganizations"`
	// Missing are context keys that some policy asks for and the question did not tell,
	// such as aws:MultiFactorAuthPresent: of all resources, and of the one that was named.
	Missing   []string `xml:"MissingContextValues>member"`
	MissingOf []string `xml:"ResourceSpecificResults>member>MissingContextValues>member"`
}

// The decisions that IAM knows.
const (
	Allowed          = "allowed"
	ImplicitlyDenied = "implicitDeny"
	ExplicitlyDenied = "explicitDeny"
)

// Simulate asks how the policies of a user or role decide actions on a resource
// (iam:SimulatePrincipalPolicy). It changes nothing. The Region of the resource is told as
// that of the request: policies that limit an account to Regions deny what has none.
func (i IAM) Simulate(ctx context.Context, principal, resource string, actions ...string) ([]Decision, error) {
	form := url.Values{
		"Action": {"SimulatePrincipalPolicy"}, "PolicySourceArn": {principal}, "ResourceArns.member.1": {resource},
	}
	if parts := strings.SplitN(resource, ":", 6); len(parts) == 6 && parts[3] != "" {
		const key = "ContextEntries.member.1."
		form.Set(key+"ContextKeyName", "aws:RequestedRegion")
		form.Set(key+"ContextKeyType", "string")
		form.Set(key+"ContextKeyValues.member.1", parts[3])
	}
	for n, action := range actions {
		form.Set("ActionNames.member."+strconv.Itoa(n+1), action)
	}
	var answer struct {
		XMLName   xml.Name   `xml:"SimulatePrincipalPolicyResponse"`
		Decisions []Decision `xml:"SimulatePrincipalPolicyResult>EvaluationResults>member"`
	}
	err := i.ask(ctx, form, &answer)
	return answer.Decisions, err
}

// RoleARN asks for the ARN of a role, with the path that the ARN of a session leaves out
// (iam:GetRole).
func (i IAM) RoleARN(ctx context.Context, name string) (string, error) {
	var answer struct {
		XMLName xml.Name `xml:"GetRoleResponse"`
		ARN     string   `xml:"GetRoleResult>Role>Arn"`
	}
	err := i.ask(ctx, url.Values{"Action": {"GetRole"}, "RoleName": {name}}, &answer)
	return answer.ARN, err
}

func (i IAM) ask(ctx context.Context, form url.Values, into any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	form.Set("Version", "2010-05-08")
	body := []byte(form.Encode())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, i.Endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if err := sign(r, body, i.Credentials, "iam", i.Region, i.Clock.Now()); err != nil {
		return err
	}
	response, text, err := send(r)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return queryFailed(response.StatusCode, text)
	}
	if err := xml.Unmarshal(text, into); err != nil {
		return unreachable(fmt.Errorf("the answer is no XML of IAM: %w", err))
	}
	return nil
}

// queryFailed reads an error of the query protocol.
func queryFailed(status int, text []byte) error {
	var body struct {
		XMLName xml.Name `xml:"ErrorResponse"`
		Name    string   `xml:"Error>Code"`
		Message string   `xml:"Error>Message"`
	}
	if err := xml.Unmarshal(text, &body); err != nil || body.Name == "" {
		return unreachable(fmt.Errorf("status %d, and no error that AWS has", status))
	}
	f := &Failure{Name: body.Name, Message: body.Message, Status: status}
	return &aikagi.Error{Code: f.code(), Subject: "answer", Reason: f.reason(), Err: f}
}
