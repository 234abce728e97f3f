package smtpclient

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
)

// login proves who we are. It is reached only over TLS or on loopback: connect
// protects first, and every other way out of protect is a failure.
func (c *Client) login(ctx context.Context) *Failure {
	offered := strings.Fields(c.extensions["AUTH"])
	switch {
	case slices.Contains(offered, "PLAIN"):
		return c.loginPlain(ctx)
	case slices.Contains(offered, "LOGIN"):
		return c.loginLogin(ctx)
	}
	f := lost(AtAuth, errText("server offers neither AUTH PLAIN nor AUTH LOGIN"))
	f.Auth = true
	return f
}

// loginPlain sends everything with the command (RFC 4616 §2, RFC 4954 §4).
func (c *Client) loginPlain(ctx context.Context) *Failure {
	secret := "\x00" + c.settings.User + "\x00" + c.settings.Password.Reveal()
	return c.expect(ctx, AtAuth, 235, "AUTH PLAIN %s", base64.StdEncoding.EncodeToString([]byte(secret)))
}

// loginLogin answers two questions, name and password, in the order that all
// servers ask them (draft-murchison-sasl-login; there is no RFC).
func (c *Client) loginLogin(ctx context.Context) *Failure {
	if f := c.expect(ctx, AtAuth, 334, "AUTH LOGIN"); f != nil {
		return f
	}
	if f := c.expect(ctx, AtAuth, 334, "%s", base64.StdEncoding.EncodeToString([]byte(c.settings.User))); f != nil {
		return f
	}
	password := base64.StdEncoding.EncodeToString([]byte(c.settings.Password.Reveal()))
	return c.expect(ctx, AtAuth, 235, "%s", password)
}

// hideCredentials drops the words of a server that repeats what it was sent.
func (s Settings) hideCredentials(f *Failure) {
	if f == nil {
		return
	}
	password := s.Password.Reveal()
	for _, secret := range []string{
		password,
		base64.StdEncoding.EncodeToString([]byte(password)),
		base64.StdEncoding.EncodeToString([]byte("\x00" + s.User + "\x00" + password)),
	} {
		if secret != "" && strings.Contains(f.Text, secret) {
			f.Text = "…"
		}
	}
}
