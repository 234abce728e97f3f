package directory_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
)

func TestTheStructureShrinksAsFarAsItIsEmpty(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		admin := as(t, w.has(t, w.here.ID, "Admin"))
		levels := func() []string {
			tree, err := w.rules.Tree(admin, w.here.ID)
			must(t, err)
			return tree.LevelNames()
		}
		top, err := w.rules.CreateGroup(admin, w.here.ID, "", "東京")
		must(t, err)
		below, err := w.rules.CreateGroup(admin, w.here.ID, top.ID, "受注")
		must(t, err)
		wants(t, w.rules.UpdateStructure(admin, w.here.ID, []string{"支社"}), aikagi.Conflict, "in_use")
		if len(levels()) != 5 {
			t.Errorf("a refused change left %v", levels())
		}
		must(t, w.rules.UpdateStructure(admin, w.here.ID, []string{"支社", "チーム"}))
		if want := []string{"支社", "チーム"}; !slices.Equal(levels(), want) {
			t.Errorf("levels %v, want %v", levels(), want)
		}
		e := w.newestEvents(t, 1)[0]
		want := []aikagi.Change{
			{Field: "level_name", Before: "Level 1", After: "支社"},
			{Field: "level_name", Before: "Level 2", After: "チーム"},
			{Field: "level_name", Before: "Level 3"},
			{Field: "level_name", Before: "Level 4"},
			{Field: "level_name", Before: "Level 5"},
		}
		if e.Action != "hierarchy.structure" || !slices.Equal(e.Changes, want) {
			t.Errorf("recorded %s: %v", e.Action, e.Changes)
		}
		_, err = w.rules.CreateGroup(admin, w.here.ID, below.ID, "夜間")
		wants(t, err, aikagi.Invalid, "missing")
		must(t, w.rules.DeleteGroup(admin, w.here.ID, below.ID))
		must(t, w.rules.DeleteGroup(admin, w.here.ID, top.ID))
		must(t, w.rules.UpdateStructure(admin, w.here.ID, nil))
		if len(levels()) != 0 {
			t.Errorf("levels %v, want none", levels())
		}
		_, err = w.rules.CreateGroup(admin, w.here.ID, "", "東京")
		wants(t, err, aikagi.Invalid, "missing")
		must(t, w.rules.UpdateStructure(admin, w.here.ID, []string{"a", "b", "c", "d", "e"}))
	})
}

func TestLevelNames(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for name, c := range map[string]struct {
		levels []string
		reason string
	}{
		"empty": {[]string{"a", ""}, "required"}, "long": {[]string{strings.Repeat("あ", 51)}, "too_long"},
		"line": {[]string{"a\nb"}, "characters"}, "six": {slices.Repeat([]string{"a"}, 6), "too_many"},
	} {
		err := w.rules.UpdateStructure(w.host(t), w.here.ID, c.levels)
		if aikagi.CodeOf(err) != aikagi.Invalid || aikagi.ReasonOf(err) != c.reason {
			t.Errorf("%s: got %v, want %s", name, err, c.reason)
		}
	}
	must(t, w.rules.UpdateStructure(w.host(t), w.here.ID, []string{strings.Repeat("あ", 50)}))
}
