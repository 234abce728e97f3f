package admin

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/web"
	"github.com/aikagi/aikagi/internal/web/door"
)

// linesForm is more bytes than fifty tags of the longest kind take.
const linesForm = 4 * web.SmallForm

// mostProblems is how many broken lines are told at once.
const mostProblems = 10

// lines is a field with one thing a line: what is stored, how a line is read and
// what all of them must obey.
type lines[T fmt.Stringer] struct {
	field  string
	stored []T
	read   func(line string) T
	check  func([]T) ([]T, error)
}

// parse reads what was typed and notes on the page which lines are wrong. A line
// that nobody touched stays what it is, even if it cannot be typed: a key that
// was set on the wire may hold an equals sign.
func (l lines[T]) parse(p *web.Page, typed string) []T {
	known := map[string]T{}
	for _, x := range l.stored {
		known[x.String()] = x
	}
	var good []T
	n := 0
	for line := range strings.SplitSeq(typed, "\n") {
		n++
		line = strings.TrimSuffix(line, "\r")
		if strings.TrimSpace(line) == "" {
			continue
		}
		one, ok := known[line]
		if !ok {
			one = l.read(line)
		}
		more := append(good[:len(good):len(good)], one)
		if _, err := l.check(more); err != nil {
			text := p.T(i18n.Key(l.field + "." + aikagi.ReasonOf(err)))
			p.Problems = append(p.Problems, web.Problem{Field: l.field, Text: p.T("admin.line", "n", n, "text", text)})
			if len(p.Problems) == mostProblems || aikagi.ReasonOf(err) == "too_many" {
				return good
			}
			continue
		}
		good = more
	}
	return good
}

// inLines is what the field shows of what is stored.
func inLines[T fmt.Stringer](all []T) string {
	text := make([]string, len(all))
	for i, x := range all {
		text[i] = x.String()
	}
	return strings.Join(text, "\n")
}

// equals are the signs that part a line; the wide one is what Japanese keyboards
// type, and no key may hold it.
const equals = "=＝"

func cut(line string) (before, after string) {
	i := strings.IndexAny(line, equals)
	if i < 0 {
		return line, ""
	}
	before, after = line[:i], line[i:]
	return strings.TrimSpace(before), strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(after, "="), "＝"))
}

func readTag(line string) aikagi.Tag {
	key, value := cut(line)
	return aikagi.Tag{Key: foldName(key), Value: foldName(value)}
}

// readProficiency reads attribute=value=level; a level that is no number is 0,
// which is none.
func readProficiency(line string) aikagi.Proficiency {
	attribute, rest := cut(line)
	i := strings.LastIndexAny(rest, equals)
	if i < 0 {
		return aikagi.Proficiency{Attribute: foldName(attribute)}
	}
	_, level := cut(rest[i:])
	p := aikagi.Proficiency{Attribute: foldName(attribute), Value: foldName(rest[:i])}
	if n, err := strconv.Atoi(fold(level)); err == nil {
		p.Level = n
	}
	return p
}

func (a *Admin) handleTags(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, linesForm, "tags")
	if err != nil {
		return err
	}
	page, err := a.userPage(r, here)
	if err != nil {
		return err
	}
	page.Tags = form.Get("tags")
	tags := lines[aikagi.Tag]{"tags", page.Person.Tags, readTag, aikagi.ParseTags}.parse(&page.Page, page.Tags)
	if len(page.Problems) == 0 {
		of := aikagi.Resource{Kind: aikagi.ResourceUser, ID: string(page.Person.User.ID)}
		err = a.Directory.SetTags(r.Context(), here.Instance.ID, of, tags)
	}
	return a.afterLines(w, r, page, err)
}

func (a *Admin) handleProficiencies(w http.ResponseWriter, r *http.Request, here door.Here) error {
	form, err := web.ParseForm(r, linesForm, "proficiencies", "version")
	if err != nil {
		return err
	}
	page, err := a.userPage(r, here)
	if err != nil {
		return err
	}
	page.Proficiencies = form.Get("proficiencies")
	all := lines[aikagi.Proficiency]{"proficiencies", page.Person.Proficiencies, readProficiency, aikagi.ParseProficiencies}.
		parse(&page.Page, page.Proficiencies)
	if len(page.Problems) == 0 {
		err = a.Directory.SetProficiencies(r.Context(), here.Instance.ID, page.Person.User.ID, version(form), all)
	}
	return a.afterLines(w, r, page, err)
}

// afterLines leads back to the user, or shows the page with what was typed and
// what was wrong with it.
func (a *Admin) afterLines(w http.ResponseWriter, r *http.Request, page userPage, why error) error {
	status := http.StatusBadRequest
	if why != nil {
		if status = explain(&page.Page, why); status == 0 {
			return why
		}
	}
	if len(page.Problems) > 0 {
		return a.pages.Render(w, r, status, "user.html", page)
	}
	a.Web.Flash(w, "ok", "admin.saved")
	return back(w, r, "/admin/users/"+string(page.Person.User.ID))
}
