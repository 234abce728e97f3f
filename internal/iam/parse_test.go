package iam

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aikagi/aikagi"
)

const text2012 = `{
  "Version": "2012-10-17",
  "Id": "example",
  "Statement": [
    {
      "Sid": "ReadUsers",
      "Effect": "Allow",
      "Action": ["connect:Describe*", "connect:List?sers"],
      "Resource": "arn:aws:connect:*:123456789012:instance/${aws:PrincipalTag/instance, 'none'}/agent/*",
      "Condition": {
        "ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["team", "${*}"]},
        "Bool": {"aws:SecureTransport": true},
        "NumericLessThan": {"connect:Age": 5},
        "IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8::1"]}
      }
    },
    {"Effect": "Deny", "NotAction": "connect:*", "NotResource": "*"}
  ]
}`

func TestParsePolicyReadsEveryElement(t *testing.T) {
	t.Parallel()
	doc, err := Parse([]byte(text2012))
	if err != nil {
		t.Fatal(err)
	}
	if doc.Version != version2012 || doc.ID != "example" || len(doc.Statements) != 2 {
		t.Fatalf("got %+v", doc)
	}
	allow, deny := doc.Statements[0], doc.Statements[1]
	if allow.Sid != "ReadUsers" || allow.Effect != Allow || len(allow.Action) != 2 || allow.Line != 6 {
		t.Errorf("first statement %+v", allow)
	}
	want := []string{"ForAnyValue:StringLikeIfExists", "Bool", "NumericLessThan", "IpAddress"}
	for i, c := range allow.Conditions {
		if c.Name() != want[i] {
			t.Errorf("condition %d is %s, want %s", i, c.Name(), want[i])
		}
	}
	if got := allow.Conditions[2].Values[0]; got != "5" {
		t.Errorf("a number is kept as %q, want 5", got)
	}
	if deny.Effect != Deny || deny.NotAction[0] != "connect:*" || deny.NotResource[0] != "*" || deny.Line != 17 {
		t.Errorf("second statement %+v", deny)
	}
}

