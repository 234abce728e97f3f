package account_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
)

func TestS13SignInFailsAlike(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		off := w.principal("disabled")
		w.must(w.DisablePrincipal(w.as(w.root), off.ID))
		_, _, err := w.CreatePrincipal(w.as(w.root), "invited")
		w.must(err)
		withCode := w.principal("coded")
		o, err := w.signIn(withCode.Name, rootPassword, "")
		w.must(err)
		w.enrol(o)
		for _, c := range []struct{ name, password, code string }{
			{"nobody", rootPassword, ""},
			{"no such name!", rootPassword, ""},
			{"root", "not the password", ""},
			{"disabled", rootPassword, ""},
			{"invited", "", ""},
			{"coded", rootPassword, "000000"},
			{"coded", "not the password", ""},
		} {
			_, err := w.signIn(c.name, c.password, c.code)
			w.wants(err, aikagi.Unauthenticated, "wrong")
		}
	})
}

func TestS14SignInIsThrottled(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		for range 10 {
			_, err := w.signIn("root", "guess guess guess", "")
			w.wants(err, aikagi.Unauthenticated, "wrong")
		}
		_, err := w.signIn("root", rootPassword, "")
		w.wants(err, aikagi.Throttled, "wait")
		w.clock.Move(time.Minute)
		_, err = w.signIn("root", rootPassword, "")
		w.must(err)
	})
}

func TestC27TOTPCodeCountsOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		o, err := w.signIn("root", rootPassword, "")
		w.must(err)
		key := w.enrol(o)

		_, err = w.signIn("root", rootPassword, "")
		w.wants(err, aikagi.Unauthenticated, "code_required")
		_, err = w.signIn("root", rootPassword, w.code(key)) // the one that enrolled
		w.wants(err, aikagi.Unauthenticated, "wrong")

		w.clock.Move(30 * time.Second)
		older := w.code(key)
		w.clock.Move(30 * time.Second)
		newer := w.code(key)
		_, err = w.signIn("root", rootPassword, newer[:3]+" "+newer[3:])
		w.must(err)
		for _, again := range []string{newer, older} {
			_, err = w.signIn("root", rootPassword, again)
			w.wants(err, aikagi.Unauthenticated, "wrong")
		}
	})
}

func TestC27TOTPCodeInParallel(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		o, err := w.signIn("root", rootPassword, "")
		w.must(err)
		key := w.enrol(o)
		w.clock.Move(time.Minute)
		code := w.code(key)
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 6 {
			wg.Go(func() {
				if _, err := w.signIn("root", rootPassword, code); err == nil {
					mu.Lock()
					won++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("one code signed in %d times", won)
		}
	})
}

func TestC27TOTPGuessing(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		o, err := w.signIn("root", rootPassword, "")
		w.must(err)
		w.enrol(o)
		for range 10 {
			_, err = w.signIn("root", rootPassword, "123456")
			w.wants(err, aikagi.Unauthenticated, "wrong")
		}
		_, err = w.signIn("root", rootPassword, "123456")
		w.wants(err, aikagi.Throttled, "wait")
	})
}

func TestS19SecondFactorNeedsAFreshProof(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		o, err := w.signIn("root", rootPassword, "")
		w.must(err)
		w.clock.Move(10 * time.Minute)
		ctx := w.asSession(o)
		e, err := w.OfferTOTP(ctx)
		w.must(err)
		again, err := w.ReofferTOTP(ctx, e.Sealed)
		w.must(err)
		if again.Secret.Reveal() != e.Secret.Reveal() || again.URL.Reveal() != e.URL.Reveal() {
			t.Error("the second factor offered again is another one")
		}
		code := w.code(e.Secret.Reveal())
		w.wants(w.ConfirmTOTP(ctx, e.Sealed, code, aikagi.Secret{}), aikagi.Invalid, "required")
		w.wants(w.ConfirmTOTP(ctx, e.Sealed, code, aikagi.NewSecret("no")), aikagi.Invalid, "wrong")
		w.wants(w.ConfirmTOTP(ctx, e.Sealed, "12345", aikagi.NewSecret(rootPassword)), aikagi.Invalid, "wrong")
		w.must(w.ConfirmTOTP(ctx, e.Sealed, code, aikagi.NewSecret(rootPassword)))

		other := w.principal("hanako")
		_, err = w.ReofferTOTP(w.as(other), e.Sealed)
		w.wants(err, aikagi.Expired, "enrolment")
	})
}

