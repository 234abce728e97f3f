package account_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/store"
)

func TestS33FirstStartHasNoDefaultSecrets(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		link, err := w.Bootstrap(w.system())
		w.must(err)
		found, err := w.Account(t.Context())
		w.must(err)
		if len(found.ID) != 12 || strings.Trim(string(found.ID), "0123456789") != "" {
			t.Errorf("account id %q is not 12 digits", found.ID)
		}
		if all, err := w.ListPrincipals(w.host(), "", 10); err != nil || len(all) != 0 {
			t.Errorf("a new server has principals: %v, %v", all, err)
		}
		if len(link.Token.Reveal()) < 43 {
			t.Error("the set-up secret has less than 256 bits")
		}
		if w, err := w.LookAtSetup(w.nobody(), link.Token); err != nil || !w.First {
			t.Errorf("looked at the set-up link: %+v, %v", w, err)
		}
		w.clock.Move(account.SetupTTL)
		_, err = w.Claim(w.nobody(), link.Token, account.Claim{Name: "root", Password: aikagi.NewSecret(rootPassword)})
		w.wants(err, aikagi.Expired, "spent")
	})
}

func TestS33ClaimedServerNeverStartsAsNew(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		before, err := w.Account(t.Context())
		w.must(err)
		w.must(w.DeletePrincipal(w.host(), w.root.ID))
		link, err := w.Bootstrap(w.system())
		w.must(err)
		if !link.Token.Empty() {
			t.Error("a server that lost its principals offers a set-up link again")
		}
		after, err := w.Account(t.Context())
		w.must(err)
		if after.ID != before.ID || after.Contact != "owner@example.jp" {
			t.Errorf("account %+v became %+v", before, after)
		}
	})
}

func TestS33DataWithoutAccountIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.must(w.Store.Update(t.Context(), func(tx *store.Tx) error {
			return tx.InsertInstance(t.Context(), aikagi.Instance{
				ID: "6c0f2a5e-0000-4000-8000-000000000001", Alias: "sakura", Settings: aikagi.DefaultInstanceSettings(),
			})
		}))
		_, err := w.Bootstrap(w.system())
		w.wants(err, aikagi.Unavailable, "lost")
	})
}

func TestS33NodesStartingTogetherAgree(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := w.Bootstrap(w.system()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		created := 0
		for _, e := range w.record() {
			if e.Action == "account.create" {
				created++
			}
		}
		if created != 1 {
			t.Errorf("%d accounts were made, want 1", created)
		}
	})
}

func TestF23SecondClaimIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var links []account.Link
		for range 3 { // as many nodes, or restarts
			link, err := w.Bootstrap(w.system())
			w.must(err)
			links = append(links, link)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for i := range 6 {
			wg.Go(func() {
				_, err := w.Claim(w.nobody(), links[i%3].Token, account.Claim{
					Name: "root" + string(rune('a'+i)), Password: aikagi.NewSecret(rootPassword),
				})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if aikagi.CodeOf(err) != aikagi.Expired {
					t.Errorf("a late claim got %v", err)
				}
			})
		}
		wg.Wait()
		if all, err := w.ListPrincipals(w.host(), "", 10); err != nil || won != 1 || len(all) != 1 {
			t.Errorf("%d claims won, %d principals, %v; want 1 and 1", won, len(all), err)
		}
	})
}

func TestClaimKeepsTheLinkWhenThePasswordIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		link, err := w.Bootstrap(w.system())
		w.must(err)
		_, err = w.Claim(w.nobody(), link.Token, account.Claim{Name: "root", Password: aikagi.NewSecret("short")})
		w.wants(err, aikagi.Invalid, "too_short")
		_, err = w.Claim(w.nobody(), link.Token, account.Claim{Name: "ro ot", Password: aikagi.NewSecret(rootPassword)})
		w.wants(err, aikagi.Invalid, "characters")
		_, err = w.Claim(w.nobody(), link.Token, account.Claim{Name: "root", Password: aikagi.NewSecret(rootPassword)})
		w.must(err)
	})
}

func TestInvitationEndsTheOldWaysIn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.claimed()
		p := w.principal("hanako")
		before, err := w.signIn("hanako", rootPassword, "")
		w.must(err)
		w.enrol(before)
		first, err := w.InvitePrincipal(w.as(w.root), p.ID)
		w.must(err)
		second, err := w.InvitePrincipal(w.as(w.root), p.ID)
		w.must(err)
		const next = "aoi sora to umi 2026"
		claim := account.Claim{Name: "somebody-else", Password: aikagi.NewSecret(next)}
		_, err = w.Claim(w.nobody(), first.Token, claim)
		w.wants(err, aikagi.Expired, "spent")
		_, err = w.Claim(w.nobody(), second.Token, claim)
		w.must(err)
		_, _, err = w.Find(t.Context(), before.Token.Reveal())
		w.wants(err, aikagi.Unauthenticated, "")
		_, err = w.signIn("hanako", rootPassword, "")
		w.wants(err, aikagi.Unauthenticated, "wrong")
		_, err = w.signIn("hanako", next, "")
		w.must(err)
	})
}
