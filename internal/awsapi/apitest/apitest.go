// Package apitest asks the wire API of a product that runs in memory, as an SDK
// does: requests are signed by the SDK's own signer.
//
//	c := apitest.Start(t, apptest.Options{})
//	c.Do("GET", "/users-summary/"+c.Instance, "")       as the owner of the account
//	c.As(policy).Do(…)                                  as a principal that has just this policy
package apitest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
)

// Region is where the product under test says that it is.
const Region = "ap-northeast-1"

// Client signs requests with one access key.
type Client struct {
	*apptest.Site
	Instance string // id of the sample instance
	Key      aws.Credentials
	t        testing.TB
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	t      testing.TB
}

// Start starts the product, and returns a client of the owner of its account.
func Start(t testing.TB, o apptest.Options) *Client {
	t.Helper()
	site := apptest.Start(t, o)
	return &Client{
		Site: site, Instance: string(site.Centre.Instance.ID), t: t,
		Key: aws.Credentials{AccessKeyID: string(site.Centre.Key.ID), SecretAccessKey: site.Centre.Secret.Reveal()},
	}
}

// As returns a client of a new principal that has one policy.
func (c *Client) As(policy string) *Client {
	c.t.Helper()
	ctx := aikagi.WithActor(c.t.Context(), aikagi.Actor{Kind: aikagi.ActorHost})
	name := "p" + strings.ReplaceAll(aikagi.NewID(), "-", "")
	principal, _, err := c.Accounts.CreatePrincipal(ctx, name)
	c.must("make a principal", err)
	made, err := c.Accounts.CreatePolicy(ctx, name, policy)
	c.must("make a policy", err)
	c.must("attach it", c.Accounts.AttachPolicy(ctx, principal.ID, made.ID))
	c.must("enable the principal", c.Accounts.EnablePrincipal(ctx, principal.ID))
	key, secret, err := c.Accounts.CreateAccessKey(ctx, principal.ID)
	c.must("make a key", err)
	other := *c
	other.Key = aws.Credentials{AccessKeyID: string(key.ID), SecretAccessKey: secret.Reveal()}
	return &other
}

func (c *Client) must(what string, err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("%s: %v", what, err)
	}
}

// Request makes a signed request. A body that is not empty is JSON.
func (c *Client) Request(method, path, body string) *http.Request {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.URLs.Base()+path, strings.NewReader(body))
	c.must("make a request", err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	hash := sha256.Sum256([]byte(body))
	c.must("sign", v4.NewSigner().SignHTTP(context.WithoutCancel(c.t.Context()), c.Key, r, hex.EncodeToString(hash[:]), "connect", Region, c.Clock.Now()))
	return r
}

// Do asks and returns what came back, whatever it is.
func (c *Client) Do(method, path, body string) Answer {
	c.t.Helper()
	return c.Send(c.Request(method, path, body))
}

// Send sends a request as it is.
func (c *Client) Send(r *http.Request) Answer {
	c.t.Helper()
	response, err := http.DefaultClient.Do(r)
	c.must("ask", err)
	defer func() { _ = response.Body.Close() }()
	read, err := io.ReadAll(response.Body)
	c.must("read the answer", err)
	return Answer{response.StatusCode, response.Header, read, c.t}
}

// Fault is the name of the error in the answer; "" if it is none.
func (a Answer) Fault() string { return a.Header.Get("X-Amzn-Errortype") }

// Must fails the test unless the answer has this status.
func (a Answer) Must(status int) Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("status %d, want %d: %s", a.Status, status, a.Body)
	}
	return a
}

// Refuses fails the test unless the answer is this error.
func (a Answer) Refuses(name string) {
	a.t.Helper()
	if a.Fault() != name {
		a.t.Errorf("answered %d %s, want %s: %s", a.Status, a.Fault(), name, a.Body)
	}
}

// Into reads the body of a good answer.
func (a Answer) Into(v any) Answer {
	a.t.Helper()
	a.Must(http.StatusOK)
	if err := json.NewDecoder(bytes.NewReader(a.Body)).Decode(v); err != nil {
		a.t.Fatalf("read %s: %v", a.Body, err)
	}
	return a
}
