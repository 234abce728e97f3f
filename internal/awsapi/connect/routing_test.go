package connect_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
	"github.com/aikagi/aikagi/internal/store"
)

// one is the only thing on a list.
func one(t *testing.T, c *apitest.Client, path, member string) object {
	t.Helper()
	all := list(t, c, path, member)
	if len(all) != 1 {
		t.Fatalf("%s: %v", path, all)
	}
	return all[0]
}

func TestAnInstanceHasWhatTerraformLooksFor(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	i := c.Instance
	profile := one(t, c, "/routing-profiles-summary/"+i, "RoutingProfileSummaryList")
	queue := one(t, c, "/queues-summary/"+i, "QueueSummaryList")
	hours := one(t, c, "/hours-of-operations-summary/"+i, "HoursOfOperationSummaryList")
	for _, want := range []struct{ got, want string }{
		{profile.at("Name"), "Basic Routing Profile"},
		{queue.at("Name"), "BasicQueue"},
		{queue.at("QueueType"), "STANDARD"},
		{hours.at("Name"), "Basic Hours"},
		{profile.at("Arn"), arnOf(c, "/routing-profile/"+profile.at("Id"))},
		{queue.at("Arn"), arnOf(c, "/queue/"+queue.at("Id"))},
		{hours.at("Arn"), arnOf(c, "/operating-hours/"+hours.at("Id"))},
	} {
		if want.got != want.want {
			t.Errorf("got %q, want %q", want.got, want.want)
		}
	}
}

func arnOf(c *apitest.Client, rest string) string {
	return get(c, "/instance/"+c.Instance).at("Instance", "Arn") + rest
}

func TestRoutingProfilesQueuesAndHoursAreDescribed(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	i := c.Instance
	profile := one(t, c, "/routing-profiles-summary/"+i, "RoutingProfileSummaryList").at("Id")
	queue := one(t, c, "/queues-summary/"+i, "QueueSummaryList").at("Id")
	hours := one(t, c, "/hours-of-operations-summary/"+i, "HoursOfOperationSummaryList").at("Id")

	p := get(c, "/routing-profiles/"+i+"/"+profile)
	for member, want := range map[string]string{
		"InstanceId": i, "RoutingProfileId": profile, "DefaultOutboundQueueId": queue, "AssociatedQueueIds": `["` + queue + `"]`,
		"IsDefault": "true", "Description": "A simple routing profile.", "Tags": "{}", "NumberOfAssociatedUsers": "",
		"MediaConcurrencies": `[{"Channel":"CHAT","Concurrency":2,"CrossChannelBehavior":{"BehaviorType":"ROUTE_CURRENT_CHANNEL_ONLY"}},` +
			`{"Channel":"TASK","Concurrency":1,"CrossChannelBehavior":{"BehaviorType":"ROUTE_CURRENT_CHANNEL_ONLY"}},` +
			`{"Channel":"VOICE","Concurrency":1,"CrossChannelBehavior":{"BehaviorType":"ROUTE_CURRENT_CHANNEL_ONLY"}}]`,
	} {
		if got := p.at("RoutingProfile", member); got != want {
			t.Errorf("profile, %s: %s, want %s", member, got, want)
		}
	}
	var channels []string
	for _, q := range list(t, c, "/routing-profiles/"+i+"/"+profile+"/queues", "RoutingProfileQueueConfigSummaryList") {
		channels = append(channels, q.at("QueueName")+q.at("Channel")+q.at("Priority")+q.at("Delay"))
	}
	if fmt.Sprint(channels) != "[BasicQueueCHAT10 BasicQueueTASK10 BasicQueueVOICE10]" {
		t.Errorf("queues of the profile: %v", channels)
	}
	q := get(c, "/queues/"+i+"/"+queue)
	if q.at("Queue", "Status") != "ENABLED" || q.at("Queue", "HoursOfOperationId") != hours || q.at("Queue", "MaxContacts") != "" || q.at("Queue", "Tags") != "{}" {
		t.Errorf("queue: %v", q)
	}
	h := get(c, "/hours-of-operations/"+i+"/"+hours)
	if h.at("HoursOfOperation", "TimeZone") != c.Centre.Instance.Settings.TimeZone || strings.Count(h.at("HoursOfOperation", "Config"), "DAY") != 7 {
		t.Errorf("hours: %v", h)
	}
	if quick := get(c, "/queues/"+i+"/"+queue+"/quick-connects"); quick.at("QuickConnectSummaryList") != "[]" || quick.at("NextToken") != "" {
		t.Errorf("quick connects: %v", quick)
	}
	other := create(c, "momiji", "")
	for _, path := range []string{"/routing-profiles/%s/%s", "/routing-profiles/%s/%s/queues", "/queues/%s/%s", "/queues/%s/%s/quick-connects", "/hours-of-operations/%s/%s"} {
		for _, id := range []string{nowhere, profile, queue, hours} {
			c.Do(http.MethodGet, fmt.Sprintf(path, other, id), "").Refuses("ResourceNotFoundException")
		}
	}
	for _, query := range []string{"maxResults=0", "maxResults=1001", "nextToken=x"} {
		c.Do(http.MethodGet, "/queues-summary/"+i+"?"+query, "").Refuses("InvalidParameterException")
	}
	if agents := get(c, "/queues-summary/"+i+"?queueTypes=AGENT"); agents.at("QueueSummaryList") != "[]" {
		t.Errorf("queues of agents: %v", agents)
	}
	get(c, "/queues-summary/"+i+"?queueTypes=AGENT&queueTypes=STANDARD")
	c.Do(http.MethodGet, "/queues-summary/"+i+"?queueTypes=LONG", "").Refuses("InvalidParameterException")
	denied := c.As(policy(`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"` + arnOf(c, "/queue/"+queue) + `"}`))
	denied.Do(http.MethodGet, "/queues/"+i+"/"+queue, "").Refuses("AccessDeniedException")
	denied.Do(http.MethodGet, "/queues/"+i+"/"+nowhere, "").Refuses("ResourceNotFoundException")
}

