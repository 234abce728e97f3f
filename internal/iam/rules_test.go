package iam

import (
	"testing"

	"github.com/aikagi/aikagi"
)

// TestF08AConditionWhoseKeyIsNotThereAllowsNothing: missing, empty, of another
// name, in the policy twice; only the case of a key does not matter, as in IAM.
func TestF08AConditionWhoseKeyIsNotThereAllowsNothing(t *testing.T) {
	t.Parallel()
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"connect:*","Resource":"*",
		"Condition":{"StringEquals":{"aws:ResourceTag/Department":"Tokyo"}}}]}`
	document, err := Parse([]byte(policy))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		context map[string][]string
		allowed bool
	}{
		"there":                 {map[string][]string{"aws:ResourceTag/Department": {"Tokyo"}}, true},
		"in another case":       {map[string][]string{"AWS:resourcetag/department": {"Tokyo"}}, true},
		"missing":               {nil, false},
		"empty list":            {map[string][]string{"aws:ResourceTag/Department": {}}, false},
		"empty":                 {map[string][]string{"aws:ResourceTag/Department": {""}}, false},
		"value in another case": {map[string][]string{"aws:ResourceTag/Department": {"tokyo"}}, false},
		"value with a space":    {map[string][]string{"aws:ResourceTag/Department": {"Tokyo "}}, false},
		"another tag":           {map[string][]string{"aws:ResourceTag/Department2": {"Tokyo"}}, false},
		"another kind of tag":   {map[string][]string{"aws:RequestTag/Department": {"Tokyo"}}, false},
		"no text":               {map[string][]string{"aws:ResourceTag/Department": {"Tokyo\xff"}}, false},
	} {
		d := Evaluate([]Document{document}, Request{Action: "connect:CreateUser", Resource: "*", Context: c.context})
		if d.Allowed != c.allowed {
			t.Errorf("%s: allowed %t", name, d.Allowed)
		}
	}
	for name, twice := range map[string]string{
		"operator":  `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:a":"1"},"StringEquals":{"aws:b":"1"}}}}`,
		"key":       `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:a":"1","aws:a":"2"}}}}`,
		"effect":    `{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}`,
		"action":    `{"Statement":{"Effect":"Allow","Action":"a:b","Action":"*","Resource":"*"}}`,
		"statement": `{"Statement":[],"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
		"case":      `{"Statement":{"effect":"Allow","Action":"*","Resource":"*"}}`,
	} {
		if _, err := Parse([]byte(twice)); aikagi.CodeOf(err) != aikagi.Invalid || err == nil {
			t.Errorf("%s twice: %v", name, err)
		}
	}
}
