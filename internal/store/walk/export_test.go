package walk

import "github.com/aikagi/aikagi"

// Query is the statement of a track as it runs.
func (l Track) Query(instance aikagi.InstanceID, after string, limit int) (query string, args []any) {
	if query, args = l.ordered(instance, after, limit); query != "" {
		return query, args
	}
	return l.ids(instance, after, limit)
}
