package connect_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

type groupAnswer struct {
	ID        string `json:"HierarchyGroupId"`
	ARN       string `json:"HierarchyGroupArn"`
	NextToken string
	Group     foundGroup   `json:"HierarchyGroup"`
	Groups    []foundGroup `json:"UserHierarchyGroups"`
	Summaries []foundGroup `json:"UserHierarchyGroupSummaryList"`
	Total     *int         `json:"ApproximateTotalCount"`
}

type foundGroup struct {
	ID, Arn, Name, LevelID string
	HierarchyPath          map[string]foundGroup
	Tags                   map[string]string
}

func (a groupAnswer) names() []string {
	var names []string
	for _, g := range append(a.Groups, a.Summaries...) {
		names = append(names, g.Name)
	}
	return names
}

func (d desk) createGroup(name, parent string, tags object) string {
	d.t.Helper()
	body := object{"Name": name, "Tags": tags}
	if parent != "" {
		body["ParentGroupId"] = parent
	}
	var made groupAnswer
	d.put("/user-hierarchy-groups/"+d.Instance, body).Into(&made)
	if made.ARN != d.arn("/agent-group/"+made.ID) {
		d.t.Errorf("ARN %s", made.ARN)
	}
	return made.ID
}

func TestAHierarchyGroupOverTheWire(t *testing.T) {
	t.Parallel()
	d := open(t)
	here := "/user-hierarchy-groups/" + d.Instance
	top := d.createGroup("名古屋", "", nil)
	below := d.createGroup("受注", top, object{"site": "nagoya"})
	var a groupAnswer
	body := d.get(here+"/"+below, &a)
	g := a.Group
	if g.ID != below || g.Arn != d.arn("/agent-group/"+below) || g.Name != "受注" || g.LevelID != "2" || g.Tags["site"] != "nagoya" ||
		len(g.HierarchyPath) != 2 || g.HierarchyPath["LevelOne"].ID != top || g.HierarchyPath["LevelOne"].Name != "名古屋" ||
		g.HierarchyPath["LevelTwo"].ID != below || g.HierarchyPath["LevelTwo"].Arn != g.Arn {
		t.Errorf("described %s", body)
	}
	d.lacks(body, "LevelThree", "ParentId")
	d.changedNow(body, `"Name":"受注",`)
	d.Clock.Move(time.Hour)
	if got := string(d.post(here+"/"+below+"/name", object{"Name": "受付"}).Must(http.StatusOK).Body); got != "{}" {
		t.Errorf("renamed: %s", got)
	}
	if body = d.get(here+"/"+below, &a); a.Group.Name != "受付" {
		t.Errorf("name %s", a.Group.Name)
	}
	d.changedNow(body, `"Name":"受付",`)
	other := d.createGroup("受注", top, nil)
	d.post(here+"/"+below+"/name", object{"Name": "受注"}).Refuses("DuplicateResourceException")
	d.put(here, object{"Name": "受注", "ParentGroupId": top}).Refuses("DuplicateResourceException")
	d.put(here, object{"Name": "受注", "ParentGroupId": nil}).Must(http.StatusOK)
	used := d.delete(here + "/" + top)
	used.Refuses("ResourceInUseException")
	if want := `"ResourceType":"HIERARCHY_GROUP","ResourceId":"` + top + `"}`; !strings.HasSuffix(string(used.Body), want) {
		t.Errorf("what is used is not said: %s", used.Body)
	}
	for _, id := range []string{below, other, top} {
		d.delete(here + "/" + id).Must(http.StatusOK)
		d.delete(here + "/" + id).Refuses("ResourceNotFoundException")
	}
}

func TestGroupsThatCannotBe(t *testing.T) {
	t.Parallel()
	d := open(t)
	here, next := "/user-hierarchy-groups/"+d.Instance, "/user-hierarchy-groups/"+d.next
	group := d.createGroup("名古屋", "", nil)
	d.put(here, object{}).Refuses("InvalidRequestException")
	d.put(here, object{"Name": strings.Repeat("あ", 101)}).Refuses("InvalidParameterException")
	d.put(here, object{"Name": "a\nb"}).Refuses("InvalidParameterException")
	d.put(here, object{"Name": "a", "Tags": object{"aws:x": ""}}).Refuses("InvalidParameterException")
	d.put(here, object{"Name": "a", "ParentGroupId": nobody}).Refuses("ResourceNotFoundException")
	d.put(here, object{"Name": "a", "ParentGroupId": "a\x00"}).Refuses("ResourceNotFoundException")
	d.put(next, object{"Name": "a", "ParentGroupId": group}).Refuses("ResourceNotFoundException")
	d.put("/user-hierarchy-groups/"+nobody, object{"Name": "a"}).Refuses("ResourceNotFoundException")
	for _, path := range []string{here + "/" + nobody, next + "/" + group} {
		d.Do(http.MethodGet, path, "").Refuses("ResourceNotFoundException")
		d.post(path+"/name", object{"Name": "x"}).Refuses("ResourceNotFoundException")
		d.delete(path).Refuses("ResourceNotFoundException")
	}
	d.post(here+"/"+group+"/name", object{}).Refuses("InvalidRequestException")
	bound := d.as(allowAll, deny("*", d.arn("/agent-group/"+group)))
	bound.Do(http.MethodGet, here+"/"+group, "").Refuses("AccessDeniedException")
	bound.post(here+"/"+group+"/name", object{"Name": "x"}).Refuses("AccessDeniedException")
	bound.delete(here + "/" + group).Refuses("AccessDeniedException")
	bound.put(here, object{"Name": "x"}).Must(http.StatusOK)
	d.as(allowAll, deny("CreateUserHierarchyGroup", "*")).put(here, object{"Name": "y"}).Refuses("AccessDeniedException")
}

