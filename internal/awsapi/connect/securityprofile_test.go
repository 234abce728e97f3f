package connect_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

type profileAnswer struct {
	ID          string `json:"SecurityProfileId"`
	ARN         string `json:"SecurityProfileArn"`
	Permissions []string
	NextToken   string
	LastModifiedTime
	SecurityProfile  foundProfile
	SecurityProfiles []foundProfile
	Summaries        []struct{ ID, Name, Arn string } `json:"SecurityProfileSummaryList"`
	Total            *int                             `json:"ApproximateTotalCount"`
}

type LastModifiedTime struct{ LastModifiedTime float64 }

type foundProfile struct {
	ID, Arn, SecurityProfileName, Description string
	Tags                                      map[string]string
	LastModifiedTime
}

func (a profileAnswer) names() []string {
	var names []string
	for _, p := range a.SecurityProfiles {
		names = append(names, p.SecurityProfileName)
	}
	for _, p := range a.Summaries {
		names = append(names, p.Name)
	}
	return names
}

func (d desk) createProfile(body object) profileAnswer {
	d.t.Helper()
	var made profileAnswer
	d.put("/security-profiles/"+d.Instance, body).Into(&made)
	return made
}

// profileID finds a profile of the sample.
func (d desk) profileID(name string) string {
	d.t.Helper()
	var a profileAnswer
	d.get("/security-profiles-summary/"+d.Instance, &a)
	for _, p := range a.Summaries {
		if p.Name == name {
			return p.ID
		}
	}
	d.t.Fatalf("there is no profile %s in %v", name, a.names())
	return ""
}

func TestASecurityProfileOverTheWire(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.createProfile(object{
		"SecurityProfileName": "Team lead", "Description": "班長", "Permissions": []string{"Users.View", "Added.Later"},
		"Tags": object{"部署": "東京", "empty": ""}, "Unheard": 1,
	})
	path := "/security-profiles/" + d.Instance + "/" + made.ID
	if made.ARN != d.arn("/security-profile/"+made.ID) {
		t.Errorf("ARN %s", made.ARN)
	}
	var a profileAnswer
	body := d.get(path, &a)
	p := a.SecurityProfile
	if p.ID != made.ID || p.Arn != made.ARN || p.SecurityProfileName != "Team lead" || p.Description != "班長" ||
		len(p.Tags) != 2 || p.Tags["部署"] != "東京" || p.LastModifiedTime.LastModifiedTime == 0 {
		t.Errorf("described %s", body)
	}
	d.lacks(body, "Permissions", "OrganizationResourceId", "Version")
	permissions := func() []string {
		var a profileAnswer
		d.lacks(d.get("/security-profiles-permissions/"+d.Instance+"/"+made.ID, &a))
		return a.Permissions
	}
	if want := []string{"Added.Later", "Users.View"}; !slices.Equal(permissions(), want) {
		t.Errorf("permissions %v, want %v: a name that nobody knows is kept", permissions(), want)
	}

	for _, c := range []struct {
		change      object
		description string
		permissions int
	}{
		{object{"Description": "部長"}, "部長", 2},
		{object{"Permissions": []string{"BasicAgentAccess"}}, "部長", 1},
		{object{"Description": nil, "Permissions": nil}, "部長", 1},
		{object{"Permissions": []string{}}, "部長", 0},
		{object{"Description": ""}, "", 0},
		{object{}, "", 0},
	} {
		if got := string(d.post(path, c.change).Must(http.StatusOK).Body); got != "{}" {
			t.Errorf("%v: answered %s", c.change, got)
		}
		var a profileAnswer
		body := d.get(path, &a)
		if got := a.SecurityProfile; got.Description != c.description || got.SecurityProfileName != "Team lead" || len(got.Tags) != 2 {
			t.Errorf("%v: described %s", c.change, body)
		}
		if got := permissions(); len(got) != c.permissions {
			t.Errorf("%v: permissions %v, want %d", c.change, got, c.permissions)
		}
	}
	d.delete(path).Must(http.StatusOK)
	d.Do(http.MethodGet, path, "").Refuses("ResourceNotFoundException")
	d.delete(path).Refuses("ResourceNotFoundException")
}

