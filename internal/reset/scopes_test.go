package reset_test

import (
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/reset"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/store"
)

// TestS25WhoLeadsSomeHelpsNobodyElse: of others' requests he hears nothing, and opens
// no way in for them; those he leads he helps.
func TestS25WhoLeadsSomeHelpsNobodyElse(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	tag := aikagi.Tag{Key: "led", Value: "yes"}
	leader := w.Holder(t, "leader", aikagi.UsersView, aikagi.UsersEdit)
	must(t, w.Store.Update(t.Context(), func(tx *store.Tx) error {
		p, err := tx.FindSecurityProfile(t.Context(), w.Instance.ID, leader.SecurityProfileIDs[0])
		if err != nil {
			return err
		}
		p.ScopeTags, p.TagScoped = []aikagi.Tag{tag}, []string{"User"}
		return tx.UpdateSecurityProfile(t.Context(), p)
	}))
	nobody := func(u *aikagi.User) { u.Email = "" }
	led, other := w.User(t, "led", nobody), w.User(t, "other", nobody)
	must(t, w.Store.Update(t.Context(), func(tx *store.Tx) error {
		return tx.ReplaceTags(t.Context(), w.Instance.ID, aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(led.ID)}, []aikagi.Tag{tag})
	}))
	for _, name := range []string{"led", "other", "who.is.that"} {
		w.Asks(t, name)
	}
	w.Work(t)
	ctx := resettest.As(t, leader)
	open, unknown, err := w.Resets.Waiting(ctx, w.Instance)
	if must(t, err); len(open) != 1 || open[0].User.ID != led.ID || !open[0].May || unknown != 0 {
		t.Fatalf("waiting: %+v and %d unknown", open, unknown)
	}
	everybody, unknown, err := w.Resets.Waiting(resettest.As(t, w.Holder(t, "editor", aikagi.UsersView, aikagi.UsersEdit)), w.Instance)
	if must(t, err); len(everybody) != 2 || unknown != 1 {
		t.Fatalf("an editor of all sees %d and %d unknown", len(everybody), unknown)
	}
	for _, q := range everybody {
		for _, kind := range []reset.RemedyKind{reset.RegisterAddress, reset.HandCard, reset.Dismiss} {
			if q.User.ID == led.ID {
				continue
			}
			_, err := w.Resets.Mend(ctx, w.Instance, q.Request.ID, reset.Remedy{Kind: kind, Email: "new@example.jp", Recognised: reset.InPerson})
			wants(t, string(kind), err, aikagi.NotFound, "")
		}
	}
	_, err = w.Resets.IssueCard(ctx, w.Instance.ID, other.ID)
	wants(t, "card", err, aikagi.NotFound, "")
	_, err = w.Resets.SetTemporary(ctx, w.Instance.ID, other.ID)
	wants(t, "temporary password", err, aikagi.NotFound, "")
	wants(t, "mail", w.Resets.SendLink(ctx, w.Instance.ID, other.ID), aikagi.NotFound, "")
	wants(t, "invitation", w.Resets.Invite(ctx, w.Instance.ID, other.ID), aikagi.NotFound, "")
	_, err = w.Resets.Mend(ctx, w.Instance, open[0].Request.ID, reset.Remedy{Kind: reset.HandCard, Recognised: reset.InPerson})
	must(t, err)
}
