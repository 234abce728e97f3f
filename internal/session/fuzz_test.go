package session_test

import (
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/session"
	"github.com/aikagi/aikagi/internal/store"
)

// FuzzFind: of all texts that a cookie may hold, for whatever instance, the
// secret that the server made opens its session, and no other opens one (S15).
func FuzzFind(f *testing.F) {
	opened, err := store.Open(f.Context(), "sqlite:"+f.TempDir()+"/a.db")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = opened.Close() })
	now := clock.NewSet(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	sessions := &session.Sessions{Store: opened, Clock: now}
	const here = "6c0f2a5e-0000-4000-8000-00000000cafe"
	var token aikagi.Secret
	err = opened.Update(f.Context(), func(tx *store.Tx) (err error) {
		i := aikagi.Instance{ID: here, Alias: "ume", IdentityType: aikagi.ConnectManaged, Settings: aikagi.DefaultInstanceSettings(), CreatedAt: now.Now()}
		if err := tx.InsertInstance(f.Context(), i); err != nil {
			return err
		}
		token, _, err = sessions.Open(f.Context(), tx, now.Now(), aikagi.Session{InstanceID: here, GrantID: "g"})
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	good := token.Reveal()
	for _, s := range []string{"", good[1:], good + "=", good + "\x00", " " + good, string(secret.Digest(good)), "' OR 1=1 --", "\xff"} {
		f.Add(s, here)
		f.Add(good, s)
	}
	f.Fuzz(func(t *testing.T, text, instance string) {
		found, err := sessions.Find(t.Context(), session.Entrance{Instance: aikagi.InstanceID(instance)}, text)
		if right := text == good && instance == here; (err == nil) != right || err == nil && found.GrantID != "g" {
			t.Errorf("%q at %q: %+v, %v", text, instance, found, err)
		}
		if err != nil && aikagi.CodeOf(err) != aikagi.Unauthenticated {
			t.Errorf("%q at %q: %v", text, instance, err)
		}
	})
}
