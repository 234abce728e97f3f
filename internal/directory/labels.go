package directory

import "github.com/aikagi/aikagi"

// relabelled lists what was taken off and what was put on, one change each; a
// new value is both.
func relabelled[T comparable](field string, before, after []T, text func(T) string) []aikagi.Change {
	held, kept := map[T]bool{}, map[T]bool{}
	for _, x := range before {
		held[x] = true
	}
	var changes []aikagi.Change
	for _, x := range after {
		kept[x] = true
		if !held[x] {
			changes = append(changes, aikagi.Change{Field: field, After: text(x)})
		}
	}
	for _, x := range before {
		if !kept[x] {
			changes = append(changes, aikagi.Change{Field: field, Before: text(x)})
		}
	}
	return changes
}
