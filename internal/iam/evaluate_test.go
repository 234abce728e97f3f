package iam

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func managed(t testing.TB, name string) Document {
	t.Helper()
	for _, p := range ManagedPolicies() {
		if p.Name == name {
			doc, err := Parse([]byte(p.Document))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return doc
		}
	}
	t.Fatalf("no managed policy %s", name)
	return Document{}
}

func TestManagedPolicies(t *testing.T) {
	t.Parallel()
	const emergency = "connect:AdminGetEmergencyAccessToken"
	tests := []struct {
		policies []string
		action   string
		want     bool
	}{
		{[]string{"AdministratorAccess"}, "connect:CreateUser", true},
		{[]string{"AdministratorAccess"}, emergency, true},
		{[]string{"AdministratorAccess"}, "iam:CreateAccessKey", true},
		{[]string{"AmazonConnect_FullAccess"}, "connect:DeleteInstance", true},
		{[]string{"AmazonConnect_FullAccess"}, emergency, true},
		{[]string{"AmazonConnect_FullAccess"}, "connect:GetFederationTokens", true},
		{[]string{"AmazonConnect_FullAccess"}, "iam:CreateAccessKey", false},
		{[]string{"AmazonConnectReadOnlyAccess"}, "connect:ListUsers", true},
		{[]string{"AmazonConnectReadOnlyAccess"}, "connect:DescribeUser", true},
		{[]string{"AmazonConnectReadOnlyAccess"}, "connect:CreateUser", false},
		{[]string{"AmazonConnectReadOnlyAccess"}, "connect:SearchUsers", false},
		{[]string{"AmazonConnectReadOnlyAccess"}, emergency, false},
		{[]string{"AmazonConnectReadOnlyAccess"}, "connect:GetFederationTokens", false},
		{[]string{"AmazonConnectReadOnlyAccess", "AdministratorAccess"}, emergency, false},
		{[]string{"AdministratorAccess", "AmazonConnectReadOnlyAccess"}, "connect:CreateUser", true},
		{nil, "connect:ListUsers", false},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.policies, "+")+" "+tt.action, func(t *testing.T) {
			t.Parallel()
			var docs []Document
			for _, name := range tt.policies {
				docs = append(docs, managed(t, name))
			}
			r := referenceRequest()
			r.Action = tt.action
			if d := Evaluate(docs, r); d.Allowed != tt.want {
				t.Errorf("allowed = %v, want %v by %+v", d.Allowed, tt.want, d.By)
			}
		})
	}
}

func TestDecisionNamesItsStatement(t *testing.T) {
	t.Parallel()
	first := document(t,
		statement("Allow", map[string]any{"Sid": "Lists", "Action": "connect:List*"}),
		statement("Allow", map[string]any{"Sid": "Users", "Action": "connect:*User"}))
	second := document(t,
		statement("Deny", map[string]any{"Sid": "NoDelete", "Action": "connect:Delete*"}))
	docs := []Document{first, second}
	tests := []struct {
		action string
		want   Decision
	}{
		{"connect:CreateUser", Decision{Allowed: true, By: &StatementRef{0, 1, "Users", 2, "Allow"}}},
		{"connect:DeleteUser", Decision{
			Explicit: true, By: &StatementRef{1, 0, "NoDelete", 1, "Deny"},
			Missing: "connect:DeleteUser",
		}},
		{"connect:UpdateQueue", Decision{Missing: "connect:UpdateQueue"}},
	}
	for _, tt := range tests {
		r := referenceRequest()
		r.Action = tt.action
		got := Evaluate(docs, r)
		if (got.By == nil) != (tt.want.By == nil) || got.By != nil && *got.By != *tt.want.By {
			t.Errorf("%s: by %+v, want %+v", tt.action, got.By, tt.want.By)
		}
		got.By, tt.want.By = nil, nil
		if got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.action, got, tt.want)
		}
	}
}

