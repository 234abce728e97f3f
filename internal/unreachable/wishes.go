package unreachable

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/csvtable"
)

// Wish is an address that somebody is to get.
type Wish struct {
	Line     int // of the file; 0 without one
	Username string
	Email    string
}

// Mistake is why nothing is changed: what is wrong with a wish, and where it stands.
type Mistake struct {
	Line     int    `json:"line,omitempty"`
	Username string `json:"username,omitempty"`
	Reason   string `json:"reason"`
	Detail   string `json:"detail,omitempty"`
}

// What can be wrong with wishes.
const (
	wrongHeader    = "header"         // no columns username and email
	wrongNoName    = "no_username"    //
	wrongNoAddress = "no_email"       //
	wrongAddress   = "email"          // detail: what about it
	wrongRole      = "role"           // a desk's mailbox
	wrongCells     = "cells"          // more cells than columns
	wrongTwice     = "twice"          // detail: the line of the first
	wrongShared    = "shared"         // detail: who else is to get it
	wrongTaken     = "taken"          // detail: who has it, and is not in the table
	wrongUnknown   = "unknown_user"   //
	wrongElsewhere = "not_applicable" // the password is kept elsewhere
	wrongHas       = "has_email"      // detail: that there is another; --replace takes it
)

// ReadWishes reads a table with the columns username and email, whatever else it has.
func ReadWishes(text []byte) ([]Wish, []Mistake, error) {
	table, err := csvtable.Read(text)
	if err != nil {
		return nil, nil, err
	}
	column := func(name string) int {
		return slices.IndexFunc(table.Header, func(cell string) bool { return strings.EqualFold(cell, name) })
	}
	name, email := column("username"), column("email")
	if name < 0 || email < 0 {
		return nil, []Mistake{{Line: 1, Reason: wrongHeader}}, nil
	}
	wishes := make([]Wish, len(table.Rows))
	var wrong []Mistake
	for n, r := range table.Rows {
		cell := func(at int) string {
			if at < len(r.Cells) {
				return r.Cells[at]
			}
			return ""
		}
		wishes[n] = Wish{r.Line, cell(name), cell(email)}
		if len(r.Cells) > len(table.Header) {
			wrong = append(wrong, Mistake{Line: r.Line, Username: cell(name), Reason: wrongCells})
		}
	}
	return wishes, append(wrong, checkWishes(wishes)...), nil
}

// PatternWishes gives everybody without an address one by a pattern, in which {login}
// stands for the user name.
func PatternWishes(pattern string, r InstanceReport) ([]Wish, []Mistake) {
	var wishes []Wish
	for _, f := range r.Findings {
		if f.Reason == NoEmail {
			wishes = append(wishes, Wish{Username: f.Username, Email: strings.ReplaceAll(pattern, "{login}", f.Username)})
		}
	}
	return wishes, checkWishes(wishes)
}

// checkWishes looks at what can be judged without asking anybody.
func checkWishes(wishes []Wish) []Mistake {
	var wrong []Mistake
	people, addresses := map[string]Wish{}, map[string]Wish{}
	for _, w := range wishes {
		blame := func(reason, detail string) {
			wrong = append(wrong, Mistake{w.Line, w.Username, reason, detail})
		}
		if w.Username == "" {
			blame(wrongNoName, "")
			continue
		}
		if first, twice := people[w.Username]; twice {
			blame(wrongTwice, first.place())
			continue
		}
		people[w.Username] = w
		switch why, detail := Judge(Person{Email: w.Email}); why {
		case NoEmail:
			blame(wrongNoAddress, "")
			continue
		case MalformedEmail:
			blame(wrongAddress, detail)
			continue
		case SharedMailbox:
			blame(wrongRole, "")
		case NoMailDomain, Bounced, Disabled, Unchecked, NotApplicable:
		}
		if first, twice := addresses[mark(w.Email)]; twice {
			blame(wrongShared, first.Username)
			continue
		}
		addresses[mark(w.Email)] = w
	}
	return wrong
}

func (w Wish) place() string {
	if w.Line == 0 {
		return w.Username
	}
	return "line " + strconv.Itoa(w.Line)
}

// address is the wish's, as it is to be kept.
func (w Wish) address() string {
	e, err := aikagi.ParseEmail(w.Email)
	if err != nil {
		return w.Email // checked before
	}
	return string(e)
}
