package clients_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
)

// sources are the data sources *_data_source.go of
// hashicorp/terraform-provider-aws:internal/service/connect: a list in pages of
// 60, exactly one of the very name, and then what describes it.
type sources struct {
	provider
	instance string
}

// pageAtOnce is how many the provider asks for.
const pageAtOnce = 60

// entry is what a list says of one.
type entry struct{ name, id string }

func entries[T any](list []T, of func(T) entry) []entry {
	all := make([]entry, len(list))
	for i, one := range list {
		all[i] = of(one)
	}
	return all
}

// only reads all pages and returns the id of the one that has the name.
func only(t *testing.T, name string, more func() bool, next func() ([]entry, error)) (id string) {
	t.Helper()
	for more() {
		page, err := next()
		if err != nil {
			t.Fatalf("list for %s: %v", name, err)
		}
		for _, one := range page {
			if one.name != name {
				continue
			}
			if id != "" {
				t.Errorf("%s is listed twice", name)
			}
			id = one.id
		}
	}
	if id == "" {
		t.Fatalf("%s is not listed", name)
	}
	return id
}

func (s sources) routingProfile(t *testing.T, name string) string {
	t.Helper()
	pages := connect.NewListRoutingProfilesPaginator(s.Client, &connect.ListRoutingProfilesInput{InstanceId: &s.instance, MaxResults: aws.Int32(pageAtOnce)})
	return only(t, name, pages.HasMorePages, func() ([]entry, error) {
		page, err := pages.NextPage(s.ctx)
		if err != nil {
			return nil, err
		}
		return entries(page.RoutingProfileSummaryList, func(one types.RoutingProfileSummary) entry { return entry{*one.Name, *one.Id} }), nil
	})
}

func (s sources) queue(t *testing.T, name string) string {
	t.Helper()
	pages := connect.NewListQueuesPaginator(s.Client, &connect.ListQueuesInput{InstanceId: &s.instance, MaxResults: aws.Int32(pageAtOnce)})
	return only(t, name, pages.HasMorePages, func() ([]entry, error) {
		page, err := pages.NextPage(s.ctx)
		if err != nil {
			return nil, err
		}
		return entries(page.QueueSummaryList, func(one types.QueueSummary) entry { return entry{*one.Name, *one.Id} }), nil
	})
}

func (s sources) hours(t *testing.T, name string) string {
	t.Helper()
	pages := connect.NewListHoursOfOperationsPaginator(s.Client, &connect.ListHoursOfOperationsInput{InstanceId: &s.instance, MaxResults: aws.Int32(pageAtOnce)})
	return only(t, name, pages.HasMorePages, func() ([]entry, error) {
		page, err := pages.NextPage(s.ctx)
		if err != nil {
			return nil, err
		}
		return entries(page.HoursOfOperationSummaryList, func(one types.HoursOfOperationSummary) entry { return entry{*one.Name, *one.Id} }), nil
	})
}

func (s sources) securityProfile(t *testing.T, name string) string {
	t.Helper()
	pages := connect.NewListSecurityProfilesPaginator(s.Client, &connect.ListSecurityProfilesInput{InstanceId: &s.instance, MaxResults: aws.Int32(pageAtOnce)})
	return only(t, name, pages.HasMorePages, func() ([]entry, error) {
		page, err := pages.NextPage(s.ctx)
		if err != nil {
			return nil, err
		}
		return entries(page.SecurityProfileSummaryList, func(one types.SecurityProfileSummary) entry { return entry{*one.Name, *one.Id} }), nil
	})
}

func (s sources) group(t *testing.T, name string) string {
	t.Helper()
	pages := connect.NewListUserHierarchyGroupsPaginator(s.Client, &connect.ListUserHierarchyGroupsInput{InstanceId: &s.instance, MaxResults: aws.Int32(pageAtOnce)})
	return only(t, name, pages.HasMorePages, func() ([]entry, error) {
		page, err := pages.NextPage(s.ctx)
		if err != nil {
			return nil, err
		}
		return entries(page.UserHierarchyGroupSummaryList, func(one types.HierarchyGroupSummary) entry { return entry{*one.Name, *one.Id} }), nil
	})
}

func (s sources) user(t *testing.T, name string) string {
	t.Helper()
	pages := connect.NewListUsersPaginator(s.Client, &connect.ListUsersInput{InstanceId: &s.instance, MaxResults: aws.Int32(pageAtOnce)})
	return only(t, name, pages.HasMorePages, func() ([]entry, error) {
		page, err := pages.NextPage(s.ctx)
		if err != nil {
			return nil, err
		}
		return entries(page.UserSummaryList, func(one types.UserSummary) entry { return entry{*one.Username, *one.Id} }), nil
	})
}

