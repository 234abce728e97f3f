package instance

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
)

const (
	maxToken  = 500 // bytes, Amazon's limit
	answerTTL = 24 * time.Hour
)

// repeatable describes a request with a client token. Tokens are the principal's
// own: nobody learns by guessing one what somebody else made.
func (s *Instances) repeatable(ctx context.Context, operation, token string, request any) (store.Repeatable, error) {
	if len(token) > maxToken {
		return store.Repeatable{}, aikagi.Because(aikagi.Invalid, "client_token", "too_long")
	}
	if token == "" {
		return store.Repeatable{}, nil
	}
	text, err := json.Marshal(request)
	if err != nil {
		return store.Repeatable{}, fmt.Errorf("describe request: %w", err)
	}
	return store.Repeatable{
		Principal: aikagi.ActorFrom(ctx).PrincipalID, Operation: operation, Token: secret.Digest(token),
		Request: secret.Digest(string(text)), ExpiresAt: s.Clock.Now().Add(answerTTL),
	}, nil
}

// answered tells what a request was answered before, if it has a token.
func answered(ctx context.Context, tx *store.Tx, r store.Repeatable) (answer string, again bool, err error) {
	if r.Operation == "" {
		return "", false, nil
	}
	return tx.FindAnswer(ctx, r)
}

// keep remembers the answer before anything else is stored: of two that come at
// once, the second fails here, starts again, and finds the answer.
func keep(ctx context.Context, tx *store.Tx, r store.Repeatable) error {
	if r.Operation == "" {
		return nil
	}
	return tx.KeepAnswer(ctx, r)
}
