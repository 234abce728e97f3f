package sqldb

import (
	"strconv"
	"strings"
)

// MaxIDs is how many rows one look-up by id reads at most.
const MaxIDs = 100

// ByIDs completes a query that has an "IN ()", and whose $1 is first. The number of
// places is fixed, so that there is one text and one plan; the last id fills the
// rest.
func ByIDs[T ~string](query string, first any, ids []T) (text string, args []any) {
	before, after, _ := strings.Cut(query, "IN ()")
	var b strings.Builder
	b.WriteString(before + "IN (")
	args = append(args, first)
	for i := range MaxIDs {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+2))
		args = append(args, ids[min(i, len(ids)-1)])
	}
	b.WriteString(")" + after)
	return b.String(), args
}
