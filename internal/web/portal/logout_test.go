package portal_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
	"github.com/aikagi/aikagi/internal/web/door"
)

// TestS31LeavingEmergencyAccessEndsTheGrant logs out, and logs in as somebody,
// while a browser has emergency access.
func TestS31LeavingEmergencyAccessEndsTheGrant(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(b *browser) page{
		"log out": func(b *browser) page { return b.sends("/logout") },
		"log in":  func(b *browser) page { return b.logsIn("sato", resettest.Password) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.User(t, "sato")
			b := s.browser(t)
			grant := b.hasEmergencyAccess()
			if p := b.opens("/me"); p.location() != "/i/sakura/repair" {
				t.Fatalf("emergency access is led to %q", p.location())
			}
			if p := leave(b); p.StatusCode != http.StatusSeeOther {
				t.Fatalf("leaving answers %s", p.Status)
			}
			var found aikagi.EmergencyGrant
			var recorded []aikagi.AuditEvent
			storetest.View(t, s.Store, func(tx *store.Tx) (err error) {
				if found, err = tx.FindGrant(t.Context(), grant); err != nil {
					return err
				}
				recorded, err = tx.ListAuditEvents(t.Context(), s.Instance.ID, "~", 10)
				return err
			})
			if found.EndedAt.IsZero() {
				t.Error("the grant is still open")
			}
			if !slices.ContainsFunc(recorded, func(e aikagi.AuditEvent) bool { return e.Action == "emergency.end" }) {
				t.Errorf("the end is not on the record: %+v", recorded)
			}
		})
	}
}

func (b *browser) hasEmergencyAccess() aikagi.GrantID {
	b.t.Helper()
	s, ctx, now := b.site, b.t.Context(), b.site.Clock.Now()
	grant := aikagi.EmergencyGrant{
		ID: aikagi.GrantID(aikagi.NewID()), InstanceID: s.Instance.ID, PrincipalName: "root", Reason: "管理者が全員退職したため",
		Digest: []byte("digest"), CreatedAt: now, StartBefore: now.Add(aikagi.GrantStartTTL),
	}
	w := httptest.NewRecorder()
	storetest.Update(b.t, s.Store, func(tx *store.Tx) error {
		if err := tx.InsertGrant(ctx, grant); err != nil {
			return err
		}
		if err := tx.SpendGrant(ctx, grant, now); err != nil {
			return err
		}
		token, opened, err := s.Sessions.Open(ctx, tx, now, aikagi.Session{InstanceID: s.Instance.ID, GrantID: grant.ID})
		http.SetCookie(w, &http.Cookie{Name: "aikagi-" + door.CookieName(opened.InstanceID), Value: token.Reveal(), Path: "/"})
		return err
	})
	at, err := url.Parse(s.url)
	must(b.t, err)
	b.client.Jar.SetCookies(at, w.Result().Cookies())
	return grant.ID
}
