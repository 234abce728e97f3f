package sigv4

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
)

// change alters the Authorization header.
func change(old, new string) func(*http.Request, *[]byte) {
	return func(r *http.Request, _ *[]byte) {
		a := r.Header.Get("Authorization")
		if !strings.Contains(a, old) {
			panic("the header has no " + old)
		}
		r.Header.Set("Authorization", strings.Replace(a, old, new, 1))
	}
}

func set(name string, values ...string) func(*http.Request, *[]byte) {
	return func(r *http.Request, _ *[]byte) {
		if len(values) == 0 {
			delete(r.Header, name)
			return
		}
		r.Header[name] = values
	}
}

// retarget sends the request to another target, as a man in the middle could.
func retarget(target string) func(*http.Request, *[]byte) {
	return func(r *http.Request, _ *[]byte) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			panic(err)
		}
		r.URL, r.RequestURI = u, target
	}
}

func body(text string) func(*http.Request, *[]byte) {
	return func(_ *http.Request, b *[]byte) { *b = []byte(text) }
}

func all(changes ...func(*http.Request, *[]byte)) func(*http.Request, *[]byte) {
	return func(r *http.Request, b *[]byte) {
		for _, c := range changes {
			c(r, b)
		}
	}
}

// The signed target of every mutation is
// /users/i1/u1/identity-info?a=1&b=2 with the body {"x":1}.
var mutations = []struct {
	name   string
	mutate func(*http.Request, *[]byte)
	want   string
}{
	// H03: what is signed is altered.
	{"method", func(r *http.Request, _ *[]byte) { r.Method = "PUT" }, InvalidSignature},
	{"method in lower case", func(r *http.Request, _ *[]byte) { r.Method = "post" }, InvalidSignature},
	{"host", func(r *http.Request, _ *[]byte) { r.Host = "connect.example.com" }, InvalidSignature},
	{"host in upper case", func(r *http.Request, _ *[]byte) { r.Host = "CONNECT.example.jp" }, InvalidSignature},
	{"host with a port", func(r *http.Request, _ *[]byte) { r.Host += ":80" }, InvalidSignature},
	{"host empty", func(r *http.Request, _ *[]byte) { r.Host = "" }, InvalidSignature},
	{"host beside :authority", set("Host", "other.example.jp"), InvalidSignature},
	{"host twice", set("Host", "connect.example.jp", "connect.example.jp"), IncompleteSignature},
	{"path: another user", retarget("/users/i1/u2/identity-info?a=1&b=2"), InvalidSignature},
	{"path: another case", retarget("/users/i1/U1/identity-info?a=1&b=2"), InvalidSignature},
	{"path: slash added", retarget("/users/i1/u1/identity-info/?a=1&b=2"), InvalidSignature},
	{"path: slash doubled", retarget("/users//i1/u1/identity-info?a=1&b=2"), InvalidSignature},
	{"path: dot segment", retarget("/users/./i1/u1/identity-info?a=1&b=2"), InvalidSignature},
	{"path: dot dot segment", retarget("/users/x/../i1/u1/identity-info?a=1&b=2"), InvalidSignature},
	{"path: same after decoding", retarget("/users/i1/u%31/identity-info?a=1&b=2"), InvalidSignature},
	{"path: encoded slash", retarget("/users/i1%2Fu1/identity-info?a=1&b=2"), InvalidSignature},
	{"path: cut", retarget("/users/i1/u1?a=1&b=2"), InvalidSignature},
	{"path: rewritten behind the signature", func(r *http.Request, _ *[]byte) { r.URL.Path = "/users/i1/u2" }, InvalidSignature},
	{"query: rewritten behind the signature", func(r *http.Request, _ *[]byte) { r.URL.RawQuery = "a=9" }, InvalidSignature},
	{"query: value", retarget("/users/i1/u1/identity-info?a=1&b=3"), InvalidSignature},
	{"query: name", retarget("/users/i1/u1/identity-info?a=1&c=2"), InvalidSignature},
	{"query: added", retarget("/users/i1/u1/identity-info?a=1&b=2&c="), InvalidSignature},
	{"query: doubled", retarget("/users/i1/u1/identity-info?a=1&a=1&b=2"), InvalidSignature},
	{"query: removed", retarget("/users/i1/u1/identity-info?a=1"), InvalidSignature},
	{"query: all removed", retarget("/users/i1/u1/identity-info"), InvalidSignature},
	{"query: empty name", retarget("/users/i1/u1/identity-info?a=1&b=2&="), InvalidSignature},
	{"query: raw semicolon", retarget("/users/i1/u1/identity-info?a=1&b=2;c=3"), InvalidSignature},
	{"query: broken escape", retarget("/users/i1/u1/identity-info?a=1&b=2%"), InvalidSignature},
	{"query: plus for space", retarget("/users/i1/u1/identity-info?a=1&b=+2"), InvalidSignature},
	{"body: byte", body(`{"x":2}`), InvalidSignature},
	{"body: longer", body(`{"x":1} `), InvalidSignature},
	{"body: shorter", body(`{"x":1`), InvalidSignature},
	{"body: empty", body(""), InvalidSignature},
	{"content type", set("Content-Type", "text/plain"), InvalidSignature},
	{"content type in another case", set("Content-Type", "Application/json"), InvalidSignature},
	{"content type removed", set("Content-Type"), InvalidSignature},
	{"content type twice", set("Content-Type", "application/json", "application/json"), IncompleteSignature},
	{"content length", set("Content-Length", "8"), InvalidSignature},
	{"content length twice", set("Content-Length", "7", "7"), IncompleteSignature},
	{"x-amz header", set("X-Amz-User-Agent", "tesu"), InvalidSignature},
	{"x-amz header removed", set("X-Amz-User-Agent"), InvalidSignature},
	{"x-amz header emptied", set("X-Amz-User-Agent", ""), InvalidSignature},
	{"x-amz header twice", set("X-Amz-User-Agent", "test", "test"), IncompleteSignature},
	{"x-amz header joined", set("X-Amz-User-Agent", "test,test"), InvalidSignature},
	{"x-amz header without a value", func(r *http.Request, _ *[]byte) { r.Header["X-Amz-User-Agent"] = []string{} }, IncompleteSignature},

	// H04: what must be signed is not.
	{"unsigned x-amz header added", set("X-Amz-Target", "x"), IncompleteSignature},
	{"unsigned x-amz header in odd case", set("x-AMZ-target", "x"), IncompleteSignature},
	{"host not signed", change("host;", ""), IncompleteSignature},
	{"date not signed", change(";x-amz-date", ""), IncompleteSignature},
	{"an x-amz header struck from the list", change(";x-amz-user-agent", ""), IncompleteSignature},
	{"content type struck from the list", change("content-type;", ""), InvalidSignature},
	{"an absent header in the list", change("host;", "host;x;"), InvalidSignature},
	{"a present header put on the list", all(set("X", "1"), change("host;", "host;x;")), InvalidSignature},
	{"list out of order", change("content-length;content-type", "content-type;content-length"), IncompleteSignature},
	{"list with a double", change("host;", "host;host;"), IncompleteSignature},
	{"list in upper case", change("host;", "Host;"), IncompleteSignature},
	{"list with an empty name", change("host;", "host;;"), IncompleteSignature},
	{"list with a blank", change("host;", "host; "), IncompleteSignature},

	// H06: payload modes.
	{"unsigned payload", set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), InvalidSignature},
	{"streaming payload", set("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), InvalidSignature},
	{"streaming unsigned payload", set("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), InvalidSignature},
	{"hash of another body", set("X-Amz-Content-Sha256", strings.Repeat("0", 64)), InvalidSignature},
	{"hash empty", set("X-Amz-Content-Sha256", ""), InvalidSignature},
	{"hash removed", set("X-Amz-Content-Sha256"), InvalidSignature},

	// The date.
	{"date moved by a second", set("X-Amz-Date", "20261122T100001Z"), InvalidSignature},
	{"date of yesterday", set("X-Amz-Date", "20261121T100000Z"), InvalidSignature},
	{"date removed", set("X-Amz-Date"), IncompleteSignature},
	{"date in another form", set("X-Amz-Date", "2026-11-22T10:00:00Z"), IncompleteSignature},
	{"date with a zone", set("X-Amz-Date", "20261122T100000+0900"), IncompleteSignature},
	{"date twice", set("X-Amz-Date", "20261122T100000Z", "20261122T100000Z"), IncompleteSignature},
	{"date that does not exist", set("X-Amz-Date", "20261132T100000Z"), IncompleteSignature},

	// H10: the scope.
	{"scope: day", change("/20261122/", "/20261123/"), InvalidSignature},
	{"scope: region", change("/eu-west-2/", "/us-east-1/"), InvalidSignature},
	{"scope: region in upper case", change("/eu-west-2/", "/EU-WEST-2/"), InvalidSignature},
	{"scope: service", change("/connect/", "/iam/"), InvalidSignature},
	{"scope: terminator", change("/aws4_request", "/aws5_request"), IncompleteSignature},
	{"scope: extra slash", change("/aws4_request", "/aws4_request/"), IncompleteSignature},
	{"scope: slash before", change("Credential=", "Credential=/"), IncompleteSignature},
	{"scope: slash doubled", change("/connect/", "//connect/"), IncompleteSignature},
	{"scope: part missing", change("/connect/", "/"), IncompleteSignature},
	{"key: another", change(testKey, "AKIAIOSFODNN7EXAMPLF"), UnrecognizedClient},
	{"key: lower case", change(testKey, strings.ToLower(testKey)), UnrecognizedClient},
	{"key: empty", change(testKey, ""), IncompleteSignature},
	{"key: odd bytes", change(testKey, "AKIA%00"), IncompleteSignature},
	{"key: too long", change(testKey, strings.Repeat("A", 129)), IncompleteSignature},

	// H02: the header itself.
	{"no header", set("Authorization"), MissingToken},
	{"empty header", set("Authorization", ""), MissingToken},
	{"another scheme", set("Authorization", "Bearer x"), MissingToken},
	{"scheme in lower case", change("AWS4-HMAC-SHA256", "aws4-hmac-sha256"), MissingToken},
	{"asymmetric scheme", change("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), MissingToken},
	{"scheme alone", set("Authorization", "AWS4-HMAC-SHA256"), IncompleteSignature},
	{"garbled", set("Authorization", "AWS4-HMAC-SHA256 garbled"), IncompleteSignature},
	{"credential missing", set("Authorization", "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=00"), IncompleteSignature},
	{"part twice", func(r *http.Request, _ *[]byte) {
		a := r.Header.Get("Authorization")
		r.Header.Set("Authorization", a+a[strings.LastIndex(a, ", "):])
	}, IncompleteSignature},
	{"unknown part", change(", SignedHeaders", ", X=1, SignedHeaders"), IncompleteSignature},
	{"comma at the end", func(r *http.Request, _ *[]byte) { r.Header["Authorization"][0] += "," }, IncompleteSignature},
	{"header twice", func(r *http.Request, _ *[]byte) {
		r.Header.Add("Authorization", r.Header.Get("Authorization"))
	}, IncompleteSignature},
	{"header very long", func(r *http.Request, _ *[]byte) {
		r.Header["Authorization"][0] += strings.Repeat(" ", 5000)
	}, IncompleteSignature},
	{"signature: cut", func(r *http.Request, _ *[]byte) {
		r.Header["Authorization"][0] = strings.TrimRight(r.Header["Authorization"][0], "0123456789abcdef")
	}, IncompleteSignature},
	{"signature: longer", func(r *http.Request, _ *[]byte) { r.Header["Authorization"][0] += "00" }, IncompleteSignature},
	{"signature: upper case", func(r *http.Request, _ *[]byte) {
		a := r.Header.Get("Authorization")
		r.Header.Set("Authorization", a[:len(a)-64]+strings.ToUpper(a[len(a)-64:]))
	}, IncompleteSignature},
	{"signature: no hex", func(r *http.Request, _ *[]byte) {
		a := r.Header.Get("Authorization")
		r.Header.Set("Authorization", a[:len(a)-1]+"g")
	}, IncompleteSignature},

	// One method of authentication, and no session tokens (S34).
	{"signature in the query too", retarget("/users/i1/u1/identity-info?a=1&b=2&X-Amz-Signature=00"), IncompleteSignature},
	{"signature in the query too, encoded", retarget("/users/i1/u1/identity-info?a=1&b=2&X%2dAmz-Signature=00"), IncompleteSignature},
	{"signature in the query only (H09)", all(set("Authorization"), retarget("/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00")), IncompleteSignature},
	{"session token", set("X-Amz-Security-Token", "x"), IncompleteSignature},
	{"session token on the list", all(set("X-Amz-Security-Token", "x"),
		change("x-amz-date;", "x-amz-date;x-amz-security-token;")), UnrecognizedClient},
}

func TestH03EachMutationIsRefused(t *testing.T) {
	t.Parallel()
	if len(mutations) < 60 {
		t.Errorf("%d kinds of mutation, want at least 60", len(mutations))
	}
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			r, b := plainSample().send(t)
			if _, err := verify(r, b); err != nil {
				t.Fatalf("the original: %v", err)
			}
			m.mutate(r, &b)
			id, err := verify(r, b)
			if aikagi.ReasonOf(err) != m.want || aikagi.CodeOf(err) != aikagi.Unauthenticated || id != (Identity{}) {
				t.Errorf("got %v %v, want %s", id, err, m.want)
			}
		})
	}
}

func TestH03EachBitOfTheSignatureCounts(t *testing.T) {
	t.Parallel()
	r, b := plainSample().send(t)
	good := r.Header.Get("Authorization")
	const digits = "0123456789abcdef"
	for i := len(good) - 64; i < len(good); i++ {
		for bit := range 4 {
			flipped := digits[strings.IndexByte(digits, good[i])^(1<<bit)]
			r.Header.Set("Authorization", good[:i]+string(flipped)+good[i+1:])
			if _, err := verify(r, b); aikagi.ReasonOf(err) != InvalidSignature {
				t.Fatalf("bit %d of digit %d: %v", bit, i, err)
			}
		}
	}
}

func TestH11SpacesAreOneView(t *testing.T) {
	t.Parallel()
	s := plainSample()
	s.header.Set("X-Amz-User-Agent", "a  b   c")
	r, b := s.send(t)
	for _, same := range []string{"a b c", " a  b c ", "a      b c"} {
		r.Header.Set("X-Amz-User-Agent", same)
		if _, err := verify(r, b); err != nil {
			t.Errorf("%q: %v", same, err)
		}
	}
	for _, other := range []string{"ab c", "a\tb c", "a b c,"} {
		r.Header.Set("X-Amz-User-Agent", other)
		if _, err := verify(r, b); aikagi.ReasonOf(err) != InvalidSignature {
			t.Errorf("%q: %v", other, err)
		}
	}
}

func TestH13QueryOrderIsOneView(t *testing.T) {
	t.Parallel()
	for _, same := range []string{"b=2&a=1", "a=1&&b=2", "&a=1&b=2&", "%61=1&b=%32"} {
		r, b := plainSample().send(t)
		retarget("/users/i1/u1/identity-info?"+same)(r, &b)
		if _, err := verify(r, b); err != nil {
			t.Errorf("%q: %v", same, err)
		}
	}
}

func TestH02UnsignedHeadersDoNotMatter(t *testing.T) {
	t.Parallel()
	r, b := plainSample().send(t)
	r.Header["X-Forwarded-For"] = []string{"192.0.2.1", "192.0.2.2"}
	r.Header.Set("Cookie", "session=x")
	if _, err := verify(r, b); err != nil {
		t.Error(err)
	}
}
