package securityprofile

import (
	"context"
	"slices"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// Amazon Connect's limits of a scope.
const (
	maxScopeTags = 4
	maxTagScoped = 10
	maxKind      = 128 // bytes of the name of a kind of resources
)

// ScopeChange is what of a profile's scope is to be another; what is nil stays.
type ScopeChange struct {
	ScopeTags       *[]aikagi.Tag
	TagScoped       *[]string
	HierarchyScoped *[]string
	ScopeGroupID    *aikagi.HierarchyGroupID
}

// Apply gives a profile the scope.
func (c ScopeChange) Apply(p aikagi.SecurityProfile) aikagi.SecurityProfile {
	if c.ScopeTags != nil {
		p.ScopeTags = *c.ScopeTags
	}
	if c.TagScoped != nil {
		p.TagScoped = *c.TagScoped
	}
	if c.HierarchyScoped != nil {
		p.HierarchyScoped = *c.HierarchyScoped
	}
	if c.ScopeGroupID != nil {
		p.ScopeGroupID = *c.ScopeGroupID
	}
	return p
}

// checkScope refuses a scope that Amazon Connect's model refuses, and one that
// would be about nobody or about everybody without saying so: tags and the kinds
// that they are asked of belong together, as do a group and the hierarchy.
func checkScope(p aikagi.SecurityProfile) aikagi.Invalids {
	var broken aikagi.Invalids
	if len(p.ScopeTags) > maxScopeTags {
		broken.Add("scope_tags", "too_many")
	} else if _, err := aikagi.ParseTags(p.ScopeTags); err != nil {
		broken.Add("scope_tags", aikagi.ReasonOf(err))
	}
	switch {
	case len(p.TagScoped) > maxTagScoped:
		broken.Add("tag_scoped", "too_many")
	case slices.ContainsFunc(p.TagScoped, notAKind):
		broken.Add("tag_scoped", "unknown")
	case len(p.TagScoped) > 0 && len(p.ScopeTags) == 0:
		broken.Add("scope_tags", "required")
	case len(p.TagScoped) == 0 && len(p.ScopeTags) > 0:
		broken.Add("tag_scoped", "required")
	}
	switch {
	case slices.ContainsFunc(p.HierarchyScoped, func(kind string) bool { return kind != kindUser }):
		broken.Add("hierarchy_scoped", "unknown")
	case len(p.HierarchyScoped) == 0 && p.ScopeGroupID != "":
		broken.Add("hierarchy_scoped", "required")
	}
	return broken
}

// notAKind refuses what cannot name a kind of resources; Amazon adds some.
func notAKind(kind string) bool {
	return kind == "" || len(kind) > maxKind || strings.ContainsFunc(kind, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z')
	})
}

// scopeGroup refuses a group that the instance does not have.
func scopeGroup(ctx context.Context, tx *store.Tx, p aikagi.SecurityProfile) error {
	if p.ScopeGroupID == "" {
		return nil
	}
	_, err := tx.FindHierarchyGroup(ctx, p.InstanceID, p.ScopeGroupID)
	if aikagi.CodeOf(err) == aikagi.NotFound && err != nil {
		return aikagi.Because(aikagi.Invalid, "scope_group", "unknown")
	}
	return err
}

// Branches lists the groups that a profile can be about, for whoever sees profiles.
func (p *Profiles) Branches(ctx context.Context, instance aikagi.InstanceID) ([]aikagi.HierarchyGroup, error) {
	var groups []aikagi.HierarchyGroup
	err := p.view(ctx, instance, func(tx *store.Tx, _ Rights) (err error) {
		groups, err = tx.ListHierarchyGroups(ctx, instance)
		return err
	})
	return groups, err
}

// scopeOf is a scope as the record tells it; empty: everything.
func scopeOf(p aikagi.SecurityProfile) string {
	var parts []string
	if len(p.TagScoped) > 0 {
		tags := make([]string, len(p.ScopeTags))
		for i, t := range p.ScopeTags {
			tags[i] = t.String()
		}
		parts = append(parts, strings.Join(p.TagScoped, ", ")+": "+strings.Join(tags, ", "))
	}
	if len(p.HierarchyScoped) > 0 {
		group := string(p.ScopeGroupID)
		if group == "" {
			group = "own"
		}
		parts = append(parts, strings.Join(p.HierarchyScoped, ", ")+": "+group)
	}
	return strings.Join(parts, "; ")
}
