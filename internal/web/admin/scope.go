package admin

import (
	"net/http"
	"slices"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/securityprofile"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// profileFields are what the form of a profile holds beside its name.
var profileFields = []string{"description", "permission*", "scope_tags", "tag_scoped*", "scope_branch"} //nolint:gochecknoglobals // a constant

// ownBranch is the choice of the holder's own branch of the hierarchy.
const ownBranch = "own"

// kindsHere are the kinds of resources that tags can be asked of and that have pages.
func kindsHere() []string { return []string{"User", "SecurityProfile"} }

// profileIn puts what was typed into a profile. A form without a scope leaves the one
// that is stored: nothing may widen a profile by being left out.
func profileIn(form web.Form, p aikagi.SecurityProfile) aikagi.SecurityProfile {
	p.Description, p.Permissions = foldName(form.Get("description")), permissionsIn(form)
	if !form.Has("scope_tags") {
		return p
	}
	p.ScopeTags, p.HierarchyScoped, p.ScopeGroupID = nil, nil, ""
	for line := range strings.Lines(form.Get("scope_tags")) {
		if line = strings.TrimSpace(line); line != "" {
			p.ScopeTags = append(p.ScopeTags, readTag(line))
		}
	}
	p.TagScoped = form.All("tag_scoped")
	if branch := form.Get("scope_branch"); branch != "" {
		p.HierarchyScoped = []string{"User"}
		if branch != ownBranch {
			p.ScopeGroupID = aikagi.HierarchyGroupID(branch)
		}
	}
	return p
}

// changeTo is the change that makes a profile what was typed.
func changeTo(p aikagi.SecurityProfile) securityprofile.Change {
	return securityprofile.Change{Description: &p.Description, Permissions: &p.Permissions, ScopeChange: securityprofile.ScopeChange{
		ScopeTags: &p.ScopeTags, TagScoped: &p.TagScoped, HierarchyScoped: &p.HierarchyScoped, ScopeGroupID: &p.ScopeGroupID,
	}}
}

// branches names the groups of the hierarchy, each with those above it.
type branches struct {
	groups []aikagi.HierarchyGroup
	paths  map[aikagi.HierarchyGroupID]string
}

func (a *Admin) branches(r *http.Request, here door.Here) (branches, error) {
	groups, err := a.Profiles.Branches(r.Context(), here.Instance.ID)
	return branches{groups, directory.GroupPaths(groups)}, err
}

// fillScope lays out what a profile is about.
func (p *profilePage) fillScope(b branches) {
	for _, kind := range kindsHere() {
		p.TagScoped = append(p.TagScoped, web.Choice{
			Value: kind, Text: word(p.Page, "admin.scope.kind", kind), Chosen: slices.Contains(p.Profile.TagScoped, kind),
		})
	}
	for _, kind := range p.Profile.TagScoped {
		if !slices.Contains(kindsHere(), kind) {
			p.TagScoped = append(p.TagScoped, web.Choice{Value: kind, Text: kind, Chosen: true})
		}
	}
	own := len(p.Profile.HierarchyScoped) > 0 && p.Profile.ScopeGroupID == ""
	p.Branches = []web.Choice{
		{Text: p.T("admin.scope.everybody")},
		{Value: ownBranch, Text: p.T("admin.scope.own"), Chosen: own},
	}
	for _, g := range b.groups {
		p.Branches = append(p.Branches, web.Choice{
			Value: string(g.ID), Text: p.T("admin.scope.below", "group", b.paths[g.ID]), Chosen: g.ID == p.Profile.ScopeGroupID,
		})
	}
}

func scoped(p aikagi.SecurityProfile) bool { return len(p.TagScoped)+len(p.HierarchyScoped) > 0 }

// scopeText says in words what a profile is about.
func scopeText(p web.Page, profile aikagi.SecurityProfile, b branches) string {
	var parts []string
	for _, kind := range profile.TagScoped {
		parts = append(parts, p.T("admin.scope.tagged", "kind", word(p, "admin.scope.kind", kind),
			"tags", strings.ReplaceAll(inLines(profile.ScopeTags), "\n", ", ")))
	}
	switch {
	case len(profile.HierarchyScoped) == 0:
	case profile.ScopeGroupID == "":
		parts = append(parts, p.T("admin.scope.own"))
	default:
		parts = append(parts, p.T("admin.scope.below", "group", b.paths[profile.ScopeGroupID]))
	}
	if len(parts) == 0 {
		return p.T("admin.scope.everybody")
	}
	return strings.Join(parts, " / ")
}