// TestProfilesAreAboutSome keeps what permissions are about, tells it, leaves what an
// update does not name, and takes away what is empty.
func TestProfilesAreAboutSome(t *testing.T) {
	t.Parallel()
	d := open(t)
	all := "/security-profiles/" + d.Instance
	group := d.createGroup("Tokyo", "", nil)
	made := d.createProfile(object{
		"SecurityProfileName": "Leader", "Permissions": []string{"Users.View"}, "Tags": object{"own": "tag"},
		"AllowedAccessControlTags": object{"課": "1", "team": "A"}, "TagRestrictedResources": []string{"User", "Queue"},
		"HierarchyRestrictedResources": []string{"User"}, "AllowedAccessControlHierarchyGroupId": group,
	})
	path := all + "/" + made.ID
	told := func() string {
		var a struct{ SecurityProfile map[string]json.RawMessage }
		d.get(path, &a)
		var text string
		for _, member := range []string{
			"AllowedAccessControlTags", "TagRestrictedResources", "HierarchyRestrictedResources", "AllowedAccessControlHierarchyGroupId",
		} {
			text += string(a.SecurityProfile[member]) + " "
		}
		return text
	}
	whole := `{"team":"A","課":"1"} ["User","Queue"] ["User"] "` + group + `" `
	if got := told(); got != whole {
		t.Errorf("made %s", got)
	}
	d.post(path, object{"Description": "x"}).Must(http.StatusOK)
	if got := told(); got != whole {
		t.Errorf("after another change %s", got)
	}
	d.post(path, object{"HierarchyRestrictedResources": []string{}, "AllowedAccessControlHierarchyGroupId": ""}).Must(http.StatusOK)
	d.post(path, object{"AllowedAccessControlTags": object{"課": "2"}}).Must(http.StatusOK)
	if got := told(); got != `{"課":"2"} ["User","Queue"]   ` {
		t.Errorf("narrowed by tags alone: %s", got)
	}
	for _, half := range []object{{"AllowedAccessControlTags": object{}}, {"TagRestrictedResources": []string{}}} {
		d.post(path, half).Refuses("InvalidRequestException")
	}
	for _, broken := range []object{
		{"HierarchyRestrictedResources": []string{"Queue"}},
		{"AllowedAccessControlTags": object{"a": "1", "b": "1", "c": "1", "d": "1", "e": "1"}},
		{"HierarchyRestrictedResources": []string{"User"}, "AllowedAccessControlHierarchyGroupId": nobody},
	} {
		d.post(path, broken).Refuses("InvalidParameterException")
	}
	d.post(path, object{"AllowedAccessControlTags": object{}, "TagRestrictedResources": []string{}}).Must(http.StatusOK)
	if got := told(); got != "    " {
		t.Errorf("about everybody again: %s", got)
	}
}

// What a profile would restrict and does not must not be believed.
func TestS25WhatAProfileDoesNotHonourIsRefused(t *testing.T) {
	t.Parallel()
	d := open(t)
	all, agent := "/security-profiles/"+d.Instance, d.profileID("Agent")
	for member, value := range map[string]any{
		"Applications":                       []object{{"Namespace": "n", "ApplicationPermissions": []string{"ACCESS"}}},
		"AllowedFlowModules":                 []object{{"FlowModuleId": nobody, "Type": "MCP"}},
		"GranularAccessControlConfiguration": object{"DataTableAccessControlConfiguration": object{}},
	} {
		for _, a := range []string{
			string(d.put(all, object{"SecurityProfileName": "Bound", member: value}).Must(http.StatusBadRequest).Body),
			string(d.post(all+"/"+agent, object{"Description": "x", member: value}).Must(http.StatusBadRequest).Body),
		} {
			if !strings.Contains(a, "InvalidRequestException") || !strings.Contains(a, member+" is not supported") {
				t.Errorf("%s: %s", member, a)
			}
		}
		for _, empty := range []any{nil, object{}, []string{}, ""} {
			d.post(all+"/"+agent, object{member: empty}).Must(http.StatusOK)
		}
	}
	var a profileAnswer
	if d.get("/security-profiles-summary/"+d.Instance, &a); slices.Contains(a.names(), "Bound") {
		t.Error("a refused profile was made")
	}
}