func TestSimulationTellsWhatStopsEachStatement(t *testing.T) {
	t.Parallel()
	doc := document(t,
		statement("Allow", map[string]any{"Action": "connect:List*"}),
		statement("Allow", map[string]any{"Resource": "arn:aws:connect:*:*:instance/other"}),
		statement("Allow", map[string]any{"Condition": map[string]any{
			"Bool": map[string]any{"aws:SecureTransport": true},
		}}),
		statement("Allow", map[string]any{"NotAction": "connect:*"}),
		statement("Deny", map[string]any{"NotResource": "*"}),
		statement("Allow", nil))
	got := Simulate([]Document{doc}, referenceRequest())
	want := []Obstacle{
		{"Action", ""},
		{"Resource", ""},
		{"Condition", "Bool aws:SecureTransport"},
		{"NotAction", ""},
		{"NotResource", ""},
		{},
	}
	if len(got.Statements) != len(want) {
		t.Fatalf("%d statements, want %d", len(got.Statements), len(want))
	}
	for i, s := range got.Statements {
		if s.Obstacle != want[i] || s.Applied() != (want[i] == Obstacle{}) {
			t.Errorf("statement %d: %+v, want %+v", i, s.Obstacle, want[i])
		}
	}
	if !got.Allowed || got.By.Statement != 5 {
		t.Errorf("decision %+v by %+v", got.Decision, got.By)
	}
}

func TestAllConditionsMustHold(t *testing.T) {
	t.Parallel()
	cond := map[string]any{"Condition": map[string]any{
		"StringEquals": map[string]any{"aws:a": "1", "aws:b": "2"},
		"Bool":         map[string]any{"aws:c": "true"},
	}}
	doc := document(t, statement("Allow", cond))
	whole := map[string][]string{"aws:a": {"1"}, "aws:b": {"2"}, "aws:c": {"true"}}
	for _, without := range []string{"", "aws:a", "aws:b", "aws:c"} {
		r := referenceRequest()
		r.Context = map[string][]string{}
		for k, v := range whole {
			if k != without {
				r.Context[k] = v
			}
		}
		if d := Evaluate([]Document{doc}, r); d.Allowed != (without == "") {
			t.Errorf("without %q: allowed = %v", without, d.Allowed)
		}
	}
}

func TestContextCannotSpeakForThePrincipal(t *testing.T) {
	t.Parallel()
	r := referenceRequest()
	r.Context["AWS:username"] = []string{"sato"}
	r.Context["aws:PrincipalArn"] = []string{"arn:aws:iam::123456789012:user/sato"}
	doc := document(t, statement("Allow", map[string]any{"Condition": map[string]any{
		"StringEquals": map[string]any{"aws:username": "sato"},
	}}))
	if Evaluate([]Document{doc}, r).Allowed {
		t.Error("the context named another caller than the signature")
	}
}

func TestBrokenTextIsNeverAllowed(t *testing.T) {
	t.Parallel()
	docs := []Document{document(t, statement("Allow", nil))}
	for i := range 4 {
		r := referenceRequest()
		switch i {
		case 0:
			r.Action = "connect:\xff"
		case 1:
			r.Resource = "\xff"
		case 2:
			r.Principal = "\xff"
		case 3:
			r.Context["aws:a"] = []string{"a", "\xff"}
		}
		if Evaluate(docs, r).Allowed {
			t.Errorf("case %d was allowed", i)
		}
	}
}

func TestVariablesAreTextInTheOldVersion(t *testing.T) {
	t.Parallel()
	doc := document(t, statement("Allow", map[string]any{"Condition": map[string]any{
		"StringEquals": map[string]any{"aws:a": "${aws:username}"},
	}}))
	doc.Version = version2008
	r := referenceRequest()
	r.Context["aws:a"] = []string{"tanaka"}
	if Evaluate([]Document{doc}, r).Allowed {
		t.Error("a variable was read in the 2008 language")
	}
	r.Context["aws:a"] = []string{"${aws:username}"}
	if !Evaluate([]Document{doc}, r).Allowed {
		t.Error("the text of the variable does not equal itself")
	}
}

