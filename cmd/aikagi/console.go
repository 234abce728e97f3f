package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/spf13/cobra"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/web/console"
)

// accessKey is what the request is signed with.
type accessKey struct {
	id     string
	secret aikagi.Secret
}

func consoleCommand(t *terminal) *cobra.Command {
	return withSettings(t, &cobra.Command{
		Use: "console", Short: t.T("cli.console"), Long: t.T("cli.console.long"), Args: exactly(0),
		Example: "  AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… aikagi console --base-url https://id.example.jp",
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := t.settings(c)
			if err != nil {
				return err
			}
			key, err := t.accessKey()
			if err != nil {
				return err
			}
			link, err := askForLink(c.Context(), settings.Origin(settings.Listen), settings.Region, key)
			if err != nil {
				return err
			}
			return t.answer(link, func() {
				t.pairs(t.T("cli.col.link"), link.URL, t.T("cli.col.until"), stamp(link.ExpiresAt))
			})
		},
	})
}

// accessKey reads the key where the AWS tools have it, or under our own names.
// There is no flag for it: ps would show it.
func (t *terminal) accessKey() (accessKey, error) {
	read := func(name string) string {
		for _, prefix := range []string{"AIKAGI_", "AWS_"} {
			for _, entry := range t.environ {
				if v, found := strings.CutPrefix(entry, prefix+name+"="); found && v != "" {
					return v
				}
			}
		}
		return ""
	}
	k := accessKey{read("ACCESS_KEY_ID"), aikagi.NewSecret(read("SECRET_ACCESS_KEY"))}
	if k.id == "" || k.secret.Empty() {
		return k, usage{"cli.usage.access_key", ""}
	}
	return k, nil
}

// consoleLink is what the server answers.
type consoleLink struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
	Error     string    `json:"error,omitempty"`
}

const (
	consoleTimeout = 30 * time.Second
	maxAnswer      = 64 << 10
)

func askForLink(ctx context.Context, base, region string, key accessKey) (consoleLink, error) {
	ctx, cancel := context.WithTimeout(ctx, consoleTimeout)
	defer cancel()
	body := []byte("{}")
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/account/api/console-link", bytes.NewReader(body))
	if err != nil {
		return consoleLink{}, fmt.Errorf("make request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: key.id, SecretAccessKey: key.secret.Reveal()}
	err = v4.NewSigner().SignHTTP(ctx, credentials, r, hex.EncodeToString(sum[:]), console.SigningService, region, clock.System{}.Now())
	if err != nil {
		return consoleLink{}, fmt.Errorf("sign request: %w", err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		return consoleLink{}, &aikagi.Error{Code: aikagi.Unavailable, Subject: "server", Reason: "unreachable", Err: err}
	}
	defer func() { _ = response.Body.Close() }() // only read
	return readLink(response)
}

func readLink(response *http.Response) (consoleLink, error) {
	var link consoleLink
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return link, &aikagi.Error{Code: aikagi.Unavailable, Subject: "server", Reason: "unreachable", Err: err}
	}
	if err := json.Unmarshal(text, &link); err != nil {
		return link, aikagi.E(aikagi.Unavailable, "server", fmt.Errorf("status %d, and no JSON", response.StatusCode))
	}
	if response.StatusCode != http.StatusOK || link.URL == "" {
		return link, &aikagi.Error{Code: aikagi.Unauthenticated, Subject: "signature", Reason: link.Error}
	}
	return link, nil
}
