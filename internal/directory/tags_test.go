package directory_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aikagi/aikagi"
)

func TestTagsAreAddedAndRemovedOneByOne(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		admin := as(t, w.has(t, w.here.ID, "Admin"))
		r := aikagi.Resource{Kind: aikagi.ResourceSecurityProfile, ID: string(w.profile["Agent"])}
		must(t, w.rules.AddTags(admin, w.here.ID, r, []aikagi.Tag{{Key: "a", Value: "1"}, {Key: "b"}}))
		must(t, w.rules.AddTags(admin, w.here.ID, r, []aikagi.Tag{{Key: "a", Value: "2"}, {Key: "c"}}))
		must(t, w.rules.RemoveTags(admin, w.here.ID, r, []string{"b", "never there"}))
		tags, err := w.rules.ListTags(admin, w.here.ID, r)
		must(t, err)
		if want := []aikagi.Tag{{Key: "a", Value: "2"}, {Key: "c"}}; !slices.Equal(tags, want) {
			t.Errorf("tags %v, want %v", tags, want)
		}
		events := w.newestEvents(t, 2)
		if want := []aikagi.Change{{Field: "tags", Before: "b="}}; !slices.Equal(events[0].Changes, want) {
			t.Errorf("recorded %v, want %v", events[0].Changes, want)
		}
		want := []aikagi.Change{{Field: "tags", After: "a=2"}, {Field: "tags", After: "c="}, {Field: "tags", Before: "a=1"}}
		if events[1].TargetName != "Agent" || !slices.Equal(events[1].Changes, want) {
			t.Errorf("recorded of %s %v, want %v", events[1].TargetName, events[1].Changes, want)
		}
		var many []aikagi.Tag
		for n := range 49 {
			many = append(many, aikagi.Tag{Key: fmt.Sprint("n", n)})
		}
		wants(t, w.rules.AddTags(admin, w.here.ID, r, many), aikagi.Invalid, "too_many")
		must(t, w.rules.AddTags(admin, w.here.ID, r, many[1:]))
		_, err = w.rules.ListTags(admin, w.here.ID, aikagi.Resource{Kind: r.Kind, ID: string(w.profile["other Agent"])})
		wants(t, err, aikagi.NotFound, "")
		_, err = w.rules.ListTags(admin, w.here.ID, aikagi.Resource{Kind: "queue", ID: r.ID})
		wants(t, err, aikagi.NotFound, "")
		_, err = w.rules.ListTags(admin, w.here.ID, aikagi.Resource{Kind: aikagi.ResourceInstance, ID: string(w.here.ID)})
		wants(t, err, aikagi.Forbidden, "account_only")
	})
}

func TestTagsComeWithWhatIsMade(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		admin := as(t, w.has(t, w.here.ID, "Admin"))
		tag := aikagi.Tag{Key: "部署", Value: "東京"}
		p, err := w.profiles.Create(admin, aikagi.SecurityProfile{InstanceID: w.here.ID, Name: "Tagged"}, tag)
		must(t, err)
		g, err := w.rules.CreateGroup(admin, w.here.ID, "", "東京", tag)
		must(t, err)
		for _, r := range []aikagi.Resource{
			{Kind: aikagi.ResourceSecurityProfile, ID: string(p.ID)}, {Kind: aikagi.ResourceHierarchyGroup, ID: string(g.ID)},
		} {
			if got := w.tags(t, w.here.ID, r); !slices.Equal(got, []aikagi.Tag{tag}) {
				t.Errorf("%s: tags %v", r.Kind, got)
			}
		}
		for _, e := range w.newestEvents(t, 2) {
			if !slices.Contains(e.Changes, aikagi.Change{Field: "tags", After: tag.String()}) {
				t.Errorf("%s: recorded %v", e.Action, e.Changes)
			}
		}
		_, err = w.profiles.Create(admin, aikagi.SecurityProfile{InstanceID: w.here.ID, Name: "Reserved"}, aikagi.Tag{Key: "aws:x"})
		wants(t, err, aikagi.Invalid, "reserved")
		_, err = w.rules.CreateGroup(admin, w.here.ID, "", "大阪", aikagi.Tag{Key: "aws:x"})
		wants(t, err, aikagi.Invalid, "reserved")
	})
}
