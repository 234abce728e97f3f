package unreachable

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aikagi/aikagi"
)

// looked is a registry whose people were all looked at, and a mender that knows of it.
func looked(t *testing.T, all map[string]Identity) (*registry, *Mender) {
	t.Helper()
	r := newRegistry(all)
	for n, p := range r.people {
		r.people[n].Email = all[p.ID].email()
	}
	dir := t.TempDir()
	saved, err := OpenSaved(savedPath(dir, r.Name()), r.Name())
	if err != nil {
		t.Fatal(err)
	}
	f := r.finder(1)
	f.Saved = saved
	find(t, f)
	if err := saved.Remove(); err != nil {
		t.Fatal(err)
	}
	m := r.mender()
	m.State = dir
	return r, m
}

// TestAnAddressThatSomebodyHasIsAMistake: also of somebody who is in no line, as far as
// the last look knows and he still has it.
func TestAnAddressThatSomebodyHasIsAMistake(t *testing.T) {
	t.Parallel()
	r, m := looked(t, map[string]Identity{
		"a": {}, "b": {}, "c": {"Email": "Sato@example.jp"}, "d": {"Email": "moved@example.jp"}, "e": {"Email": "e@example.jp"}, "g": {},
		"f": {"Email": "gone@example.jp"},
	})
	r.identities["d"] = Identity{"Email": "new@example.jp"} // since the look
	r.people = r.people[:len(r.people)-2]                   // "f" was deleted, and "g"
	r.people = append(r.people, Person{ID: "g", Username: "name-g"})
	wishes := []Wish{
		{2, "name-a", "sato@Example.jp"}, // that of c
		{3, "name-b", "moved@example.jp"},
		{4, "name-g", "gone@example.jp"},
		{5, "name-e", "e@example.jp"}, // his own
	}
	before := r.reads
	steps, wrong, err := m.Plan(t.Context(), here, wishes, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Mistake{{2, "name-a", wrongTaken, "name-c"}}, wrong); diff != "" || len(steps) != 3 || !m.LookedAt.After(start) {
		t.Errorf("%d steps, looked at %v: %s", len(steps), m.LookedAt, diff)
	}
	if n := r.reads - before; n != 6 { // four who are meant, and two who may have it still
		t.Errorf("%d are read", n)
	}
	m.AllowShared = true
	if steps, wrong, err = m.Plan(t.Context(), here, wishes, []Mistake{{6, "x", wrongRole, ""}, {7, "y", wrongShared, ""}}); err != nil || len(wrong) != 0 || len(steps) != 4 {
		t.Errorf("with --allow-shared: %v, %v", wrong, err)
	}
}

// TestAnAddressThatAnotherLineFreesIsNoMistake.
func TestAnAddressThatAnotherLineFreesIsNoMistake(t *testing.T) {
	t.Parallel()
	_, m := looked(t, map[string]Identity{"a": {"Email": "a@example.jp"}, "b": {}})
	m.Replace = true
	if _, wrong, err := m.Plan(t.Context(), here, []Wish{{2, "name-a", "new@example.jp"}, {3, "name-b", "a@example.jp"}}, nil); err != nil || len(wrong) != 0 {
		t.Errorf("%v, %v", wrong, err)
	}
}

// TestALookKnowsWhatWasMendedSince, and holds no address.
func TestALookKnowsWhatWasMendedSince(t *testing.T) {
	t.Parallel()
	r, m := looked(t, map[string]Identity{"a": {}, "b": {}, "c": {"Email": "c@example.jp"}})
	steps, wrong, err := m.Plan(t.Context(), here, []Wish{{2, "name-a", "a@example.jp"}}, nil)
	if err != nil || len(wrong) != 0 {
		t.Fatal(wrong, err)
	}
	mendAll(t, m, steps)
	_, wrong, err = m.Plan(t.Context(), here, []Wish{{2, "name-b", "a@example.jp"}}, nil)
	if diff := cmp.Diff([]Mistake{{2, "name-b", wrongTaken, "name-a"}}, wrong); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	path := lookPath(m.State, r.Name(), here.ID)
	text, err := os.ReadFile(path)
	kept, _ := os.Stat(path)
	if err != nil || strings.Contains(string(text), "@") || strings.Contains(string(text), mark("c@example.jp")) || kept.Mode() != 0o600 {
		t.Errorf("%v: %s", err, text)
	}
	one, other := newLook("s", "i", start, []line{{User: "c", Mark: "m"}}), newLook("s", "i", start, []line{{User: "c", Mark: "m"}})
	if one.Marks["c"] == other.Marks["c"] {
		t.Error("marks of two looks can be compared")
	}
}

