package connect_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
	"github.com/aikagi/aikagi/internal/store"
)

const nowhere = "00000000-0000-4000-8000-000000000000"

// at follows names and returns what is there as text; "" is nothing.
func (o object) at(path ...string) string {
	var v any = map[string]any(o)
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	if v == nil {
		return ""
	}
	text, ok := v.(string)
	if !ok {
		b, _ := json.Marshal(v)
		return string(b)
	}
	return text
}

func get(c *apitest.Client, path string) (o object) {
	c.Do(http.MethodGet, path, "").Into(&o)
	return o
}

// list reads a list page by page, of one thing each.
func list(t *testing.T, c *apitest.Client, path, member string) (all []object) {
	t.Helper()
	for token := ""; ; {
		var page map[string]json.RawMessage
		c.Do(http.MethodGet, path+"?maxResults=1"+token, "").Into(&page)
		var some []object
		if err := json.Unmarshal(page[member], &some); err != nil {
			t.Fatalf("%s of %s: %v", member, page, err)
		}
		all = append(all, some...)
		var next string
		if _ = json.Unmarshal(page["NextToken"], &next); next == "" {
			return all
		}
		if token = "&nextToken=" + next; len(all) > 100 {
			t.Fatal("the list does not end")
		}
	}
}

const fine = `"IdentityManagementType":"CONNECT_MANAGED","InboundCallsEnabled":true,"OutboundCallsEnabled":false`

func create(c *apitest.Client, alias, more string) (id string) {
	var made object
	c.Do(http.MethodPut, "/instance", `{`+fine+`,"InstanceAlias":"`+alias+`"`+more+`}`).Into(&made)
	return made.at("Id")
}

func TestAnInstanceFromItsBeginningToItsEnd(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	id := create(c, "Momiji", `,"Tags":{"team":"desk","empty":""}`)
	path := "/instance/" + id
	i := get(c, path)
	for _, want := range []struct {
		member, value string
	}{
		{"Id", id},
		{"InstanceAlias", "Momiji"},
		{"IdentityManagementType", "CONNECT_MANAGED"},
		{"InstanceStatus", "ACTIVE"},
		{"InboundCallsEnabled", "true"},
		{"OutboundCallsEnabled", "false"},
		{"Tags", `{"empty":"","team":"desk"}`},
		{"StatusReason", ""},
		{"InstanceAccessUrl", c.URLs.Instance("momiji", "/login")},
	} {
		if got := i.at("Instance", want.member); got != want.value {
			t.Errorf("%s: %q, want %q", want.member, got, want.value)
		}
	}
	if arn := i.at("Instance", "Arn"); !strings.HasSuffix(arn, ":instance/"+id) || !strings.HasPrefix(arn, "arn:aws:connect:"+apitest.Region) {
		t.Errorf("ARN %s", arn)
	}
	if role := i.at("Instance", "ServiceRole"); !strings.Contains(role, ":role/aws-service-role/connect.amazonaws.com/") {
		t.Errorf("role %s", role)
	}
	var aliases []string
	for _, one := range list(t, c, "/instance", "InstanceSummaryList") {
		aliases = append(aliases, one.at("InstanceAlias")+one.at("Tags")+" "+one.at("InboundCallsEnabled"))
	}
	if fmt.Sprint(aliases) != "[Momiji true sakura false]" {
		t.Errorf("listed %v", aliases)
	}
	// Those who come with Amazon's instances are there.
	if len(list(t, c, "/routing-profiles-summary/"+id, "RoutingProfileSummaryList")) != 1 {
		t.Error("no routing profile")
	}
	answer := c.Do(http.MethodDelete, path, "").Must(http.StatusOK)
	if string(answer.Body) != "{}" {
		t.Errorf("deleting answers %s", answer.Body)
	}
	for _, gone := range []string{path, path + "/attributes", "/users-summary/" + id, "/queues-summary/" + id} {
		c.Do(http.MethodGet, gone, "").Refuses("ResourceNotFoundException")
	}
	c.Do(http.MethodDelete, path, "").Refuses("ResourceNotFoundException")
	if all := list(t, c, "/instance", "InstanceSummaryList"); len(all) != 1 {
		t.Errorf("%d instances are listed", len(all))
	}
	create(c, "momiji", "") // the alias is free again
}

