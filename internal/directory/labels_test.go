package directory_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/store"
)

func (w *world) tags(t *testing.T, instance aikagi.InstanceID, r aikagi.Resource) []aikagi.Tag {
	t.Helper()
	var tags []aikagi.Tag
	must(t, w.store.View(t.Context(), func(tx *store.Tx) (err error) {
		tags, err = tx.ListTags(t.Context(), instance, r)
		return err
	}))
	return tags
}

func TestTagsAreReplacedRecordedAndGoWithTheUser(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		admin, agent := w.has(t, w.here.ID, "Admin"), w.has(t, w.here.ID, "Agent")
		r := aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(agent.ID)}
		must(t, w.rules.SetTags(as(t, admin), w.here.ID, r, []aikagi.Tag{{Key: "部署", Value: "東京"}, {Key: "b"}, {Key: "a", Value: "1"}}))
		must(t, w.rules.SetTags(as(t, admin), w.here.ID, r, []aikagi.Tag{{Key: "部署", Value: "大阪"}, {Key: "b"}}))
		p, err := w.rules.Find(as(t, admin), w.here.ID, agent.ID)
		must(t, err)
		if want := []aikagi.Tag{{Key: "b"}, {Key: "部署", Value: "大阪"}}; !slices.Equal(p.Tags, want) {
			t.Errorf("tags %v, want %v", p.Tags, want)
		}
		e := w.newestEvents(t, 1)[0]
		want := []aikagi.Change{
			{Field: "tags", After: "部署=大阪"}, {Field: "tags", Before: "a=1"}, {Field: "tags", Before: "部署=東京"},
		}
		if e.Action != "tags.replace" || e.TargetName != string(agent.Username) || !slices.Equal(e.Changes, want) {
			t.Errorf("recorded %s of %s: %v", e.Action, e.TargetName, e.Changes)
		}
		must(t, w.rules.Delete(as(t, admin), w.here.ID, agent.ID))
		if left := w.tags(t, w.here.ID, r); len(left) > 0 {
			t.Errorf("tags of nobody: %v", left)
		}
	})
}

func TestTagsGoWithProfilesAndGroups(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		c := testCase{world: w, t: t, ctx: w.host(t)}
		profile, group := c.newProfile(), c.group()
		of := []aikagi.Resource{
			{Kind: aikagi.ResourceSecurityProfile, ID: string(profile)}, {Kind: aikagi.ResourceHierarchyGroup, ID: string(group)},
		}
		for _, r := range of {
			must(t, c.tag(r.Kind, r.ID))
		}
		must(t, w.profiles.Delete(c.ctx, w.here.ID, profile))
		must(t, w.rules.DeleteGroup(c.ctx, w.here.ID, group))
		for _, r := range of {
			if left := w.tags(t, w.here.ID, r); len(left) > 0 {
				t.Errorf("tags of no %s: %v", r.Kind, left)
			}
		}
	})
}

func TestOnlyTheAccountTagsInstances(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for actor, want := range map[string]aikagi.Code{
		"anonymous": aikagi.Unauthenticated, "Admin": aikagi.Forbidden, "emergency": aikagi.Forbidden,
		"principal": aikagi.Unauthenticated, "host": "", // the principal is nobody whom the account knows
	} {
		c := testCase{world: w, t: t}
		c.ctx, _ = w.actor(t, actor)
		err := c.tag(aikagi.ResourceInstance, string(w.here.ID))
		if got := aikagi.CodeOf(err); err != nil && got != want || err == nil && want != "" {
			t.Errorf("%s: got %v, want %q", actor, err, want)
		}
	}
	c := testCase{world: w, t: t, ctx: w.host(t)}
	wants(t, c.tag(aikagi.ResourceInstance, string(w.next.ID)), aikagi.NotFound, "")
	wants(t, c.tag("queue", string(w.here.ID)), aikagi.NotFound, "")
}

func TestProficienciesAreReplacedAndRecorded(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		admin, agent := w.has(t, w.here.ID, "Admin"), w.has(t, w.here.ID, "Agent")
		english := aikagi.Proficiency{Attribute: "言語", Value: "英語", Level: 2}
		must(t, w.rules.SetProficiencies(as(t, admin), w.here.ID, agent.ID, 1, []aikagi.Proficiency{english}))
		w.clock.Move(time.Minute)
		better := english
		better.Level = 4
		err := w.rules.SetProficiencies(as(t, admin), w.here.ID, agent.ID, 1, []aikagi.Proficiency{better})
		wants(t, err, aikagi.Conflict, "changed")
		must(t, w.rules.SetProficiencies(as(t, admin), w.here.ID, agent.ID, 2, []aikagi.Proficiency{better}))
		p, err := w.rules.Find(as(t, admin), w.here.ID, agent.ID)
		must(t, err)
		if !slices.Equal(p.Proficiencies, []aikagi.Proficiency{better}) || !p.User.UpdatedAt.Equal(start.Add(time.Minute)) {
			t.Errorf("got %v, changed %v", p.Proficiencies, p.User.UpdatedAt)
		}
		want := []aikagi.Change{{Field: "proficiencies", After: "言語=英語=4"}, {Field: "proficiencies", Before: "言語=英語=2"}}
		if e := w.newestEvents(t, 1)[0]; e.Action != "user.proficiencies" || !slices.Equal(e.Changes, want) {
			t.Errorf("recorded %s: %v", e.Action, e.Changes)
		}
		if got := w.read(t, agent.ID); got.SecretEpoch != agent.SecretEpoch {
			t.Errorf("epoch %d, want %d: a proficiency is no way in", got.SecretEpoch, agent.SecretEpoch)
		}
		must(t, w.rules.Delete(as(t, admin), w.here.ID, agent.ID))
	})
}