// instanceByAlias reads pages of 10, the most that Amazon gives.
func (s sources) instanceByAlias(t *testing.T, alias string) string {
	t.Helper()
	pages := connect.NewListInstancesPaginator(s.Client, &connect.ListInstancesInput{MaxResults: aws.Int32(10)})
	return only(t, alias, pages.HasMorePages, func() ([]entry, error) {
		page, err := pages.NextPage(s.ctx)
		if err != nil {
			return nil, err
		}
		return entries(page.InstanceSummaryList, func(one types.InstanceSummary) entry { return entry{*one.InstanceAlias, *one.Id} }), nil
	})
}

// TestTerraformRoutingSources is what a configuration of users looks up in an
// instance that it has just made.
func TestTerraformRoutingSources(t *testing.T) {
	t.Parallel()
	p, _ := startProvider(t)
	i := manage(t, instances{p})
	i.apply("create instance", instanceOf("terraform-sources"))
	s := sources{p, i.id}

	profile, queue, hours := s.routingProfile(t, "Basic Routing Profile"), s.queue(t, "BasicQueue"), s.hours(t, "Basic Hours")
	rp, err := p.DescribeRoutingProfile(p.ctx, &connect.DescribeRoutingProfileInput{InstanceId: &i.id, RoutingProfileId: &profile})
	if err != nil {
		t.Fatal(err)
	}
	if r := rp.RoutingProfile; *r.Name != "Basic Routing Profile" || *r.RoutingProfileId != profile || *r.DefaultOutboundQueueId != queue ||
		len(r.MediaConcurrencies) == 0 || aws.ToString(r.RoutingProfileArn) == "" || r.Description == nil {
		t.Errorf("routing profile %+v", r)
	}
	var queues []types.RoutingProfileQueueConfigSummary
	pages := connect.NewListRoutingProfileQueuesPaginator(p.Client, &connect.ListRoutingProfileQueuesInput{
		InstanceId: &i.id, RoutingProfileId: &profile, MaxResults: aws.Int32(pageAtOnce),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(p.ctx)
		if err != nil {
			t.Fatal(err)
		}
		queues = append(queues, page.RoutingProfileQueueConfigSummaryList...)
	}
	for _, q := range queues {
		if *q.QueueId != queue || *q.QueueName != "BasicQueue" || aws.ToString(q.QueueArn) == "" || *q.Priority < 1 {
			t.Errorf("queue of the routing profile %+v", q)
		}
	}
	q, err := p.DescribeQueue(p.ctx, &connect.DescribeQueueInput{InstanceId: &i.id, QueueId: &queue})
	if err != nil {
		t.Fatal(err)
	}
	if *q.Queue.HoursOfOperationId != hours || q.Queue.Status != types.QueueStatusEnabled || aws.ToString(q.Queue.QueueArn) == "" || len(queues) == 0 {
		t.Errorf("queue %+v, %d of the routing profile", q.Queue, len(queues))
	}
	h, err := p.DescribeHoursOfOperation(p.ctx, &connect.DescribeHoursOfOperationInput{InstanceId: &i.id, HoursOfOperationId: &hours})
	if err != nil {
		t.Fatal(err)
	}
	for _, day := range h.HoursOfOperation.Config {
		if day.StartTime == nil || day.EndTime == nil || day.StartTime.Hours == nil || day.EndTime.Minutes == nil {
			t.Errorf("%s has no hours: %+v", day.Day, day)
		}
	}
	if aws.ToString(h.HoursOfOperation.TimeZone) == "" || len(h.HoursOfOperation.Config) != 7 {
		t.Errorf("hours %+v", h.HoursOfOperation)
	}
}

// TestTerraformSourcesTurnPages finds by name what is not on the first page.
func TestTerraformSourcesTurnPages(t *testing.T) {
	t.Parallel()
	p, c := startProvider(t)
	s := sources{p, c.Instance}
	for n := range 12 {
		alias := fmt.Sprintf("zz-%02d", n)
		i := manage(t, instances{p})
		i.apply("create", instanceOf(alias))
		if id := s.instanceByAlias(t, alias); id != i.id {
			t.Errorf("%s is %s, made as %s", alias, id, i.id)
		}
	}
	for n := range 61 {
		g := manage(t, groups{provider: p, instance: c.Instance})
		g.apply("create", groupConfig{Name: fmt.Sprintf("zz %02d", n)})
		if n%30 == 0 && c.Instance+":"+s.group(t, g.state.Config.Name) != g.id {
			t.Errorf("%s is not found", g.state.Config.Name)
		}
	}
	w := userConfig{
		Name: "zz-last", Identity: identity{First: "Last", Last: "Page"}, Phone: phone{Type: types.PhoneTypeSoftPhone},
		Routing: s.routingProfile(t, "Basic Routing Profile"), Profiles: s.securityProfile(t, "Agent"),
	}
	u := manage(t, users{provider: p, instance: c.Instance})
	u.apply("create", w)
	if c.Instance+":"+s.user(t, w.Name) != u.id {
		t.Errorf("%s is not found", w.Name)
	}
}
