package connect

import (
	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/securityprofile"
)

// scopeWish are the members that say what a profile's permissions are about. What is
// absent stays; what is empty is taken away.
type scopeWish struct {
	ScopeTags tagSet                   `json:"AllowedAccessControlTags"`
	Tagged    *[]string                `json:"TagRestrictedResources"`
	Hierarchy *[]string                `json:"HierarchyRestrictedResources"`
	Group     *aikagi.HierarchyGroupID `json:"AllowedAccessControlHierarchyGroupId"`
}

func (w scopeWish) change() (securityprofile.ScopeChange, error) {
	c := securityprofile.ScopeChange{TagScoped: w.Tagged, HierarchyScoped: w.Hierarchy, ScopeGroupID: w.Group}
	if w.ScopeTags == nil {
		return c, nil
	}
	tags, err := w.ScopeTags.tags()
	c.ScopeTags = &tags
	return c, err
}

// scopeTold is the same as DescribeSecurityProfile tells it.
type scopeTold struct {
	ScopeTags map[string]string       `json:"AllowedAccessControlTags,omitempty"`
	Tagged    []string                `json:"TagRestrictedResources,omitempty"`
	Hierarchy []string                `json:"HierarchyRestrictedResources,omitempty"`
	Group     aikagi.HierarchyGroupID `json:"AllowedAccessControlHierarchyGroupId,omitempty"`
}

func scopeOf(p aikagi.SecurityProfile) scopeTold {
	return scopeTold{tagMap(p.ScopeTags), p.TagScoped, p.HierarchyScoped, p.ScopeGroupID}
}
