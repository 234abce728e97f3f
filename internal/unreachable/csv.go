package unreachable

import (
	"bytes"

	"github.com/aikagi/aikagi/internal/csvtable"
)

// CSV is the report as a table, a line a finding.
func (r Report) CSV() []byte {
	var b bytes.Buffer
	w := csvtable.NewWriter(&b)
	w.Row("instance", "user_id", "username", "reason", "detail")
	for _, i := range r.Instances {
		for _, f := range i.Findings {
			w.Row(i.Alias, f.UserID, f.Username, string(f.Reason), f.Detail)
		}
	}
	_ = w.Flush() // into memory
	return b.Bytes()
}
