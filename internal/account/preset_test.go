package account_test

import (
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
)

func TestS33APresetIsForEmptyDatabasesAndForDevAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		p := account.Preset{
			Account: "123456789012", Owner: "dev", Key: "AKIAIOSFODNN7EXAMPLE", Secret: aikagi.NewSecret("known to everybody"),
		}
		system := aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorSystem})
		w.claimed()
		w.wants(w.MakePreset(w.as(w.root), p), aikagi.Forbidden, "")
		w.wants(w.MakePreset(w.host(), p), aikagi.Forbidden, "")
		w.wants(w.MakePreset(w.nobody(), p), aikagi.Forbidden, "")
		if err := w.MakePreset(system, p); aikagi.CodeOf(err) != aikagi.Conflict {
			t.Errorf("an account that somebody has: %v, want a conflict", err)
		}
		if _, known, err := w.Signer().Lookup(t.Context(), string(p.Key)); known || err != nil {
			t.Errorf("the key is good for an account that somebody has: %v, %v", known, err)
		}
	})
}
