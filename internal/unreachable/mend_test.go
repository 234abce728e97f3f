package unreachable

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aikagi/aikagi"
)

// registry is a server whose users can be changed.
type registry struct {
	*server
	identities map[string]Identity // by id
	writes     int
	onRead     func(id string, reads int)
	reads      int
}

func newRegistry(all map[string]Identity) *registry {
	r := &registry{server: newServer(), identities: all}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		r.people = append(r.people, Person{ID: id, Username: "name-" + id})
	}
	return r
}

func (r *registry) ReadIdentity(_ context.Context, _ Instance, id string) (Identity, error) {
	if err := r.answer("read"); err != nil {
		return nil, err
	}
	r.reads++
	if r.onRead != nil {
		r.onRead(id, r.reads)
	}
	return maps.Clone(r.identities[id]), nil
}

func (r *registry) WriteIdentity(_ context.Context, _ Instance, id string, whole Identity) error {
	if err := r.answer("write"); err != nil {
		return err
	}
	r.writes++
	for member, value := range whole { // what is left out stays
		r.identities[id][member] = value
	}
	return nil
}

func (r *registry) mender() *Mender { return &Mender{Registry: r, Finder: r.finder(1)} }

var here = Instance{ID: "i", Alias: "sakura", IdentityType: string(aikagi.ConnectManaged)}

func mendAll(t *testing.T, m *Mender, steps []Step) []string {
	t.Helper()
	undo, err := NewUndo(filepath.Join(t.TempDir(), "undo"))
	if err != nil {
		t.Fatal(err)
	}
	var outcomes []string
	if err := m.MendAll(t.Context(), here, steps, undo, func(r Result) { outcomes = append(outcomes, r.Outcome) }); err != nil {
		t.Fatal(err)
	}
	return outcomes
}