// TestOnlyAWholeLookIsKnowledge: not that of another instance or source, not one of which
// somebody could not be looked at, and no file of another kind.
func TestOnlyAWholeLookIsKnowledge(t *testing.T) {
	t.Parallel()
	r, m := looked(t, map[string]Identity{"a": {}, "b": {"Email": "b@example.jp"}})
	wishes := []Wish{{2, "name-a", "b@example.jp"}}
	other := here
	other.ID = "j"
	if _, wrong, err := m.Plan(t.Context(), other, wishes, nil); err != nil || len(wrong) != 0 || !m.LookedAt.IsZero() {
		t.Errorf("of another instance: %v, %v", wrong, err)
	}
	if readLook(m.State, "https://other.example", here.ID) != nil || readLook("", r.Name(), here.ID) != nil {
		t.Error("of another source")
	}
	copied := lookPath(m.State, r.Name(), other.ID)
	text, err := os.ReadFile(lookPath(m.State, r.Name(), here.ID))
	if err != nil || os.WriteFile(copied, text, 0o600) != nil || readLook(m.State, r.Name(), other.ID) != nil {
		t.Errorf("a copy: %v", err)
	}
	if err := os.WriteFile(copied, text[:len(text)/2], 0o600); err != nil || readLook(m.State, r.Name(), other.ID) != nil {
		t.Errorf("cut off: %v", err)
	}

	dir := t.TempDir()
	saved, err := OpenSaved(filepath.Join(dir, "saved"), r.Name())
	if err != nil {
		t.Fatal(err)
	}
	r.fail = func(_ int, id string) error {
		if id == "a" {
			return aikagi.E(aikagi.Forbidden, "answer", nil)
		}
		return nil
	}
	f := r.finder(1)
	f.Saved = saved
	find(t, f)
	if readLook(dir, r.Name(), here.ID) != nil {
		t.Error("a look that missed somebody")
	}
}

// TestWhatASourceTellsAtOnceNeedsNoLook: it is as of now; who is disabled reads no mail.
func TestWhatASourceTellsAtOnceNeedsNoLook(t *testing.T) {
	t.Parallel()
	r := newRegistry(map[string]Identity{"a": {}, "b": {"Email": "b@example.jp"}, "c": {}, "d": {"Email": "d@example.jp"}})
	all := &whole{r}
	m := &Mender{Registry: all, Finder: &Finder{Source: all, Clock: r.clock, Quota: AmazonsQuota, Share: 1}}
	_, wrong, err := m.Plan(t.Context(), here, []Wish{{2, "name-a", "B@example.jp"}, {3, "name-c", "d@example.jp"}}, nil)
	if diff := cmp.Diff([]Mistake{{2, "name-a", wrongTaken, "name-b"}}, wrong); diff != "" || err != nil || m.LookedAt.IsZero() || r.reads != 2 {
		t.Errorf("%v, %d read: %s", err, r.reads, diff)
	}
}

// whole tells everything of everybody in its list; "d" is disabled.
type whole struct{ *registry }

func (w *whole) Users(context.Context, Instance, string) (page []Person, next string, err error) {
	for _, p := range w.people {
		page = append(page, Person{ID: p.ID, Username: p.Username, Email: w.identities[p.ID].email(), Disabled: p.ID == "d", Whole: true})
	}
	return page, "", w.answer("list")
}
