package aikagi

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tag is a label on a resource, for reports and for finding it again. It gives
// its bearer no right; what somebody may do to others can be about those with a tag.
type Tag struct{ Key, Value string }

// String is the tag as pages and the record write it: key=value.
func (t Tag) String() string { return t.Key + "=" + t.Value }

// ResourceKind is what sort of thing carries tags; the record names its targets
// by the same words.
type ResourceKind string

// The kinds of resources that carry tags.
const (
	ResourceUser            ResourceKind = "user"
	ResourceSecurityProfile ResourceKind = "security_profile"
	ResourceHierarchyGroup  ResourceKind = "hierarchy_group"
	ResourceInstance        ResourceKind = "instance"

	ResourceRoutingProfile        ResourceKind = "routing_profile"
	ResourceQueue                 ResourceKind = "queue"
	ResourceHours                 ResourceKind = "hours_of_operation"
	ResourceAuthenticationProfile ResourceKind = "authentication_profile"
)

// Resource names one thing of an instance that carries tags.
type Resource struct {
	Kind ResourceKind
	ID   string
}

// Amazon Connect's limits; lengths in characters.
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// ParseTags checks all the tags of one resource and returns them in the order
// of their keys. Amazon's pattern of a key is ^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]*$
// with 1 to 128 characters; a value may be empty. Control characters, which
// Amazon's model lets pass in values, are refused.
func ParseTags(tags []Tag) ([]Tag, error) {
	if len(tags) > maxTags {
		return nil, Because(Invalid, "tags", "too_many")
	}
	sorted := slices.Clone(tags)
	slices.SortFunc(sorted, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	for i, t := range sorted {
		if err := t.check(); err != nil {
			return nil, err
		}
		if i > 0 && sorted[i-1].Key == t.Key {
			return nil, Because(Invalid, "tags", "repeated")
		}
	}
	return sorted, nil
}

func (t Tag) check() error {
	switch {
	case t.Key == "":
		return Because(Invalid, "tags", "required")
	case longer(t.Key, maxTagKey):
		return Because(Invalid, "tags", "too_long")
	case !utf8.ValidString(t.Key) || strings.ContainsFunc(t.Key, notInTagKey):
		return Because(Invalid, "tags", "characters")
	case strings.HasPrefix(t.Key, "aws:"):
		return Because(Invalid, "tags", "reserved")
	case longer(t.Value, maxTagValue):
		return Because(Invalid, "tags", "value_too_long")
	case !utf8.ValidString(t.Value) || strings.ContainsFunc(t.Value, unicode.IsControl):
		return Because(Invalid, "tags", "value_characters")
	}
	return nil
}

func notInTagKey(c rune) bool {
	return !unicode.In(c, unicode.L, unicode.Z, unicode.N) && !strings.ContainsRune("_.:/=+-@", c)
}

// longer reports whether s has more characters than limit, without counting
// those of a very long one.
func longer(s string, limit int) bool {
	return len(s) > utf8.UTFMax*limit || utf8.RuneCountInString(s) > limit
}
