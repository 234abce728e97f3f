// Package client asks servers that speak Amazon Connect's API, signed with an
// access key as the SDKs do (Signature Version 4, service "connect").
//
//	c := client.Client{Endpoint: "https://id.example.jp", Region: "ap-northeast-1", Credentials: …}
//	i, err := c.FindInstance(ctx, "sakura")
//	u, err := c.FindUser(ctx, i.ID, "tanaka")
//
// It knows the wire and nothing of what a command does with the answers.
package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
)

// Client asks one server with the keys of one principal.
type Client struct {
	Endpoint    string // https://HOST, without a path
	Region      string
	Credentials aws.CredentialsProvider
	Clock       clock.Clock
}

const (
	service   = "connect"
	patience  = 30 * time.Second
	maxAnswer = 8 << 20 // octets
)

// Failure is an error that the server answered with.
type Failure struct {
	Name    string // such as ThrottlingException
	Message string
	Status  int
}

func (f *Failure) Error() string { return f.Name + ": " + f.Message }

// ParseEndpoint checks an address of a server. Links that a server hands out travel in
// the answers, so without TLS it must be on this machine.
func ParseEndpoint(text string) (string, error) {
	u, err := url.Parse(strings.TrimSuffix(text, "/"))
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		return "", aikagi.Because(aikagi.Invalid, "endpoint", "url")
	case u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()):
		return u.String(), nil
	}
	return "", aikagi.Because(aikagi.Invalid, "endpoint", "no_tls")
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// Question is a request: its path with every part escaped, and members of a body if
// it has one.
type Question struct {
	Method, Path string
	Query        url.Values
	Body         any
}

// Path joins parts of a path, escaped.
func Path(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(p))
	}
	return b.String()
}

// Ask sends one request and reads the answer into a struct. Errors are those of
// package aikagi; behind one that the server answered with stands its Failure.
func (c *Client) Ask(ctx context.Context, q Question, into any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := c.request(ctx, q)
	if err != nil {
		return err
	}
	response, text, err := send(r)
	switch {
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK:
		return failed(response, text)
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return unreachable(fmt.Errorf("the answer is no JSON: %w", err))
	}
	return nil
}

// send sends a request and reads the whole answer.
func send(r *http.Request) (*http.Response, []byte, error) {
	response, err := straight().Do(r)
	if err != nil {
		return nil, nil, unreachable(err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, nil, unreachable(err)
	}
	return response, text, nil
}

func (c *Client) request(ctx context.Context, q Question) (*http.Request, error) {
	var body []byte
	if q.Body != nil {
		var err error
		if body, err = json.Marshal(q.Body); err != nil {
			return nil, fmt.Errorf("write request: %w", err)
		}
	}
	address := c.Endpoint + q.Path
	if len(q.Query) > 0 {
		address += "?" + q.Query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, q.Method, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	if q.Body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, sign(r, body, c.Credentials, service, c.Region, c.Clock.Now())
}

// sign signs a request for a service in a Region.
func sign(r *http.Request, body []byte, from aws.CredentialsProvider, service, region string, now time.Time) error {
	keys, err := from.Retrieve(r.Context())
	if err != nil {
		return &aikagi.Error{Code: aikagi.Unauthenticated, Subject: "credentials", Reason: "missing", Err: err}
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(r.Context(), keys, r, hex.EncodeToString(sum[:]), service, region, now); err != nil {
		return fmt.Errorf("sign request: %w", err)
	}
	return nil
}

// straight follows no redirect, which would take a signed request somewhere else.
func straight() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func unreachable(err error) error {
	return &aikagi.Error{Code: aikagi.Unavailable, Subject: "server", Reason: "unreachable", Err: err}
}

// failed reads an error as AWS writes them: the name in a header, before a colon, or
// in the body, behind a "#".
func failed(response *http.Response, text []byte) error {
	var body struct {
		Type    string `json:"__type"`
		Message string `json:"Message"` // or "message"
	}
	f := &Failure{Status: response.StatusCode}
	if json.Unmarshal(text, &body) == nil {
		f.Name, f.Message = body.Type, body.Message
	}
	if name := response.Header.Get("X-Amzn-Errortype"); name != "" {
		f.Name = name
	}
	f.Name, _, _ = strings.Cut(f.Name, ":")
	f.Name = f.Name[strings.LastIndex(f.Name, "#")+1:]
	if f.Name == "" {
		return unreachable(fmt.Errorf("status %d, and no error that AWS has", response.StatusCode))
	}
	return &aikagi.Error{Code: f.code(), Subject: "answer", Reason: f.reason(), Err: f}
}

// short is the name as the query protocol has it, without "Exception".
func (f *Failure) short() string { return strings.TrimSuffix(f.Name, "Exception") }

// code is the kind of a failure.
func (f *Failure) code() aikagi.Code {
	switch f.short() {
	case "AccessDenied":
		return aikagi.Forbidden
	case "ResourceNotFound", "NoSuchEntity", unknownOperation:
		return aikagi.NotFound
	case "Throttling", "TooManyRequests":
		return aikagi.Throttled
	case "DuplicateResource", "ResourceInUse", "ResourceConflict", "ServiceQuotaExceeded":
		return aikagi.Conflict
	case "MissingAuthenticationToken", "UnrecognizedClient", "IncompleteSignature",
		"InvalidSignature", "SignatureDoesNotMatch", "InvalidClientTokenId", expiredToken:
		return aikagi.Unauthenticated
	}
	if f.Status < http.StatusInternalServerError {
		return aikagi.Invalid
	}
	return aikagi.Unavailable
}

const (
	unknownOperation = "UnknownOperation"
	expiredToken     = "ExpiredToken" //nolint:gosec // G101: the name of an error
)

// reason tells apart what needs another remedy.
func (f *Failure) reason() string {
	switch f.short() {
	case unknownOperation:
		return "unknown_operation"
	case expiredToken:
		return "expired"
	}
	return ""
}
