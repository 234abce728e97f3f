package sigv4

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"
)

const (
	testKey    = "AKIAIOSFODNN7EXAMPLE"
	testSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	testRegion = "eu-west-2"

	// Also known, also taken, and not what the samples are signed for.
	otherKey    = "AKIAOTHER"
	otherRegion = "us-east-1"
)

func testNow() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

func testScope() Scope { return Scope{Service: "connect", Regions: []string{testRegion, otherRegion}} }

func testLookup(_ context.Context, id string) (aikagi.Secret, bool, error) {
	if id == otherKey {
		return aikagi.NewSecret("another secret"), true, nil
	}
	if id != testKey {
		return aikagi.Secret{}, false, nil
	}
	return aikagi.NewSecret(testSecret), true, nil
}

// sample is a request as a client would send it.
type sample struct {
	method, target, body string
	header               http.Header
	key, secret          string
	region, service      string
	at                   time.Time
	sendHash             bool // as x-amz-content-sha256
}

func plainSample() sample {
	return sample{
		method: http.MethodPost, target: "/users/i1/u1/identity-info?a=1&b=2", body: `{"x":1}`,
		header: http.Header{"Content-Type": {"application/json"}, "X-Amz-User-Agent": {"test"}},
		key:    testKey, secret: testSecret, region: testRegion, service: "connect", at: testNow(), sendHash: true,
	}
}

// send signs the sample with the signer of Amazon's SDK, puts it on the wire
// and reads it as a server does.
func (s sample) send(t testing.TB) (*http.Request, []byte) {
	t.Helper()
	out := s.request(t)
	digest := sha256.Sum256([]byte(s.body))
	creds := aws.Credentials{AccessKeyID: s.key, SecretAccessKey: s.secret}
	err := v4.NewSigner().SignHTTP(context.Background(), creds, out, hex.EncodeToString(digest[:]), s.service, s.region, s.at)
	if err != nil {
		t.Fatal(err)
	}
	return receive(t, out)
}

func verify(r *http.Request, body []byte) (Identity, error) {
	return Verify(r, body, testLookup, testNow(), testScope())
}

// sdkTargets are what clients ask for, and stranger things.
var sdkTargets = []string{
	"", "/", "/users/i1/u1", "/users/i1/", "/search-users",
	"/tags/arn%3Aaws%3Aconnect%3Aeu-west-2%3A123456789012%3Ainstance%2Fi1",
	"/tags/arn:aws:connect:eu-west-2:123456789012:instance",
	"/a/b%20c/d+e/%E3%81%82", "/a/~b/c%2Fd", "/a/%25",
	"/users-summary/i1?nextToken=a%2Bb%2Fc%3D%20d%26%C3%A9&maxResults=10",
	"/tags/x?tagKeys=b&tagKeys=a&tagKeys=a%2Fb&tagKeys=a-b",
	"/x?empty=&flag&=nameless", "/x?b=1&a=2", "/x?%C3%A9=1&a=2", "/x?a=%3B", "/x?a+b=c+d", "/x?&&a=1",
}

func TestH01RequestsOfTheSDKSignerVerify(t *testing.T) {
	t.Parallel()
	for _, target := range sdkTargets {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			s := plainSample()
			s.target = target
			id, err := verify(s.send(t))
			if err != nil {
				t.Fatal(err)
			}
			if id.AccessKeyID() != testKey {
				t.Errorf("identity %+v", id)
			}
		})
	}
}

func TestRandomRequestsOfTheSDKSignerVerify(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := plainSample()
		s.method = rapid.SampledFrom([]string{"GET", "POST", "PUT", "DELETE"}).Draw(rt, "method")
		s.target = "/" + rapid.StringMatching(`([a-z0-9.~_:@$+-]|%[2-7][0-9A-F]|%E3%81%82){1,30}(/[a-z0-9:~-]{1,5}){0,4}/?`).Draw(rt, "path")
		if strings.HasPrefix(s.target, "/./") || strings.HasPrefix(s.target, "/../") || s.target == "/." || s.target == "/.." {
			rt.Skip("refused on purpose")
		}
		s.target += rapid.StringMatching(`(\?([a-zA-Z%C3%A9+]{1,9}=([a-z0-9:/.~-]|%[2-7][0-9A-F]){0,12}&){0,5})?`).Filter(func(q string) bool {
			return !strings.Contains(strings.ReplaceAll(q, "%C3%A9", ""), "%C") && !strings.Contains(q, "%%")
		}).Draw(rt, "query")
		s.body = rapid.String().Draw(rt, "body")
		s.sendHash = rapid.Bool().Draw(rt, "hash")
		s.header = http.Header{"Content-Type": {"application/json"}}
		s.header["X-Amz-Meta"] = []string{rapid.StringMatching(`[ -~]{0,30}`).Draw(rt, "header")}
		if _, err := http.NewRequestWithContext(context.Background(), s.method, "http://h"+s.target, http.NoBody); err != nil {
			rt.Skip("no URL")
		}
		if !wellEscaped(s.target) {
			rt.Skip("no query")
		}
		r, body := s.send(t)
		if _, err := verify(r, body); err != nil {
			rt.Fatalf("%s %s: %v", s.method, r.RequestURI, err)
		}
		body = append(body, 'x')
		if _, err := verify(r, body); err == nil {
			rt.Fatal("another body verifies")
		}
	})
}

