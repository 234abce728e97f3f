package main

import (
	"cmp"
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi/client"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/unreachable"
)

// amazon is which account of Amazon Connect is asked, in the words of the AWS tools.
type amazon struct{ profile, region, role string }

// amazonConnect finds credentials as the AWS tools do: environment, shared files, single
// sign-on, the role of the machine. It asks whose they are, because a run that goes on
// must be that of the same account.
func (t *terminal) amazonConnect(ctx context.Context, a amazon) (unreachable.Wire, error) {
	missing := func(err error) error {
		return &aikagi.Error{Code: aikagi.Unauthenticated, Subject: "credentials", Reason: "missing", Err: err}
	}
	settings, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(a.profile), config.WithRegion(a.region))
	if err != nil {
		return unreachable.Wire{}, missing(err)
	}
	if settings.Region == "" {
		return unreachable.Wire{}, usage{"cli.usage.aws_region", ""}
	}
	if a.role != "" {
		settings.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(settings), a.role))
	}
	who, err := sts.NewFromConfig(settings).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return unreachable.Wire{}, missing(err)
	}
	c := &client.Client{
		Endpoint: t.connectEndpoint(settings.Region), Region: settings.Region, Credentials: settings.Credentials, Clock: clock.System{},
	}
	return unreachable.Wire{Client: c, Title: "aws:" + settings.Region + ":" + aws.ToString(who.Account)}, nil
}

// connectEndpoint is Amazon's, or another that the environment names as for the AWS tools.
func (t *terminal) connectEndpoint(region string) string {
	named := map[string]string{}
	for _, entry := range t.environ {
		name, value, _ := strings.Cut(entry, "=")
		named[name] = strings.TrimSuffix(value, "/")
	}
	return cmp.Or(named["AWS_ENDPOINT_URL_CONNECT"], named["AWS_ENDPOINT_URL"], "https://connect."+region+".amazonaws.com")
}
