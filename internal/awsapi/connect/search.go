package connect

import (
	"cmp"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/aikagi/aikagi"
)

// instanceNamed reads the id of an instance in a body, which can hold what no
// path can.
func instanceNamed(id string) (aikagi.InstanceID, error) {
	id, err := aikagi.ParseID("instance", id)
	return aikagi.InstanceID(id), err
}

// digest says in one text what a search asks for, so that its tokens are good for
// nothing else.
func digest(parts ...any) string {
	text, _ := json.Marshal(parts) // what was read from JSON can be written
	return string(text)
}

// pageOf cuts a page out of everything that was found: up to size of those whose
// keys come after a position, and the position of the last one if there are more.
// Keys are unique.
func pageOf[T any](all []T, after string, size int, key func(T) string) (page []T, next string) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	start := slices.IndexFunc(all, func(one T) bool { return after == "" || key(one) > after })
	if start < 0 {
		return nil, ""
	}
	page = all[start:]
	if len(page) > size {
		page = page[:size]
		next = key(page[size-1])
	}
	return page, next
}
