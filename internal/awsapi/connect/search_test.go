package connect_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
)

type foundUsers struct {
	Users                 []struct{ Username string }
	NextToken             string
	ApproximateTotalCount int
}

func (p *place) searched(rest string) apitest.Answer {
	p.t.Helper()
	return p.Do(http.MethodPost, "/search-users", `{"InstanceId":"`+string(p.id)+`"`+rest+`}`)
}

// names finds users and returns their names in order.
func (p *place) names(rest string) []string {
	p.t.Helper()
	var found foundUsers
	p.searched(rest).Into(&found)
	names := []string{}
	for _, u := range found.Users {
		names = append(names, u.Username)
	}
	slices.Sort(names)
	if found.ApproximateTotalCount != len(names) && found.NextToken == "" {
		p.t.Errorf("%s: about %d of %d", rest, found.ApproximateTotalCount, len(names))
	}
	return names
}

func criterion(field, comparison, value string) string {
	return `{"StringCondition":{"FieldName":"` + field + `","ComparisonType":"` + comparison + `","Value":"` + value + `"}}`
}

func TestSearchUsersShowsWhatAmazonShows(t *testing.T) {
	t.Parallel()
	p := start(t)
	group := p.group("", "福岡")
	id := p.create(map[string]any{
		"Username": "shown", "HierarchyGroupId": group, "Tags": map[string]string{"Team": "A"},
		"IdentityInfo":            map[string]any{"FirstName": "花子", "LastName": "新田", "Email": "shown@example.jp", "SecondaryEmail": "second@example.jp", "Mobile": "+819012345678"},
		"PhoneConfig":             map[string]any{"PhoneType": "SOFT_PHONE", "AfterContactWorkTimeLimit": 7},
		"AutoAcceptConfigs":       []any{map[string]any{"Channel": "CHAT", "AutoAccept": true}},
		"PhoneNumberConfigs":      nil,
		"AfterContactWorkConfigs": nil,
	})
	p.update(id, "config", `{"AfterContactWorkConfigs":[{"Channel":"CHAT","AfterContactWorkConfig":{"AfterContactWorkTimeLimit":9}}]}`).Must(http.StatusOK)
	got := string(p.searched(`,"SearchCriteria":` + criterion("Username", "EXACT", "shown")).Must(http.StatusOK).Body)
	for _, want := range []string{
		`"ApproximateTotalCount":1`, `"Id":"` + id + `"`, `/agent/` + id + `"`, `"HierarchyGroupId":"` + group + `"`, `"Tags":{"Team":"A"}`,
		`"IdentityInfo":{"FirstName":"花子","LastName":"新田"}`, `"AfterContactWorkTimeLimit":7000`, `"AfterContactWorkTimeLimit":9000`,
		`"AutoAcceptConfigs":[{"Channel":"CHAT","AutoAccept":true}]`, `"RoutingProfileId":"` + p.routing + `"`,
		`"SecurityProfileIds":["` + p.profiles["Agent"] + `"]`, `"DirectoryUserId":"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
	for _, unwanted := range []string{"example.jp", "9012345678", "Email", "Password", "argon2", "LastModified", "NextToken", "null"} {
		if strings.Contains(got, unwanted) {
			t.Errorf("%s is in %s", unwanted, got)
		}
	}
	if got := string(p.searched(`,"SearchCriteria":` + criterion("Username", "EXACT", "nobody")).Must(http.StatusOK).Body); got != `{"Users":[],"ApproximateTotalCount":0}` {
		t.Errorf("nobody is %s", got)
	}
}

func TestSearchUsersByCriteria(t *testing.T) {
	t.Parallel()
	p := start(t).another("momiji", aikagi.ConnectManaged)
	top := p.group("", "東京")
	below := p.group(top, "品川")
	person := func(first, last, email string) map[string]any {
		return map[string]any{"FirstName": first, "LastName": last, "Email": email}
	}
	agent, quality := []string{p.profiles["Agent"]}, []string{p.profiles["Agent"], p.profiles["QualityAnalyst"]}
	a := p.create(map[string]any{"Username": "ta_naka", "IdentityInfo": person("太郎", "田中", "zz@example.jp"), "HierarchyGroupId": top, "SecurityProfileIds": quality, "Tags": map[string]string{"Team": "A"}})
	p.create(map[string]any{"Username": "taxnaka", "IdentityInfo": person("Taro", "Tanaka", "ta_naka@example.jp"), "HierarchyGroupId": below, "Tags": map[string]string{"Team": "A", "Site": "1"}})
	c := p.create(map[string]any{"Username": "Sato", "IdentityInfo": person("花子", "佐藤", ""), "SecurityProfileIds": agent, "Tags": map[string]string{"Team": "B"}})
	for id, levels := range map[string][2]string{a: {"3", "5"}, c: {"5", "1"}} {
		p.update(id, "associate-proficiencies", `{"UserProficiencies":[{"AttributeName":"Language","AttributeValue":"Japanese","Level":`+levels[0]+
			`},{"AttributeName":"Language","AttributeValue":"English","Level":`+levels[1]+`}]}`).Must(http.StatusOK)
	}
	group := func(id, match string) string {
		return `{"HierarchyGroupCondition":{"Value":"` + id + `","HierarchyGroupMatchType":"` + match + `"}}`
	}
	japanese := func(number string) string {
		return `,"SearchCriteria":{"ListCondition":{"TargetListType":"PROFICIENCIES","Conditions":[
			{"StringCondition":{"FieldName":"name","ComparisonType":"EXACT","Value":"Language"}},{"StringCondition":{"FieldName":"value","ComparisonType":"EXACT","Value":"Japanese"}},
			{"NumberCondition":` + number + `}]}}`
	}
	by := func(criteria string) string { return `,"SearchCriteria":` + criteria }
	filter := func(kind, text string) string { return `,"SearchFilter":{"` + kind + `":` + text + `}` }
	const teamA, teamB, site = `{"TagKey":"Team","TagValue":"A"}`, `{"TagKey":"Team","TagValue":"B"}`, `{"TagKey":"Site","TagValue":"1"}`
	for rest, want := range map[string]string{
		"":       "Sato ta_naka taxnaka",
		by(`{}`): "Sato ta_naka taxnaka",
		by(criterion("Username", "STARTS_WITH", "ta_")):                                                       "ta_naka", // H18
		by(criterion("Username", "STARTS_WITH", "t%")):                                                        "",
		by(criterion("Username", "STARTS_WITH", `ta\\`)):                                                      "",
		by(criterion("Username", "CONTAINS", "_n")):                                                           "ta_naka",
		by(criterion("Username", "CONTAINS", "NAKA")):                                                         "ta_naka taxnaka",
		by(criterion("Username", "STARTS_WITH", "TA")):                                                        "ta_naka taxnaka",
		by(criterion("Username", "EXACT", "sato")):                                                            "",
		by(criterion("Username", "STARTS_WITH", "zz")):                                                        "", // an address is no name
		by(criterion("FirstName", "STARTS_WITH", "太")):                                                        "ta_naka",
		by(criterion("FirstName", "EXACT", "Taro")):                                                           "taxnaka",
		by(criterion("LastName", "STARTS_WITH", "ＴＡＮ")):                                                       "taxnaka",
		by(criterion("LastName", "EXACT", "田中")):                                                              "ta_naka",
		by(criterion("LastName", "EXACT", "太郎")):                                                              "",
		by(criterion("RoutingProfileId", "EXACT", p.routing)):                                                 "Sato ta_naka taxnaka",
		by(criterion("RoutingProfileId", "EXACT", "x")):                                                       "",
		by(criterion("SecurityProfileId", "EXACT", p.profiles["QualityAnalyst"])):                             "ta_naka",
		by(criterion("resourceId", "EXACT", c)):                                                               "Sato",
		by(group(top, "EXACT")):                                                                               "ta_naka",
		by(group(top, "WITH_CHILD_GROUPS")):                                                                   "ta_naka taxnaka",
		by(group("nowhere", "WITH_CHILD_GROUPS")):                                                             "",
		by(`{"OrConditions":[` + group(below, "EXACT") + `,` + criterion("Username", "EXACT", "Sato") + `]}`): "Sato taxnaka",
		by(`{"AndConditions":[` + criterion("Username", "STARTS_WITH", "ta") + `,{"OrConditions":[` + group(below, "EXACT") + `]}]}`): "taxnaka",
		by(`{"AndConditions":[` + criterion("Username", "STARTS_WITH", "ta") + `],` + group(below, "EXACT")[1:]):                      "taxnaka",
		by(`{"OrConditions":[{},` + criterion("Username", "EXACT", "Sato") + `]}`):                                                    "Sato",
		japanese(`{"FieldName":"limit","ComparisonType":"GREATER_OR_EQUAL","MinValue":4}`):                                            "Sato",
		japanese(`{"FieldName":"limit","ComparisonType":"RANGE","MinValue":2,"MaxValue":4}`):                                          "ta_naka",
		japanese(`{"FieldName":"limit","ComparisonType":"NOT_EQUAL","MinValue":3}`):                                                   "Sato",
		filter("TagFilter", `{"TagCondition":`+teamA+`}`):                                                                             "ta_naka taxnaka",
		filter("TagFilter", `{"TagCondition":{"TagKey":"Site"}}`):                                                                     "taxnaka",
		filter("TagFilter", `{"AndConditions":[`+teamA+`,`+site+`]}`):                                                                 "taxnaka",
		filter("TagFilter", `{"OrConditions":[[`+teamA+`,`+site+`],[`+teamB+`]]}`):                                                    "Sato taxnaka",
		filter("UserAttributeFilter", `{"TagCondition":`+teamB+`}`):                                                                   "Sato",
		filter("UserAttributeFilter", group(top, "WITH_CHILD_GROUPS")):                                                                "ta_naka taxnaka",
		filter("UserAttributeFilter", `{"AndCondition":{"TagConditions":[`+teamA+`],`+group(below, "EXACT")[1:]+`}`):                  "taxnaka",
		filter("UserAttributeFilter", `{"OrConditions":[{"TagConditions":[`+teamB+`]},`+group(below, "EXACT")+`]}`):                   "Sato taxnaka",
		filter("TagFilter", `{"TagCondition":`+teamA+`}`) + by(criterion("Username", "STARTS_WITH", "tax")):                           "taxnaka",
		filter("TagFilter", `{}`): "Sato ta_naka taxnaka",
		`,"SearchFilter":{}`:      "Sato ta_naka taxnaka",
	} {
		if got := strings.Join(p.names(rest), " "); got != want {
			t.Errorf("%s: found %q, want %q", rest, got, want)
		}
	}
}

func TestSearchUsersRefuses(t *testing.T) {
	t.Parallel()
	p := start(t)
	by := func(criteria string) string { return `,"SearchCriteria":` + criteria }
	const tag = `"TagCondition":{"TagKey":"Team","TagValue":"A"}`
	tags := func(n int) string {
		return `{"TagConditions":[` + strings.Repeat(`{"TagKey":"a","TagValue":"b"},`, n-1) + `{"TagKey":"a","TagValue":"b"}]}`
	}
	deep := strings.Repeat(`{"AndConditions":[`, 20) + criterion("Username", "EXACT", "x") + strings.Repeat(`]}`, 20)
	for rest, want := range map[string]string{
		`,"MaxResults":0`: "InvalidParameterException", `,"MaxResults":-1`: "InvalidParameterException", `,"MaxResults":501`: "InvalidParameterException",
		`,"MaxResults":1e400`: "SerializationException", `,"MaxResults":"5"`: "SerializationException", `,"NextToken":"x"`: "InvalidParameterException",
		by(criterion("Email", "EXACT", "x@example.jp")):                            "InvalidParameterException",
		by(criterion("Username", "CONTAINS", "x")):                                 "InvalidParameterException",
		by(criterion("Username", "LIKE", "xx")):                                    "InvalidParameterException",
		by(criterion("Username", "EXACT", "")):                                     "InvalidRequestException",
		by(`{"StringCondition":{"FieldName":"Username"}}`):                         "InvalidRequestException",
		by(`{"ListCondition":{"TargetListType":"QUEUES","Conditions":[]}}`):        "InvalidParameterException",
		by(`{"ListCondition":{"TargetListType":"PROFICIENCIES","Conditions":[]}}`): "InvalidRequestException",
		by(`{"HierarchyGroupCondition":{"Value":"g"}}`):                            "InvalidParameterException",
		by(`{"OrConditions":[null]}`):                                              "SerializationException", by(deep): "SerializationException", by(`[]`): "SerializationException",
		`,"SearchFilter":{"TagFilter":{` + tag + `},"UserAttributeFilter":{` + tag + `}}`:      "AccessDeniedException",
		`,"SearchFilter":{"UserAttributeFilter":{` + tag + `,"AndCondition":` + tags(1) + `}}`: "InvalidRequestException",
		`,"SearchFilter":{"UserAttributeFilter":{"AndCondition":` + tags(26) + `}}`:            "InvalidParameterException",
		`,"SearchFilter":{"UserAttributeFilter":{"AndCondition":` + tags(25) + `}}`:            "",
		`,"SearchFilter":{"TagFilter":{"TagCondition":{"TagValue":"A"}}}`:                      "InvalidRequestException",
	} {
		if a := p.searched(rest); a.Fault() != want {
			t.Errorf("%s: answered %d %s, want %q", rest, a.Status, a.Body, want)
		}
	}
	p.Do(http.MethodPost, "/search-users", `{}`).Refuses("InvalidRequestException")
	p.Do(http.MethodPost, "/search-users", `{"InstanceId":"unknown"}`).Refuses("ResourceNotFoundException")
}

// TestS36SearchesGoOnWithTheirOwnTokenOnly pages through everybody, and tries the
// token elsewhere.
func TestS36SearchesGoOnWithTheirOwnTokenOnly(t *testing.T) {
	t.Parallel()
	p := start(t)
	var all []string
	var first foundUsers
	for token, pages := "", 0; ; pages++ {
		var found foundUsers
		rest := `,"MaxResults":50`
		if token != "" {
			rest += `,"NextToken":"` + token + `"`
		}
		p.searched(rest).Into(&found)
		for _, u := range found.Users {
			all = append(all, u.Username)
		}
		if pages == 0 {
			first = found
		}
		if found.ApproximateTotalCount != first.ApproximateTotalCount {
			t.Errorf("page %d tells of %d, the first of %d", pages, found.ApproximateTotalCount, first.ApproximateTotalCount)
		}
		if token = found.NextToken; token == "" {
			break
		}
	}
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != first.ApproximateTotalCount || n < 100 {
		t.Errorf("%d users are found, about %d", n, first.ApproximateTotalCount)
	}
	token := `,"NextToken":"` + first.NextToken + `"`
	p.searched(token + `,"SearchCriteria":` + criterion("Username", "STARTS_WITH", "a")).Refuses("InvalidParameterException")
	p.searched(token + `,"SearchFilter":{"TagFilter":{}}`).Refuses("InvalidParameterException")
	p.another("momiji", aikagi.ConnectManaged).searched(token).Refuses("InvalidParameterException")
	reader := p.As(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"connect:SearchUsers","Resource":"*"}]}`)
	reader.Do(http.MethodPost, "/search-users", `{"InstanceId":"`+string(p.id)+`"`+token+`}`).Refuses("InvalidParameterException")
	p.searched(token).Must(http.StatusOK)
}

// TestSearchesAreLimitedByTags: a policy may demand a tag of every search, and one
// that only some who are found have is none.
func TestSearchesAreLimitedByTags(t *testing.T) {
	t.Parallel()
	p := start(t)
	as := p.As(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"connect:SearchUsers",
		"Resource":"arn:aws:connect:*:*:instance/` + string(p.id) + `","Condition":{"StringEquals":{"connect:SearchTag/Team":"A"}}}]}`)
	const a, b, site = `{"TagKey":"Team","TagValue":"A"}`, `{"TagKey":"Team","TagValue":"B"}`, `{"TagKey":"Site","TagValue":"1"}`
	for n, c := range []struct {
		filter string
		may    bool
	}{
		{``, false},
		{`{"TagFilter":{"TagCondition":` + a + `}}`, true},
		{`{"TagFilter":{"TagCondition":` + b + `}}`, false},
		{`{"TagFilter":{"TagCondition":{"TagKey":"Team"}}}`, false},
		{`{"TagFilter":{"AndConditions":[` + site + `,` + a + `]}}`, true},
		{`{"TagFilter":{"OrConditions":[[` + a + `],[` + b + `]]}}`, false},
		{`{"TagFilter":{"OrConditions":[[` + b + `],[` + a + `]]}}`, false},
		{`{"TagFilter":{"OrConditions":[[` + a + `],[]]}}`, false},
		{`{"TagFilter":{"OrConditions":[[` + a + `],[` + site + `,` + a + `]]}}`, true},
		{`{"UserAttributeFilter":{"AndCondition":{"TagConditions":[` + a + `]}}}`, true},
		{`{"UserAttributeFilter":{"OrConditions":[{"TagConditions":[` + a + `]},{"HierarchyGroupCondition":{"Value":"g","HierarchyGroupMatchType":"EXACT"}}]}}`, false},
	} {
		body := `{"InstanceId":"` + string(p.id) + `"`
		if c.filter != "" {
			body += `,"SearchFilter":` + c.filter
		}
		if got := as.Do(http.MethodPost, "/search-users", body+`}`).Status == http.StatusOK; got != c.may {
			t.Errorf("case %s %s: allowed %v", strconv.Itoa(n), c.filter, got)
		}
	}
}
