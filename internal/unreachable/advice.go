package unreachable

import (
	"strconv"
	"strings"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
)

// mostNames are told; the rest is in the JSON.
const mostNames = 5

// Advice says in plain words whether an instance could help itself, and what to do next.
func (r Report) Advice(l aikagi.Locale, i InstanceReport) []string {
	var all []string
	say := func(key i18n.Key, args ...any) { all = append(all, i18n.T(l, key, args...)) }
	if i.Found() > 0 {
		say("cli.unreachable.do")
	}
	ready := i.Readiness
	switch {
	case ready == nil:
		return all
	case !ready.Known:
		say("cli.ready.unknown")
		return append(all, ready.Emergency.advice(l))
	case ready.OK():
		say("cli.ready.ok", "count", strconv.Itoa(len(ready.Ready)), "names", some(ready.Ready))
	default:
		say("cli.ready.few", "count", strconv.Itoa(len(ready.Ready)), "all", strconv.Itoa(len(ready.Administrators)), "names", some(ready.Administrators))
	}
	if len(ready.Helpers) > 0 {
		say("cli.ready.helpers", "count", strconv.Itoa(len(ready.Helpers)), "names", some(ready.Helpers))
	} else {
		say("cli.ready.no_helpers")
	}
	if len(ready.Takeovers) > 0 {
		say("cli.ready.takeovers", "count", strconv.Itoa(len(ready.Takeovers)), "names", some(ready.Takeovers))
	}
	all = append(all, ready.Emergency.advice(l))
	if strings.HasPrefix(r.Source, amazonTitle) {
		say("cli.ready.mail")
	} else {
		say("cli.ready.mail_here")
	}
	return all
}

// advice says who could get in where nobody else can, or how to find out.
func (e Emergency) advice(l aikagi.Locale) string {
	switch {
	case e.Possible != nil && *e.Possible:
		return i18n.T(l, "cli.ready.emergency.possible", "names", some(e.For))
	case e.Possible != nil && e.Asked != "":
		return i18n.T(l, "cli.ready.emergency.denied", "who", e.Asked, "missing", e.Missing)
	case e.Possible != nil:
		return i18n.T(l, "cli.ready.emergency.nobody")
	case len(e.Conditions) > 0:
		return i18n.T(l, "cli.ready.emergency.depends", "who", e.Asked, "keys", strings.Join(e.Conditions, ", "))
	case e.Missing != "":
		return i18n.T(l, "cli.ready.emergency.missing", "missing", e.Missing)
	case e.Error == organization:
		return i18n.T(l, "cli.ready.emergency.organization", "who", e.Asked)
	case e.Error == notTold:
		return i18n.T(l, "cli.ready.emergency.not_told")
	}
	return i18n.T(l, "cli.ready.emergency.unknown")
}

func some(names []string) string {
	if len(names) > mostNames {
		return strings.Join(names[:mostNames], ", ") + " …"
	}
	if len(names) == 0 {
		return "–"
	}
	return strings.Join(names, ", ")
}
