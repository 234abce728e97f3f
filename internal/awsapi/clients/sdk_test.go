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

// goStory is the story as the AWS SDK for Go tells it.
type goStory struct {
	*connect.Client
	t        *testing.T
	ctx      context.Context //nolint:containedctx // one test's
	instance *string
}

func TestH01GoSDK(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	s := goStory{
		Client: connect.New(connect.Options{
			Region: apitest.Region, BaseEndpoint: aws.String(c.URLs.Base()),
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c.Key, nil }),
		}),
		t: t, ctx: t.Context(), instance: aws.String(c.Instance),
	}
	agent, routing := s.finds()
	group := s.groups()
	user, arn := s.creates(agent, routing, group)
	s.updates(user, agent, routing)
	s.lists(user)
	s.tags(arn)
	s.deletes(user, group)
}

func (s goStory) must(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

// finds looks the Agent profile and the basic routing profile up, page by page.
func (s goStory) finds() (agent, routing *string) {
	profiles := connect.NewListSecurityProfilesPaginator(s.Client, &connect.ListSecurityProfilesInput{InstanceId: s.instance, MaxResults: aws.Int32(1)})
	for profiles.HasMorePages() {
		page, err := profiles.NextPage(s.ctx)
		s.must("list profiles", err)
		for _, p := range page.SecurityProfileSummaryList {
			if *p.Name == "Agent" {
				agent = p.Id
			}
		}
	}
	all, err := s.ListRoutingProfiles(s.ctx, &connect.ListRoutingProfilesInput{InstanceId: s.instance})
	s.must("list routing profiles", err)
	if agent == nil || len(all.RoutingProfileSummaryList) == 0 {
		s.t.Fatal("a new instance lacks its defaults")
	}
	return agent, all.RoutingProfileSummaryList[0].Id
}

func (s goStory) groups() *string {
	made, err := s.CreateUserHierarchyGroup(s.ctx, &connect.CreateUserHierarchyGroupInput{InstanceId: s.instance, Name: aws.String("go team")})
	s.must("create group", err)
	group, err := s.DescribeUserHierarchyGroup(s.ctx, &connect.DescribeUserHierarchyGroupInput{InstanceId: s.instance, HierarchyGroupId: made.HierarchyGroupId})
	s.must("describe group", err)
	if path := group.HierarchyGroup.HierarchyPath; path == nil || path.LevelOne == nil || *path.LevelOne.Id != *made.HierarchyGroupId {
		s.t.Errorf("the path of a group on the first level is not itself: %+v", path)
	}
	return made.HierarchyGroupId
}

func (s goStory) creates(agent, routing, group *string) (user, arn *string) {
	in := &connect.CreateUserInput{
		InstanceId: s.instance, Username: aws.String("go.person"), Password: aws.String("Correct1horse"),
		RoutingProfileId: routing, SecurityProfileIds: []string{*agent}, HierarchyGroupId: group,
		IdentityInfo: &types.UserIdentityInfo{FirstName: aws.String("一郎"), LastName: aws.String("試験")},
		PhoneConfig:  &types.UserPhoneConfig{PhoneType: types.PhoneTypeSoftPhone, AfterContactWorkTimeLimit: 30},
		Tags:         map[string]string{"team": "go"},
	}
	made, err := s.CreateUser(s.ctx, in)
	s.must("create user", err)
	_, err = s.CreateUser(s.ctx, in)
	var taken *types.DuplicateResourceException
	if !errors.As(err, &taken) || taken.ErrorMessage() == "" {
		s.t.Errorf("the name again: %v, want DuplicateResourceException", err)
	}
	_, err = s.DescribeUser(s.ctx, &connect.DescribeUserInput{InstanceId: s.instance, UserId: aws.String("00000000-0000-4000-8000-000000000000")})
	var gone *types.ResourceNotFoundException
	if !errors.As(err, &gone) {
		s.t.Errorf("nobody: %v, want ResourceNotFoundException", err)
	}
	return made.UserId, made.UserArn
}

func (s goStory) describe(user *string) *types.User {
	s.t.Helper()
	found, err := s.DescribeUser(s.ctx, &connect.DescribeUserInput{InstanceId: s.instance, UserId: user})
	s.must("describe user", err)
	return found.User
}

func (s goStory) updates(user, agent, routing *string) {
	if u := s.describe(user); u.IdentityInfo.Email != nil || u.PhoneConfig.AfterContactWorkTimeLimit != 30 || u.LastModifiedTime == nil {
		s.t.Errorf("as created: %+v %+v", u.IdentityInfo, u.PhoneConfig)
	}
	_, err := s.UpdateUserIdentityInfo(s.ctx, &connect.UpdateUserIdentityInfoInput{
		InstanceId: s.instance, UserId: user,
		IdentityInfo: &types.UserIdentityInfo{FirstName: aws.String("一郎"), LastName: aws.String("試験"), Email: aws.String("go@sakura.example")},
	})
	s.must("register the address", err)
	_, err = s.UpdateUserPhoneConfig(s.ctx, &connect.UpdateUserPhoneConfigInput{
		InstanceId: s.instance, UserId: user, PhoneConfig: &types.UserPhoneConfig{PhoneType: types.PhoneTypeSoftPhone, AutoAccept: true},
	})
	s.must("change the phone", err)
	_, err = s.UpdateUserConfig(s.ctx, &connect.UpdateUserConfigInput{
		InstanceId: s.instance, UserId: user,
		AutoAcceptConfigs: []types.AutoAcceptConfig{{Channel: types.ChannelTask, AutoAccept: true}},
	})
	s.must("change a channel", err)
	_, err = s.UpdateUserRoutingProfile(s.ctx, &connect.UpdateUserRoutingProfileInput{InstanceId: s.instance, UserId: user, RoutingProfileId: routing})
	s.must("change the routing profile", err)
	_, err = s.UpdateUserSecurityProfiles(s.ctx, &connect.UpdateUserSecurityProfilesInput{
		InstanceId: s.instance, UserId: user, SecurityProfileIds: []string{*agent},
	})
	s.must("change the security profiles", err)
	_, err = s.UpdateUserHierarchy(s.ctx, &connect.UpdateUserHierarchyInput{InstanceId: s.instance, UserId: user})
	s.must("leave the hierarchy", err)
	_, err = s.AssociateUserProficiencies(s.ctx, &connect.AssociateUserProficienciesInput{
		InstanceId: s.instance, UserId: user,
		UserProficiencies: []types.UserProficiency{{AttributeName: aws.String("connect:Language"), AttributeValue: aws.String("connect:Japanese"), Level: aws.Float32(3)}},
	})
	s.must("add a proficiency", err)
	u := s.describe(user)
	if u.IdentityInfo.Email == nil || !u.PhoneConfig.AutoAccept || len(u.AutoAcceptConfigs) != 1 || u.HierarchyGroupId != nil {
		s.t.Errorf("after the updates: %+v %+v %+v %v", u.IdentityInfo, u.PhoneConfig, u.AutoAcceptConfigs, u.HierarchyGroupId)
	}
}

func (s goStory) lists(user *string) {
	found, n := false, 0
	pages := connect.NewListUsersPaginator(s.Client, &connect.ListUsersInput{InstanceId: s.instance, MaxResults: aws.Int32(30)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.ctx)
		s.must("list users", err)
		for _, u := range page.UserSummaryList {
			found = found || *u.Id == *user
			n++
		}
	}
	if !found || n <= 100 {
		s.t.Errorf("listed %d users, the new one among them: %v", n, found)
	}
	search, err := s.SearchUsers(s.ctx, &connect.SearchUsersInput{
		InstanceId: s.instance, SearchCriteria: &types.UserSearchCriteria{StringCondition: &types.StringCondition{
			FieldName: aws.String("Username"), Value: aws.String("go.pers"), ComparisonType: types.StringComparisonTypeContains,
		}},
	})
	s.must("search users", err)
	if len(search.Users) != 1 || *search.Users[0].Id != *user || *search.ApproximateTotalCount != 1 {
		s.t.Errorf("found %d users", len(search.Users))
	}
}

func (s goStory) tags(arn *string) {
	_, err := s.TagResource(s.ctx, &connect.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"floor": "2"}})
	s.must("tag", err)
	_, err = s.UntagResource(s.ctx, &connect.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"team"}})
	s.must("untag", err)
	left, err := s.ListTagsForResource(s.ctx, &connect.ListTagsForResourceInput{ResourceArn: arn})
	s.must("list tags", err)
	if len(left.Tags) != 1 || left.Tags["floor"] != "2" {
		s.t.Errorf("tags: %v", left.Tags)
	}
}

func (s goStory) deletes(user, group *string) {
	_, err := s.DeleteUser(s.ctx, &connect.DeleteUserInput{InstanceId: s.instance, UserId: user})
	s.must("delete user", err)
	_, err = s.DeleteUserHierarchyGroup(s.ctx, &connect.DeleteUserHierarchyGroupInput{InstanceId: s.instance, HierarchyGroupId: group})
	s.must("delete group", err)
}
