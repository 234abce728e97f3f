package awsapi_test

import (
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/awsapi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
)

// FuzzToken: nothing opens but what was sealed, for the caller and the query that it
// was sealed for (S36).
func FuzzToken(f *testing.F) {
	now := clock.NewSet(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	tokens := awsapi.Tokens{Ring: secret.NewRing([secret.KeyBytes]byte{1}), Clock: now}
	as := func(p aikagi.PrincipalID) aikagi.Actor {
		return aikagi.Actor{Kind: aikagi.ActorPrincipal, PrincipalID: p}
	}
	f.Add("", "tanaka", "ListUsers", "i")
	f.Add("AAAA", "", "ListUsers", "")
	f.Add("*", "a\x00b", "ListUsers\x00i", "\x00")
	f.Fuzz(func(t *testing.T, text, position, operation, instance string) {
		ctx := aikagi.WithActor(t.Context(), as("p"))
		if got, err := tokens.Open(ctx, text, operation, instance); got != "" || (err == nil) != (text == "") {
			t.Errorf("%q opened as %q: %v", text, got, err)
		}
		token := tokens.Seal(ctx, position, operation, instance)
		if got, err := tokens.Open(ctx, token, operation, instance); err != nil || got != position {
			t.Errorf("%q came back as %q: %v", position, got, err)
		}
		other := aikagi.WithActor(t.Context(), as("q"))
		for what, try := range map[string]func() (string, error){
			"another caller":    func() (string, error) { return tokens.Open(other, token, operation, instance) },
			"another operation": func() (string, error) { return tokens.Open(ctx, token, operation+"x", instance) },
			"another query":     func() (string, error) { return tokens.Open(ctx, token, operation, instance+"x") },
			"a changed token":   func() (string, error) { return tokens.Open(ctx, token+text+"A", operation, instance) },
		} {
			if got, err := try(); err == nil {
				t.Errorf("%s opens it as %q", what, got)
			}
		}
	})
}
