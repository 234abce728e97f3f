package sigv4

import (
	"net/url"
	"slices"
	"strings"
)

// query is the query of a request, decoded once, in the order received. What it
// says about the signature and what is signed are read from the same pairs.
type query []pair

type pair struct{ name, value string }

// readQuery decodes each name and value as url.ParseQuery does. A query that
// ParseQuery would read only in part is refused: what is verified must be what is
// parsed. The pairs are all there even so, as far as they can be decoded.
func readQuery(raw string) (query, error) {
	if raw == "" {
		return nil, nil
	}
	var q query
	var garbled error
	if strings.ContainsRune(raw, ';') {
		garbled = refuse(InvalidSignature, "the query has a raw semicolon")
	}
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		plainName, err1 := url.QueryUnescape(name)
		plainValue, err2 := url.QueryUnescape(value)
		if err1 != nil {
			plainName = name
		}
		if err1 != nil || err2 != nil {
			garbled = refuse(InvalidSignature, "the query cannot be decoded")
		}
		q = append(q, pair{plainName, plainValue})
	}
	return q, garbled
}

// speaksOfASignature reports whether any parameter of a presigned URL is there,
// however it is spelled.
func (q query) speaksOfASignature() bool {
	return slices.ContainsFunc(q, func(p pair) bool { return isPresigning(p.name) })
}

func (q query) has(name string) bool { return len(q.values(name)) > 0 }

// values are those of a name, in any case of its letters.
func (q query) values(name string) []string {
	var all []string
	for _, p := range q {
		if strings.EqualFold(p.name, name) {
			all = append(all, p.value)
		}
	}
	return all
}

// canonical encodes names and values as AWS does and sorts the result. IAM user
// guide: the sorting occurs after encoding, by name and then by value.
func (q query) canonical() string {
	encoded := make(query, len(q))
	for i, p := range q {
		encoded[i] = pair{encode(p.name, ""), encode(p.value, "")}
	}
	slices.SortFunc(encoded, func(a, b pair) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var b strings.Builder
	for i, p := range encoded {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name)
		b.WriteByte('=')
		b.WriteString(p.value)
	}
	return b.String()
}
