package unreachable

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/aikagi/aikagi"
)

func someReport(findings ...Finding) Report {
	return Report{Source: `a "source"\`, FinishedAt: start, Instances: []InstanceReport{{
		ID: "i", Alias: "sakura", IdentityType: string(aikagi.ConnectManaged), Users: Count{9, 8}, Findings: findings,
	}}}
}

// TestTheReportIsTheJSONThatIsPromised member by member.
func TestTheReportIsTheJSONThatIsPromised(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(someReport(Finding{"u", "tanaka", NoEmail, ""}))
	const want = `{"source":"a \"source\"\\","finished_at":"2026-11-22T09:00:00Z","instances":[{"id":"i","alias":"sakura","identity_type":"CONNECT_MANAGED",` +
		`"users":{"total":9,"checked":8},"findings":[{"user_id":"u","username":"tanaka","reason":"no_email","detail":""}]}]}`
	if err != nil || string(text) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, text, want)
	}
}

// TestTheTableIsNoFormula: a spreadsheet that opens it runs nothing.
func TestTheTableIsNoFormula(t *testing.T) {
	t.Parallel()
	got := string(someReport(Finding{"u", "=HYPERLINK(1)", NoEmail, "+1"}, Finding{"v", `sa"to,`, Bounced, ""}).CSV())
	want := "\ufeffinstance,user_id,username,reason,detail\r\nsakura,u,'=HYPERLINK(1),no_email,'+1\r\nsakura,v,\"sa\"\"to,\",bounced,\r\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestPrometheusReadsTheMetrics.
func TestPrometheusReadsTheMetrics(t *testing.T) {
	t.Parallel()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(someReport(Finding{"u", "a", NoEmail, ""}, Finding{"v", "b", NoEmail, ""}).Metrics())))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range families["aikagi_unreachable_users"].GetMetric() {
		want := 0.0
		for _, l := range m.GetLabel() {
			if l.GetName() == "reason" && l.GetValue() == string(NoEmail) {
				want = 2
			}
			if l.GetName() == "source" && l.GetValue() != `a "source"\` {
				t.Errorf("source %q", l.GetValue())
			}
		}
		if m.GetGauge().GetValue() != want {
			t.Errorf("%v", m)
		}
	}
	if at := families["aikagi_unreachable_finished_timestamp_seconds"].GetMetric()[0].GetGauge().GetValue(); int64(at) != start.Unix() {
		t.Errorf("finished at %v", at)
	}
}

// TestWhatChangedSinceTheLastReport is new, gone, or for another reason.
func TestWhatChangedSinceTheLastReport(t *testing.T) {
	t.Parallel()
	before := someReport(Finding{"1", "stays", NoEmail, ""}, Finding{"2", "other", NoEmail, ""}, Finding{"3", "gone", Bounced, ""})
	path := filepath.Join(t.TempDir(), "before.json")
	text, err := json.Marshal(before)
	if err != nil || os.WriteFile(path, text, 0o600) != nil {
		t.Fatal(err)
	}
	read, err := ReadReport(path)
	if err != nil {
		t.Fatal(err)
	}
	now := someReport(Finding{"1", "stays", NoEmail, "x"}, Finding{"2", "other", SharedMailbox, ""}, Finding{"4", "new", NoEmail, ""})
	want := []Change{{"sakura", "2", "other", NoEmail, SharedMailbox}, {"sakura", "4", "new", "", NoEmail}, {"sakura", "3", "gone", Bounced, ""}}
	if diff := cmp.Diff(want, now.Since(read)); diff != "" {
		t.Error(diff)
	}
	if _, err := ReadReport(path + "x"); err == nil {
		t.Error("a report that is not there is read")
	}
}