func TestSearchingByNameAndTag(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	instance := aikagi.InstanceID(c.Instance)
	err := c.Store.Update(t.Context(), func(tx *store.Tx) error {
		for _, name := range []string{"Night", "Nightly 100%", "Zebra"} {
			id := aikagi.NewID()
			q := aikagi.Queue{InstanceID: instance, ID: id, Name: name, Description: "of the tests", CreatedAt: c.Clock.Now()}
			if err := tx.InsertQueue(t.Context(), q); err != nil {
				return err
			}
			tags := []aikagi.Tag{{Key: "team", Value: strings.ToLower(name[:1])}, {Key: "all", Value: "yes"}}
			if err := tx.ReplaceTags(t.Context(), instance, aikagi.Resource{Kind: aikagi.ResourceQueue, ID: id}, tags); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	search := func(rest string) (names []string, total string) {
		t.Helper()
		token := ""
		for {
			var found struct {
				Queues                []object
				ApproximateTotalCount int
				NextToken             string
			}
			c.Do(http.MethodPost, "/search-queues", `{"InstanceId":"`+c.Instance+`","MaxResults":1`+rest+token+`}`).Into(&found)
			for _, q := range found.Queues {
				names = append(names, q.at("Name"))
			}
			total = fmt.Sprint(found.ApproximateTotalCount)
			if found.NextToken == "" {
				return names, total
			}
			token = `,"NextToken":"` + found.NextToken + `"`
		}
	}
	by := func(field, comparison, value string) string {
		return `{"StringCondition":{"FieldName":"` + field + `","ComparisonType":"` + comparison + `","Value":"` + value + `"}}`
	}
	for _, s := range []struct{ rest, want string }{
		{``, "[BasicQueue Night Nightly 100% Zebra] 4"},
		{`,"SearchCriteria":` + by("name", "STARTS_WITH", "night"), "[Night Nightly 100%] 2"},
		{`,"SearchCriteria":` + by("name", "EXACT", "Night"), "[Night] 1"},
		{`,"SearchCriteria":` + by("name", "CONTAINS", "0%"), "[Nightly 100%] 1"},
		{`,"SearchCriteria":` + by("name", "CONTAINS", "__"), "[] 0"},
		{`,"SearchCriteria":` + by("description", "CONTAINS", "tests"), "[Night Nightly 100% Zebra] 3"},
		{`,"SearchCriteria":{"OrConditions":[` + by("name", "EXACT", "Zebra") + `,` + by("name", "EXACT", "Night") + `]}`, "[Night Zebra] 2"},
		{`,"SearchCriteria":{"AndConditions":[` + by("name", "STARTS_WITH", "n") + `,` + by("name", "CONTAINS", "ly") + `]}`, "[Nightly 100%] 1"},
		{`,"SearchCriteria":{"QueueTypeCondition":"STANDARD"}`, "[BasicQueue Night Nightly 100% Zebra] 4"},
		{`,"SearchFilter":{"TagFilter":{"TagCondition":{"TagKey":"team","TagValue":"n"}}}`, "[Night Nightly 100%] 2"},
		{`,"SearchFilter":{"TagFilter":{"TagCondition":{"TagKey":"all","TagValue":"yes"}}}`, "[Night Nightly 100% Zebra] 3"},
		{`,"SearchFilter":{"TagFilter":{"AndConditions":[{"TagKey":"all","TagValue":"yes"},{"TagKey":"team","TagValue":"z"}]}}`, "[Zebra] 1"},
		{`,"SearchFilter":{"TagFilter":{"OrConditions":[[{"TagKey":"team","TagValue":"z"}],[{"TagKey":"team","TagValue":"n"},{"TagKey":"all","TagValue":"no"}]]}}`, "[Zebra] 1"},
		{`,"SearchCriteria":` + by("name", "CONTAINS", "ly") + `,"SearchFilter":{"TagFilter":{"TagCondition":{"TagKey":"team","TagValue":"n"}}}`, "[Nightly 100%] 1"},
	} {
		names, total := search(s.rest)
		if got := fmt.Sprint(names) + " " + total; got != s.want {
			t.Errorf("%s: got %s, want %s", s.rest, got, s.want)
		}
	}
	post := func(c *apitest.Client, path, rest string) apitest.Answer {
		return c.Do(http.MethodPost, path, `{"InstanceId":"`+c.Instance+`"`+rest+`}`)
	}
	for _, rest := range []string{
		`,"SearchCriteria":` + by("colour", "EXACT", "red"), `,"SearchCriteria":` + by("name", "LIKE", "red"), `,"SearchCriteria":` + by("name", "CONTAINS", "x"),
		`,"SearchCriteria":` + by("name", "CONTAINS", strings.Repeat("x", 26)), `,"SearchCriteria":{"QueueTypeCondition":"AGENT"}`,
		`,"MaxResults":0`, `,"MaxResults":501`, `,"NextToken":"x"`,
	} {
		post(c, "/search-queues", rest).Refuses("InvalidParameterException")
	}
	c.Do(http.MethodPost, "/search-queues", `{}`).Refuses("InvalidRequestException")
	for path, member := range map[string]string{"/search-routing-profiles": "RoutingProfiles", "/search-hours-of-operations": "HoursOfOperations"} {
		var found object
		post(c, path, `,"SearchCriteria":`+by("name", "STARTS_WITH", "basic")).Into(&found)
		if found.at("ApproximateTotalCount") != "1" || !strings.Contains(found.at(member), "Basic") {
			t.Errorf("%s: %v", path, found)
		}
		post(c, path, `,"SearchFilter":{"TagFilter":{"TagCondition":{"TagKey":"none","TagValue":"x"}}}`).Into(&found)
		if found.at(member) != "[]" {
			t.Errorf("%s by tag: %v", path, found)
		}
		c.Do(http.MethodPost, path, `{"InstanceId":"`+nowhere+`"}`).Refuses("ResourceNotFoundException")
	}
	own := c.As(policy(`{"Effect":"Allow","Action":"connect:SearchQueues","Resource":"*","Condition":{"StringEquals":{"connect:SearchTag/team":"n"}}}`))
	post(own, "/search-queues", `,"SearchFilter":{"TagFilter":{"TagCondition":{"TagKey":"team","TagValue":"n"}}}`).Must(http.StatusOK)
	post(own, "/search-queues", `,"SearchFilter":{"TagFilter":{"TagCondition":{"TagKey":"team","TagValue":"z"}}}`).Refuses("AccessDeniedException")
	post(own, "/search-queues", ``).Refuses("AccessDeniedException")
}
