package aikagi

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCatalogueNamesAreUniqueAndFitAProfile(t *testing.T) {
	t.Parallel()
	seen := Permissions{}
	for _, g := range PermissionGroups() {
		if g.ID == "" || len(g.Rows) == 0 {
			t.Errorf("group %q has no id or no rows", g.ID)
		}
		for _, row := range g.Rows {
			for _, p := range row.Permissions {
				if seen.Has(p) {
					t.Errorf("%s is listed twice", p)
				}
				seen[p] = struct{}{}
				if len(p) > 128 || strings.ContainsAny(string(p), " \t") {
					t.Errorf("%q is no name Amazon would take", p)
				}
				if p.Action() != "" && p.Resource() != row.Resource {
					t.Errorf("%s stands in the row %s", p, row.Resource)
				}
				if !p.Known() {
					t.Errorf("%s is in a group but not known", p)
				}
			}
		}
	}
	// Amazon Connect: at most 500 permissions in a profile.
	if n := len(seen); n < 280 || n > 500 {
		t.Errorf("catalogue has %d names, want 280 to 500", n)
	}
}

func TestChangingNeedsSeeing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		give Permission
		want []Permission
	}{
		{"Users.Edit", []Permission{"Users.View"}},
		{"Users.Create", []Permission{"Users.View"}},
		{"Users.EditPermission", []Permission{"Users.View"}},
		{"AgentGrouping.EnableAndDisable", []Permission{"AgentGrouping.View"}},
		{"EmailAddresses.Remove", []Permission{"EmailAddresses.View"}},
		{"Users.View", nil},
		{"CaseComments.Edit", nil}, // Amazon has no CaseComments.View
		{"BasicAgentAccess", nil},
		{"NewThing.Edit", nil}, // outside the catalogue
		{"", nil},
	}
	for _, tt := range tests {
		if got := prerequisites(tt.give); !slices.Equal(got, tt.want) {
			t.Errorf("prerequisites(%q) = %v, want %v", tt.give, got, tt.want)
		}
	}
}

func TestEffectiveIsTheUnionWithPrerequisites(t *testing.T) {
	t.Parallel()
	got := Effective([]Permission{"Users.Edit"}, []Permission{"NewThing.Edit", "BasicAgentAccess"}, nil)
	want := []Permission{"BasicAgentAccess", "NewThing.Edit", "Users.Edit", "Users.View"}
	if !slices.Equal(got.Sorted(), want) {
		t.Errorf("Effective = %v, want %v", got.Sorted(), want)
	}
	if Permission("NewThing.Edit").Known() {
		t.Error("a name outside the catalogue is known")
	}
}

func TestEffectiveOnlyGrowsWithProfiles(t *testing.T) {
	t.Parallel()
	names := append(permissionCatalogue().Sorted(), "NewThing.Edit", "app.Access")
	profile := rapid.SliceOf(rapid.SampledFrom(names))
	rapid.Check(t, func(t *rapid.T) {
		a, b := profile.Draw(t, "a"), profile.Draw(t, "b")
		both := Effective(a, b)
		if missing := both.Missing(Effective(a)); len(missing) > 0 {
			t.Fatalf("a second profile took %v away", missing)
		}
		if missing := Effective(a).Union(Effective(b)).Missing(both); len(missing) > 0 {
			t.Fatalf("two profiles together give %v more than each", missing)
		}
		if missing := both.Missing(Effective(both.Sorted())); len(missing) > 0 {
			t.Fatalf("Effective is not idempotent: %v", missing)
		}
	})
}

func TestDefaultProfiles(t *testing.T) {
	t.Parallel()
	profiles := map[string]Permissions{}
	for _, d := range DefaultSecurityProfiles() {
		profiles[d.Name] = Effective(d.Permissions)
		if d.Description == "" || len(d.Description) > 250 {
			t.Errorf("%s: description has %d bytes, want 1 to 250", d.Name, len(d.Description))
		}
		if len(d.Permissions) > 500 {
			t.Errorf("%s: %d permissions, Amazon allows 500", d.Name, len(d.Permissions))
		}
		for _, p := range d.Permissions {
			if !p.Known() || p.Restricts() {
				t.Errorf("%s holds %s, which is unknown or restricts", d.Name, p)
			}
		}
		if len(profiles[d.Name]) != len(d.Permissions) {
			t.Errorf("%s lacks prerequisites of its own members: %v", d.Name,
				NewPermissions(d.Permissions...).Missing(profiles[d.Name]))
		}
	}
	want := []string{"Admin", "Agent", "CallCenterManager", "QualityAnalyst"}
	for _, name := range want {
		if profiles[name] == nil {
			t.Fatalf("no default profile %s", name)
		}
		if got := CanRepair(profiles[name]); got != (name == "Admin") {
			t.Errorf("CanRepair(%s) = %v", name, got)
		}
	}
	if missing := profiles["Admin"].Missing(GuardedPermissions()); len(missing) > 0 {
		t.Errorf("Admin lacks the guarded %v", missing)
	}
}

func TestNobodyReachesAPowerHeLacks(t *testing.T) {
	t.Parallel()
	admin := Effective(DefaultSecurityProfiles()[0].Permissions)
	editor := NewPermissions(UsersView, UsersEdit)
	agent := NewPermissions(BasicAgentAccess, outboundCallAccess)
	tests := []struct {
		name          string
		actor, target Permissions
		added         []Permission
		want          []Permission
	}{
		{"an editor helps an agent though he takes no calls himself", editor, agent, nil, nil},
		{"an editor helps an editor", editor, editor, nil, nil},
		{"an administrator helps an editor", admin, editor, nil, nil},
		{
			"an editor does not reach a profile maker", editor,
			NewPermissions(SecurityProfilesEdit, UsersEdit), nil,
			[]Permission{SecurityProfilesEdit},
		},
		{
			"an instance guards recordings too", editor,
			NewPermissions("CallRecordings.Unredacted.Access"),
			[]Permission{"CallRecordings.Unredacted.Access"},
			[]Permission{"CallRecordings.Unredacted.Access"},
		},
		{"nobody's rights lack everything", nil, NewPermissions(UsersEdit), nil, []Permission{UsersEdit}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := PowersLacked(tt.actor, tt.target, GuardedPermissions(tt.added...))
			if !slices.Equal(got, tt.want) {
				t.Errorf("PowersLacked = %v, want %v", got, tt.want)
			}
		})
	}
	if got := PowersLacked(editor, admin, GuardedPermissions()); len(got) != 10 {
		t.Errorf("an editor lacks %d of an administrator's 11 guarded powers, want 10: %v", len(got), got)
	}
}

func TestCanRepairNeedsAllThree(t *testing.T) {
	t.Parallel()
	all := []Permission{UsersView, UsersEdit, UsersEditPermission}
	for i := range all {
		if rest := slices.Delete(slices.Clone(all), i, i+1); CanRepair(NewPermissions(rest...)) {
			t.Errorf("%v can repair", rest)
		}
	}
	if !CanRepair(NewPermissions(all...)) {
		t.Error("View, Edit and EditPermission cannot repair")
	}
}
