package unreachable

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strconv"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
)

//go:embed templates/report.html
var pageText string

var pageTemplate = template.Must(template.New("report").Parse(pageText)) //nolint:gochecknoglobals // parsed once

// page is what the template is given.
type page struct {
	Report
	Locale    aikagi.Locale
	Date      string
	Instances []pageInstance
	Next      []string
}

// T returns a text in the language of the page.
func (p page) T(key i18n.Key, args ...any) string { return i18n.T(p.Locale, key, args...) }

type pageInstance struct {
	InstanceReport
	Elsewhere            bool
	FoundText, TotalText string
	Bars                 []bar
	Rows                 []row
	Advice               []string
}

// bar is how many have one reason.
type bar struct {
	Text    string
	Count   int
	Percent string
	Quiet   bool // does not count
}

type row struct{ Username, Why, Detail string }

// reasons in the order of the page.
func reasons() []Reason {
	return []Reason{NoEmail, MalformedEmail, SharedMailbox, NoMailDomain, Bounced, Unchecked, Disabled}
}

// HTML is the report as one page that needs nothing else: to be opened from a file,
// sorted, printed and passed on.
func (r Report) HTML(l aikagi.Locale) ([]byte, error) {
	p := page{Report: r, Locale: l, Date: r.FinishedAt.UTC().Format("2006-01-02 15:04 MST")}
	for _, i := range r.Instances {
		p.Instances = append(p.Instances, p.instance(i))
	}
	for _, key := range []i18n.Key{"report.next.amazon", "report.next.card", "report.next.again"} {
		p.Next = append(p.Next, p.T(key))
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("write report: %w", err)
	}
	return b.Bytes(), nil
}

func (p page) instance(i InstanceReport) pageInstance {
	one := pageInstance{
		InstanceReport: i, Elsewhere: i.IdentityType != string(aikagi.ConnectManaged),
		FoundText: strconv.Itoa(i.Found()), TotalText: strconv.Itoa(i.Users.Total),
	}
	if one.Elsewhere {
		return one
	}
	for _, why := range reasons() {
		n := i.count(func(other Reason) bool { return other == why })
		if n > 0 {
			one.Bars = append(one.Bars, bar{
				p.why(why), n, strconv.FormatFloat(100*float64(n)/float64(i.Users.Total), 'f', 1, 64), !why.Counts(),
			})
		}
	}
	one.Advice = p.Report.Advice(p.Locale, i)
	for _, f := range i.Findings {
		one.Rows = append(one.Rows, row{f.Username, p.why(f.Reason), f.Detail})
	}
	return one
}

func (p page) why(r Reason) string { return p.T(i18n.Key("cli.reason." + string(r))) }
