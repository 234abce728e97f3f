package directory_test

import (
	"slices"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/securityprofile"
)

// What a program changes follows the rules of the form: it ends what was made for
// weaker holders, keeps the last administrator, and is recorded.
func TestAmendingAProfileChangesWhatIsGivenOnly(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		agent, admin := w.has(t, w.here.ID, "Agent"), w.has(t, w.here.ID, "Admin")
		amend := func(name string, c securityprofile.Change) error {
			return w.profiles.Amend(as(t, admin), w.here.ID, w.profile[name], c)
		}
		before, err := w.profiles.Find(as(t, admin), w.here.ID, w.profile["Agent"])
		must(t, err)
		text := "電話を受ける"
		must(t, amend("Agent", securityprofile.Change{Description: &text}))
		p, err := w.profiles.Find(as(t, admin), w.here.ID, before.ID)
		must(t, err)
		if p.Description != text || !slices.Equal(p.Permissions, before.Permissions) || p.Version != before.Version+1 {
			t.Errorf("after a new description: %+v", p)
		}
		want := []aikagi.Change{{Field: "description", Before: before.Description, After: text}}
		if e := w.newestEvents(t, 1)[0]; e.Action != "security_profile.update" || !slices.Equal(e.Changes, want) {
			t.Errorf("recorded %s: %v", e.Action, e.Changes)
		}
		powers := append(slices.Clone(p.Permissions), aikagi.UsersEdit)
		must(t, amend("Agent", securityprofile.Change{Permissions: &powers}))
		if got := w.read(t, agent.ID).SecretEpoch; got != agent.SecretEpoch+1 {
			t.Errorf("epoch %d, want one more", got)
		}
		if p, err = w.profiles.Find(as(t, admin), w.here.ID, before.ID); err != nil || p.Description != text {
			t.Errorf("after new permissions: %+v, %v", p, err)
		}
		wants(t, amend("Admin", securityprofile.Change{Permissions: &[]aikagi.Permission{}}), aikagi.Conflict, "last_administrator")
	})
}