func TestS19PasswordNeedsTheCurrentOne(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		here, err := w.signIn("root", rootPassword, "")
		w.must(err)
		elsewhere, err := w.signIn("root", rootPassword, "")
		w.must(err)
		ctx, next := w.asSession(here), aikagi.NewSecret("aoi sora to umi 2026")
		w.wants(w.ChangePassword(ctx, aikagi.NewSecret("no"), next), aikagi.Invalid, "wrong")
		w.wants(w.ChangePassword(ctx, aikagi.NewSecret(rootPassword), aikagi.NewSecret("root")), aikagi.Invalid, "too_short")
		w.must(w.ChangePassword(ctx, aikagi.NewSecret(rootPassword), next))
		_, _, err = w.Find(t.Context(), elsewhere.Token.Reveal())
		w.wants(err, aikagi.Unauthenticated, "")
		_, _, err = w.Find(t.Context(), here.Token.Reveal())
		w.must(err)
	})
}

func TestS15ConsoleSessionsEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		p := w.principal("hanako")
		open := func() account.Opened {
			o, err := w.signIn("hanako", rootPassword, "")
			w.must(err)
			return o
		}
		for _, c := range []struct {
			name string
			end  func(o account.Opened)
		}{
			{"signed out", func(o account.Opened) { w.must(w.SignOut(w.asSession(o))) }},
			{"idle", func(account.Opened) { w.clock.Move(61 * time.Minute) }},
			{"old", func(o account.Opened) {
				for range 24 {
					w.clock.Move(30 * time.Minute)
					_, _, _ = w.Find(t.Context(), o.Token.Reveal())
				}
			}},
			{"disabled", func(account.Opened) {
				w.must(w.DisablePrincipal(w.as(w.root), p.ID))
				w.must(w.EnablePrincipal(w.as(w.root), p.ID)) // brings none back
			}},
		} {
			o := open()
			if _, _, err := w.Find(t.Context(), o.Token.Reveal()); err != nil {
				t.Fatal(err)
			}
			c.end(o)
			if _, _, err := w.Find(t.Context(), o.Token.Reveal()); aikagi.CodeOf(err) != aikagi.Unauthenticated {
				t.Errorf("%s: the session still answers %v", c.name, err)
			}
		}
		if _, _, err := w.Find(t.Context(), "chosen-by-somebody"); aikagi.CodeOf(err) != aikagi.Unauthenticated {
			t.Errorf("a session nobody made answers %v", err)
		}
	})
}

func TestG15ConsoleLinkSignsInOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		link, err := w.ConsoleLink(w.as(w.root))
		w.must(err)
		_, err = w.LookAtLink(w.nobody(), link.Token)
		w.must(err)
		_, err = w.LookAtSetup(w.nobody(), link.Token) // one secret, one purpose
		w.wants(err, aikagi.Expired, "spent")
		o, err := w.SignInByLink(w.nobody(), link.Token)
		w.must(err)
		if o.Principal.ID != w.root.ID {
			t.Errorf("signed in %s", o.Principal.Name)
		}
		_, err = w.SignInByLink(w.nobody(), link.Token)
		w.wants(err, aikagi.Expired, "spent")

		late, err := w.ConsoleLink(w.as(w.root))
		w.must(err)
		w.clock.Move(account.ConsoleLinkTTL)
		_, err = w.SignInByLink(w.nobody(), late.Token)
		w.wants(err, aikagi.Expired, "spent")
		_, err = w.ConsoleLink(w.nobody())
		w.wants(err, aikagi.Unauthenticated, "")
	})
}

// TestC05TheConsoleCountsOverAllNames: whoever tries one password with many names has
// to wait as somebody who tries many with one does, and others go on.
func TestC05TheConsoleCountsOverAllNames(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		tooLong := strings.Repeat("x", 5000) // wrong, and costs no hash
		for n := range 300 {
			_, err := w.signIn(fmt.Sprintf("name-%d", n), tooLong, "")
			w.wants(err, aikagi.Unauthenticated, "wrong")
		}
		_, err := w.signIn("root", rootPassword, "")
		w.wants(err, aikagi.Throttled, "network")
		elsewhere := aikagi.WithActor(t.Context(), aikagi.Actor{Kind: aikagi.ActorAnonymous, Source: "page", Address: "198.51.100.7"})
		_, err = w.SignIn(elsewhere, account.Credentials{Name: "root", Password: aikagi.NewSecret(rootPassword)})
		w.must(err)
		w.clock.Move(time.Minute)
		_, err = w.signIn("root", rootPassword, "")
		w.must(err)
	})
}
