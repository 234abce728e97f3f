package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// client sends requests over kept connections and follows no redirect.
type client struct{ http *http.Client }

func newClient() *client {
	return &client{http: &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 128, MaxIdleConns: 256, DisableCompression: true, IdleConnTimeout: time.Minute,
		},
	}}
}

func (c *client) forget() { c.http.CloseIdleConnections() }

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// session is the value of the session cookie that an answer sets.
func (a answer) session() string {
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if strings.Contains(c.Name, "session-") {
			return c.Name + "=" + c.Value
		}
	}
	return ""
}

func (c *client) get(ctx context.Context, address, cookie string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, err
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	return c.do(r)
}

// post sends a form as a browser of its own would, from source through the
// trusted proxy that bench is.
func (c *client) post(ctx context.Context, address, source string, form url.Values) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", source)
	return c.do(r)
}

// postIn sends a form in a session.
func (c *client) postIn(ctx context.Context, address, cookie string, form url.Values) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", cookie)
	return c.do(r)
}

func (c *client) do(r *http.Request) (answer, error) {
	response, err := c.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }() // read to its end
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body}, err
}

// anySource is an address out of 2001:db8::/32, which RFC 3849 keeps for examples.
func anySource() string {
	a := [16]byte{0x20, 0x01, 0x0d, 0xb8}
	for i := 4; i < len(a); i++ {
		a[i] = byte(rand.IntN(256)) //nolint:gosec // G404, G115: an address, below 256
	}
	return netip.AddrFrom16(a).String()
}

// expect turns an unexpected status into an error that shows the page's title.
func (a answer) expect(status int) error {
	if a.status == status {
		return nil
	}
	text := string(a.body)
	if _, rest, found := strings.Cut(text, "<title>"); found {
		text, _, _ = strings.Cut(rest, "</title>")
	}
	return fmt.Errorf("answer %d, want %d: %.200s", a.status, status, text)
}
