package connect_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aikagi/aikagi/internal/awsapi/apitest"
)

// tagPath is the path of something's tags, escaped as clients do it.
func tagPath(arn string) string {
	return "/tags/" + strings.NewReplacer(":", "%3A", "/", "%2F").Replace(arn)
}

func (d desk) tagsOf(arn string) map[string]string {
	d.t.Helper()
	var a struct{ Tags map[string]string }
	d.lacks(d.get(tagPath(arn), &a), `"Tags"`)
	return a.Tags
}

// firstOf is the ARN of the first of a list.
func (d desk) firstOf(list, member string) string {
	d.t.Helper()
	var a map[string][]struct{ Arn string }
	d.get("/"+list+"-summary/"+d.Instance, &a)
	return a[member][0].Arn
}

func TestTagsOverTheWire(t *testing.T) {
	t.Parallel()
	d := open(t)
	for kind, arn := range map[string]string{
		"user":     d.arn("/agent/" + string(d.User("agent").ID)),
		"profile":  d.arn("/security-profile/" + d.profileID("Agent")),
		"group":    d.arn("/agent-group/" + d.createGroup("名古屋", "", nil)),
		"instance": d.arn(""),
		"routing":  d.firstOf("routing-profiles", "RoutingProfileSummaryList"),
		"queue":    d.firstOf("queues", "QueueSummaryList"),
		"hours":    d.firstOf("hours-of-operations", "HoursOfOperationSummaryList"),
	} {
		path := tagPath(arn)
		var a any
		if body := d.get(path, &a); body != `{"tags":{}}` {
			t.Errorf("%s: no tags are %s", kind, body)
		}
		if got := string(d.post(path, object{"tags": object{"部署": "東京", "a/b c": "1", "empty": ""}}).Must(http.StatusOK).Body); got != "{}" {
			t.Errorf("%s: answered %s", kind, got)
		}
		d.post(path, object{"tags": object{"部署": "大阪", "more": "2"}}).Must(http.StatusOK)
		want := map[string]string{"部署": "大阪", "a/b c": "1", "empty": "", "more": "2"}
		if got := d.tagsOf(arn); !maps.Equal(got, want) {
			t.Errorf("%s: tags %v, want %v", kind, got, want)
		}
		keys := url.Values{"tagKeys": {"部署", "a/b c", "never there"}}.Encode()
		d.delete(path + "?" + keys).Must(http.StatusOK)
		d.delete(path + "?" + keys).Must(http.StatusOK) // as a client that repeats itself
		if got, want := d.tagsOf(arn), map[string]string{"empty": "", "more": "2"}; !maps.Equal(got, want) {
			t.Errorf("%s: tags %v, want %v", kind, got, want)
		}
		d.post(path, object{}).Refuses("InvalidRequestException")
		d.post(path, object{"Tags": object{"a": "b"}}).Refuses("InvalidRequestException")
		d.post(path, object{"tags": object{}}).Refuses("InvalidParameterException")
		d.post(path, object{"tags": object{"a": nil}}).Refuses("InvalidRequestException")
		d.post(path, object{"tags": object{"aws:a": ""}}).Refuses("InvalidParameterException")
		d.post(path, object{"tags": object{"dept": "a", "Dept": "b"}}).Refuses("InvalidParameterException")
		many := object{}
		for n := range 49 {
			many[fmt.Sprint("n", n)] = ""
		}
		d.post(path, object{"tags": many}).Refuses("InvalidParameterException")
		d.delete(path).Refuses("InvalidRequestException")
		if got := d.tagsOf(arn); len(got) != 2 {
			t.Errorf("%s: refused requests left %v", kind, got)
		}
	}
}

// What is another's, or of no kind that is known here, is unknown (S29, G14).
func TestS29TagsOfWhatIsNotHere(t *testing.T) {
	t.Parallel()
	d := open(t)
	user := d.arn("/agent/" + string(d.User("agent").ID))
	for name, arn := range map[string]string{
		"account":    strings.Replace(user, string(d.Centre.Account.ID), "999999999999", 1),
		"region":     strings.Replace(user, apitest.Region, "us-east-1", 1),
		"instance":   strings.Replace(user, d.Instance, d.next, 1),
		"none":       strings.Replace(user, d.Instance, nobody, 1),
		"id":         d.arn("/agent/" + nobody),
		"kind":       d.arn("/security-profile/" + string(d.User("agent").ID)),
		"flow":       d.arn("/contact-flow/" + nobody),
		"everything": d.arn("/agent/*"),
		"part":       d.arn("/agent"),
		"service":    strings.Replace(user, ":connect:", ":iam:", 1),
		"text":       "user",
	} {
		path := tagPath(arn)
		for _, a := range []apitest.Answer{
			d.Do(http.MethodGet, path, ""), d.post(path, object{"tags": object{"a": "b"}}), d.delete(path + "?tagKeys=a"),
		} {
			if a.Fault() != "ResourceNotFoundException" {
				t.Errorf("%s: %d %s", name, a.Status, a.Body)
			}
		}
	}
	d.Do(http.MethodGet, "/tags/"+user, "").Refuses("UnknownOperationException") // slashes that are not escaped
}

func TestS32TagsAreJudgedByARNAndKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	user, viewer := d.arn("/agent/"+string(d.User("agent").ID)), d.arn("/agent/"+string(d.User("viewer").ID))
	one := object{"tags": object{"a": "1"}}
	bound := d.as(allowAll, deny("*Tag*", user))
	bound.Do(http.MethodGet, tagPath(user), "").Refuses("AccessDeniedException")
	bound.post(tagPath(user), one).Refuses("AccessDeniedException")
	bound.delete(tagPath(user) + "?tagKeys=a").Refuses("AccessDeniedException")
	bound.post(tagPath(viewer), one).Must(http.StatusOK)

	reader := d.as(`{"Effect":"Allow","Action":"connect:ListTagsForResource","Resource":"*"}`)
	for _, arn := range []string{viewer, d.arn("")} {
		reader.Do(http.MethodGet, tagPath(arn), "").Must(http.StatusOK)
		reader.post(tagPath(arn), one).Refuses("AccessDeniedException")
		reader.delete(tagPath(arn) + "?tagKeys=a").Refuses("AccessDeniedException")
	}
	keeper := d.as(allowIf("TagResource", `"StringEquals":{"aws:RequestTag/a":"1"}`),
		allowIf("UntagResource", `"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`))
	keeper.post(tagPath(viewer), one).Must(http.StatusOK)
	keeper.post(tagPath(viewer), object{"tags": object{"a": "2"}}).Refuses("AccessDeniedException")
	keeper.delete(tagPath(viewer) + "?tagKeys=a&tagKeys=c").Refuses("AccessDeniedException")
	keeper.delete(tagPath(viewer) + "?tagKeys=a&tagKeys=b").Must(http.StatusOK)

	d.post(tagPath(user), object{"tags": object{"owner": "me"}}).Must(http.StatusOK)
	owner := d.as(allowIf("TagResource", `"StringEquals":{"aws:ResourceTag/owner":"me"}`))
	owner.post(tagPath(user), one).Must(http.StatusOK)
	owner.post(tagPath(viewer), one).Refuses("AccessDeniedException")
	owner.post(tagPath(d.arn("/agent/"+nobody)), one).Refuses("AccessDeniedException")
}