func TestSecurityProfilesThatCannotBe(t *testing.T) {
	t.Parallel()
	d := open(t)
	here, next, agent := "/security-profiles/"+d.Instance, "/security-profiles/"+d.next, d.profileID("Agent")
	many := make([]string, 501)
	for i := range many {
		many[i] = fmt.Sprint("P", i)
	}
	d.put(here, object{}).Refuses("InvalidRequestException")
	d.put(here, object{"SecurityProfileName": "a/b"}).Refuses("InvalidParameterException")
	d.put(here, object{"SecurityProfileName": strings.Repeat("a", 128)}).Refuses("InvalidParameterException")
	d.put(here, object{"SecurityProfileName": "New", "Permissions": many}).Refuses("InvalidParameterException")
	d.put(here, object{"SecurityProfileName": "New", "Description": strings.Repeat("あ", 251)}).Refuses("InvalidParameterException")
	d.put(here, object{"SecurityProfileName": "New", "Tags": object{"aws:x": "y"}}).Refuses("InvalidParameterException")
	d.put(here, object{"SecurityProfileName": "New", "Tags": object{"x": nil}}).Refuses("InvalidRequestException")
	d.put(here, object{"SecurityProfileName": "New", "Tags": object{"x": "1", "X": "2"}}).Refuses("InvalidParameterException")
	d.put(here, object{"SecurityProfileName": "New", "Permissions": []any{nil}}).Refuses("SerializationException")
	d.put(here, object{"SecurityProfileName": "Agent"}).Refuses("DuplicateResourceException")
	d.put("/security-profiles/"+nobody, object{"SecurityProfileName": "New"}).Refuses("ResourceNotFoundException")
	d.delete(here + "/" + agent).Refuses("ResourceInUseException")
	for _, path := range []string{here + "/" + nobody, next + "/" + agent, here + "/x"} {
		d.Do(http.MethodGet, path, "").Refuses("ResourceNotFoundException")
		d.post(path, object{"Description": "x"}).Refuses("ResourceNotFoundException")
		d.delete(path).Refuses("ResourceNotFoundException")
		d.Do(http.MethodGet, strings.Replace(path, "profiles", "profiles-permissions", 1), "").Refuses("ResourceNotFoundException")
	}
	var a profileAnswer
	if d.get("/security-profiles-summary/"+d.Instance, &a); len(a.Summaries) != 6 {
		t.Errorf("profiles %v, want the six of the sample", a.names())
	}
}

func TestListsOfProfilesGoOn(t *testing.T) {
	t.Parallel()
	d := open(t)
	var names []string
	token, pages := "", 0
	for {
		var a profileAnswer
		d.get("/security-profiles-summary/"+d.Instance+"?maxResults=4&nextToken="+url.QueryEscape(token), &a)
		names = append(names, a.names()...)
		pages++
		if token = a.NextToken; token == "" {
			break
		}
		d.Do(http.MethodGet, "/security-profiles-summary/"+d.next+"?nextToken="+url.QueryEscape(token), "").Refuses("InvalidParameterException")
	}
	if want := []string{"Admin", "Agent", "CallCenterManager", "Editor", "QualityAnalyst", "Viewer"}; !slices.Equal(names, want) || pages != 2 {
		t.Errorf("%d pages of %v, want %v", pages, names, want)
	}
	admin := "/security-profiles-permissions/" + d.Instance + "/" + d.profileID("Admin")
	var first, second profileAnswer
	d.get(admin+"?maxResults=200", &first)
	d.get(admin+"?maxResults=1000&nextToken="+url.QueryEscape(first.NextToken), &second)
	all := append(first.Permissions, second.Permissions...)
	if len(first.Permissions) != 200 || second.NextToken != "" || !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("%d and %d permissions", len(first.Permissions), len(second.Permissions))
	}
	for _, path := range []string{"/security-profiles-summary/" + d.Instance, admin} {
		for _, size := range []string{"0", "-1", "1001"} {
			d.Do(http.MethodGet, path+"?maxResults="+size, "").Refuses("InvalidParameterException")
		}
		d.Do(http.MethodGet, path+"?maxResults=99999999999", "").Refuses("SerializationException")
		d.Do(http.MethodGet, path+"?nextToken=x", "").Refuses("InvalidParameterException")
	}
}

