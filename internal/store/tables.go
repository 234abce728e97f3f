package store

import (
	_ "embed"
	"strings"
)

//go:embed schema.sql
var schema string

// Kind is the neutral type of a column.
type Kind string

// The kinds.
const (
	Text    Kind = "TEXT"
	Number  Kind = "BIGINT"
	Boolean Kind = "BOOLEAN"
	Bytes   Kind = "BYTEA"
)

// Column is one column of a table.
type Column struct {
	Name string
	Kind Kind
}

// Table is one table of the schema.
type Table struct {
	Name    string
	Columns []Column
}

// Tables lists all tables with their columns, a table after those that its
// rows refer to. It reads schema.sql, which is the truth about both engines.
func Tables() []Table {
	var all []Table
	for line := range strings.SplitSeq(schema, "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) < 2:
		case words[0] == "CREATE" && words[1] == "TABLE":
			all = append(all, Table{Name: words[2]})
		case len(all) > 0 && strings.HasPrefix(line, "  "):
			kind := Kind(strings.TrimSuffix(words[1], ","))
			switch kind {
			case Text, Number, Boolean, Bytes:
				t := &all[len(all)-1]
				t.Columns = append(t.Columns, Column{words[0], kind})
			}
		}
	}
	return all
}

// names joins the columns, for statements that name them all.
func (t Table) names() string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}
