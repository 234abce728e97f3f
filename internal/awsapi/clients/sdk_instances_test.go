package clients_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
)

// TestH01GoSDKInstances is the story of whole instances and of what comes with
// them, as the AWS SDK for Go tells it.
func TestH01GoSDKInstances(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	s := goStory{
		Client: connect.New(connect.Options{
			Region: apitest.Region, BaseEndpoint: aws.String(c.URLs.Base()),
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c.Key, nil }),
		}),
		t: t, ctx: t.Context(),
	}
	s.instance = s.makes()
	s.attributes()
	s.access()
	queue := s.routing()
	s.queues(queue)
	s.unmakes()
}

// makes leaves the client token to the SDK, which fills in a new one.
func (s goStory) makes() *string {
	made, err := s.CreateInstance(s.ctx, &connect.CreateInstanceInput{
		IdentityManagementType: types.DirectoryTypeConnectManaged, InstanceAlias: aws.String("go-story"),
		InboundCallsEnabled: aws.Bool(true), OutboundCallsEnabled: aws.Bool(false), Tags: map[string]string{"made-by": "go"},
	})
	s.must("create instance", err)
	found, err := s.DescribeInstance(s.ctx, &connect.DescribeInstanceInput{InstanceId: made.Id})
	s.must("describe instance", err)
	i := found.Instance
	if i.InstanceStatus != types.InstanceStatusActive || !*i.InboundCallsEnabled || *i.OutboundCallsEnabled || i.Tags["made-by"] != "go" || *i.Arn != *made.Arn {
		s.t.Errorf("instance %+v", i)
	}
	aliases := map[string]bool{}
	pages := connect.NewListInstancesPaginator(s.Client, &connect.ListInstancesInput{MaxResults: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.ctx)
		s.must("list instances", err)
		for _, one := range page.InstanceSummaryList {
			aliases[*one.InstanceAlias] = true
		}
	}
	if len(aliases) != 2 || !aliases["go-story"] {
		s.t.Errorf("listed %v", aliases)
	}
	return made.Id
}

func (s goStory) attributes() {
	_, err := s.UpdateInstanceAttribute(s.ctx, &connect.UpdateInstanceAttributeInput{
		InstanceId: s.instance, AttributeType: types.InstanceAttributeTypeContactflowLogs, Value: aws.String("true"),
	})
	s.must("update attribute", err)
	found, err := s.DescribeInstanceAttribute(s.ctx, &connect.DescribeInstanceAttributeInput{
		InstanceId: s.instance, AttributeType: types.InstanceAttributeTypeContactflowLogs,
	})
	s.must("describe attribute", err)
	n := 0
	pages := connect.NewListInstanceAttributesPaginator(s.Client, &connect.ListInstanceAttributesInput{InstanceId: s.instance})
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.ctx)
		s.must("list attributes", err)
		n += len(page.Attributes)
	}
	if *found.Attribute.Value != "true" || n != 13 {
		s.t.Errorf("%s, %d attributes", *found.Attribute.Value, n)
	}
}

func (s goStory) access() {
	all, err := s.ListAuthenticationProfiles(s.ctx, &connect.ListAuthenticationProfilesInput{InstanceId: s.instance})
	s.must("list authentication profiles", err)
	id := all.AuthenticationProfileSummaryList[0].Id
	_, err = s.UpdateAuthenticationProfile(s.ctx, &connect.UpdateAuthenticationProfileInput{
		InstanceId: s.instance, AuthenticationProfileId: id, BlockedIps: []string{"192.0.2.0/24"}, SessionInactivityDuration: aws.Int32(30),
	})
	s.must("update authentication profile", err)
	found, err := s.DescribeAuthenticationProfile(s.ctx, &connect.DescribeAuthenticationProfileInput{InstanceId: s.instance, AuthenticationProfileId: id})
	s.must("describe authentication profile", err)
	p := found.AuthenticationProfile
	if len(p.BlockedIps) != 1 || *p.SessionInactivityDuration != 30 || !p.IsDefault || *p.SessionInactivityHandlingEnabled {
		s.t.Errorf("authentication profile %+v", p)
	}
}

