package sigv4

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// oddTargets are where two readers of a request could disagree.
var oddTargets = []string{
	"/tags/arn%3Aaws%3Aconnect%3Aeu-west-2%3A123456789012%3Ainstance%2Fi1%2Fagent%2Fu1?tagKeys=a%2Fb&tagKeys=a-b",
	"/tags/arn%3aaws%3aconnect%3A%2fagent", "/tags/arn:aws:connect/agent/u1", "/a%252Fb", "/%E3%81%82/あ", "/a+b%20c", "/a b", "/%", "/%zz", "/%00",
	"//a", "/a//b", "/a/", "/.", "/./a", "/a/..", "/%2e%2e/a", "/a/%2E", "/..a", "/a;b", "/a=b&c", "/~a-._", "/(a)!*'$,@:", "/a\"b", "/a|b\\c^`{}",
	"/?a=1&a=1", "/?a=2&a=1", "/?b&a", "/?a=&a", "/?=", "/?=a", "/?a==b", "/?a=b=c", "/?&&a&", "/?a;b", "/?a=%3Bb", "/?a=b+c", "/?a=b%2Bc", "/?a=b%20c",
	"/?%E3%81%82=%E3%81%84&あ=い", "/?a=%e3%81%82", "/?a=%", "/?a=%zz", "/?%zz=a", "/?a=%00", "/?A=1&a=2", "/?a-b=1&a=2&a%2Fb=3&a.b=4&ab=5", "/?a=?&b=/", "/??a",
	"/?a='()*!", "/?a=%27%28%29%2A%21~", "/?%FF=%FE", "/?a=\"<>\\^`{|}", "/?x=%E3", "/?x-amz-target=a&X-Amz-Meta-A=b", "/?a#b", "/a?b=%26&c=%3D",
}

// FuzzSDKSigner compares our canonical request with the one of Amazon's SDK, in the
// header form and the query form: what the SDK signs verifies, which it does only
// if the two wrote the same, or is refused for a reason that is written down
// (H11, H13).
func FuzzSDKSigner(f *testing.F) {
	for _, target := range append(sdkTargets, oddTargets...) {
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		if !strings.HasPrefix(target, "/") {
			target = "/" + target
		}
		for _, presign := range []bool{false, true} {
			r := signedBySDK(t, target, presign)
			if r == nil {
				continue // it cannot be sent, or not be received
			}
			why := refusedOnPurpose(r)
			if _, err := verify(r, nil); (why == "") != (err == nil) {
				t.Errorf("%q (presigned: %t): %v, and it is refused on purpose: %q", target, presign, err, why)
			}
		}
	})
}

// refusedOnPurpose says why a request that the SDK signs is not taken.
func refusedOnPurpose(r *http.Request) string {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return "the query is read in part only"
	}
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		if s == "." || s == ".." || s == "" && i < len(segments)-1 {
			return "empty or dot segments"
		}
	}
	presigned := 0
	for name, all := range values {
		switch {
		case isPresigning(name):
			presigned += len(all)
		case strings.EqualFold(name, "X-Amz-Security-Token"):
			return "a session token"
		case strings.EqualFold(name, "X-Amz-Content-Sha256"):
			return "the hash of another body"
		}
	}
	inHeader := r.Header.Get("Authorization") != ""
	if inHeader && presigned > 0 || !inHeader && presigned != len(presigning) {
		return "more than one signature"
	}
	return ""
}

// signedBySDK signs a target as it is and returns what a server receives; nil if
// no client could send it.
func signedBySDK(t *testing.T, target string, presign bool) *http.Request {
	t.Helper()
	out, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://connect.example.jp"+target, http.NoBody)
	if err != nil || out.URL.Host != "connect.example.jp" || out.URL.Fragment != "" {
		return nil
	}
	raw := out.URL.RawQuery
	digest := sha256.Sum256(nil)
	empty, creds := hex.EncodeToString(digest[:]), aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret}
	if presign {
		out.URL.RawQuery += "&X-Amz-Expires=60"
		address, _, err := v4.NewSigner().PresignHTTP(context.Background(), creds, out, empty, "connect", testRegion, testNow())
		if err != nil {
			t.Fatal(err)
		}
		if out.URL, err = url.Parse(address); err != nil {
			t.Fatalf("the SDK made %q of %q", address, target)
		}
	} else {
		if err := v4.NewSigner().SignHTTP(context.Background(), creds, out, empty, "connect", testRegion, testNow()); err != nil {
			t.Fatal(err)
		}
		out.URL.RawQuery = raw // as typed, not as the SDK has put it in order
	}
	wire := "GET " + out.URL.RequestURI() + " HTTP/1.1\r\nHost: connect.example.jp\r\n"
	for name := range out.Header {
		wire += name + ": " + out.Header.Get(name) + "\r\n"
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire + "\r\n")))
	if err != nil || !strings.HasPrefix(r.RequestURI, "/") {
		return nil
	}
	return r
}

// TestH13TheQueryIsOneView: what the SDK signs in its order verifies in any order,
// and no two queries that are read differently have one canonical form.
func TestH13TheQueryIsOneView(t *testing.T) {
	t.Parallel()
	forms := map[string]string{}
	for _, q := range []string{
		"", "a", "a=1", "a=1&a=1", "a=1&a=2", "a=1&b=2", "a=b%261", "a=+", "a=%2B", "a=%25", "a=%2525", "a=%2520", "=a", "a=%3D", "a%3D=",
		"A=1", "a=%E3%81%82", "a=%FF", "a=%00", "a=%3B", "a.b=1", "a%2Fb=1", "a/b=2",
	} {
		read, err := readQuery(q)
		if err != nil {
			t.Fatalf("%q: %v", q, err)
		}
		form := read.canonical()
		if other, taken := forms[form]; taken {
			t.Errorf("%q and %q are both %q", q, other, form)
		}
		forms[form] = q
	}
	for _, same := range [][]string{{"a", "a=", "&a&", "%61"}, {"a==", "a=%3D"}, {"a=+", "a=%20"}, {"b=1&a=2", "a=2&b=1"}, {"a=2&a=1", "a=1&a=2"}, {"a=%e3%81%82", "a=あ"}} {
		for _, q := range same {
			read, err := readQuery(q)
			first, _ := readQuery(same[0])
			if err != nil || read.canonical() != first.canonical() {
				t.Errorf("%q and %q differ: %v", q, same[0], err)
			}
		}
	}
	for _, q := range []string{"a;b", ";", "a=1;b=2", "a=%", "a=%zz", "%zz", "a=%4", "a&b=%G0"} {
		r, b := plainSample().send(t)
		retarget("/users/i1/u1/identity-info?a=1&b=2&"+q)(r, &b)
		if _, err := verify(r, b); aikagi.ReasonOf(err) != InvalidSignature {
			t.Errorf("%q: %v", q, err)
		}
	}
}
