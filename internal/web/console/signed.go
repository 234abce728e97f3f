package console

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi/sigv4"
)

// maxSignedBody is more than the empty object that the command sends.
const maxSignedBody = 4 << 10

// signedAnswer is what POST /account/api/console-link says.
type signedAnswer struct {
	URL       string    `json:"url,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	Error     string    `json:"error,omitempty"`
}

// handleConsoleLink answers a request that is signed with an access key, for
// the service SigningService and the region of the server, by a one-use link. A
// presigned URL would be a way in for whoever finds it, so it is not taken.
// Cookies mean nothing here (S37), and an error is a word, never a page.
func (c *Console) handleConsoleLink(w http.ResponseWriter, r *http.Request, _ here) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxSignedBody+1))
	if err != nil || len(body) > maxSignedBody {
		return answerSigned(w, http.StatusRequestEntityTooLarge, signedAnswer{Error: "too_large"})
	}
	signer := c.Accounts.Signer()
	identity, err := sigv4.Verify(r, body, signer.Lookup, c.Clock.Now(), sigv4.Scope{
		Service: SigningService, Regions: []string{c.Accounts.Region}, HeaderOnly: true,
	})
	if err != nil {
		return refuseSigned(w, err)
	}
	who, err := signer.Proved(r.Context(), identity)
	if err != nil {
		return refuseSigned(w, err)
	}
	actor := aikagi.ActorFrom(r.Context())
	actor.Kind, actor.PrincipalID, actor.Name = aikagi.ActorPrincipal, who.Principal.ID, who.Principal.Name
	actor.Source = "api"
	link, err := c.Accounts.ConsoleLink(aikagi.WithActor(r.Context(), actor))
	if err != nil {
		return refuseSigned(w, err)
	}
	return answerSigned(w, http.StatusOK, signedAnswer{
		URL: c.BaseURL + "/account/link/" + link.Token.Reveal(), ExpiresAt: link.ExpiresAt,
	})
}

// refuseSigned answers what the caller did wrong; anything else is for the
// engine and its log.
func refuseSigned(w http.ResponseWriter, err error) error {
	var e *aikagi.Error
	if !errors.As(err, &e) || e.Code != aikagi.Unauthenticated {
		return err
	}
	word := e.Reason
	if word == "" {
		word = sigv4.UnrecognizedClient
	}
	return answerSigned(w, http.StatusForbidden, signedAnswer{Error: word})
}

func answerSigned(w http.ResponseWriter, status int, a signedAnswer) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client has gone; nobody is left to tell
	return nil
}
