package securityprofile

import (
	"context"
	"slices"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// The kinds of resources whose pages a profile can narrow here. Amazon's other
// kinds are kept: what they are about, this server has no pages for.
const (
	kindUser    = "User"
	kindProfile = "SecurityProfile"
)

// narrows reports whether p gives the permission q about some things only. The
// record of changes names everybody, so who sees some users does not see it.
func narrows(p aikagi.SecurityProfile, q aikagi.Permission) bool {
	users := slices.Contains(p.TagScoped, kindUser) || slices.Contains(p.HierarchyScoped, kindUser)
	profiles := slices.Contains(p.TagScoped, kindProfile)
	switch q.Resource() {
	case "Users":
		return users
	case "SecurityProfiles":
		return profiles
	case "HistoricalChanges":
		return users || profiles
	}
	return false
}

// mayScope refuses profiles that let their holder see or change people, profiles or
// the record where the actor does not: with another scope, or with none, somebody who
// is led by him would see for him whom he does not.
func (r Rights) mayScope(profiles []aikagi.SecurityProfile) error {
	everything := aikagi.SecurityProfile{TagScoped: []string{kindUser, kindProfile}}
	for _, p := range profiles {
		for q := range aikagi.Effective(p.Permissions) {
			if narrows(everything, q) && !r.powers.Has(q) {
				return aikagi.Because(aikagi.Forbidden, "security_profile", "out_of_reach")
			}
		}
	}
	return nil
}

// Powers are the permissions that profiles give about everything.
func Powers(profiles ...aikagi.SecurityProfile) aikagi.Permissions {
	all := aikagi.Permissions{}
	for _, p := range profiles {
		for q := range aikagi.Effective(p.Permissions) {
			if !narrows(p, q) {
				all[q] = struct{}{}
			}
		}
	}
	return all
}

// narrowed are the profiles that give something about some things only.
func narrowed(profiles []aikagi.SecurityProfile) []aikagi.SecurityProfile {
	return slices.DeleteFunc(slices.Clone(profiles), func(p aikagi.SecurityProfile) bool {
		return len(p.TagScoped)+len(p.HierarchyScoped) == 0
	})
}

// Toward are the rights about one user: what holds everywhere, and what the
// profiles give whose scope he is in. Profiles stand side by side, so one that is
// about everybody wins over one that is not. Powers are never among what a scope
// adds: who is compared with somebody stronger is what he is everywhere (S26).
func (r Rights) Toward(ctx context.Context, tx *store.Tx, u aikagi.User) (Rights, error) {
	if !r.Narrow() {
		return r, nil
	}
	all, err := r.towards(ctx, tx, []aikagi.User{u})
	if err != nil {
		return r, err
	}
	return all[0], nil
}

// Narrow reports whether some of the rights are about some users or profiles only.
func (r Rights) Narrow() bool { return !r.all && len(r.scoped) > 0 }

// FindUser reads a user about whom the actor has these rights. To who does not see
// him he is unknown.
func (r Rights) FindUser(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id aikagi.UserID,
	needed ...aikagi.Permission,
) (aikagi.User, Rights, error) {
	u, err := tx.FindUser(ctx, instance, id)
	if err != nil {
		return u, r, err
	}
	toward, err := r.Toward(ctx, tx, u)
	if err != nil {
		return aikagi.User{}, r, err
	}
	if r.Narrow() && !toward.May(aikagi.UsersView) {
		return aikagi.User{}, r, aikagi.E(aikagi.NotFound, "user", nil)
	}
	return u, toward, toward.Require(needed...)
}

// Seen keeps those of a list of users whom the actor sees.
func (r Rights) Seen(ctx context.Context, tx *store.Tx, users []aikagi.User) ([]aikagi.User, error) {
	if !r.Narrow() || len(users) == 0 {
		return users, nil
	}
	toward, err := r.towards(ctx, tx, users)
	if err != nil {
		return nil, err
	}
	var seen []aikagi.User
	for i, u := range users {
		if toward[i].May(aikagi.UsersView) {
			seen = append(seen, u)
		}
	}
	return seen, nil
}

func (r Rights) towards(ctx context.Context, tx *store.Tx, users []aikagi.User) ([]Rights, error) {
	ids := make([]aikagi.UserID, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	instance := users[0].InstanceID
	tags, err := tx.TagsOf(ctx, instance, ids)
	if err != nil {
		return nil, err
	}
	above, err := parents(ctx, tx, instance)
	if err != nil {
		return nil, err
	}
	all := make([]Rights, len(users))
	for i, u := range users {
		all[i] = r.with(u, tags[u.ID], above)
	}
	return all, nil
}

// parents tells of each group which one is above it.
func parents(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID) (map[aikagi.HierarchyGroupID]aikagi.HierarchyGroupID, error) {
	groups, err := tx.ListHierarchyGroups(ctx, instance)
	above := make(map[aikagi.HierarchyGroupID]aikagi.HierarchyGroupID, len(groups))
	for _, g := range groups {
		above[g.ID] = g.ParentID
	}
	return above, err
}

// with adds what the scopes give about a user who stands as he does.
func (r Rights) with(u aikagi.User, tags []aikagi.Tag, above map[aikagi.HierarchyGroupID]aikagi.HierarchyGroupID) Rights {
	r.held = r.powers // and nothing that was about somebody else
	for _, p := range r.scoped {
		if !carries(tags, p) || !r.under(u, p, above) {
			continue
		}
		about := aikagi.Permissions{}
		for q := range aikagi.Effective(p.Permissions) {
			if q.Resource() == "Users" {
				about[q] = struct{}{}
			}
		}
		r.held = r.held.Union(about)
	}
	return r
}

func carries(tags []aikagi.Tag, p aikagi.SecurityProfile) bool {
	return !slices.Contains(p.TagScoped, kindUser) || hasAll(tags, p.ScopeTags)
}

// hasAll is false of no tags at all: a scope that names none is about nobody.
func hasAll(tags, wanted []aikagi.Tag) bool {
	for _, t := range wanted {
		if !slices.Contains(tags, t) {
			return false
		}
	}
	return len(wanted) > 0
}

// under reports whether a user is in the branch that a profile is about.
func (r Rights) under(u aikagi.User, p aikagi.SecurityProfile, above map[aikagi.HierarchyGroupID]aikagi.HierarchyGroupID) bool {
	if !slices.Contains(p.HierarchyScoped, kindUser) {
		return true
	}
	root := p.ScopeGroupID
	if root == "" {
		root = r.self.HierarchyGroupID
	}
	group, known := u.HierarchyGroupID, true
	for n := 0; known && group != "" && n < maxLevels; n++ {
		if group == root {
			return true
		}
		group, known = above[group]
	}
	return false
}

// maxLevels is how deep a hierarchy is at most, which also bounds the way up.
const maxLevels = 5

// Adopt judges where a new user would be: the actor must be allowed to make him
// there. It returns his tags: those given, and those of the profile by which he may
// be made, so that his maker sees him.
func (r Rights) Adopt(ctx context.Context, tx *store.Tx, u aikagi.User, tags []aikagi.Tag) ([]aikagi.Tag, error) {
	if !r.Narrow() || r.May(aikagi.UsersCreate) {
		return tags, r.Require(aikagi.UsersCreate)
	}
	above, err := parents(ctx, tx, u.InstanceID)
	if err != nil {
		return nil, err
	}
	for _, p := range r.scoped {
		wanted := tags
		if slices.Contains(p.TagScoped, kindUser) {
			wanted = merged(tags, p.ScopeTags)
		}
		if r.with(u, wanted, above).May(aikagi.UsersCreate) {
			return aikagi.ParseTags(wanted)
		}
	}
	return nil, aikagi.Because(aikagi.Forbidden, "hierarchy_group", "out_of_reach")
}

// merged adds tags whose keys are not taken.
func merged(tags, more []aikagi.Tag) []aikagi.Tag {
	all := slices.Clone(tags)
	for _, t := range more {
		if !slices.ContainsFunc(tags, func(x aikagi.Tag) bool { return x.Key == t.Key }) {
			all = append(all, t)
		}
	}
	return all
}

// MayPlace refuses to put a user where the actor would not see him any more, by
// another group or other tags.
func (r Rights) MayPlace(ctx context.Context, tx *store.Tx, u aikagi.User, tags []aikagi.Tag, field string) error {
	if !r.Narrow() {
		return nil
	}
	above, err := parents(ctx, tx, u.InstanceID)
	if err != nil {
		return err
	}
	if !r.with(u, tags, above).May(aikagi.UsersEdit) {
		return aikagi.Because(aikagi.Forbidden, field, "out_of_reach")
	}
	return nil
}

// aboutProfile returns the rights about one security profile with these tags.
func (r Rights) aboutProfile(tags []aikagi.Tag) Rights {
	r.held = r.powers
	for _, p := range r.scoped {
		if !slices.Contains(p.TagScoped, kindProfile) || !hasAll(tags, p.ScopeTags) {
			continue
		}
		for q := range aikagi.Effective(p.Permissions) {
			if q.Resource() == "SecurityProfiles" {
				r.held = r.held.Union(aikagi.NewPermissions(q))
			}
		}
	}
	return r
}

// FindProfile reads a profile about which the actor has these rights. To who does
// not see it there is none.
func (r Rights) FindProfile(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID, id aikagi.SecurityProfileID,
	needed aikagi.Permission,
) (aikagi.SecurityProfile, error) {
	found, err := tx.FindSecurityProfile(ctx, instance, id)
	if err != nil || !r.Narrow() {
		return found, err
	}
	tags, err := tx.ListTags(ctx, instance, resource(id))
	if err != nil {
		return aikagi.SecurityProfile{}, err
	}
	about := r.aboutProfile(tags)
	if !about.May(aikagi.SecurityProfilesView) {
		return aikagi.SecurityProfile{}, aikagi.E(aikagi.NotFound, "security_profile", nil)
	}
	return found, about.Require(needed)
}

// MayRetagProfile refuses tags with which the actor would not see a profile any more.
func (r Rights) MayRetagProfile(tags []aikagi.Tag) error {
	if r.Narrow() && !r.aboutProfile(tags).May(aikagi.SecurityProfilesEdit) {
		return aikagi.Because(aikagi.Forbidden, "tags", "out_of_reach")
	}
	return nil
}

// listProfiles reads the profiles that the actor sees, and tells the tags of each.
func (r Rights) listProfiles(ctx context.Context, tx *store.Tx, instance aikagi.InstanceID) ([]Tagged, error) {
	all, err := tx.ListSecurityProfiles(ctx, instance)
	if err != nil {
		return nil, err
	}
	tags, err := tx.ListTagsOfKind(ctx, instance, aikagi.ResourceSecurityProfile)
	if err != nil {
		return nil, err
	}
	seen := make([]Tagged, 0, len(all))
	for _, one := range all {
		t := Tagged{one, tags[string(one.ID)]}
		if !r.Narrow() || r.aboutProfile(t.Tags).May(aikagi.SecurityProfilesView) {
			seen = append(seen, t)
		}
	}
	return seen, nil
}

// adoptProfile is Adopt for a new security profile.
func (r Rights) adoptProfile(tags []aikagi.Tag) ([]aikagi.Tag, error) {
	if !r.Narrow() || r.May(aikagi.SecurityProfilesCreate) {
		return tags, r.Require(aikagi.SecurityProfilesCreate)
	}
	for _, p := range r.scoped {
		if wanted := merged(tags, p.ScopeTags); r.aboutProfile(wanted).May(aikagi.SecurityProfilesCreate) {
			return aikagi.ParseTags(wanted)
		}
	}
	return nil, r.Require(aikagi.SecurityProfilesCreate)
}