// TestMendingKeepsEverythingElse, whichever members are there, with every combination of
// them, and those that we do not know.
func TestMendingKeepsEverythingElse(t *testing.T) {
	t.Parallel()
	members := []string{"FirstName", "LastName", "SecondaryEmail", "Mobile", "Pager"}
	all := map[string]Identity{}
	var wishes []Wish
	for set := range 1 << len(members) {
		who := Identity{}
		for bit, name := range members {
			if set>>bit&1 == 1 {
				who[name] = fmt.Sprint(name, " of ", set)
			}
		}
		if set%3 == 0 {
			who["Email"] = "" // there, and empty
		}
		id := fmt.Sprintf("u%02d", set)
		all[id] = who
		wishes = append(wishes, Wish{Username: "name-" + id, Email: fmt.Sprintf("person%d@example.jp", set)})
	}
	r := newRegistry(all)
	before := map[string]Identity{}
	for id, who := range all {
		before[id] = maps.Clone(who)
	}
	m := r.mender()
	steps, wrong, err := m.Plan(t.Context(), here, wishes, nil)
	if err != nil || len(wrong) > 0 || r.writes > 0 {
		t.Fatal(err, wrong, r.writes)
	}
	path := filepath.Join(t.TempDir(), "undo")
	undo, err := NewUndo(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.MendAll(t.Context(), here, steps, undo, func(r Result) {
		if r.Outcome != Mended {
			t.Errorf("%s: %s", r.Username, r.Outcome)
		}
	}); err != nil {
		t.Fatal(err)
	}
	for n, w := range wishes {
		id := steps[n].UserID
		if diff := cmp.Diff(before[id].with(w.Email), r.identities[id]); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
	if got := mendAll(t, m, steps[:1]); got[0] != Same {
		t.Errorf("again: %v", got)
	}
	back, err := ReadUndo(path)
	if err != nil || len(back) != len(steps) || back[0].UserID != steps[len(steps)-1].UserID {
		t.Fatalf("%d steps back, %v", len(back), err)
	}
	mendAll(t, m, back)
	for id, who := range before {
		if !who.is(r.identities[id]) {
			t.Errorf("taken back: %v, want %v", r.identities[id], who)
		}
	}
}

// TestOnlyWhatIsWrittenCanBeUndone: who had the address already, or was changed by
// somebody else, stands in no undo file; and steps of another instance are not taken.
func TestOnlyWhatIsWrittenCanBeUndone(t *testing.T) {
	t.Parallel()
	r := newRegistry(map[string]Identity{"a": {"Email": "a@example.jp"}, "b": {}, "c": {}})
	m := r.mender()
	steps, _, err := m.Plan(t.Context(), here, []Wish{{0, "name-a", "a@example.jp"}, {0, "name-b", "b@example.jp"}, {0, "name-c", "c@example.jp"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.identities["b"] = Identity{"Mobile": "+81"}
	path := filepath.Join(t.TempDir(), "undo")
	undo, err := NewUndo(path)
	if err != nil {
		t.Fatal(err)
	}
	var outcomes []string
	if err := m.MendAll(t.Context(), here, steps, undo, func(r Result) { outcomes = append(outcomes, r.Outcome) }); err != nil {
		t.Fatal(err)
	}
	back, err := ReadUndo(path)
	if err != nil || !slices.Equal(outcomes, []string{Same, Raced, Mended}) || len(back) != 1 || back[0].UserID != "c" {
		t.Errorf("%v, undone would be %+v, %v", outcomes, back, err)
	}
	other := here
	other.ID = "j"
	if got, err := m.Mend(t.Context(), other, back[0], nil); err != nil || got.Outcome != Failed || r.writes != 1 {
		t.Errorf("in another instance: %+v, %v", got, err)
	}
}

// TestARaceIsReported instead of hidden.
func TestARaceIsReported(t *testing.T) {
	t.Parallel()
	r := newRegistry(map[string]Identity{"a": {"FirstName": "花子"}, "b": {"FirstName": "一郎"}})
	m := r.mender()
	steps, _, err := m.Plan(t.Context(), here, []Wish{{0, "name-a", "a@example.jp"}, {0, "name-b", "b@example.jp"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.reads = 0
	r.onRead = func(id string, reads int) {
		switch {
		case id == "a" && reads == 1: // before the write
			r.identities["a"] = Identity{"FirstName": "春子"}
		case id == "b" && r.writes == 1: // after it
			r.identities["b"] = Identity{"FirstName": "一郎", "Email": "other@example.jp"}
		}
	}
	if got := mendAll(t, m, steps); !slices.Equal(got, []string{Raced, Overridden}) {
		t.Errorf("%v", got)
	}
	if r.identities["a"]["Email"] != nil || r.writes != 1 {
		t.Errorf("somebody's change was overwritten: %v", r.identities)
	}
}

// TestTenMistakesAreTenMessagesAndNoChange.
func TestTenMistakesAreTenMessagesAndNoChange(t *testing.T) {
	t.Parallel()
	const file = "username,email,note\r\n" +
		"name-a,a@example.jp\r\n" + // right
		",nobody@example.jp\r\n" + // 3
		"name-b,\r\n" + // 4
		"name-c,c@\r\n" + // 5
		"name-d,helpdesk@example.jp\r\n" + // 6
		"name-a,again@example.jp\r\n" + // 7
		"name-e,A@Example.jp\r\n" + // 8
		"name-f,f@example.jp,x,y\r\n" + // 9
		"name-x,x@example.jp\r\n" + // 10
		"name-g,g@example.jp\r\n" // 11
	wishes, wrong, err := ReadWishes([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	r := newRegistry(map[string]Identity{"a": {}, "b": {}, "c": {}, "d": {}, "e": {}, "f": {}, "g": {"Email": "old@example.jp"}})
	steps, more, err := r.mender().Plan(t.Context(), here, wishes, wrong)
	if err != nil {
		t.Fatal(err)
	}
	_, elsewhere, _ := r.mender().Plan(t.Context(), Instance{ID: "j", Alias: "saml", IdentityType: string(aikagi.SAML)}, nil, nil)
	_, header, _ := ReadWishes([]byte("name,mail\nx,y\n"))
	var got []string
	for _, w := range slices.Concat(more, elsewhere, header) {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", w.Line, w.Username, w.Reason, w.Detail)))
	}
	want := []string{
		"3  no_username", "4 name-b no_email", "5 name-c email shape", "6 name-d role", "7 name-a twice line 2", "8 name-e shared name-a", "9 name-f cells",
		"10 name-x unknown_user", "11 name-g has_email old@example.jp", "0  not_applicable SAML", "1  header",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if r.writes > 0 || len(steps) == 0 {
		t.Errorf("%d writes, %d steps", r.writes, len(steps))
	}
	again := r.mender()
	again.Replace = true
	if _, more, _ := again.Plan(t.Context(), here, wishes[9:], nil); len(more) != 0 {
		t.Errorf("with --replace: %v", more)
	}
	if _, _, err := ReadWishes([]byte("\x00\xff")); err == nil {
		t.Error("what is no text is read")
	}
}

// TestAPatternMakesAnAddressForWhoHasNone.
func TestAPatternMakesAnAddressForWhoHasNone(t *testing.T) {
	t.Parallel()
	report := someReport(Finding{"1", "tanaka", NoEmail, ""}, Finding{"2", "sato", Bounced, ""}, Finding{"3", "sato hanako", NoEmail, ""}).Instances[0]
	wishes, wrong := PatternWishes("{login}@example.co.jp", report)
	if len(wishes) != 2 || wishes[0].Email != "tanaka@example.co.jp" || len(wrong) != 1 || wrong[0].Reason != wrongAddress {
		t.Errorf("%v, %v", wishes, wrong)
	}
}

// TestWhatIsRefusedIsAResult, and no answer ends all.
func TestWhatIsRefusedIsAResult(t *testing.T) {
	t.Parallel()
	r := newRegistry(map[string]Identity{"a": {}, "b": {}})
	m := r.mender()
	steps, _, err := m.Plan(t.Context(), here, []Wish{{0, "name-a", "a@example.jp"}, {0, "name-b", "b@example.jp"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	refused := false
	r.fail = func(_ int, id string) error {
		if id == "write" && !refused {
			refused = true
			return aikagi.E(aikagi.Forbidden, "answer", nil)
		}
		return nil
	}
	if got := mendAll(t, m, steps); !slices.Equal(got, []string{Failed, Mended}) {
		t.Errorf("%v", got)
	}
	r.fail = func(int, string) error { return aikagi.E(aikagi.Unauthenticated, "answer", nil) }
	if _, err := m.Mend(t.Context(), here, steps[0], nil); aikagi.CodeOf(err) != aikagi.Unauthenticated {
		t.Errorf("%v", err)
	}
}
