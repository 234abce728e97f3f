package awsapi_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/awsapi/apitest"
)

// raw sends bytes over a connection of their own and returns all answers until the
// server closes it or has nothing more to say.
func raw(t *testing.T, c *apitest.Client, request string) (answers []apitest.Answer, closed bool) {
	t.Helper()
	return rawTo(t, strings.TrimPrefix(c.URLs.Base(), "http://"), request, 2*time.Second)
}

// rawTo waits that long for one more answer.
func rawTo(t *testing.T, address, request string, patience time.Duration) (answers []apitest.Answer, closed bool) {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	for {
		// A server that is done says so at once or waits for a next request.
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil { //nolint:forbidigo // of a socket
			t.Fatal(err)
		}
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			var slow net.Error
			return answers, !errors.As(err, &slow) || !slow.Timeout()
		}
		body, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		answers = append(answers, apitest.Answer{Status: r.StatusCode, Header: r.Header, Body: body})
	}
}

// lines are the request line and the headers of a signed request, in HTTP/1.1.
func lines(r *http.Request, target string) []string {
	all := []string{r.Method + " " + target + " HTTP/1.1", "Host: " + r.URL.Host}
	for name, values := range r.Header {
		for _, v := range values {
			all = append(all, name+": "+v)
		}
	}
	slices.Sort(all[2:])
	return all
}

func message(body string, lines ...string) string {
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + body
}

// chunked is a body in one chunk.
func chunked(body string) string { return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body) }

func statuses(all []apitest.Answer) (got []int) {
	for _, a := range all {
		got = append(got, a.Status)
	}
	return got
}

// twofold is a request whose end can be seen in more than one place, and a second one
// behind it.
type twofold struct {
	bytes string
	want  []int // the statuses that may be seen without a proxy; the connection is closed after them
}

func twofolds(c *apitest.Client) map[string]twofold {
	const body = `{}`
	path := "/users/" + c.Instance + "/x/identity-info"
	post := func() []string {
		// Signed without the length, as the AWS CLI does.
		return lines(c.Request(http.MethodPost, path, body), path)
	}
	second := message("", lines(c.Request(http.MethodGet, "/instance", ""), "/instance")...)
	length := fmt.Sprintf("Content-Length: %d", len(body))
	both := func(extra ...string) string {
		return message(chunked(body)+second, append(post(), extra...)...)
	}
	return map[string]twofold{
		"chunks and a length":      {both("Transfer-Encoding: chunked", length), []int{http.StatusForbidden}},
		"a length and chunks":      {both(length, "Transfer-Encoding: chunked"), []int{http.StatusForbidden}},
		"chunks alone":             {both("Transfer-Encoding: chunked"), []int{http.StatusForbidden}},
		"chunks in capitals":       {both("Transfer-Encoding: CHUNKED", length), []int{http.StatusForbidden}},
		"chunks twice":             {both("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", length), []int{http.StatusNotImplemented}},
		"chunks and identity":      {both("Transfer-Encoding: chunked, identity", length), []int{http.StatusNotImplemented}},
		"an encoding that is none": {both("Transfer-Encoding: xchunked", length), []int{http.StatusNotImplemented}},
		"a blank before the colon": {both("Transfer-Encoding : chunked", length), []int{http.StatusBadRequest}},
		"a folded header":          {both("X-A: b", " Transfer-Encoding: chunked", length), []int{http.StatusForbidden, http.StatusBadRequest}},
		"two lengths":              {message(body+second, append(post(), length, "Content-Length: 0")...), []int{http.StatusBadRequest}},
		"a length with a sign":     {message(body+second, append(post(), "Content-Length: +2")...), []int{http.StatusBadRequest}},
		"a length that is none":    {message(body+second, append(post(), "Content-Length: 2, 2")...), []int{http.StatusBadRequest}},
		"a negative length":        {message(body+second, append(post(), "Content-Length: -1")...), []int{http.StatusBadRequest}},
		"a chunk that ends in a bare LF": {
			message("2\n{}\n0\n\n"+second, append(post(), "Transfer-Encoding: chunked")...), []int{http.StatusBadRequest},
		},
		"a chunk extension that ends in a bare LF": {
			message("2;x\n{}\r\n0\r\n\r\n"+second, append(post(), "Transfer-Encoding: chunked")...), []int{http.StatusBadRequest},
		},
		"a chunk longer than it says": {
			message("1\r\n{}\r\n0\r\n\r\n"+second, append(post(), "Transfer-Encoding: chunked")...), []int{http.StatusBadRequest},
		},
		controlOfTwo: {message(body, append(post(), length)...) + second, []int{http.StatusBadRequest, http.StatusOK}},
	}
}

// controlOfTwo are two requests that follow one another as they should.
const controlOfTwo = "two requests"