func TestParsePolicyTakesASingleStatementWithoutVersion(t *testing.T) {
	t.Parallel()
	doc, err := Parse([]byte(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if doc.Version != version2008 || len(doc.Statements) != 1 {
		t.Errorf("got %+v", doc)
	}
}

func TestParsePolicyNamesLineAndReason(t *testing.T) {
	t.Parallel()
	statement := func(body string) string { return "{\"Version\":\"2012-10-17\",\n\"Statement\":[{\n" + body + "}]}" }
	allow := func(rest string) string {
		return statement(`"Effect":"Allow","Action":"*","Resource":"*",` + "\n" + rest)
	}
	cond := func(body string) string { return allow(`"Condition":{` + body + `}`) }
	tests := []struct {
		name, document string
		line           int
		reason         string
	}{
		{"empty", "", 1, "not_json"},
		{"a list", "[]", 1, "wrong_type"},
		{"no statement", `{"Version":"2012-10-17"}`, 1, "missing_element"},
		{"statement list empty", `{"Statement":[]}`, 1, "empty"},
		{"statement is text", `{"Statement":"x"}`, 1, "wrong_type"},
		{"cut off", "{\n\"Statement\":[", 2, "not_json"},
		{"comment", "{\n// no\n}", 2, "not_json"},
		{"text after the document", text2012 + "\n{}", 20, "trailing"},
		{"byte order mark", "\ufeff" + text2012, 1, "not_json"},
		{"not UTF-8", "{\"Id\":\"\xff\"}", 1, "not_utf8"},
		{"half a surrogate pair", `{"Id":"\ud800"}`, 1, "not_json"},
		{"too large", strings.Repeat(" ", MaxDocument+1), 1, "too_large"},
		{"deep", "{\"Statement\":" + strings.Repeat("[", 9000), 1, "wrong_type"},
		{"deep in a value", allow(`"Sid":[[[[]]]]`), 4, "wrong_type"},
		{"version of the future", "{\n\"Version\":\"2030-01-01\"}", 2, "bad_version"},
		{"version as number", "{\n\"Version\":2012}", 2, "wrong_type"},
		{"name in lower case", "{\n\"statement\":[]}", 2, "unknown_element"},
		{"name twice", "{\"Version\":\"2012-10-17\",\n\"Version\":\"2008-10-17\"}", 2, "duplicate_key"},
		{"effect twice", allow(`"Effect":"Deny"`), 4, "duplicate_key"},
		{"name twice by escape", allow(`"Eff\u0065ct":"Deny"`), 4, "duplicate_key"},
		{"unknown element", allow(`"Actions":"*"`), 4, "unknown_element"},
		{"principal", allow(`"Principal":"*"`), 4, "principal_not_allowed"},
		{"effect in lower case", statement(`"Effect":"allow","Action":"*","Resource":"*"`), 3, "bad_effect"},
		{"effect missing", statement(`"Action":"*","Resource":"*"`), 3, "missing_element"},
		{"action missing", statement(`"Effect":"Allow","Resource":"*"`), 3, "missing_element"},
		{"resource missing", statement(`"Effect":"Allow","Action":"*"`), 3, "missing_element"},
		{"action list empty", statement(`"Effect":"Allow","Action":[],"Resource":"*"`), 3, "empty"},
		{"action and not action", allow(`"NotAction":"connect:*"`), 3, "contradictory"},
		{"resource and not resource", allow(`"NotResource":"*"`), 3, "contradictory"},
		{"action without service", statement(`"Effect":"Allow","Action":"ListUsers","Resource":"*"`), 3, "bad_action"},
		{"action with wild service", statement(`"Effect":"Allow","Action":"con*:ListUsers","Resource":"*"`), 3, "bad_action"},
		{"action with a blank", statement(`"Effect":"Allow","Action":"connect: ListUsers","Resource":"*"`), 3, "bad_action"},
		{"action is null", statement(`"Effect":"Allow","Action":null,"Resource":"*"`), 3, "wrong_type"},
		{"action is a number in a list", statement(`"Effect":"Allow","Action":["*",1],"Resource":"*"`), 3, "wrong_type"},
		{"resource is no ARN", statement(`"Effect":"Allow","Action":"*",` + "\n" + `"Resource":"instance/*"`), 4, "bad_resource"},
		{"resource is half an ARN", statement(`"Effect":"Allow","Action":"*","Resource":"arn:aws:connect:*"`), 3, "bad_resource"},
		{"sid with a dash", allow(`"Sid":"a-b"`), 4, "bad_sid"},
		{"sid twice", `{"Statement":[{"Sid":"A","Effect":"Deny","Action":"*","Resource":"*"},` + "\n" +
			`{"Sid":"A","Effect":"Deny","Action":"*","Resource":"*"}]}`, 2, "duplicate_sid"},
		{"condition is a list", allow(`"Condition":[]`), 4, "wrong_type"},
		{"unknown operator", cond(`"StringMatches":{}`), 4, "unknown_operator"},
		{"operator in lower case", cond(`"stringequals":{}`), 4, "unknown_operator"},
		{"unknown set", cond(`"ForSomeValues:StringLike":{}`), 4, "unknown_operator"},
		{"null if exists", cond(`"NullIfExists":{}`), 4, "unknown_operator"},
		{"key without prefix", cond(`"StringLike":{"SourceIp":"x"}`), 4, "bad_condition_key"},
		{"key twice by case", cond(`"StringLike":{"aws:a":"x",` + "\n" + `"AWS:A":"y"}`), 5, "duplicate_key"},
		{"operator twice", cond(`"StringLike":{"aws:a":"x"},` + "\n" + `"StringLike":{"aws:b":"x"}`), 5, "duplicate_key"},
		{"no values", cond(`"StringLike":{"aws:a":[]}`), 4, "empty"},
		{"null as value", cond(`"StringLike":{"aws:a":null}`), 4, "wrong_type"},
		{"number that is none", cond(`"NumericEquals":{"aws:a":"five"}`), 4, "bad_condition_value"},
		{"number that would not fit", cond(`"NumericEquals":{"aws:a":1e999999999}`), 4, "bad_condition_value"},
		{"date that is none", cond(`"DateLessThan":{"aws:CurrentTime":"tomorrow"}`), 4, "bad_condition_value"},
		{"address that is none", cond(`"IpAddress":{"aws:SourceIp":"192.0.2.0/33"}`), 4, "bad_condition_value"},
		{"bool that is none", cond(`"Bool":{"aws:SecureTransport":"yes"}`), 4, "bad_condition_value"},
		{"ARN that is none", cond(`"ArnLike":{"aws:PrincipalArn":"user/*"}`), 4, "bad_condition_value"},
		{"variable not closed", cond(`"StringLike":{"aws:a":"${aws:username"}`), 4, "bad_variable"},
		{"variable without key", cond(`"StringLike":{"aws:a":"${}"}`), 4, "bad_variable"},
		{"default without quotes", cond(`"StringLike":{"aws:a":"${aws:username, x}"}`), 4, "bad_variable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(tt.document))
			var bad *SyntaxError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want a SyntaxError", err)
			}
			if bad.Line != tt.line || bad.Reason != tt.reason {
				t.Errorf("got %v, want line %d, %s", bad, tt.line, tt.reason)
			}
			if aikagi.CodeOf(err) != aikagi.Invalid || aikagi.ReasonOf(err) != tt.reason {
				t.Errorf("doors see %s %s, want invalid %s", aikagi.CodeOf(err), aikagi.ReasonOf(err), tt.reason)
			}
		})
	}
}

