package sheet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/store"
)

// TestS25TablesKeepToAScope: a table of whoever leads some changes those, makes new
// ones for him, and learns nothing of the others; what he exports are his.
func TestS25TablesKeepToAScope(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	tag := aikagi.Tag{Key: "led", Value: "yes"}
	p := aikagi.SecurityProfile{
		InstanceID: w.here.ID, ID: aikagi.SecurityProfileID(aikagi.NewID()), Name: "Leader",
		Permissions: []aikagi.Permission{aikagi.UsersView, aikagi.UsersEdit, aikagi.UsersCreate},
		ScopeTags:   []aikagi.Tag{tag}, TagScoped: []string{"User"},
	}
	w.profile[p.Name] = p.ID
	must(t, w.store.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertSecurityProfile(t.Context(), p) }))
	leader := as(t, w.has(t, "Leader"))
	led, other := w.has(t, "Agent"), w.has(t, "Agent")
	must(t, w.rules.SetTags(w.host(t), w.here.ID, aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(led.ID)}, []aikagi.Tag{tag}))
	file := "username,last_name,first_name,security_profiles\n" +
		string(led.Username) + ",佐藤,,\n" + string(other.Username) + ",佐藤,,\n" + "new.one,新井,一,Agent\n"
	plan := w.plan(t, leader, file)
	want := []string{"2 changed last_name:田中→佐藤", "3 wrong [] user.out_of_reach", "4 new"}
	if diff := cmp.Diff(want, told(plan.Rows)); diff != "" {
		t.Error(diff)
	}
	if changes := plan.Rows[1].Changes; len(changes) != 0 {
		t.Errorf("the plan tells of somebody out of sight: %v", changes)
	}
	_, _, err := w.sheets.ImportNow(leader, w.here.ID, []byte(file), nothing)
	must(t, err)
	var names []string
	must(t, w.sheets.Export(leader, w.here.ID, directory.Query{}, func(cells []string) error {
		names = append(names, cells[0])
		return nil
	}))
	if diff := cmp.Diff([]string{"new.one", string(led.Username)}, names); diff != "" {
		t.Errorf("exported: %s", diff)
	}
	if u, err := w.user(t, other.Username); err != nil || u.LastName != "田中" {
		t.Errorf("somebody out of sight is %q now, %v", u.LastName, err)
	}
}
