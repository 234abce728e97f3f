package awsapi

import (
	"net/http"
	"strings"
	"testing"
)

// toy has a member of every kind that operations read.
type toy struct {
	Instance string            `json:"-" path:"InstanceId"`
	Most     *int32            `query:"maxResults"`
	Keys     []string          `query:"tagKeys"`
	Name     string            `json:"Name" required:""`
	Limit    *int32            `json:"Limit"`
	Enabled  *bool             `json:"Enabled"`
	List     []string          `json:"List"`
	Tags     map[string]string `json:"Tags"`
	Inner    *inner            `json:"Inner"`
}

type inner struct {
	And []inner `json:"And"`
	Say string  `json:"Say"`
}

func readToy(query, kind, body string) (*toy, error) {
	r, err := http.NewRequest(http.MethodPost, "http://localhost/toys/i?"+query, strings.NewReader(body)) //nolint:noctx // never sent
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", kind)
	in := new(toy)
	return in, shapeOf[toy]().read(in, r, map[string]string{"InstanceId": "i"}, []byte(body))
}

func TestH16WhatIsNoJSONIsRefused(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"And":[`, 20) + strings.Repeat(`]}`, 20)
	for name, c := range map[string]struct{ query, body, want string }{
		"cut off":                {"", `{"Name":"a"`, "SerializationException"},
		"something behind":       {"", `{"Name":"a"} {}`, "SerializationException"},
		"a comment":              {"", `{"Name":"a" /* b */}`, "SerializationException"},
		"a list":                 {"", `["Name"]`, "SerializationException"},
		"a text":                 {"", `"Name"`, "SerializationException"},
		"null":                   {"", `null`, "SerializationException"},
		"twice":                  {"", `{"Name":"a","Name":"b"}`, "SerializationException"},
		"twice, escaped":         {"", `{"Name":"a","\u004eame":"b"}`, "SerializationException"},
		"twice in a map":         {"", `{"Name":"a","Tags":{"k":"1","k":"2"}}`, "SerializationException"},
		"a number for a text":    {"", `{"Name":1}`, "SerializationException"},
		"a text for a number":    {"", `{"Name":"a","Limit":"1"}`, "SerializationException"},
		"yes for a boolean":      {"", `{"Name":"a","Enabled":"yes"}`, "SerializationException"},
		"a fraction":             {"", `{"Name":"a","Limit":1.5}`, "SerializationException"},
		"1e400":                  {"", `{"Name":"a","Limit":1e400}`, "SerializationException"},
		"more than 32 bits":      {"", `{"Name":"a","Limit":2147483648}`, "SerializationException"},
		"null in a list":         {"", `{"Name":"a","List":["x",null]}`, "SerializationException"},
		"a byte order mark":      {"", "\xef\xbb\xbf" + `{"Name":"a"}`, "SerializationException"},
		"UTF-16":                 {"", "{\x00\"\x00N\x00", "SerializationException"},
		"broken UTF-8":           {"", "{\"Name\":\"\xff\"}", "SerializationException"},
		"half a surrogate":       {"", `{"Name":"\ud800"}`, "SerializationException"},
		"too deep":               {"", `{"Name":"a","Inner":` + deep + `}`, "SerializationException"},
		"no number in the query": {"maxResults=ten", `{"Name":"a"}`, "SerializationException"},
		"overflow in the query":  {"maxResults=99999999999", `{"Name":"a"}`, "SerializationException"},
		"twice in the query":     {"maxResults=1&maxResults=2", `{"Name":"a"}`, "InvalidRequestException"},
		"a broken query":         {"maxResults=%zz", `{"Name":"a"}`, "SerializationException"},
		"the required is absent": {"", `{}`, "InvalidRequestException"},
		"the required is null":   {"", `{"Name":null}`, "InvalidRequestException"},
		"nothing at all":         {"", ``, "InvalidRequestException"},
	} {
		_, err := readToy(c.query, jsonKind, c.body)
		if err == nil || string(faultOf(err).Name) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if _, err := readToy("", "text/plain", `{"Name":"a"}`); err == nil || faultOf(err).Name != UnsupportedMedia {
		t.Errorf("another content type: %v", err)
	}
}

func TestH16WhatIsReadIsWhatWasSent(t *testing.T) {
	t.Parallel()
	in, err := readToy("maxResults=7&tagKeys=b&tagKeys=a&tagKeys=b", "application/json; charset=utf-8",
		`{"Name":"花","instanceid":"evil","InstanceId":"evil","Instance":"evil","name":"other","Unknown":[{}],`+
			`"Limit":null,"List":["x",""],"Tags":{"k":""},"Inner":{"And":[{"Say":"y"}]}}`)
	if err != nil {
		t.Fatal(err)
	}
	if in.Instance != "i" || in.Name != "花" || *in.Most != 7 || in.Limit != nil || in.Enabled != nil {
		t.Errorf("read %+v", in)
	}
	if strings.Join(in.Keys, " ") != "b a b" || len(in.List) != 2 || in.Tags["k"] != "" || in.Inner.And[0].Say != "y" {
		t.Errorf("read %+v", in)
	}
}

// FuzzBody reads whatever comes: no panic, and either an input or a fault of AWS.
func FuzzBody(f *testing.F) {
	f.Add("maxResults=1", `{"Name":"a","Inner":{"And":[{"Say":"y"}]},"Tags":{"k":"v"}}`)
	f.Add("tagKeys=a&tagKeys=b", `{"Name":null}`)
	f.Add("%zz", `{"Name":"a","Name":"b"}`)
	f.Add("", "\xff{")
	f.Fuzz(func(t *testing.T, query, body string) {
		if strings.ContainsAny(query, "\x00\r\n #") {
			return // no request line holds these
		}
		_, err := readToy(query, jsonKind, body)
		if err != nil && faultOf(err).Name.Status() != http.StatusBadRequest {
			t.Errorf("%q: %v", body, err)
		}
	})
}