// A form knows nothing of settings of single channels; saving it keeps them, but
// for those that it overrides.
func TestFormKeepsSettingsOfSingleChannels(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		admin, agent := w.has(t, w.here.ID, "Admin"), w.has(t, w.here.ID, "Agent")
		yes, seconds := true, 30
		own := []aikagi.ChannelConfig{
			{Channel: aikagi.ChannelVoice, PersistentConnection: &yes, VoiceEnhancement: aikagi.NoiseSuppression},
			{Channel: aikagi.ChannelChat, AutoAccept: &yes, AfterContactWork: &seconds},
		}
		must(t, w.store.Update(t.Context(), func(tx *store.Tx) error {
			after := agent
			after.Phone.Channels = own
			return tx.UpdateUser(t.Context(), agent, after)
		}))
		save := func(change func(*directory.Draft)) []aikagi.ChannelConfig {
			now := w.read(t, agent.ID)
			_, err := w.rules.Update(as(t, admin), w.here.ID, agent.ID, now.Version, draft(now, change))
			must(t, err)
			return w.read(t, agent.ID).Phone.Channels
		}
		kept := save(func(f *directory.Draft) { f.FirstName = "次郎" })
		if len(kept) != 2 || kept[0].PersistentConnection == nil || kept[0].VoiceEnhancement != aikagi.NoiseSuppression ||
			kept[1].AfterContactWork == nil || *kept[1].AfterContactWork != seconds || kept[1].PhoneType != "" {
			t.Errorf("after a new name: %+v", kept)
		}
		kept = save(func(f *directory.Draft) { f.PersistentConnection = true })
		if len(kept) != 2 || kept[0].PersistentConnection != nil || kept[0].VoiceEnhancement == "" || kept[1].AutoAccept == nil {
			t.Errorf("after a new persistent connection: %+v", kept)
		}
		if !w.read(t, agent.ID).Phone.PersistentConnection {
			t.Error("persistent connection was not stored")
		}
		if kept = save(func(f *directory.Draft) { f.AutoAccept, f.AfterContactWork = true, "60" }); len(kept) != 1 {
			t.Errorf("after new auto accept and after contact work: %+v", kept)
		}
	})
}

func (w *world) told(t *testing.T, u aikagi.User, kind aikagi.MessageKind) int {
	t.Helper()
	n := 0
	for _, m := range w.mailTo(t, u) {
		if m.Kind == kind && m.To == u.Email {
			n++
		}
	}
	return n
}

// Whoever takes over the mailbox of an administrator takes over the instance, so
// the others hear of it: not who did it, and nobody below.
func TestF25OtherAdministratorsHearOfAChangedAddress(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		actor, other, target := w.has(t, w.here.ID, "Admin"), w.has(t, w.here.ID, "Admin"), w.has(t, w.here.ID, "Editor")
		silent, neighbour, agent := w.has(t, w.here.ID, "Admin"), w.has(t, w.next.ID, "other Admin"), w.has(t, w.here.ID, "Agent")
		must(t, w.address(t, w.has(t, w.here.ID, "Admin"), silent, ""))
		before := w.told(t, other, aikagi.MailAdministratorAddress)
		if before != 1 || w.told(t, actor, aikagi.MailAdministratorAddress) != 1 {
			t.Fatalf("told %d times that an administrator lost his address, want 1", before)
		}
		must(t, w.address(t, actor, target, "new@example.jp"))
		for name, c := range map[string]struct {
			u    aikagi.User
			want int
		}{
			"other administrator": {other, 2}, "who did it": {actor, 1}, "the user": {target, 0}, "without address": {silent, 0},
			"neighbour": {neighbour, 0}, "agent": {agent, 0},
		} {
			if got := w.told(t, c.u, aikagi.MailAdministratorAddress); got != c.want {
				t.Errorf("%s: told %d times, want %d", name, got, c.want)
			}
		}
		must(t, w.address(t, actor, agent, "agent@example.jp"))
		now := w.read(t, target.ID)
		_, err := w.rules.Update(as(t, actor), w.here.ID, target.ID, now.Version, draft(now, func(f *directory.Draft) { f.LastName = "鈴木" }))
		must(t, err)
		if got := w.told(t, other, aikagi.MailAdministratorAddress); got != 2 {
			t.Errorf("told %d times, want 2: the agent's address and a name are nobody's business", got)
		}
	})
}