// randomStatement draws from few names, so that statements often meet.
func randomStatement(t *rapid.T, effect string) string {
	elements := map[string]any{}
	action := rapid.SliceOfN(rapid.SampledFrom([]string{
		"*", "connect:*", "connect:Get*", "connect:CreateUser", "connect:GetFederationTokens", "connect:*User",
		"connect:AdminGetEmergencyAccessToken", "iam:*",
	}), 1, 3).Draw(t, "action")
	elements[rapid.SampledFrom([]string{"Action", "NotAction"}).Draw(t, "action element")] = action
	resource := rapid.SampledFrom([]string{
		"*", "arn:aws:connect:*:*:instance/i1", "arn:aws:connect:*:*:instance/i1/*",
		"arn:aws:connect:*:*:instance/${aws:PrincipalTag/x}",
	}).Draw(t, "resource")
	elements[rapid.SampledFrom([]string{"Resource", "NotResource"}).Draw(t, "resource element")] = resource
	if rapid.Bool().Draw(t, "conditional") {
		op := rapid.SampledFrom([]string{"", "ForAnyValue:", "ForAllValues:"}).Draw(t, "set") +
			rapid.SampledFrom([]string{"StringEquals", "StringNotEquals", "StringLike", "StringNotLike"}).Draw(t, "op") +
			rapid.SampledFrom([]string{"", "IfExists"}).Draw(t, "suffix")
		elements["Condition"] = map[string]any{op: map[string]any{
			"aws:k": rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "*", "${aws:username}"}), 1, 2).Draw(t, "want"),
		}}
	}
	return statement(effect, elements)
}

func randomRequest(t *rapid.T) Request {
	r := referenceRequest()
	r.Action = rapid.SampledFrom([]string{
		"connect:CreateUser", "connect:GetFederationToken", "connect:AdminGetEmergencyAccessToken", "iam:CreateUser",
	}).Draw(t, "action")
	r.Resource = rapid.SampledFrom([]string{
		"*", "arn:aws:connect:eu-west-2:1:instance/i1", "arn:aws:connect:eu-west-2:1:instance/i1/agent/a",
	}).Draw(t, "resource")
	if rapid.Bool().Draw(t, "has k") {
		r.Context["aws:k"] = rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "tanaka", ""}), 0, 3).Draw(t, "k")
	}
	return r
}

func randomDocuments(t *rapid.T, tb testing.TB) []Document {
	var docs []Document
	for range rapid.IntRange(0, 3).Draw(t, "documents") {
		var statements []string
		for range rapid.IntRange(1, 3).Draw(t, "statements") {
			statements = append(statements, randomStatement(t, rapid.SampledFrom([]string{"Allow", "Deny"}).Draw(t, "effect")))
		}
		docs = append(docs, document(tb, statements...))
	}
	return docs
}

func TestADenyNeverTurnsToAllow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		docs, r := randomDocuments(rt, t), randomRequest(rt)
		before := Evaluate(docs, r)
		more := append(slices.Clone(docs), document(t, randomStatement(rt, "Deny")))
		if after := Evaluate(more, r); after.Allowed && !before.Allowed {
			rt.Fatalf("one more Deny allowed it: %+v, then %+v", before, after)
		}
		more = append(slices.Clone(docs), document(t, randomStatement(rt, "Allow")))
		if after := Evaluate(more, r); before.Explicit && (after.Allowed || !after.Explicit) {
			rt.Fatalf("one more Allow beat an explicit Deny: %+v", after)
		}
	})
}