func TestListAndSearchGroups(t *testing.T) {
	t.Parallel()
	d := open(t)
	list := "/user-hierarchy-groups-summary/" + d.Instance
	var first, second groupAnswer
	body := d.get(list+"?maxResults=4", &first)
	d.get(list+"?maxResults=4&nextToken="+url.QueryEscape(first.NextToken), &second)
	names := append(first.names(), second.names()...)
	if want := []string{"サポートチーム", "サポートチーム", "受注チーム", "受注チーム", "大阪センター", "東京センター"}; !slices.Equal(names, want) || second.NextToken != "" {
		t.Errorf("listed %v, want %v", names, want)
	}
	d.lacks(body, "LevelId", "Tags")
	d.Do(http.MethodGet, "/user-hierarchy-groups-summary/"+d.next+"?nextToken="+url.QueryEscape(first.NextToken), "").Refuses("InvalidParameterException")
	d.Do(http.MethodGet, list+"?maxResults=1001", "").Refuses("InvalidParameterException")
	var empty groupAnswer
	if body := d.get("/user-hierarchy-groups-summary/"+d.next, &empty); body != `{"UserHierarchyGroupSummaryList":[]}` {
		t.Errorf("a list of nothing is %s", body)
	}

	search := func(body object) groupAnswer {
		t.Helper()
		body["InstanceId"] = d.Instance
		var a groupAnswer
		d.post("/search-user-hierarchy-groups", body).Into(&a)
		return a
	}
	where := func(field, comparison, value string) object {
		return object{"SearchCriteria": object{"StringCondition": object{"FieldName": field, "ComparisonType": comparison, "Value": value}}}
	}
	tokyo := search(where("name", "EXACT", "東京センター")).Groups[0]
	if tokyo.LevelID != "1" || tokyo.HierarchyPath["LevelOne"].ID != tokyo.ID || tokyo.Tags == nil {
		t.Errorf("found %+v", tokyo)
	}
	d.createGroup("夜間", tokyo.ID, object{"shift": "night"})
	d.createGroup("深夜", tokyo.ID, object{"shift": "night", "pay": "high"})
	shift, pay := object{"TagKey": "shift", "TagValue": "night"}, object{"TagKey": "pay", "TagValue": "high"}
	filter := func(f object) object { return object{"SearchFilter": object{"AttributeFilter": f}} }
	both := object{"TagConditions": []object{shift, pay}}
	for name, c := range map[string]struct {
		body object
		want []string
	}{
		"name":     {where("name", "CONTAINS", "センター"), []string{"大阪センター", "東京センター"}},
		"parent":   {where("parentId", "EXACT", tokyo.ID), []string{"サポートチーム", "受注チーム", "夜間", "深夜"}},
		"level":    {where("levelId", "EXACT", "1"), []string{"大阪センター", "東京センター"}},
		"id":       {where("resourceID", "EXACT", tokyo.ID), []string{"東京センター"}},
		"level 0":  {where("levelId", "EXACT", "0"), nil},
		"tag":      {filter(object{"TagCondition": shift}), []string{"夜間", "深夜"}},
		"tags":     {filter(object{"AndCondition": both}), []string{"深夜"}},
		"or":       {filter(object{"OrConditions": []object{both, {"TagConditions": []object{shift}}}}), []string{"夜間", "深夜"}},
		"no match": {filter(object{"TagCondition": object{"TagKey": "shift", "TagValue": "day"}}), nil},
	} {
		a := search(c.body)
		if !slices.Equal(a.names(), c.want) || a.Total == nil || *a.Total != len(c.want) {
			t.Errorf("%s: found %v, want %v", name, a.names(), c.want)
		}
	}
	page := search(object{"MaxResults": 7})
	rest := search(object{"NextToken": page.NextToken})
	if *page.Total != 8 || len(page.Groups) != 7 || len(rest.Groups) != 1 || rest.NextToken != "" {
		t.Errorf("pages %v and %v", page.names(), rest.names())
	}
	for name, body := range map[string]object{
		"field": where("Name", "EXACT", "x"), "one letter": where("name", "CONTAINS", "x"),
		"page": {"MaxResults": 101}, "token": {"NextToken": page.NextToken, "SearchFilter": object{"AttributeFilter": object{"TagCondition": shift}}},
	} {
		body["InstanceId"] = d.Instance
		if a := d.post("/search-user-hierarchy-groups", body); a.Fault() != "InvalidParameterException" {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	d.post("/search-user-hierarchy-groups", object{"InstanceId": d.Instance, "SearchFilter": object{"AttributeFilter": object{"TagCondition": shift, "AndCondition": both}}}).Refuses("InvalidRequestException")
	d.post("/search-user-hierarchy-groups", object{"InstanceId": nobody}).Refuses("ResourceNotFoundException")

	finder := d.as(allowIf("SearchUserHierarchyGroups", `"StringEquals":{"connect:SearchTag/pay":"high"}`))
	finder.post("/search-user-hierarchy-groups", object{"InstanceId": d.Instance}).Refuses("AccessDeniedException")
	finder.post("/search-user-hierarchy-groups", object{"InstanceId": d.Instance, "SearchFilter": object{"AttributeFilter": object{"AndCondition": both}}}).Must(http.StatusOK)
}

func TestTheStructureOverTheWire(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.Instance = d.next // without groups
	path := "/user-hierarchy-structure/" + d.Instance
	type level struct{ ID, Arn, Name string }
	read := func() map[string]level {
		t.Helper()
		var a struct{ HierarchyStructure map[string]level }
		d.lacks(d.get(path, &a))
		return a.HierarchyStructure
	}
	if got := read(); len(got) != 5 || got["LevelFive"] != (level{"5", d.arn("/agent-group-level/5"), "Level 5"}) {
		t.Errorf("of a new instance: %v", got)
	}
	update := func(levels object) string {
		t.Helper()
		return d.post(path, object{"HierarchyStructure": levels}).Fault()
	}
	named := func(name string) object { return object{"Name": name} }
	if got := update(object{"LevelOne": named("支社"), "LevelTwo": named("チーム"), "LevelThree": nil}); got != "" {
		t.Fatal(got)
	}
	body := d.Do(http.MethodGet, path, "").Body
	d.changedNow(string(body), `"Name":"支社",`)
	d.Clock.Move(time.Hour)
	if got := update(object{"LevelOne": named("支社"), "LevelTwo": named("班")}); got != "" {
		t.Fatal(got)
	}
	again := string(d.Do(http.MethodGet, path, "").Body)
	d.changedNow(again, `"Name":"班",`)
	if first, _, _ := strings.Cut(string(body), `"LevelTwo"`); !strings.HasPrefix(again, first) {
		t.Errorf("the first level changed: %s, before %s", again, body)
	}
	if got := update(object{"LevelOne": named("支社"), "LevelTwo": named("チーム")}); got != "" {
		t.Fatal(got)
	}
	if got := read(); len(got) != 2 || got["LevelOne"].Name != "支社" || got["LevelTwo"].Name != "チーム" {
		t.Errorf("of two: %v", got)
	}
	groups := "/user-hierarchy-groups/" + d.Instance
	top := d.createGroup("東京", "", nil)
	below := d.createGroup("受注", top, nil)
	d.put(groups, object{"Name": "夜間", "ParentGroupId": below}).Refuses("InvalidParameterException")
	if got := update(object{"LevelOne": named("支社")}); got != "ResourceInUseException" {
		t.Errorf("a level with groups: %q", got)
	}
	d.delete(groups + "/" + below).Must(http.StatusOK)
	if got := update(object{"LevelOne": named("拠点")}); got != "" {
		t.Errorf("a level without groups: %q", got)
	}
	if got := update(object{}); got != "ResourceInUseException" {
		t.Errorf("all levels, with a group: %q", got)
	}
	d.delete(groups + "/" + top).Must(http.StatusOK)
	if got := update(object{}); got != "" {
		t.Errorf("all levels: %q", got)
	}
	var a any
	if body := d.get(path, &a); body != `{"HierarchyStructure":{}}` {
		t.Errorf("of none: %s", body)
	}
	d.put(groups, object{"Name": "東京"}).Refuses("InvalidParameterException")
	for name, c := range map[string]struct {
		levels object
		want   string
	}{
		"a hole":   {object{"LevelTwo": named("x")}, "InvalidRequestException"},
		"no name":  {object{"LevelOne": object{}}, "InvalidRequestException"},
		"too long": {object{"LevelOne": named(strings.Repeat("あ", 51))}, "InvalidParameterException"},
		"nothing":  {nil, "InvalidRequestException"},
	} {
		body := object{"HierarchyStructure": c.levels}
		if c.levels == nil {
			body = object{}
		}
		if got := d.post(path, body).Fault(); got != c.want {
			t.Errorf("%s: %q, want %s", name, got, c.want)
		}
	}
	d.Do(http.MethodGet, "/user-hierarchy-structure/"+nobody, "").Refuses("ResourceNotFoundException")
	reader := d.as(`{"Effect":"Allow","Action":"connect:Describe*","Resource":"*"}`)
	reader.Do(http.MethodGet, path, "").Must(http.StatusOK)
	reader.post(path, object{"HierarchyStructure": object{}}).Refuses("AccessDeniedException")
	d.as(allowAll, deny("*", d.arn(""))).Do(http.MethodGet, path, "").Refuses("AccessDeniedException")
}
