package connect_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
	"github.com/aikagi/aikagi/internal/instance"
)

// desk is the product with a client of the account's owner, and an instance
// beside the sample one.
type desk struct {
	*apitest.Client
	next string
	t    *testing.T
}

func open(t *testing.T) desk {
	t.Helper()
	c := apitest.Start(t, apptest.Options{})
	host := aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorHost})
	i, err := c.Instances.Create(host, instance.New{Alias: "momiji", Identity: aikagi.ConnectManaged, Settings: aikagi.DefaultInstanceSettings()})
	if err != nil {
		t.Fatal(err)
	}
	return desk{c, string(i.ID), t}
}

// as is the desk of a principal with these statements.
func (d desk) as(statements ...string) desk {
	d.Client = d.As(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`)
	return d
}

func (d desk) arn(rest string) string {
	return "arn:aws:connect:" + apitest.Region + ":" + string(d.Centre.Account.ID) + ":instance/" + d.Instance + rest
}

const allowAll = `{"Effect":"Allow","Action":"connect:*","Resource":"*"}`

func deny(action, resource string) string {
	return fmt.Sprintf(`{"Effect":"Deny","Action":"connect:%s","Resource":%q}`, action, resource)
}

func allowIf(action, condition string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Action":"connect:%s","Resource":"*","Condition":{%s}}`, action, condition)
}

// object is a body in the making.
type object map[string]any

func (o object) String() string {
	text, err := json.Marshal(o)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// get asks and reads the answer.
func (d desk) get(path string, into any) string {
	d.t.Helper()
	a := d.Do(http.MethodGet, path, "").Into(into)
	return string(a.Body)
}

func (d desk) post(path string, body object) apitest.Answer {
	d.t.Helper()
	return d.Do(http.MethodPost, path, body.String())
}

func (d desk) put(path string, body object) apitest.Answer {
	d.t.Helper()
	return d.Do(http.MethodPut, path, body.String())
}

func (d desk) delete(path string) apitest.Answer {
	d.t.Helper()
	return d.Do(http.MethodDelete, path, "")
}

// changedNow fails unless the answer says of something that it was changed now, here.
func (d desk) changedNow(body, after string) {
	d.t.Helper()
	at, _ := awsapi.Epoch(d.Clock.Now()).MarshalJSON()
	if want := after + `"LastModifiedTime":` + string(at) + `,"LastModifiedRegion":"` + apitest.Region + `"`; !strings.Contains(body, want) {
		d.t.Errorf("answer lacks %s: %s", want, body)
	}
}

// lacks fails if an answer holds what it must not.
func (d desk) lacks(body string, words ...string) {
	d.t.Helper()
	for _, w := range append(words, "null") {
		if strings.Contains(body, w) {
			d.t.Errorf("answer holds %q: %s", w, body)
		}
	}
}

// nobody is an id that nothing has.
const nobody = "00000000-0000-4000-8000-000000000000"