// TestH14TwoLengthsAreNoSecondRequest: whatever a proxy takes for the end of the
// body, no second request in the same bytes is answered.
func TestH14TwoLengthsAreNoSecondRequest(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	for name, tt := range twofolds(c) {
		answers, closed := raw(t, c, tt.bytes)
		if closed != (name != controlOfTwo) || !slices.Equal(statuses(answers), tt.want) {
			t.Errorf("%s: answered %v, closed %t, want %v", name, statuses(answers), closed, tt.want)
		}
		for _, a := range answers {
			if name != controlOfTwo && strings.Contains(string(a.Body), "InstanceSummaryList") {
				t.Errorf("%s: the second request is answered", name)
			}
		}
	}
}

// TestH14LineEndsHideNoHeader: what a bare LF or CR could hide from a signer is
// seen, or the request is refused.
func TestH14LineEndsHideNoHeader(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	const path = "/instance"
	for name, tt := range map[string]struct {
		extra string
		want  int
	}{
		"nothing":                                  {"X-A: b", http.StatusOK},
		"an x-amz header behind a bare LF":         {"X-A: b\nX-Amz-Target: x", http.StatusForbidden},
		"an x-amz header behind a bare CR":         {"X-A: b\rX-Amz-Target: x", http.StatusBadRequest},
		"an Authorization behind a bare LF":        {"X-A: b\nAuthorization: Basic YTpi", http.StatusForbidden},
		"a second host":                            {"Host: other.example", http.StatusBadRequest},
		"a second host behind a bare LF":           {"X-A: b\nHost: other.example", http.StatusBadRequest},
		"a NUL":                                    {"X-A: b\x00c", http.StatusBadRequest},
		"a name with a blank":                      {"X-Amz Target: x", http.StatusBadRequest},
		"an x-amz header folded under another":     {"X-A: b\r\n X-Amz-Target: x", 0},
		"an x-amz name in odd case":                {"x-AMZ-tArGeT: x", http.StatusForbidden},
		"the date again":                           {"X-Amz-Date: 20260101T000000Z", http.StatusForbidden},
		"an x-amz header behind a carriage return": {"X-A: b\r\r\nX-Amz-Target: x", 0},
	} {
		answers, _ := raw(t, c, message("", append(lines(c.Request(http.MethodGet, path, ""), path), "Connection: close", tt.extra)...))
		if len(answers) != 1 {
			t.Errorf("%s: %v", name, statuses(answers))
			continue
		}
		got := answers[0].Status
		if tt.want != 0 && got != tt.want || tt.want == 0 && got >= http.StatusInternalServerError {
			t.Errorf("%s: %d %s, want %d", name, got, answers[0].Body, tt.want)
		}
	}
}

// TestH14OnlyPathsBeginARequestLine: the absolute form names the host twice, so
// signed requests do not come in it, and unsigned ones are nobody's anyway.
func TestH14OnlyPathsBeginARequestLine(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	host := strings.TrimPrefix(c.URLs.Base(), "http://")
	signed := lines(c.Request(http.MethodGet, "/instance", ""), "/instance")
	for target, want := range map[string]int{
		"/instance":                          http.StatusOK,
		"http://" + host + "/instance":       http.StatusForbidden,
		"http://other.example/instance":      http.StatusForbidden,
		"HTTP://" + host + "/instance":       http.StatusForbidden,
		"http://user@" + host + "/instance":  http.StatusForbidden,
		"//" + host + "/instance":            http.StatusForbidden,
		"instance":                           http.StatusBadRequest,
		"/instance#x":                        http.StatusForbidden,
		"\\instance":                         http.StatusBadRequest,
		"/x/../instance":                     http.StatusForbidden,
		"/instance?":                         http.StatusOK, // an empty query is none
		"/instance?\tx":                      http.StatusBadRequest,
		"http://" + host:                     http.StatusForbidden,
		"http://" + host + "?/instance":      http.StatusForbidden,
		"https://" + host + "/instance":      http.StatusForbidden,
		"http://" + host + ":80/instance":    http.StatusBadRequest,
		"*":                                  http.StatusForbidden,
		"/instance HTTP/1.1\r\nX-A: b\r\nX:": 0, // a request line in the request line
	} {
		answers, _ := raw(t, c, message("", append([]string{"GET " + target + " HTTP/1.1", "Connection: close"}, signed[1:]...)...))
		if len(answers) != 1 {
			t.Errorf("%q: %v", target, statuses(answers))
			continue
		}
		if got := answers[0].Status; want != 0 && got != want {
			t.Errorf("%q: %d %s, want %d", target, got, answers[0].Body, want)
		}
	}
}

