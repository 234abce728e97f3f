package sqldb

import (
	"strconv"
	"strings"
)

// MaxIDs is how many rows one look-up by id reads at most.
const MaxIDs = 100

// ByIDs completes a query that has an "IN ()", and whose $1 is first. There are two, ten
// or MaxIDs places, so that there are three texts and plans; the last id fills the rest.
// A hundred places for one id made PostgreSQL read a whole small table, and a single one
// makes SQLite enter tags by their key.
func ByIDs[T ~string](query string, first any, ids []T) (text string, args []any) {
	before, after, _ := strings.Cut(query, "IN ()")
	var b strings.Builder
	b.WriteString(before + "IN (")
	args = append(args, first)
	for i := range places(len(ids)) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+2))
		args = append(args, ids[min(i, len(ids)-1)])
	}
	b.WriteString(")" + after)
	return b.String(), args
}

func places(ids int) int {
	const least, few = 2, 10
	switch {
	case ids <= least:
		return least
	case ids <= few:
		return few
	}
	return MaxIDs
}
