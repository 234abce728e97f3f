package web

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
)

// Page is what every page has. The data of a template embeds it.
type Page struct {
	// Title is the page's own; the instance and "Aikagi" follow in <title>.
	Title string
	// Part says which part of a list this is, "2/6", in <title>.
	Part string
	// Problems are the broken rules of the form, in the order of its fields.
	Problems []Problem

	visit *Visit
	now   time.Time
	files *assets
}

// Problem is one broken rule of a form. Field is the name of the input; empty
// if no single one is to blame.
type Problem struct{ Field, Text string }

// Page makes the common part of a page that answers r.
func (e *Engine) Page(r *http.Request, title i18n.Key, args ...any) Page {
	v := VisitOf(r.Context())
	return Page{
		Title: together(v.Locale(), i18n.T(v.Locale(), title, args...)),
		visit: v,
		now:   e.clock.Now(),
		files: e.assets,
	}
}

func (p Page) base() Page { return p }

// Explain notes the broken rules in err and reports whether there were any; then
// the form is to be shown again. Other errors are left to Handle. The text of a
// rule is "<subject>.<reason>", and the field is the subject.
func (p *Page) Explain(err error) bool {
	var all aikagi.Invalids
	var one *aikagi.Error
	switch {
	case errors.As(err, &all):
		for _, e := range all {
			p.Blame(e.Subject, e.Reason)
		}
	case errors.As(err, &one) && one.Code == aikagi.Invalid:
		p.Blame(one.Subject, one.Reason)
	}
	return len(p.Problems) > 0
}

// Blame notes that a field breaks a rule, whose text is "<field>.<reason>" or,
// for reasons that read alike for all fields, "field.<reason>".
func (p *Page) Blame(field, reason string) {
	for _, key := range []i18n.Key{i18n.Key(field + "." + reason), i18n.Key("field." + reason), "field.invalid"} {
		if i18n.Has(p.Locale(), key) {
			p.Problems = append(p.Problems, Problem{Field: field, Text: p.T(key)})
			return
		}
	}
}

// Problem returns what is wrong with a field; "" if nothing is.
func (p Page) Problem(field string) string {
	for _, x := range p.Problems {
		if x.Field == field {
			return x.Text
		}
	}
	return ""
}

// T returns a text in the language of the page.
func (p Page) T(key i18n.Key, args ...any) string {
	return together(p.Locale(), i18n.T(p.Locale(), key, args...))
}

// Locale is the language of the page.
func (p Page) Locale() aikagi.Locale { return p.visit.Locale() }

// Path makes the path that a browser sees from one inside the instance.
func (p Page) Path(path string) string { return p.visit.Path(path) }

// Time shows a moment as 2026-11-22 09:02 in the instance's zone.
func (p Page) Time(t time.Time) template.HTML { return p.moment(t, "2006-01-02 15:04") }

// Date shows the day of a moment in the instance's zone.
func (p Page) Date(t time.Time) template.HTML { return p.moment(t, time.DateOnly) }

// Clock shows the time of day of a moment in the instance's zone.
func (p Page) Clock(t time.Time) template.HTML { return p.moment(t, "15:04") }

// moment writes digits, signs and texts of ours only, so there is nothing to
// escape. Outside an instance there is no zone to know, so it says UTC.
func (p Page) moment(t time.Time, layout string) template.HTML {
	if t.IsZero() {
		return "–"
	}
	zone := p.visit.Site.Zone
	if zone == nil {
		zone = time.UTC
		layout = strings.Replace(layout, "15:04", "15:04 UTC", 1)
	}
	return template.HTML(`<time datetime="` + t.UTC().Format(time.RFC3339) + `" title="` + p.distance(t) + `">` + // #nosec G203 -- ours
		t.In(zone).Format(layout) + `</time>`)
}

// distance says how far a moment is from now, for the tooltip.
func (p Page) distance(t time.Time) string {
	far, keys := p.now.Sub(t), [3]i18n.Key{"time.minutes_ago", "time.hours_ago", "time.days_ago"}
	if far < 0 {
		far, keys = -far, [3]i18n.Key{"time.minutes_left", "time.hours_left", "time.days_left"}
	}
	switch {
	case far < time.Minute:
		return p.T("time.now")
	case far < time.Hour:
		return p.T(keys[0], "n", int(far/time.Minute))
	case far < 2*day:
		return p.T(keys[1], "n", int(far/time.Hour))
	}
	return p.T(keys[2], "n", int(far/day))
}

const day = 24 * time.Hour

// Visit returns what is known about the request, for the shells.
func (p Page) Visit() *Visit { return p.visit }

// FullTitle is the content of <title>: error and part before and after the
// page's own title, then the instance, then the product.
func (p Page) FullTitle() string {
	title := visible(p.Title)
	if p.Part != "" {
		title += " (" + p.Part + ")"
	}
	if len(p.Problems) > 0 {
		title = p.T("page.error_prefix", "title", title)
	}
	if p.visit.Site.Name != "" {
		title += " – " + visible(p.visit.Site.Name)
	}
	return title + " – Aikagi"
}

// Here is the path and query of this page as the browser sees it.
func (p Page) Here() string {
	if p.visit.query == "" {
		return p.visit.path
	}
	return p.visit.path + "?" + p.visit.query
}

// InLocale is this page's address in another language.
func (p Page) InLocale(l string) string {
	query, err := url.ParseQuery(p.visit.query)
	if err != nil {
		query = url.Values{}
	}
	query.Set(langName, l)
	return p.visit.path + "?" + query.Encode()
}

// Current reports whether a menu item leads to this page or to one that
// contains it, and no other item does so more closely.
func (p Page) Current(path string) bool {
	best, closest := "", 0
	for _, group := range append([]MenuGroup{{Items: p.visit.Menu.Account}}, p.visit.Menu.Groups...) {
		for _, item := range group.Items {
			for _, root := range []string{item.Path, item.Also} {
				if root != "" && within(p.visit.path, root) && len(root) > closest {
					best, closest = item.Path, len(root)
				}
			}
		}
	}
	return best != "" && best == path
}

func within(path, root string) bool {
	return path == root || strings.HasPrefix(path, strings.TrimSuffix(root, "/")+"/")
}

// Remaining is the time left of emergency access, as 28:14.
func (p Page) Remaining() string {
	left := max(p.visit.Emergency.Until.Sub(p.now), 0)
	return time.Time{}.Add(left.Truncate(time.Second)).Format("4:05")
}