func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		docs, r := randomDocuments(rt, t), randomRequest(rt)
		want := Evaluate(docs, r)
		shuffled := rapid.Permutation(docs).Draw(rt, "documents")
		for i, d := range shuffled {
			d.Statements = rapid.Permutation(d.Statements).Draw(rt, fmt.Sprintf("statements %d", i))
			shuffled[i] = d
		}
		got := Evaluate(shuffled, r)
		if got.Allowed != want.Allowed || got.Explicit != want.Explicit {
			rt.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func TestSimulationAgreesWithItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		docs, r := randomDocuments(rt, t), randomRequest(rt)
		s := Simulate(docs, r)
		allow, deny := false, false
		for _, st := range s.Statements {
			allow = allow || st.Applied() && st.Effect == Allow
			deny = deny || st.Applied() && st.Effect == Deny
		}
		if s.Allowed != (allow && !deny) || s.Explicit != deny || (s.By == nil) != (!allow && !deny) ||
			(s.Missing == "") != s.Allowed {
			rt.Fatalf("decision %+v, but allow=%v deny=%v", s.Decision, allow, deny)
		}
	})
}

func TestNegationIsTheOppositeOfAPresentKey(t *testing.T) {
	t.Parallel()
	pairs := [][2]string{
		{"StringEquals", "StringNotEquals"},
		{"StringLike", "StringNotLike"},
		{"ArnLike", "ArnNotLike"},
		{"NumericEquals", "NumericNotEquals"},
		{"DateEquals", "DateNotEquals"},
		{"IpAddress", "NotIpAddress"},
	}
	rapid.Check(t, func(rt *rapid.T) {
		pair := rapid.SampledFrom(pairs).Draw(rt, "pair")
		value := rapid.String().Draw(rt, "value")
		want := rapid.SampledFrom([]string{value, "5", "2026-11-22", "192.0.2.0/24", "a*", "arn:aws:iam::1:*"}).Draw(rt, "want")
		e := newEvaluation(Request{Context: map[string][]string{"aws:k": {value}}})
		holds := func(op string) bool {
			return e.holds(Condition{Operator: op, Key: "aws:k", Values: []string{want}}, noVariables)
		}
		if holds(pair[0]) == holds(pair[1]) {
			rt.Fatalf("%v agree about %q and %q", pair, value, want)
		}
	})
}

func TestPatternsTakeNoExponentialTime(t *testing.T) {
	t.Parallel()
	p := compileGlob(strings.Repeat("*a", 60)+"b", noVariables)
	if p.match(strings.Repeat("a", 500)) {
		t.Error("matched")
	}
}

func TestPatternMatchesItsOwnText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.String().Draw(rt, "s")
		if !compileText(s, noVariables).match(s) || !compileGlob("*", noVariables).match(s) {
			rt.Fatalf("%q does not match itself", s)
		}
		left, right := rapid.String().Draw(rt, "left"), rapid.String().Draw(rt, "right")
		escape := strings.NewReplacer("*", "", "?", "")
		if !compileGlob(escape.Replace(left)+"*"+escape.Replace(right), noVariables).match(
			escape.Replace(left) + s + escape.Replace(right)) {
			rt.Fatalf("%q*%q does not match around %q", left, right, s)
		}
	})
}

func FuzzEvaluate(f *testing.F) {
	f.Add([]byte(administratorAccess), "connect:CreateUser", "*", "k")
	f.Add([]byte(connectReadOnlyAccess), "connect:GetFederationTokens", "arn:aws:connect:a:b:c", "")
	f.Fuzz(func(t *testing.T, data []byte, action, resource, value string) {
		doc, err := Parse(data)
		if err != nil || len(data) > 2000 || len(resource) > 500 || len(value) > 500 {
			t.Skip()
		}
		docs := []Document{doc}
		r := Request{"arn:aws:iam::1:user/a", action, resource, map[string][]string{"aws:k": {value}}}
		d := Evaluate(docs, r)
		if d.Allowed && (d.Explicit || d.By == nil || d.Missing != "") {
			t.Errorf("decision %+v contradicts itself", d)
		}
		docs = append(docs, Document{Version: version2012, Statements: []Statement{
			{Effect: Deny, Action: []string{"*"}, Resource: []string{"*"}},
		}})
		if Evaluate(docs, r).Allowed {
			t.Error("a Deny of everything was overridden")
		}
	})
}
