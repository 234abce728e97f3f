package sigv4

import (
	"bufio"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// FuzzCanonicalQuery: what is signed is what is parsed. The canonical form reads
// as the same names and values as the one received, is canonical itself, and is
// not the form of a query that reads otherwise (S34, H13).
func FuzzCanonicalQuery(f *testing.F) {
	for _, q := range []string{"a=1&b=2", "b&a=%2B+%20", "a=b=c&&=", "%C3%A9=%e3%81%82", "a=%zz", "a;b", "a=%00&a=", "tagKeys=b&tagKeys=a"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		read, err := readQuery(query)
		received, parseErr := url.ParseQuery(query)
		if err != nil {
			return
		}
		if parseErr != nil {
			t.Fatalf("%q was signed and cannot be parsed: %v", query, parseErr)
		}
		canonical := read.canonical()
		signed, err := url.ParseQuery(canonical)
		if err != nil || !sameValues(signed, received) {
			t.Errorf("%q is received as %v and signed as %v: %v", query, received, signed, err)
		}
		again, err := readQuery(canonical)
		if err != nil || again.canonical() != canonical {
			t.Errorf("%q is canonical as %q and then as %q", query, canonical, again.canonical())
		}
	})
}

// sameValues forgets the order among values of one name, which canonicalizing
// loses on purpose.
func sameValues(a, b url.Values) bool {
	count := func(all url.Values) map[string]map[string]int {
		n := map[string]map[string]int{}
		for name, values := range all {
			n[name] = map[string]int{}
			for _, v := range values {
				n[name][v]++
			}
		}
		return n
	}
	return reflect.DeepEqual(count(a), count(b))
}

// FuzzCanonicalPath: the path that is signed, read back once, is the path on the
// wire, and read back twice the one that is routed (S34, H11).
func FuzzCanonicalPath(f *testing.F) {
	for _, p := range []string{"/", "/users/i1/u1", "/tags/arn%3Aaws%3Aconnect", "/a/%2e%2e/b", "/a//b", "/%25", "/%zz", "//h/x", "/a%2Fb", "/あ"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, target string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n")))
		if err != nil || !strings.HasPrefix(r.RequestURI, "/") {
			t.Skip()
		}
		canonical, err := canonicalPath(r)
		if err != nil {
			return
		}
		wire, err := url.PathUnescape(canonical)
		if err != nil {
			t.Fatalf("%q is signed as %q: %v", target, canonical, err)
		}
		sent, _, _ := strings.Cut(r.RequestURI, "?")
		routed, err := url.PathUnescape(wire)
		if err != nil || wire != sent || routed != r.URL.Path {
			t.Errorf("%q is signed as %q, sent as %q and routed as %q", target, canonical, sent, r.URL.Path)
		}
		for segment := range strings.SplitSeq(sent, "/") {
			if segment == "." || segment == ".." {
				t.Errorf("%q was signed", target)
			}
		}
	})
}

// FuzzHeaderValue: folding of spaces is the same however often it is done, and
// takes nothing else away.
func FuzzHeaderValue(f *testing.F) {
	f.Add("  a   b\tc  ")
	f.Fuzz(func(t *testing.T, value string) {
		got := trimSpaces(value)
		if trimSpaces(got) != got || strings.Contains(got, "  ") || strings.ReplaceAll(strings.Trim(got, " \t"), " ", "") != strings.ReplaceAll(strings.Trim(value, " \t"), " ", "") {
			t.Errorf("%q became %q", value, got)
		}
	})
}
