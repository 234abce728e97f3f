package web

import (
	"fmt"
	"strings"

	"github.com/aikagi/aikagi"
)

// Rule is one line of the list under a password field. Kind and N let the
// script tick it while the person types: "length", "lower", "upper", "digit";
// another kind is never ticked.
type Rule struct {
	Text string
	Kind string
	N    int
}

// Choice is one of several values of a field.
type Choice struct {
	Value, Text, Hint string
	Chosen            bool
}

// Pager leads through a list. Empty paths are not shown.
type Pager struct {
	Prev, Next string
	Text       string // "1–25 / 128"
}

// Sort is the head of a column that can be sorted by.
type Sort struct {
	Text, Path string
	Dir        string // "ascending", "descending" or ""
}

// Confirm asks before something is done that cannot easily be undone. It is a
// page of its own, never a dialog. Fields are sent along unseen.
type Confirm struct {
	Question     string
	Consequences []string
	Action       string // the form posts to it
	Button       string
	Cancel       string // path of the way back
	Fields       []Hidden
}

// Hidden is a field that the form carries unseen.
type Hidden struct{ Name, Value string }

// fielder is the data of a page: whatever embeds Page.
type fielder interface{ base() Page }

// fieldView is what the partials field, password and choices show.
type fieldView struct {
	Page         Page
	Name, Label  string
	ID, Problem  string
	Value, Type  string
	Hint, Width  string
	Autocomplete string
	Inputmode    string
	Required     string // "yes", "no" or "": said in words beside the label
	Lang         string
	Rows         string
	Blame        string // whose problems are shown here, if not those of Name
	Rules        []Rule
	Choices      []Choice
}

// DescribedBy is the value of aria-describedby: what the field wants first, then
// what is wrong.
func (f fieldView) DescribedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID+"-hint")
	}
	if len(f.Rules) > 0 {
		ids = append(ids, f.ID+"-rules")
	}
	if f.Problem != "" {
		ids = append(ids, f.ID+"-error")
	}
	return strings.Join(ids, " ")
}

func newField(p fielder, name, label string, options ...string) (fieldView, error) {
	page := p.base()
	f := fieldView{
		Page: page, Name: name, Label: label, Type: "text",
		ID: fieldID(name), Problem: page.Problem(name),
	}
	if len(options)%2 != 0 {
		return f, fmt.Errorf("field %s: an option has no value", name)
	}
	for i := 0; i < len(options); i += 2 {
		target, ok := f.option(options[i])
		if !ok {
			return f, fmt.Errorf("field %s: unknown option %q", name, options[i])
		}
		*target = options[i+1]
	}
	if f.Blame != "" { // the error summary leads to the id of what is blamed
		f.ID, f.Problem = fieldID(f.Blame), page.Problem(f.Blame)
	}
	return f, nil
}

func (f *fieldView) option(name string) (*string, bool) {
	switch name {
	case "value":
		return &f.Value, true
	case "type":
		return &f.Type, true
	case "hint":
		return &f.Hint, true
	case "width":
		return &f.Width, true
	case "autocomplete":
		return &f.Autocomplete, true
	case "inputmode":
		return &f.Inputmode, true
	case "required":
		return &f.Required, true
	case "lang":
		return &f.Lang, true
	case "blame":
		return &f.Blame, true
	case "rows":
		return &f.Rows, true
	}
	return nil, false
}

func newPassword(p fielder, name, label, autocomplete string, rules []Rule) fieldView {
	page := p.base()
	return fieldView{
		Page: page, Name: name, Label: label, Type: "password", Width: "mail",
		ID: fieldID(name), Problem: page.Problem(name),
		Autocomplete: autocomplete, Rules: rules,
	}
}

func newChoices(p fielder, name, label string, choices []Choice, options ...string) (fieldView, error) {
	f, err := newField(p, name, label, options...)
	f.Choices = choices
	return f, err
}

func fieldID(name string) string { return "f-" + name }

// noteView is what the partials alert, badge, empty, copy and pow show.
type noteView struct {
	Kind, Title, Text string
	Path, Label       string
	N                 int
}

func newAlert(kind, title, text string, action ...string) noteView {
	n := noteView{Kind: kind, Title: title, Text: text}
	if len(action) == 2 {
		n.Path, n.Label = action[0], action[1]
	}
	return n
}

func newEmpty(title, text string, action ...string) noteView {
	return newAlert("", title, text, action...)
}

func newBadge(kind, text string) noteView { return noteView{Kind: kind, Text: text} }

func newCopy(text, label string) noteView { return noteView{Text: text, Label: label} }

func newPow(salt string, bits int) noteView { return noteView{Text: salt, N: bits} }

// locales lists the languages for the switch, each in its own words.
func locales() []Choice {
	names := map[aikagi.Locale]string{aikagi.Japanese: "日本語", aikagi.English: "English"}
	var all []Choice
	for _, l := range aikagi.Locales {
		all = append(all, Choice{Value: string(l), Text: names[l]})
	}
	return all
}
