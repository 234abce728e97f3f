package sigv4

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// presign makes a URL of the sample with the signer of Amazon's SDK, and the
// request that somebody who got the URL sends.
func (s sample) presign(t testing.TB, expires string) (*http.Request, []byte) {
	t.Helper()
	out := s.request(t)
	joint := "?"
	if out.URL.RawQuery != "" {
		joint = "&"
	}
	if expires != "" {
		out.URL.RawQuery += strings.TrimPrefix(joint, "?") + "X-Amz-Expires=" + url.QueryEscape(expires)
	}
	digest := sha256.Sum256([]byte(s.body))
	creds := aws.Credentials{AccessKeyID: s.key, SecretAccessKey: s.secret}
	address, signed, err := v4.NewSigner().PresignHTTP(context.Background(), creds, out, hex.EncodeToString(digest[:]), s.service, s.region, s.at)
	if err != nil {
		t.Fatal(err)
	}
	out, err = http.NewRequestWithContext(context.Background(), s.method, address, strings.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range signed {
		if name != "Host" && name != "Content-Length" {
			out.Header[name] = values
		}
	}
	return receive(t, out)
}

// request is the sample before anybody signed it.
func (s sample) request(t testing.TB) *http.Request {
	t.Helper()
	out, err := http.NewRequestWithContext(context.Background(), s.method, "http://connect.example.jp"+s.target, strings.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range s.header {
		out.Header[name] = values
	}
	if s.sendHash {
		digest := sha256.Sum256([]byte(s.body))
		out.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(digest[:]))
	}
	return out
}

// receive puts a request on the wire and reads it as a server does.
func receive(t testing.TB, out *http.Request) (*http.Request, []byte) {
	t.Helper()
	var wire bytes.Buffer
	if err := out.Write(&wire); err != nil {
		t.Fatal(err)
	}
	in, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(in.Body)
	if err != nil {
		t.Fatal(err)
	}
	return in, body
}

func TestH01PresignedURLsOfTheSDKSignerVerify(t *testing.T) {
	t.Parallel()
	for _, target := range sdkTargets {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			s := plainSample()
			s.target, s.method = target, method
			if method == http.MethodGet {
				s.body, s.header = "", http.Header{"X-Amz-User-Agent": {"test"}}
			}
			r, body := s.presign(t, "900")
			id, err := verify(r, body)
			if err != nil || id.AccessKeyID() != testKey {
				t.Errorf("%s %s: %+v, %v", method, target, id, err)
			}
			if r.Header.Get("X-Amz-User-Agent") != "" {
				t.Errorf("%s %s: the header was to be in the query", method, target)
			}
			if _, err := verify(r, append(body, 'x')); aikagi.ReasonOf(err) != InvalidSignature {
				t.Errorf("%s %s: another body: %v", method, target, err)
			}
		}
	}
}

func TestH09APresignedURLHoldsAsLongAsItSays(t *testing.T) {
	t.Parallel()
	for _, expires := range []time.Duration{time.Second, time.Minute, time.Hour, 7 * 24 * time.Hour} {
		s := plainSample()
		r, body := s.presign(t, strconv.Itoa(int(expires/time.Second)))
		for offset, want := range map[time.Duration]string{
			-Window - time.Second: ExpiredSignature, -Window: "", 0: "", expires: "", expires + time.Second: ExpiredSignature,
			expires + 365*24*time.Hour: ExpiredSignature,
		} {
			_, err := Verify(r, body, testLookup, testNow().Add(offset), testScope())
			if aikagi.ReasonOf(err) != want {
				t.Errorf("%v, %v after its date: %v, want %q", expires, offset, err, want)
			}
		}
	}
}

// TestH09ALifeThatIsNoneIsRefused although the signer signed it.
func TestH09ALifeThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for _, expires := range []string{
		"", "0", "-1", "-604800", "604801", "9223372036854775807", "18446744073709551616", "1e3", "60.0", "+60", " 60", "60 ", "060",
		"0x3c", "6_0", "60s", "٦٠", "NaN", "60\x00",
	} {
		s := plainSample()
		if _, err := verify(s.presign(t, expires)); aikagi.ReasonOf(err) != IncompleteSignature {
			t.Errorf("X-Amz-Expires=%q: %v", expires, err)
		}
	}
	s := plainSample()
	s.target += "&X-Amz-Expires=60" // and once more
	if _, err := verify(s.presign(t, "60")); aikagi.ReasonOf(err) != IncompleteSignature {
		t.Errorf("X-Amz-Expires twice: %v", err)
	}
}

