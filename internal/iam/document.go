package iam

import (
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"github.com/aikagi/aikagi"
)

// MaxDocument is how many bytes a policy document may have.
const MaxDocument = 20480

// The versions of the policy language. Variables (${aws:username}) exist only
// in the later one; in the earlier one, which a document without a version is
// written in, they are plain text.
const (
	version2012 = "2012-10-17"
	version2008 = "2008-10-17"
)

// Effect is what a statement does when it applies.
type Effect string

// The effects, spelled as IAM spells them.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Document is an identity-based IAM policy, read by Parse.
type Document struct {
	Version    string
	ID         string
	Statements []Statement
}

// Statement is one statement. It has either Action or NotAction and
// either Resource or NotResource.
type Statement struct {
	Sid         string
	Effect      Effect
	Action      []string
	NotAction   []string
	Resource    []string
	NotResource []string
	Conditions  []Condition
	Line        int // where the statement begins, for messages
}

// Condition is one key under one operator; all of a statement's must hold.
type Condition struct {
	Set      Quantifier // "ForAnyValue", "ForAllValues" or ""
	Operator string     // "StringLike": without set and without IfExists
	IfExists bool
	Key      string
	Values   []string
}

// Quantifier says how an operator meets a key with several values.
type Quantifier string

// The set operators.
const (
	ForAnyValue  Quantifier = "ForAnyValue"
	ForAllValues Quantifier = "ForAllValues"
)

// Name returns the operator as it is written in the document.
func (c Condition) Name() string {
	name := c.Operator
	if c.Set != "" {
		name = string(c.Set) + ":" + name
	}
	if c.IfExists {
		name += "IfExists"
	}
	return name
}

// SyntaxError says where a document breaks which rule of the language.
type SyntaxError struct {
	Line    int    // the first line is 1
	Element string // "Action", "Condition.DateLessThan"; names only, never values
	Reason  string // stable word; texts are found under "policy.<reason>"
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("policy line %d: %s: %s", e.Line, e.Element, e.Reason)
}

// Unwrap makes the error a decision for the doors: aikagi.Invalid, "policy".
func (e *SyntaxError) Unwrap() error { return aikagi.Because(aikagi.Invalid, "policy", e.Reason) }

func validConditionKey(key string) bool {
	prefix, name, ok := strings.Cut(key, ":")
	return ok && prefix != "" && name != "" && len(key) <= 300 &&
		onlyWords(prefix, "-") && !strings.ContainsFunc(name, unicode.IsControl)
}

// parseOperator reads "ForAnyValue:StringLikeIfExists".
func parseOperator(name string) (c Condition, ok bool) {
	if set, rest, found := strings.Cut(name, ":"); found {
		if c.Set = Quantifier(set); c.Set != ForAnyValue && c.Set != ForAllValues {
			return c, false
		}
		name = rest
	}
	c.Operator, c.IfExists = strings.CutSuffix(name, "IfExists")
	kind := operatorKind(c.Operator)
	// IAM: Null asks for existence itself, so it takes neither suffix nor set.
	return c, kind != "" && (kind != "Null" || !c.IfExists && c.Set == "")
}

// operatorKind returns what an operator compares, and "" for none.
func operatorKind(operator string) string {
	switch operator {
	case "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase",
		"StringLike", "StringNotLike":
		return "String"
	case "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike":
		return "Arn"
	case "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals",
		"NumericGreaterThan", "NumericGreaterThanEquals":
		return "Numeric"
	case "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals",
		"DateGreaterThan", "DateGreaterThanEquals":
		return "Date"
	case "IpAddress", "NotIpAddress":
		return "IpAddress"
	case "Bool", "Null":
		return operator
	}
	return ""
}

// splitARN cuts an ARN, or a pattern for one, into its six parts at the
// first five colons outside variables; fewer parts mean that it is none.
func splitARN(s string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(s) && len(parts) < 5; i++ {
		if strings.HasPrefix(s[i:], "${") {
			if end := strings.IndexByte(s[i:], '}'); end > 0 {
				i += end
				continue
			}
		}
		if s[i] == ':' {
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// variable is a ${…} in a policy text.
type variable struct {
	Key        string // "aws:username"; empty for a placed
	Default    string // used when the request lacks the key
	HasDefault bool
	Literal    string // "*", "?" or "$", which a policy writes as ${*}, ${?}, ${$}
}

// cutVariable reads the variable that s, which begins with "${", starts
// with, and returns what follows it.
func cutVariable(s string) (v variable, rest string, ok bool) {
	body, rest, found := strings.Cut(strings.TrimPrefix(s, "${"), "}")
	if !found {
		return v, "", false
	}
	if body == "*" || body == "?" || body == "$" {
		v.Literal = body
		return v, rest, true
	}
	key, def, hasDefault := strings.Cut(body, ",")
	v.Key, v.HasDefault = strings.TrimSpace(key), hasDefault
	if hasDefault {
		def = strings.TrimSpace(def)
		if len(def) < 2 || def[0] != '\'' || def[len(def)-1] != '\'' {
			return v, rest, false
		}
		v.Default = def[1 : len(def)-1]
	}
	return v, rest, validConditionKey(v.Key)
}

// parseNumber reads a decimal number: a sign, digits and a fraction, at
// most 40 characters. Exponents are refused: 1e999999999 would not fit a machine.
func parseNumber(s string) (*big.Rat, bool) {
	digits := strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	whole, fraction, point := strings.Cut(digits, ".")
	if len(s) > 40 || len(s)-len(digits) > 1 || !allDigits(whole) || point && !allDigits(fraction) {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// parseTime reads a date in the W3C profile of ISO 8601 that IAM takes, or
// seconds since 1970.
func parseTime(s string) (time.Time, bool) {
	if n, ok := parseNumber(s); ok && len(s) > 4 {
		seconds := new(big.Int).Div(n.Num(), n.Denom())
		if !seconds.IsInt64() || seconds.BitLen() > 40 {
			return time.Time{}, false
		}
		return time.Unix(seconds.Int64(), 0).UTC(), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", time.DateOnly, "2006-01", "2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// parsePrefix reads an address or an address range. A range of IPv4
// addresses written in IPv6 becomes a range of IPv4 addresses.
func parsePrefix(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), a.Zone() == ""
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), true
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// onlyWords reports whether s has ASCII letters, digits and the marks only.
func onlyWords(s, marks string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune(marks, r)
	})
}
