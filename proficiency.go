package aikagi

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Proficiency says how good a user is at something, as Amazon Connect's
// UserProficiency: an attribute ("connect:Language"), its value
// ("connect:Japanese") and a level from 1 to 5. Predefined attributes do not
// exist here, so any name may be used.
type Proficiency struct {
	Attribute string // AttributeName
	Value     string // AttributeValue
	Level     int    // Level, which the wire writes as a float
}

// String is the proficiency as pages and the record write it:
// attribute=value=level.
func (p Proficiency) String() string {
	return p.Attribute + "=" + p.Value + "=" + strconv.Itoa(p.Level)
}

// Amazon Connect's limits; lengths in characters.
const (
	maxProficiencies   = 10
	maxProficiencyText = 100
	maxLevel           = 5
)

// ParseProficiencies checks all the proficiencies of one user and returns them
// in the order of attribute and value. A user may have several values of one
// attribute, each once.
func ParseProficiencies(all []Proficiency) ([]Proficiency, error) {
	if len(all) > maxProficiencies {
		return nil, Because(Invalid, "proficiencies", "too_many")
	}
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b Proficiency) int {
		return cmp.Or(strings.Compare(a.Attribute, b.Attribute), strings.Compare(a.Value, b.Value))
	})
	for i, p := range sorted {
		if err := p.check(); err != nil {
			return nil, err
		}
		if i > 0 && sorted[i-1].Attribute == p.Attribute && sorted[i-1].Value == p.Value {
			return nil, Because(Invalid, "proficiencies", "repeated")
		}
	}
	return sorted, nil
}

func (p Proficiency) check() error {
	for _, s := range []string{p.Attribute, p.Value} {
		switch {
		case s == "":
			return Because(Invalid, "proficiencies", "required")
		case longer(s, maxProficiencyText):
			return Because(Invalid, "proficiencies", "too_long")
		case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
			return Because(Invalid, "proficiencies", "characters")
		}
	}
	if p.Level < 1 || p.Level > maxLevel {
		return Because(Invalid, "proficiencies", "level")
	}
	return nil
}