func TestWhatMakesNoInstance(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	for _, r := range []struct{ name, body, fault string }{
		{"nothing", `{}`, "InvalidRequestException"},
		{"no type", `{"InstanceAlias":"a","InboundCallsEnabled":true,"OutboundCallsEnabled":true}`, "InvalidRequestException"},
		{"no inbound", `{"InstanceAlias":"a","IdentityManagementType":"SAML","OutboundCallsEnabled":true}`, "InvalidRequestException"},
		{"no outbound", `{"InstanceAlias":"a","IdentityManagementType":"SAML","InboundCallsEnabled":true}`, "InvalidRequestException"},
		{"null outbound", `{"InstanceAlias":"a","IdentityManagementType":"SAML","InboundCallsEnabled":true,"OutboundCallsEnabled":null}`, "InvalidRequestException"},
		{"words for a boolean", `{"InstanceAlias":"a","IdentityManagementType":"SAML","InboundCallsEnabled":"yes","OutboundCallsEnabled":true}`, "SerializationException"},
		{"no alias", `{` + fine + `}`, "InvalidRequestException"},
		{"alias", `{` + fine + `,"InstanceAlias":"a_b"}`, "InvalidParameterException"},
		{"alias of a directory", `{` + fine + `,"InstanceAlias":"d-abc"}`, "InvalidParameterException"},
		{"taken alias", `{` + fine + `,"InstanceAlias":"SAKURA"}`, "InvalidRequestException"},
		{"type", `{"InstanceAlias":"a","IdentityManagementType":"LDAP","InboundCallsEnabled":true,"OutboundCallsEnabled":true}`, "InvalidParameterException"},
		{"directory", `{` + fine + `,"InstanceAlias":"a","DirectoryId":"d-0123456789"}`, "InvalidRequestException"},
		{"reserved tag", `{` + fine + `,"InstanceAlias":"a","Tags":{"aws:a":"b"}}`, "InvalidParameterException"},
		{"long token", `{` + fine + `,"InstanceAlias":"a","ClientToken":"` + strings.Repeat("t", 501) + `"}`, "InvalidParameterException"},
	} {
		t.Run(r.name, func(t *testing.T) {
			c.Do(http.MethodPut, "/instance", r.body).Refuses(r.fault)
		})
	}
	for _, query := range []string{"maxResults=0", "maxResults=11", "nextToken=x"} {
		c.Do(http.MethodGet, "/instance?"+query, "").Refuses("InvalidParameterException")
	}
	c.Do(http.MethodGet, "/instance/"+nowhere, "").Refuses("ResourceNotFoundException")
	if all := list(t, c, "/instance", "InstanceSummaryList"); len(all) != 1 {
		t.Errorf("%d instances, want 1", len(all))
	}
}

func TestS34AClientTokenMakesARepeatedRequestHarmless(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	id := create(c, "momiji", `,"ClientToken":"one","Tags":{"a":"1","b":"2"}`)
	if again := create(c, "momiji", `,"ClientToken":"one","Tags":{"b":"2","a":"1"}`); again != id {
		t.Errorf("the same request made %s and %s", id, again)
	}
	c.Do(http.MethodPut, "/instance", `{`+fine+`,"InstanceAlias":"kaede","ClientToken":"one"}`).Refuses("InvalidRequestException")
	path := "/instance/" + id
	c.Do(http.MethodDelete, path+"?clientToken=two", "").Must(http.StatusOK)
	c.Do(http.MethodDelete, path+"?clientToken=two", "").Must(http.StatusOK)
	c.Do(http.MethodDelete, path+"?clientToken=three", "").Refuses("ResourceNotFoundException")
	c.Do(http.MethodDelete, "/instance/"+c.Instance+"?clientToken=two", "").Refuses("InvalidRequestException")
	if again := create(c, "momiji", `,"ClientToken":"one","Tags":{"a":"1","b":"2"}`); again != id {
		t.Error("a late repetition brought a deleted instance back")
	}
	get(c, "/instance/"+c.Instance)
}

