package unreachable

import (
	"bytes"
	"encoding/csv"
	"strings"
)

// CSV is the report as a table: a line a finding, in UTF-8 with a mark that spreadsheets
// know it by. What a spreadsheet would take for a formula is text.
func (r Report) CSV() []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"instance", "user_id", "username", "reason", "detail"}) // into memory
	for _, i := range r.Instances {
		for _, f := range i.Findings {
			_ = w.Write([]string{asText(i.Alias), f.UserID, asText(f.Username), string(f.Reason), asText(f.Detail)})
		}
	}
	w.Flush()
	return b.Bytes()
}

func asText(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
