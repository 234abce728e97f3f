package awsapi

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/aikagi/aikagi"
)

// Limits of what a request may hold.
const (
	maxBody  = 1 << 20 // bytes; the largest honest one is some 100 KB
	maxDepth = 32      // of nested values; search criteria are the deepest
)

// shape says which members of an input come from where: path and query as the
// tags "path" and "query" name them, all others from the body under their exact
// JSON names. A member tagged "required" must be there.
type shape struct {
	paths, queries []part
	required       []part
	body           bool
}

type part struct {
	name  string
	index int
}

func shapeOf[In any]() shape {
	var s shape
	t := reflect.TypeFor[In]()
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("json")
		switch {
		case f.Tag.Get("path") != "":
			s.paths = append(s.paths, part{f.Tag.Get("path"), i})
		case f.Tag.Get("query") != "":
			name = f.Tag.Get("query")
			s.queries = append(s.queries, part{name, i})
		default:
			s.body = true
		}
		if _, ok := f.Tag.Lookup("required"); ok {
			s.required = append(s.required, part{name, i})
		}
	}
	return s
}

// read fills an input. The body is read first, and what it says about a member
// that is bound to the path or the query is not even looked at.
func (s shape) read(in any, r *http.Request, labels map[string]string, body []byte) error {
	if s.body && len(body) > 0 {
		if err := readBody(in, r, body); err != nil {
			return err
		}
	}
	v := reflect.ValueOf(in).Elem()
	for _, p := range s.paths {
		v.Field(p.index).SetString(labels[p.name])
	}
	if err := s.readQuery(v, r.URL.RawQuery); err != nil {
		return err
	}
	for _, p := range s.required {
		if v.Field(p.index).IsZero() {
			return fault(InvalidRequest, p.name+" is missing")
		}
	}
	return nil
}

func (s shape) readQuery(v reflect.Value, raw string) error {
	values, err := url.ParseQuery(raw)
	if err != nil || !utf8.ValidString(raw) {
		return fault(Serialization, "the query cannot be read")
	}
	for _, p := range s.queries {
		given, field := values[p.name], v.Field(p.index)
		switch {
		case len(given) == 0:
		case field.Kind() == reflect.Slice:
			field.Set(reflect.ValueOf(given))
		case len(given) > 1:
			return fault(InvalidRequest, p.name+" comes twice")
		case !utf8.ValidString(given[0]):
			return fault(Serialization, p.name+" is not UTF-8")
		case field.Kind() == reflect.String:
			field.SetString(given[0])
		case field.Type() == reflect.TypeFor[*int32]():
			n, err := strconv.ParseInt(given[0], 10, 32)
			if err != nil {
				return fault(Serialization, p.name+" is no number")
			}
			number := int32(n)
			field.Set(reflect.ValueOf(&number))
		}
	}
	return nil
}

// readBody reads one JSON object with exact names, none twice, in valid UTF-8,
// and nothing after it. Names that nobody knows are passed over, as Amazon does:
// a newer client may send more.
func readBody(in any, r *http.Request, body []byte) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return fault(UnsupportedMedia, "the Content-Type must be application/json")
	}
	if err := checkJSON(body); err != nil {
		return err
	}
	if err := json.Unmarshal(body, in); err != nil {
		return &Fault{Name: Serialization, Message: "a member of the body has the wrong type", Err: err}
	}
	return nil
}

// checkJSON looks at the body before anything is made of it: how deep it goes,
// and that no list holds a null.
func checkJSON(body []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	if d.PeekKind() != jsontext.BeginObject.Kind() {
		return fault(Serialization, "the body must be one JSON object")
	}
	for {
		token, err := d.ReadToken()
		if err == io.EOF { //nolint:errorlint // ReadToken returns it bare
			return nil
		}
		if err != nil {
			return &Fault{Name: Serialization, Message: "the body is not valid JSON", Err: err}
		}
		kind, _ := d.StackIndex(d.StackDepth())
		switch {
		case d.StackDepth() > maxDepth:
			return fault(Serialization, "the body is nested too deeply")
		case d.StackDepth() == 0 && token.Kind() != jsontext.EndObject.Kind():
			return fault(Serialization, "there is something after the JSON object")
		case token.Kind() == jsontext.Null.Kind() && kind == jsontext.BeginArray.Kind():
			return fault(Serialization, "a list holds null")
		}
	}
}

// write makes the body of an answer; an operation without output answers {}.
func write(out any) ([]byte, error) {
	body, err := json.Marshal(out)
	if err != nil {
		return nil, aikagi.E(aikagi.Internal, "answer", err)
	}
	return body, nil
}