func (s goStory) routing() (queue *string) {
	search, err := s.SearchRoutingProfiles(s.ctx, &connect.SearchRoutingProfilesInput{
		InstanceId: s.instance, SearchCriteria: &types.RoutingProfileSearchCriteria{StringCondition: &types.StringCondition{
			FieldName: aws.String("name"), Value: aws.String("Basic Routing Profile"), ComparisonType: types.StringComparisonTypeExact,
		}},
	})
	s.must("search routing profiles", err)
	profile := search.RoutingProfiles[0].RoutingProfileId
	found, err := s.DescribeRoutingProfile(s.ctx, &connect.DescribeRoutingProfileInput{InstanceId: s.instance, RoutingProfileId: profile})
	s.must("describe routing profile", err)
	queues, err := s.ListRoutingProfileQueues(s.ctx, &connect.ListRoutingProfileQueuesInput{InstanceId: s.instance, RoutingProfileId: profile, MaxResults: aws.Int32(60)})
	s.must("list queues of the routing profile", err)
	if len(found.RoutingProfile.MediaConcurrencies) != 3 || len(queues.RoutingProfileQueueConfigSummaryList) != 3 {
		s.t.Errorf("routing profile %+v, queues %+v", found.RoutingProfile, queues.RoutingProfileQueueConfigSummaryList)
	}
	return found.RoutingProfile.DefaultOutboundQueueId
}

func (s goStory) queues(queue *string) {
	all, err := s.ListQueues(s.ctx, &connect.ListQueuesInput{InstanceId: s.instance, QueueTypes: []types.QueueType{types.QueueTypeStandard}})
	s.must("list queues", err)
	search, err := s.SearchQueues(s.ctx, &connect.SearchQueuesInput{
		InstanceId: s.instance, SearchCriteria: &types.QueueSearchCriteria{QueueTypeCondition: types.SearchableQueueTypeStandard},
	})
	s.must("search queues", err)
	found, err := s.DescribeQueue(s.ctx, &connect.DescribeQueueInput{InstanceId: s.instance, QueueId: queue})
	s.must("describe queue", err)
	quick, err := s.ListQueueQuickConnects(s.ctx, &connect.ListQueueQuickConnectsInput{InstanceId: s.instance, QueueId: queue, MaxResults: aws.Int32(60)})
	s.must("list quick connects", err)
	if len(all.QueueSummaryList) != 1 || len(search.Queues) != 1 || *found.Queue.Name != "BasicQueue" || len(quick.QuickConnectSummaryList) != 0 {
		s.t.Errorf("queues %+v, found %+v, quick connects %+v", all.QueueSummaryList, search.Queues, quick.QuickConnectSummaryList)
	}
	hours, err := s.ListHoursOfOperations(s.ctx, &connect.ListHoursOfOperationsInput{InstanceId: s.instance})
	s.must("list hours", err)
	searched, err := s.SearchHoursOfOperations(s.ctx, &connect.SearchHoursOfOperationsInput{InstanceId: s.instance})
	s.must("search hours", err)
	open, err := s.DescribeHoursOfOperation(s.ctx, &connect.DescribeHoursOfOperationInput{
		InstanceId: s.instance, HoursOfOperationId: found.Queue.HoursOfOperationId,
	})
	s.must("describe hours", err)
	if len(hours.HoursOfOperationSummaryList) != 1 || *searched.ApproximateTotalCount != 1 || len(open.HoursOfOperation.Config) != 7 {
		s.t.Errorf("hours %+v", open.HoursOfOperation)
	}
}

func (s goStory) unmakes() {
	_, err := s.DeleteInstance(s.ctx, &connect.DeleteInstanceInput{InstanceId: s.instance})
	s.must("delete instance", err)
	_, err = s.DescribeInstance(s.ctx, &connect.DescribeInstanceInput{InstanceId: s.instance})
	var gone *types.ResourceNotFoundException
	if !errors.As(err, &gone) {
		s.t.Errorf("deleted: %v, want ResourceNotFoundException", err)
	}
}
