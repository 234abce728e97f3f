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
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/aikagi/aikagi"
)

// ConsoleLink opens the account console once.
type ConsoleLink struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
	Error     string    `json:"error,omitempty"`
}

// AskForConsoleLink proves the access key and gets a link. It is signed for a service of
// its own, so that no request to the API opens the console.
func (c *Client) AskForConsoleLink(ctx context.Context, service string) (ConsoleLink, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	body := []byte("{}")
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Endpoint+"/account/api/console-link", bytes.NewReader(body))
	if err != nil {
		return ConsoleLink{}, fmt.Errorf("make request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	keys, err := c.Credentials.Retrieve(ctx)
	if err != nil {
		return ConsoleLink{}, fmt.Errorf("find access key: %w", err)
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, keys, r, hex.EncodeToString(sum[:]), service, c.Region, c.Clock.Now()); err != nil {
		return ConsoleLink{}, fmt.Errorf("sign request: %w", err)
	}
	response, err := straight().Do(r)
	if err != nil {
		return ConsoleLink{}, unreachable(err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	return readLink(response)
}

func readLink(response *http.Response) (ConsoleLink, error) {
	var link ConsoleLink
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return link, unreachable(err)
	}
	if err := json.Unmarshal(text, &link); err != nil {
		return link, aikagi.E(aikagi.Unavailable, "server", fmt.Errorf("status %d, and no JSON", response.StatusCode))
	}
	if response.StatusCode != http.StatusOK || link.URL == "" {
		return link, &aikagi.Error{Code: aikagi.Unauthenticated, Subject: "signature", Reason: link.Error}
	}
	return link, nil
}