func TestPolicyVariablesAreTextInTheOldVersion(t *testing.T) {
	t.Parallel()
	_, err := Parse([]byte(`{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*",
		"Resource":"arn:aws:connect:*:*:instance/${"}}`))
	if err != nil {
		t.Error(err)
	}
}

func TestPolicyOperandsAreBounded(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "+", "--1", "1.", ".5", "1e9", "0x1", "1_000", "1/2", "Inf", strings.Repeat("9", 41)} {
		if _, ok := parseNumber(s); ok {
			t.Errorf("parseNumber(%q) took it", s)
		}
	}
	for s, want := range map[string]string{
		"2026-11-22":                "2026-11-22T00:00:00Z",
		"2026":                      "2026-01-01T00:00:00Z",
		"2026-11":                   "2026-11-01T00:00:00Z",
		"2026-11-22T10:00Z":         "2026-11-22T10:00:00Z",
		"2026-11-22T19:00:00+09:00": "2026-11-22T10:00:00Z",
		"1795341600":                "2026-11-22T10:00:00Z",
		"1795341600.9":              "2026-11-22T10:00:00Z",
	} {
		got, ok := parseTime(s)
		if !ok || got.UTC().Format("2006-01-02T15:04:05Z07:00") != want {
			t.Errorf("parseTime(%q) = %v %v, want %s", s, got, ok, want)
		}
	}
	for s, want := range map[string]string{
		"192.0.2.7":            "192.0.2.7/32",
		"192.0.2.7/24":         "192.0.2.0/24",
		"::ffff:192.0.2.7":     "192.0.2.7/32",
		"::ffff:192.0.2.0/120": "192.0.2.0/24",
		"2001:db8::1/32":       "2001:db8::/32",
	} {
		got, ok := parsePrefix(s)
		if !ok || got.String() != want {
			t.Errorf("parsePrefix(%q) = %v %v, want %s", s, got, ok, want)
		}
	}
	if _, ok := parsePrefix("fe80::1%eth0"); ok {
		t.Error("parsePrefix took a zone")
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(text2012))
	f.Add([]byte(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
	f.Add([]byte(`{"Statement":[{"Condition":{"Null":{"aws:a":true}}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := Parse(data)
		var bad *SyntaxError
		switch {
		case err == nil && (len(doc.Statements) == 0 || len(data) > MaxDocument || !utf8.Valid(data)):
			t.Errorf("took %q", data)
		case err != nil && (!errors.As(err, &bad) || bad.Line < 1 || bad.Reason == "" || bad.Element == ""):
			t.Errorf("error %v says too little", err)
		}
		for _, s := range doc.Statements {
			if err == nil && (len(s.Action) > 0) == (len(s.NotAction) > 0) {
				t.Errorf("took a statement with %d actions and %d exceptions", len(s.Action), len(s.NotAction))
			}
		}
	})
}
