package directory_test

import (
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/store"
)

// among makes one edit in a transaction of several.
func (c testCase) among(judge func(*store.Tx, directory.Edits) (directory.Edit, error)) error {
	return c.rules.EditTogether(c.ctx, c.here.ID, func(tx *store.Tx, e directory.Edits) error {
		x, err := judge(tx, e)
		if err != nil {
			return err
		}
		return e.Store(c.ctx, x)
	})
}

func (c testCase) changeAmong(change func(*directory.Draft), profiles ...string) error {
	return c.among(func(tx *store.Tx, e directory.Edits) (directory.Edit, error) {
		u, err := tx.FindUser(c.ctx, c.here.ID, c.target.ID)
		if err != nil {
			return directory.Edit{}, err
		}
		f := directory.DraftOf(u)
		change(&f)
		return e.JudgeChange(c.ctx, u, f, c.found(tx, profiles))
	})
}

func (c testCase) createAmong(profile string) error {
	return c.among(func(tx *store.Tx, e directory.Edits) (directory.Edit, error) {
		f := directory.DraftOf(c.target)
		f.Username, f.Email = "new-"+aikagi.NewID()[:8], ""
		return e.JudgeNew(c.ctx, f, c.found(tx, []string{profile}))
	})
}

func (c testCase) found(tx *store.Tx, names []string) []aikagi.SecurityProfile {
	var found []aikagi.SecurityProfile
	for _, id := range c.ids(names...) {
		p, err := tx.FindSecurityProfile(c.ctx, c.here.ID, id)
		must(c.t, err)
		found = append(found, p)
	}
	return found
}

func edits() []operation {
	same := func(*directory.Draft) {}
	return []operation{
		{name: "rename among others", needs: powers("Users.View", "Users.Edit"), onUser: true, run: func(c testCase) error {
			return c.changeAmong(func(f *directory.Draft) { f.FirstName = "花子" })
		}},
		{name: "change address among others", needs: powers("Users.View", "Users.Edit"), onUser: true, waysIn: true, notSelf: true, run: func(c testCase) error {
			return c.changeAmong(func(f *directory.Draft) { f.Email = "new@example.jp" })
		}},
		{name: "change second address among others", needs: powers("Users.View", "Users.Edit"), onUser: true, waysIn: true, notSelf: true, run: func(c testCase) error {
			return c.changeAmong(func(f *directory.Draft) { f.SecondaryEmail = "new@example.jp" })
		}},
		{name: "give Viewer among others", needs: powers("Users.View", "Users.EditPermission"), onUser: true, waysIn: true, run: func(c testCase) error {
			return c.changeAmong(same, "Viewer")
		}},
		{name: "give a second profile among others", needs: powers("Users.View", "Users.EditPermission"), onUser: true, waysIn: true, gives: "Admin", run: func(c testCase) error {
			return c.changeAmong(same, "Admin", "Viewer")
		}},
		{name: "create an agent among others", needs: powers("Users.View", "Users.Create"), run: func(c testCase) error { return c.createAmong("Agent") }},
		{name: "create an admin among others", needs: powers("Users.View", "Users.Create"), gives: "Admin", run: func(c testCase) error { return c.createAmong("Admin") }},
	}
}

// TestS25AnEditAmongOthersIsJudgedLikeOneAlone walks all that can be edited in
// one transaction with other edits, as TestS25EveryOperationByEveryActorOnEveryRank
// walks what is edited alone, by the same rule text.
func TestS25AnEditAmongOthersIsJudgedLikeOneAlone(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		w.has(t, w.here.ID, "Admin") // so that nobody in the table is the last one
		for _, o := range edits() {
			for _, actor := range actorKinds() {
				for _, target := range []string{"Agent", "Editor", "Admin", "self"} {
					w.try(t, o, actor, target)
				}
			}
		}
	})
}

// TestEditsMoveNoAddressWithoutItsNotices: a user who changed after the notices
// about him were written is not changed on their strength, nor is anybody else in
// the transaction, and nobody is told of what did not happen.
func TestEditsMoveNoAddressWithoutItsNotices(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		ctx := as(t, w.has(t, w.here.ID, "Admin"))
		moved, other := w.has(t, w.here.ID, "Agent"), w.has(t, w.here.ID, "Agent")
		edit := func(tx *store.Tx, e directory.Edits, id aikagi.UserID, change func(*directory.Draft)) error {
			u, err := tx.FindUser(ctx, w.here.ID, id)
			must(t, err)
			f := directory.DraftOf(u)
			change(&f)
			x, err := e.JudgeChange(ctx, u, f, nil)
			must(t, err)
			return e.Store(ctx, x)
		}
		times := 0
		err := w.rules.EditTogether(ctx, w.here.ID, func(tx *store.Tx, e directory.Edits) error {
			times++
			must(t, edit(tx, e, other.ID, func(f *directory.Draft) { f.FirstName = "花子" }))
			if times == 2 {
				must(t, edit(tx, e, moved.ID, func(f *directory.Draft) { f.FirstName = "花子" }))
			}
			return edit(tx, e, moved.ID, func(f *directory.Draft) { f.Email = "new@example.jp" })
		})
		wants(t, err, aikagi.Conflict, "changed")
		if times != 2 {
			t.Errorf("edited %d times, want once without the notices and once with them", times)
		}
		for _, u := range []aikagi.User{moved, other} {
			if got := w.read(t, u.ID); got.Version != u.Version || len(w.mailTo(t, u)) > 0 {
				t.Errorf("%s has version %d, want %d, and %d mails", u.Username, got.Version, u.Version, len(w.mailTo(t, u)))
			}
		}
	})
}