// TestS32PoliciesJudgeInstances by ARN, by tag and by the condition keys of the
// request.
func TestS32PoliciesJudgeInstances(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	other := create(c, "momiji", "")
	arn := func(id string) string { return get(c, "/instance/"+id).at("Instance", "Arn") }
	but := c.As(policy(`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"connect:*","Resource":["` + arn(other) + `","` + arn(other) + `/*"]}`))
	get(but, "/instance/"+c.Instance)
	for _, r := range [][3]string{
		{http.MethodGet, "/instance/" + other},
		{http.MethodDelete, "/instance/" + other},
		{http.MethodGet, "/instance/" + other + "/attributes"},
		{http.MethodGet, "/instance/" + other + "/attribute/CONTACT_LENS"},
		{http.MethodPost, "/instance/" + other + "/attribute/CONTACT_LENS", `{"Value":"true"}`},
		{http.MethodGet, "/authentication-profiles-summary/" + other},
		{http.MethodGet, "/authentication-profiles/" + other + "/x"},
		{http.MethodPost, "/authentication-profiles/" + other + "/x", `{}`},
		{http.MethodGet, "/queues-summary/" + other},
		{http.MethodGet, "/queues/" + other + "/x"},
		{http.MethodPost, "/search-queues", `{"InstanceId":"` + other + `"}`},
		{http.MethodGet, "/hours-of-operations/" + other + "/x"},
		{http.MethodGet, "/routing-profiles/" + other + "/x/queues"},
	} {
		but.Do(r[0], r[1], r[2]).Refuses("AccessDeniedException")
	}
	nobody := c.As(policy(`{"Effect":"Allow","Action":"connect:ListUsers","Resource":"*"}`))
	for _, r := range [][3]string{
		{http.MethodGet, "/instance"},
		{http.MethodPut, "/instance", `{` + fine + `,"InstanceAlias":"kaede"}`},
		{http.MethodGet, "/instance/" + nowhere},
		{http.MethodDelete, "/instance/" + nowhere},
	} {
		nobody.Do(r[0], r[1], r[2]).Refuses("AccessDeniedException")
	}
	tagged := c.As(policy(`{"Effect":"Allow","Action":"connect:CreateInstance","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"desk"}}}`))
	tagged.Do(http.MethodPut, "/instance", `{`+fine+`,"InstanceAlias":"kaede"}`).Refuses("AccessDeniedException")
	create(tagged, "kaede", `,"Tags":{"team":"desk"}`)
	one := c.As(policy(`{"Effect":"Allow","Action":"connect:UpdateInstanceAttribute","Resource":"*","Condition":{"StringEquals":{"connect:AttributeType":"EARLY_MEDIA"}}}`))
	one.Do(http.MethodPost, "/instance/"+other+"/attribute/EARLY_MEDIA", `{"Value":"false"}`).Must(http.StatusOK)
	one.Do(http.MethodPost, "/instance/"+other+"/attribute/CONTACT_LENS", `{"Value":"false"}`).Refuses("AccessDeniedException")
	// The mark of a deleted instance is not one that a policy sees.
	c.Do(http.MethodDelete, "/instance/"+other, "").Must(http.StatusOK)
	but.Do(http.MethodGet, "/instance/"+other, "").Refuses("AccessDeniedException")
}

func policy(statements string) string {
	return `{"Version":"2012-10-17","Statement":[` + statements + `]}`
}