// TestH14NoOtherProtocolIsSpoken on a connection in clear text: neither by upgrade
// nor by the preface of HTTP/2.
func TestH14NoOtherProtocolIsSpoken(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	signed := lines(c.Request(http.MethodGet, "/instance", ""), "/instance")
	upgrade := append(slices.Clone(signed), "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")
	answers, _ := raw(t, c, message("", upgrade...))
	if len(answers) != 1 || answers[0].Status != http.StatusOK || answers[0].Header.Get("Upgrade") != "" {
		t.Errorf("h2c by upgrade: %v, want an answer in HTTP/1.1", statuses(answers))
	}
	const settings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	answers, closed := raw(t, c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+settings)
	if !closed || len(answers) > 1 || len(answers) == 1 && answers[0].Status < 400 {
		t.Errorf("the preface of HTTP/2: %v, closed %t", statuses(answers), closed)
	}
	for _, version := range []string{"HTTP/0.9", "HTTP/2.0", "HTTP/3.0", "HTTP/1.2", "http/1.1", "HTTPS/1.1"} {
		old := append([]string{"GET /instance " + version, "Connection: close"}, signed[1:]...)
		answers, _ := raw(t, c, message("", old...))
		for _, a := range answers {
			if a.Status == http.StatusOK && version != "HTTP/1.2" {
				t.Errorf("%s is spoken", version)
			}
		}
	}
	connect := append([]string{"CONNECT " + strings.TrimPrefix(c.URLs.Base(), "http://") + " HTTP/1.1"}, signed[1:]...)
	answers, _ = raw(t, c, message("", connect...))
	if len(answers) != 1 || answers[0].Status < 400 {
		t.Errorf("CONNECT: %v", statuses(answers))
	}
}

// TestH26NothingSentBecomesAHeader of the answer: an id with line breaks, and all
// other parts of a request.
func TestH26NothingSentBecomesAHeader(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	const planted = "%0d%0aX-Planted:%20yes%0d%0a%0d%0a"
	for _, path := range []string{
		"/users/" + c.Instance + "/" + planted, "/users/" + planted + "/x", "/" + planted, "/instance?nextToken=" + planted, "/instance?" + planted + "=1",
		"/users/" + c.Instance + "/%E2%80%A8X-Planted:yes", "/users/" + c.Instance + "/%0aX-Planted:yes", "/tags/" + planted,
	} {
		signed := lines(c.Request(http.MethodGet, path, ""), path)
		answers, _ := raw(t, c, message("", append(signed, "Connection: close")...))
		if len(answers) != 1 || answers[0].Status >= http.StatusInternalServerError {
			t.Errorf("%s: %v", path, statuses(answers))
		}
		for _, a := range answers {
			for name, values := range a.Header {
				if strings.Contains(name+strings.Join(values, ""), "Planted") {
					t.Errorf("%s: %s: %q", path, name, values)
				}
			}
		}
	}
	for _, name := range []string{"X-Amzn-Requestid", "X-Request-Id", "Amz-Sdk-Invocation-Id", "User-Agent", "Accept-Language", "Origin"} {
		r := c.Request(http.MethodGet, "/instance", "")
		answers, _ := raw(t, c, message("", append(lines(r, "/instance"), "Connection: close", name+": planted-"+strings.ToLower(name))...))
		for _, a := range answers {
			for in, values := range a.Header {
				if strings.Contains(strings.Join(values, ""), "planted") {
					t.Errorf("%s comes back in %s: %q", name, in, values)
				}
			}
		}
	}
}

// TestH14ASignedBodyIsTheBodyReceived, however it was sent: in chunks it is the
// same body, and a signed length is checked against it.
func TestH14ASignedBodyIsTheBodyReceived(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, apptest.Options{})
	const ask = "Action=GetCallerIdentity&Version=2011-06-15"
	digest := sha256.Sum256([]byte(ask))
	r := signedSo(t, c, signing{
		method: http.MethodPost, path: "/", body: ask, service: "sts", hash: hex.EncodeToString(digest[:]),
	})
	for name, tt := range map[string]struct {
		body  string
		extra string
		want  int
	}{
		"as signed":              {ask, fmt.Sprintf("Content-Length: %d", len(ask)), http.StatusOK},
		"a byte less":            {ask[:len(ask)-1], fmt.Sprintf("Content-Length: %d", len(ask)-1), http.StatusForbidden},
		"a byte more":            {ask + "x", fmt.Sprintf("Content-Length: %d", len(ask)+1), http.StatusForbidden},
		"in chunks, length lost": {chunked(ask), "Transfer-Encoding: chunked", http.StatusForbidden},
		"another in chunks":      {chunked(ask + "x"), "Transfer-Encoding: chunked", http.StatusForbidden},
	} {
		answers, _ := raw(t, c, message(tt.body, append(lines(r, "/"), "Connection: close", tt.extra)...))
		if len(answers) != 1 || answers[0].Status != tt.want {
			t.Errorf("%s: %v, want %d", name, statuses(answers), tt.want)
		}
	}
}
