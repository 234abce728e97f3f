package unreachable

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi/client"
	"github.com/aikagi/aikagi/internal/clock"
)

// Amazon is which account of Amazon Connect is asked, in the words of the AWS tools.
type Amazon struct{ Profile, Region, Role string }

// amazonTitle begins the name of an account as a source.
const amazonTitle = "aws:"

// Open finds credentials as the AWS tools do: environment, shared files, single
// sign-on, the role of the machine. It asks whose they are, because a run that goes on
// must be that of the same account.
func (a Amazon) Open(ctx context.Context) (Wire, error) {
	missing := func(err error) error {
		return &aikagi.Error{Code: aikagi.Unauthenticated, Subject: "credentials", Reason: "missing", Err: err}
	}
	settings, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(a.Profile), config.WithRegion(a.Region))
	if err != nil {
		return Wire{}, missing(err)
	}
	if settings.Region == "" {
		return Wire{}, aikagi.Because(aikagi.Invalid, "aws_region", "required")
	}
	if a.Role != "" {
		settings.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(settings), a.Role))
	}
	who, err := sts.NewFromConfig(settings).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Wire{}, missing(err)
	}
	c := &client.Client{
		Endpoint: connectEndpoint(settings.Region), Region: settings.Region, Credentials: settings.Credentials, Clock: clock.System{},
	}
	endpoint, home := iamHome(settings.Region)
	return Wire{
		Client: c, Title: amazonTitle + settings.Region + ":" + aws.ToString(who.Account),
		authority: &authority{
			iam:    client.IAM{Endpoint: endpoint, Region: home, Credentials: settings.Credentials, Clock: c.Clock},
			caller: aws.ToString(who.Arn),
		},
	}, nil
}

// connectEndpoint is Amazon's, or another that the environment names as for the AWS tools.
func connectEndpoint(region string) string {
	return cmp.Or(named("AWS_ENDPOINT_URL_CONNECT"), named("AWS_ENDPOINT_URL"), "https://connect."+region+".amazonaws.com")
}