// TestSessionsOfADeletedInstanceEnd: whoever is logged in finds nothing, and the
// job takes everybody away.
func TestSessionsOfADeletedInstanceEnd(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	page := func() int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL("/login"), nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	if status := page(); status != http.StatusOK {
		t.Fatalf("before: %d", status)
	}
	c.Do(http.MethodDelete, "/instance/"+c.Instance, "").Must(http.StatusOK)
	if status := page(); status != http.StatusNotFound {
		t.Errorf("after: %d", status)
	}
	for range 20 { // the job of the product and this one take turns
		if _, err := c.Instances.Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	left := 0
	err := c.Store.View(t.Context(), func(tx *store.Tx) (err error) {
		left, err = tx.CountUsers(t.Context(), store.UserRange{Instance: aikagi.InstanceID(c.Instance), Set: store.EveryUser}, 1000)
		return err
	})
	if err != nil || left != 0 {
		t.Errorf("%d users are left, %v", left, err)
	}
}

func TestThirteenAttributes(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	path := "/instance/" + c.Instance
	all := list(t, c, path+"/attributes", "Attributes")
	var on []string
	for _, a := range all {
		if a.at("Value") == "true" {
			on = append(on, a.at("AttributeType"))
		}
	}
	slices.Sort(on)
	if len(all) != 13 || fmt.Sprint(on) != "[AUTO_RESOLVE_BEST_VOICES CONTACT_LENS EARLY_MEDIA]" {
		t.Errorf("%d attributes, on: %v", len(all), on)
	}
	var page struct {
		Attributes []object
		NextToken  string
	}
	c.Do(http.MethodGet, path+"/attributes", "").Into(&page)
	if len(page.Attributes) != 7 || page.NextToken == "" {
		t.Errorf("a page has %d", len(page.Attributes))
	}
	other := create(c, "momiji", "")
	c.Do(http.MethodGet, "/instance/"+other+"/attributes?nextToken="+page.NextToken, "").Refuses("InvalidParameterException")
	for _, a := range all {
		name, flipped := a.at("AttributeType"), fmt.Sprint(a.at("Value") == "false")
		answer := c.Do(http.MethodPost, path+"/attribute/"+name, `{"Value":"`+flipped+`"}`).Must(http.StatusOK)
		if string(answer.Body) != "{}" {
			t.Errorf("%s answers %s", name, answer.Body)
		}
		if got := get(c, path+"/attribute/"+name).at("Attribute"); got != `{"AttributeType":"`+name+`","Value":"`+flipped+`"}` {
			t.Errorf("%s: %s", name, got)
		}
	}
	if i := get(c, path); i.at("Instance", "InboundCallsEnabled") != "true" || i.at("Instance", "OutboundCallsEnabled") != "true" {
		t.Errorf("instance: %v", i)
	}
	if get(c, "/instance/"+other+"/attribute/EARLY_MEDIA").at("Attribute", "Value") != "true" {
		t.Error("the neighbour's attribute changed")
	}
	for _, body := range []string{`{}`, `{"Value":null}`, `{"Value":""}`} {
		c.Do(http.MethodPost, path+"/attribute/EARLY_MEDIA", body).Refuses("InvalidRequestException")
	}
	for _, body := range []string{`{"Value":"yes"}`, `{"Value":"True"}`} {
		c.Do(http.MethodPost, path+"/attribute/EARLY_MEDIA", body).Refuses("InvalidParameterException")
	}
	c.Do(http.MethodPost, path+"/attribute/EARLY_MEDIA", `{"Value":true}`).Refuses("SerializationException")
	c.Do(http.MethodPost, path+"/attribute/COFFEE", `{"Value":"true"}`).Refuses("InvalidParameterException")
	c.Do(http.MethodGet, path+"/attribute/COFFEE", "").Refuses("InvalidParameterException")
	c.Do(http.MethodGet, path+"/attributes?maxResults=8", "").Refuses("InvalidParameterException")
	c.Do(http.MethodGet, "/instance/"+nowhere+"/attribute/EARLY_MEDIA", "").Refuses("ResourceNotFoundException")
}
