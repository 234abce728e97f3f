package sheet

import (
	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
)

// Problem is why a row is wrong. Its text is "<Subject>.<Reason>".
type Problem struct {
	Column     string `json:"column,omitempty"` // empty: the row as a whole
	Subject    string `json:"subject"`
	Reason     string `json:"reason"`
	Given      string `json:"given,omitempty"`
	Suggestion string `json:"suggestion,omitempty"` // a name that there is
}

// Text says in words which column is wrong, why, and what was probably meant.
// Pages and commands show it as it is; it holds text from the file.
func (p Problem) Text(l aikagi.Locale) string {
	said := p.reason(l)
	if p.Column == "" {
		return said
	}
	return i18n.T(l, "import.problem.column", "column", ColumnName(l, p.Column), "text", said)
}

// ColumnName is the heading of a column.
func ColumnName(l aikagi.Locale, column string) string {
	return i18n.T(l, i18n.Key("admin.field."+column))
}

func (p Problem) reason(l aikagi.Locale) string {
	switch {
	case p.Reason == "unknown" && p.Given != "" && p.Suggestion != "":
		return i18n.T(l, "import.problem.meant", "given", p.Given, "suggestion", p.Suggestion)
	case p.Reason == "unknown" && p.Given != "":
		return i18n.T(l, "import.problem.unknown", "given", p.Given)
	case p.Subject == "permission":
		return i18n.T(l, "import.problem.permission", "permission", p.Reason)
	}
	for _, key := range []i18n.Key{i18n.Key(p.Subject + "." + p.Reason), i18n.Key("field." + p.Reason)} {
		if i18n.Has(l, key) {
			return i18n.T(l, key)
		}
	}
	return i18n.T(l, "field.invalid")
}