func wellEscaped(target string) bool {
	for i, part := range strings.Split(target, "%") {
		if i > 0 {
			if _, err := hex.DecodeString(part[:min(2, len(part))]); err != nil || len(part) < 2 {
				return false
			}
		}
	}
	return true
}

func TestH07WindowIsFiveMinutes(t *testing.T) {
	t.Parallel()
	for offset, want := range map[time.Duration]string{
		0: "", Window: "", -Window: "",
		Window + time.Second: ExpiredSignature, -Window - time.Second: ExpiredSignature,
		24 * time.Hour: ExpiredSignature, -15 * time.Minute: ExpiredSignature,
	} {
		s := plainSample()
		s.at = testNow().Add(offset)
		_, err := verify(s.send(t))
		if aikagi.ReasonOf(err) != want {
			t.Errorf("%v: got %v, want %q", offset, err, want)
		}
	}
}

func TestS35UnknownKeyAndWrongSecret(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, key, secret, want string
	}{
		{"wrong secret", testKey, "other", InvalidSignature},
		{"unknown key", "AKIAUNKNOWN", testSecret, UnrecognizedClient},
		{"unknown key with the stand-in secret", "AKIAUNKNOWN", dummySecret, UnrecognizedClient},
		{"known key with the stand-in secret", testKey, dummySecret, InvalidSignature},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := plainSample()
			s.key, s.secret = tt.key, tt.secret
			id, err := verify(s.send(t))
			if aikagi.ReasonOf(err) != tt.want || aikagi.CodeOf(err) != aikagi.Unauthenticated || id != (Identity{}) {
				t.Errorf("got %v %v, want %s", id, err, tt.want)
			}
		})
	}
}

func TestAKeyWithoutASecretSignsNothing(t *testing.T) {
	t.Parallel()
	s := plainSample()
	s.secret = ""
	r, body := s.send(t)
	empty := func(context.Context, string) (aikagi.Secret, bool, error) { return aikagi.Secret{}, true, nil }
	if _, err := Verify(r, body, empty, testNow(), testScope()); aikagi.ReasonOf(err) != InvalidSignature {
		t.Errorf("got %v", err)
	}
}

func TestFailingLookupIsNoRefusal(t *testing.T) {
	t.Parallel()
	down := aikagi.E(aikagi.Unavailable, "store", nil)
	failing := func(context.Context, string) (aikagi.Secret, bool, error) { return aikagi.Secret{}, false, down }
	r, body := plainSample().send(t)
	_, err := Verify(r, body, failing, testNow(), testScope())
	if !errors.Is(err, down) || aikagi.CodeOf(err) != aikagi.Unavailable {
		t.Errorf("got %v, want the error of the look-up", err)
	}
}

func TestLookupIsAskedOnlyAboutReadableClaims(t *testing.T) {
	t.Parallel()
	r, body := plainSample().send(t)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=../../etc/passwd")
	asked := false
	lookup := func(context.Context, string) (aikagi.Secret, bool, error) {
		asked = true
		return aikagi.Secret{}, false, nil
	}
	if _, err := Verify(r, body, lookup, testNow(), testScope()); err == nil || asked {
		t.Errorf("got %v, asked = %v", err, asked)
	}
}

func TestErrorsTellNoSecret(t *testing.T) {
	t.Parallel()
	s := plainSample()
	s.secret = "other-secret"
	r, body := s.send(t)
	_, err := verify(r, body)
	for _, secret := range []string{testSecret, "other-secret", testKey, "Signature="} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q tells %q", err, secret)
		}
	}
}

func FuzzParseAuthorization(f *testing.F) {
	good := algorithm + " Credential=AKIA/20261122/eu-west-2/connect/aws4_request, SignedHeaders=host;x-amz-date, Signature=" +
		strings.Repeat("0a", 32)
	f.Add(good)
	f.Add(strings.ReplaceAll(good, ", ", ","))
	f.Add(algorithm + " Credential=,SignedHeaders=,Signature=")
	f.Fuzz(func(t *testing.T, header string) {
		c, err := parseAuthorization(header)
		if err != nil {
			if r := aikagi.ReasonOf(err); r != IncompleteSignature {
				t.Errorf("reason %q", r)
			}
			return
		}
		again := algorithm + " Credential=" + c.accessKeyID + "/" + c.scope() +
			", SignedHeaders=" + strings.Join(c.signedHeaders, ";") + ", Signature=" + hex.EncodeToString(c.signature)
		back, err := parseAuthorization(again)
		if err != nil || back.accessKeyID != c.accessKeyID || back.scope() != c.scope() || !bytes.Equal(back.signature, c.signature) {
			t.Errorf("%q was read as %q: %v", header, again, err)
		}
	})
}

func FuzzVerify(f *testing.F) {
	f.Add("/users/i1?a=1", "host;x-amz-date", "20261122T100000Z", "{}")
	f.Add("/%2e%2e/?a=%zz;", "host", "x", "")
	f.Fuzz(func(t *testing.T, target, signed, date, body string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("POST " + target + " HTTP/1.1\r\nHost: h\r\nX-Amz-Date: " + date + "\r\n\r\n")))
		if err != nil {
			t.Skip()
		}
		r.Header.Set("Authorization", algorithm+" Credential="+testKey+"/20261122/"+testRegion+"/connect/aws4_request, SignedHeaders="+
			signed+", Signature="+strings.Repeat("0a", 32))
		if _, err := verify(r, []byte(body)); aikagi.CodeOf(err) != aikagi.Unauthenticated || aikagi.ReasonOf(err) == "" {
			t.Errorf("got %v", err)
		}
	})
}