func TestH09PartsOfAPresignedURLAreThereOnceAndSpelledSo(t *testing.T) {
	t.Parallel()
	for _, name := range presigning {
		for what, change := range map[string]func(query string) string{
			"missing":      func(q string) string { return strings.Replace(q, name+"=", "X="+name, 1) },
			"empty":        func(q string) string { v, _ := url.ParseQuery(q); v.Set(name, ""); return v.Encode() },
			"in lowercase": func(q string) string { return strings.Replace(q, name+"=", strings.ToLower(name)+"=", 1) },
			"twice": func(q string) string {
				v, _ := url.ParseQuery(q)
				return q + "&" + name + "=" + url.QueryEscape(v.Get(name))
			},
			"again in lowercase": func(q string) string {
				v, _ := url.ParseQuery(q)
				return q + "&" + strings.ToLower(name) + "=" + url.QueryEscape(v.Get(name))
			},
		} {
			r, body := plainSample().presign(t, "60")
			retarget(r.URL.EscapedPath()+"?"+change(r.URL.RawQuery))(r, &body)
			if _, err := verify(r, body); aikagi.ReasonOf(err) != IncompleteSignature {
				t.Errorf("%s %s: %v", name, what, err)
			}
		}
	}
}

// TestS34OneMethodOfAuthentication: header and query together are refused, each
// alone is fine, and where a URL must not be passed on only the header counts.
func TestS34OneMethodOfAuthentication(t *testing.T) {
	t.Parallel()
	header, body := plainSample().send(t)
	presigned, _ := plainSample().presign(t, "60")
	both := presigned.Clone(t.Context())
	both.Header = header.Header.Clone()
	if _, err := verify(both, body); aikagi.ReasonOf(err) != IncompleteSignature {
		t.Errorf("both: %v", err)
	}
	for _, other := range []string{"Basic YTpi", "Bearer x", ""} {
		r := presigned.Clone(t.Context())
		r.Header.Set("Authorization", other)
		if _, err := verify(r, body); aikagi.ReasonOf(err) != IncompleteSignature {
			t.Errorf("presigned, and Authorization: %q: %v", other, err)
		}
	}
	scope := testScope()
	scope.HeaderOnly = true
	if _, err := Verify(header, body, testLookup, testNow(), scope); err != nil {
		t.Errorf("header only: %v", err)
	}
	if _, err := Verify(presigned, body, testLookup, testNow(), scope); aikagi.ReasonOf(err) != MissingToken {
		t.Errorf("presigned where only the header counts: %v", err)
	}
}

// TestH04APresignedURLSignsTheHostAndAllAmazonHeaders that come with it.
func TestH04APresignedURLSignsTheHostAndAllAmazonHeaders(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Request, *[]byte){
		"an x-amz header is added":          set("X-Amz-Target", "x"),
		"an x-amz header in odd case":       set("x-aMZ-target", "x"),
		"the date is in the header too":     set("X-Amz-Date", "20261122T100000Z"),
		"a session token is in the header":  set("X-Amz-Security-Token", "x"),
		"the hash is struck from the list":  inQuery("%3Bx-amz-content-sha256", ""),
		"the host is struck from the list":  inQuery("%3Bhost%3B", "%3B"),
		"everything is struck but the host": inQuery("content-length%3Bcontent-type%3Bhost%3Bx-amz-content-sha256", "host"),
	} {
		r, body := plainSample().presign(t, "60")
		change(r, &body)
		if _, err := verify(r, body); aikagi.ReasonOf(err) != IncompleteSignature {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := plainSample()
	s.target += "&X-Amz-Security-Token=x" // signed, but nobody ever gave one out
	if _, err := verify(s.presign(t, "60")); aikagi.ReasonOf(err) != UnrecognizedClient {
		t.Errorf("a session token in the query: %v", err)
	}
}

// TestH06NoPayloadModeIsAWayAroundTheBody of a presigned URL either.
func TestH06NoPayloadModeIsAWayAroundTheBody(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "", strings.Repeat("0", 64)} {
		out := plainSample().request(t)
		creds := aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret}
		out.Header.Set("X-Amz-Content-Sha256", mode)
		if err := v4.NewSigner().SignHTTP(t.Context(), creds, out, mode, "connect", testRegion, testNow()); err != nil {
			t.Fatal(err)
		}
		if _, err := verify(receive(t, out)); aikagi.ReasonOf(err) != InvalidSignature {
			t.Errorf("header, %q: %v", mode, err)
		}
		for _, place := range []string{"", "X-Amz-Content-Sha256", "x-amz-content-sha256"} {
			out := plainSample().request(t)
			out.Header = http.Header{}
			out.URL.RawQuery += "&X-Amz-Expires=60"
			if place != "" {
				out.URL.RawQuery += "&" + place + "=" + mode
			}
			address, _, err := v4.NewSigner().PresignHTTP(t.Context(), creds, out, mode, "connect", testRegion, testNow())
			if err != nil {
				t.Fatal(err)
			}
			again, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(plainSample().body))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := verify(receive(t, again)); aikagi.ReasonOf(err) != InvalidSignature {
				t.Errorf("query, %q as %q: %v", mode, place, err)
			}
		}
	}
}

// inQuery alters the query of the request line.
func inQuery(old, new string) func(*http.Request, *[]byte) {
	return func(r *http.Request, b *[]byte) {
		if !strings.Contains(r.URL.RawQuery, old) {
			panic("the query has no " + old + ": " + r.URL.RawQuery)
		}
		retarget(r.URL.EscapedPath()+"?"+strings.Replace(r.URL.RawQuery, old, new, 1))(r, b)
	}
}
