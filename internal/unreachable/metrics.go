package unreachable

import (
	"bytes"
	"fmt"
	"strings"
)

// Metrics is the report in Prometheus' text format, for the collector of text files of
// its node exporter.
func (r Report) Metrics() []byte {
	var b bytes.Buffer
	b.WriteString("# HELP aikagi_users Users of an instance.\n# TYPE aikagi_users gauge\n")
	for _, i := range r.Instances {
		fmt.Fprintf(&b, "aikagi_users{source=%s,instance=%s} %d\n", label(r.Source), label(i.Alias), i.Users.Total)
	}
	b.WriteString("# HELP aikagi_unreachable_users Users who cannot reset their password, or were not looked at, by reason.\n# TYPE aikagi_unreachable_users gauge\n")
	for _, i := range r.Instances {
		for _, why := range append(reasons(), NotApplicable) {
			n := i.count(func(other Reason) bool { return other == why })
			fmt.Fprintf(&b, "aikagi_unreachable_users{source=%s,instance=%s,reason=%q} %d\n", label(r.Source), label(i.Alias), why, n)
		}
	}
	b.WriteString("# HELP aikagi_unreachable_finished_timestamp_seconds When the last run ended.\n# TYPE aikagi_unreachable_finished_timestamp_seconds gauge\n")
	fmt.Fprintf(&b, "aikagi_unreachable_finished_timestamp_seconds{source=%s} %d\n", label(r.Source), r.FinishedAt.Unix())
	return b.Bytes()
}

// label is a value as the text format wants it.
func label(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}