func named(value, comparison string) object {
	return object{"StringCondition": object{"FieldName": "name", "Value": value, "ComparisonType": comparison}}
}

func TestSearchSecurityProfiles(t *testing.T) {
	t.Parallel()
	d := open(t)
	for i, tags := range []object{{"dept": "sales", "x": ""}, {"dept": "hr", "x": ""}, {"dept": "hr"}} {
		d.createProfile(object{"SecurityProfileName": fmt.Sprint("Tagged ", i), "Tags": tags})
	}
	tag := func(key, value string) object { return object{"TagKey": key, "TagValue": value} }
	search := func(body object) profileAnswer {
		t.Helper()
		body["InstanceId"] = d.Instance
		var a profileAnswer
		d.lacks(string(d.post("/search-security-profiles", body).Into(&a).Body), "Permissions")
		return a
	}
	filter := func(f object) object { return object{"SearchFilter": object{"TagFilter": f}} }
	for name, c := range map[string]struct {
		body object
		want []string
	}{
		"start":    {object{"SearchCriteria": named("tag", "STARTS_WITH")}, []string{"Tagged 0", "Tagged 1", "Tagged 2"}},
		"inside":   {object{"SearchCriteria": named("D 1", "CONTAINS")}, []string{"Tagged 1"}},
		"exact":    {object{"SearchCriteria": named("Agent", "EXACT")}, []string{"Agent"}},
		"literal":  {object{"SearchCriteria": named("%", "STARTS_WITH")}, nil},
		"wildcard": {object{"SearchCriteria": named("Tagged__", "CONTAINS")}, nil},
		"either": {
			object{"SearchCriteria": object{"OrConditions": []object{named("Agent", "EXACT"), named("Vi", "STARTS_WITH")}}},
			[]string{"Agent", "Viewer"},
		},
		"both": {object{"SearchCriteria": object{"AndConditions": []object{named("Ta", "STARTS_WITH"), named("2", "EXACT")}}}, nil},
		"tag":  {filter(object{"TagCondition": tag("dept", "sales")}), []string{"Tagged 0"}},
		"tags": {filter(object{"AndConditions": []object{tag("dept", "hr"), tag("x", "")}}), []string{"Tagged 1"}},
		"tags or tags": {
			filter(object{"OrConditions": [][]object{{tag("dept", "hr"), tag("x", "")}, {tag("dept", "sales")}}}),
			[]string{"Tagged 0", "Tagged 1"},
		},
		"text and tag": {object{"SearchCriteria": named("2", "EXACT"), "SearchFilter": object{"TagFilter": object{"TagCondition": tag("dept", "hr")}}}, nil},
	} {
		a := search(c.body)
		if !slices.Equal(a.names(), c.want) || a.Total == nil || *a.Total != len(c.want) {
			t.Errorf("%s: found %v, want %v", name, a.names(), c.want)
		}
	}
	first := search(object{"MaxResults": 5})
	rest := search(object{"MaxResults": 100, "NextToken": first.NextToken})
	if *first.Total != 9 || len(first.names()) != 5 || len(rest.names()) != 4 || rest.NextToken != "" {
		t.Errorf("pages %v and %v of %d", first.names(), rest.names(), *first.Total)
	}
	for name, body := range map[string]object{
		"another query's token": {"NextToken": first.NextToken, "SearchCriteria": named("tag", "STARTS_WITH")},
		"page of none":          {"MaxResults": 0},
		"page too long":         {"MaxResults": 101},
		"contains one":          {"SearchCriteria": named("a", "CONTAINS")},
		"contains too much":     {"SearchCriteria": named(strings.Repeat("a", 26), "CONTAINS")},
		"comparison":            {"SearchCriteria": named("aa", "LIKE")},
		"field":                 {"SearchCriteria": object{"StringCondition": object{"FieldName": "description", "Value": "x", "ComparisonType": "EXACT"}}},
	} {
		body["InstanceId"] = d.Instance
		if a := d.post("/search-security-profiles", body); a.Fault() != "InvalidParameterException" {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	d.post("/search-security-profiles", object{}).Refuses("InvalidRequestException")
	d.post("/search-security-profiles", object{"InstanceId": nobody}).Refuses("ResourceNotFoundException")
	d.post("/search-security-profiles", object{"InstanceId": "a\x00b"}).Refuses("ResourceNotFoundException")
	half := object{"StringCondition": object{"FieldName": "name", "Value": "x"}}
	d.post("/search-security-profiles", object{"InstanceId": d.Instance, "SearchCriteria": half}).Refuses("InvalidRequestException")
}

func TestS32ProfilesAreJudgedOneByOne(t *testing.T) {
	t.Parallel()
	d := open(t)
	agent, viewer := d.profileID("Agent"), d.profileID("Viewer")
	here := "/security-profiles/" + d.Instance + "/"
	bound := d.as(allowAll, deny("*", d.arn("/security-profile/"+agent)))
	for _, path := range []string{here, "/security-profiles-permissions/" + d.Instance + "/"} {
		bound.Do(http.MethodGet, path+agent, "").Refuses("AccessDeniedException")
		bound.Do(http.MethodGet, path+viewer, "").Must(http.StatusOK)
	}
	bound.post(here+agent, object{"Description": "x"}).Refuses("AccessDeniedException")
	bound.delete(here + agent).Refuses("AccessDeniedException")
	bound.post(here+viewer, object{"Description": "x"}).Must(http.StatusOK)
	bound.put("/security-profiles/"+d.Instance, object{"SecurityProfileName": "New"}).Must(http.StatusOK)

	tagger := d.as(allowIf("CreateSecurityProfile", `"StringEquals":{"aws:RequestTag/dept":"hr"},"ForAllValues:StringEquals":{"aws:TagKeys":["dept"]}`))
	create := func(tags object) string {
		return tagger.put("/security-profiles/"+d.Instance, object{"SecurityProfileName": "HR", "Tags": tags}).Fault()
	}
	for _, tags := range []object{nil, {"dept": "sales"}, {"dept": "hr", "other": ""}} {
		if got := create(tags); got != "AccessDeniedException" {
			t.Errorf("made with %v: %q", tags, got)
		}
	}
	if got := create(object{"dept": "hr"}); got != "" {
		t.Errorf("made with the tag that is asked for: %s", got)
	}

	finder := d.as(allowIf("SearchSecurityProfiles", `"StringEquals":{"connect:SearchTag/dept":"hr"}`))
	search := func(filter object) string {
		return finder.post("/search-security-profiles", object{"InstanceId": d.Instance, "SearchFilter": object{"TagFilter": filter}}).Fault()
	}
	hr, sales := object{"TagKey": "dept", "TagValue": "hr"}, object{"TagKey": "dept", "TagValue": "sales"}
	for name, filter := range map[string]object{
		"nothing": nil, "another": {"TagCondition": sales}, "or another": {"OrConditions": [][]object{{hr}, {sales}}},
		"or anything": {"OrConditions": [][]object{{hr}, {}}},
	} {
		if got := search(filter); got != "AccessDeniedException" {
			t.Errorf("search by %s: %q", name, got)
		}
	}
	if got := search(object{"AndConditions": []object{hr}}); got != "" {
		t.Errorf("search by the tag that is asked for: %s", got)
	}
	nobodys := d.as(allowIf("DescribeUser", `"Null":{"aws:SourceIp":"false"}`))
	nobodys.Do(http.MethodGet, "/security-profiles-summary/"+d.Instance, "").Refuses("AccessDeniedException")
	nobodys.Do(http.MethodGet, here+nobody, "").Refuses("AccessDeniedException")
}
