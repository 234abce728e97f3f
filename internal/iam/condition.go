package iam

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// holds reports whether the request meets a condition.
func (e *evaluation) holds(c Condition, vars variables) bool {
	given := e.context[strings.ToLower(c.Key)]
	operator, negated := positive(c.Operator)
	if operator == "Null" {
		return slices.ContainsFunc(c.Values, func(want string) bool {
			return strings.EqualFold(want, "true") == (len(given) == 0)
		})
	}
	if c.Set != "" {
		// IAM: a set of nothing but an empty string is the empty set.
		given = slices.DeleteFunc(slices.Clone(given), func(s string) bool { return s == "" })
	}
	if c.IfExists && len(given) == 0 {
		return true
	}
	test := compare(operator)
	meets := func(value string) bool {
		equal := slices.ContainsFunc(c.Values, func(want string) bool { return test(value, want, vars) })
		return equal != negated
	}
	switch {
	case c.Set == ForAnyValue:
		return slices.ContainsFunc(given, meets) // of nothing: false
	case c.Set == ForAllValues || negated:
		// Of nothing: true. A negated operator without a set asks that no value
		// of the request is among those of the policy.
		return !slices.ContainsFunc(given, func(value string) bool { return !meets(value) })
	}
	return slices.ContainsFunc(given, meets)
}

// positive returns the operator that a negated one negates.
func positive(operator string) (name string, negated bool) {
	if operator == "NotIpAddress" {
		return "IpAddress", true
	}
	if before, after, found := strings.Cut(operator, "Not"); found {
		return before + after, true
	}
	return operator, false
}

// compare returns the test of a positive operator: a value of the request, then
// a value of the policy. Of an unknown operator nothing is true.
func compare(operator string) func(value, want string, vars variables) bool {
	switch operator {
	case "StringEquals":
		return func(value, want string, vars variables) bool { return compileText(want, vars).match(value) }
	case "StringEqualsIgnoreCase":
		return func(value, want string, vars variables) bool {
			p := compileText(want, vars)
			return !p.null && strings.EqualFold(p.text(), value)
		}
	case "StringLike":
		return func(value, want string, vars variables) bool { return compileGlob(want, vars).match(value) }
	case "ArnEquals", "ArnLike": // IAM: the two behave identically
		return likeARN
	case "Bool":
		return func(value, want string, _ variables) bool { return strings.EqualFold(value, want) }
	case "IpAddress":
		return inPrefix
	}
	if order, ok := strings.CutPrefix(operator, "Numeric"); ok {
		return func(value, want string, _ variables) bool {
			v, ok1 := parseNumber(value)
			w, ok2 := parseNumber(want)
			return ok1 && ok2 && ordered(order, v.Cmp(w))
		}
	}
	if order, ok := strings.CutPrefix(operator, "Date"); ok {
		return func(value, want string, _ variables) bool {
			v, ok1 := parseTime(value)
			w, ok2 := parseTime(want)
			return ok1 && ok2 && ordered(order, time.Time.Compare(v, w))
		}
	}
	return func(string, string, variables) bool { return false }
}

func ordered(order string, cmp int) bool {
	switch order {
	case "Equals":
		return cmp == 0
	case "LessThan":
		return cmp < 0
	case "LessThanEquals":
		return cmp <= 0
	case "GreaterThan":
		return cmp > 0
	case "GreaterThanEquals":
		return cmp >= 0
	}
	return false
}

// likeARN compares the six parts of an ARN one by one; each may have wildcards.
// IAM user guide, "Amazon Resource Name (ARN) condition operators".
func likeARN(value, want string, vars variables) bool {
	values := strings.SplitN(value, ":", 6)
	wants := splitARN(want)
	if len(values) != 6 {
		return false
	}
	if len(wants) != 6 { // a single variable that brings the whole ARN
		return vars != nil && compileText(want, vars).match(value)
	}
	for i, part := range wants {
		if !compileGlob(part, vars).match(values[i]) {
			return false
		}
	}
	return true
}

// inPrefix takes ::ffff:192.0.2.1 for 192.0.2.1, which it is.
func inPrefix(value, want string, _ variables) bool {
	address, err := netip.ParseAddr(value)
	if err != nil {
		return false
	}
	prefix, ok := parsePrefix(want)
	return ok && prefix.Contains(address.Unmap().WithZone(""))
}
