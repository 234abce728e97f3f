package sheet_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/csvtable"
	"github.com/aikagi/aikagi/internal/directory"
	"github.com/aikagi/aikagi/internal/instance"
	"github.com/aikagi/aikagi/internal/sheet"
)

func nothing(sheet.Progress) {}

func (w *world) plan(t *testing.T, ctx context.Context, file string) sheet.Plan {
	t.Helper()
	p, err := w.sheets.PlanImport(ctx, w.here.ID, []byte(file))
	must(t, err)
	return p
}

// told writes the rows of a plan as "line kind: column subject.reason given→suggestion".
func told(rows []sheet.PlannedRow) []string {
	var all []string
	for _, r := range rows {
		s := fmt.Sprintf("%d %s", r.Line, r.Kind)
		for _, p := range r.Problems {
			s += fmt.Sprintf(" [%s] %s.%s", p.Column, p.Subject, p.Reason)
			if p.Suggestion != "" {
				s += " " + p.Given + "→" + p.Suggestion
			}
		}
		for _, c := range r.Changes {
			if r.Kind == sheet.RowChanged {
				s += fmt.Sprintf(" %s:%s→%s", c.Field, c.Before, c.After)
			}
		}
		all = append(all, s)
	}
	return all
}

func TestAnImportSaysWhatItWouldDo(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	admin := as(t, w.has(t, "Admin"))
	agent := w.has(t, "Agent")
	file := "ユーザー名,姓,名,メールアドレス,セキュリティプロファイル,電話の種類,備考\n" +
		"new.one,新井,一,new.one@example.jp,Agent,soft,\n" +
		string(agent.Username) + ",,,moved@example.jp,,,\n" +
		string(agent.Username) + ",,,,,,\n" +
		"new.two,新井,二,not an address,Agnet,fax,\n" +
		"new three,,,,,,\n" +
		"new.four,新井,四,,,,\n"
	p := w.plan(t, admin, file)
	want := []string{
		"2 new",
		"3 changed email:" + string(agent.Email) + "→moved@example.jp",
		"4 wrong [username] username.twice_in_file",
		"5 wrong [security_profiles] security_profiles.unknown Agnet→Agent [phone_type] phone_type.unknown [email] email.shape",
		"6 wrong [username] username.characters",
		"7 wrong [security_profiles] security_profiles.required",
	}
	if diff := cmp.Diff(want, told(p.Rows)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"備考"}, p.Unread); diff != "" {
		t.Error(diff)
	}
	if _, err := w.user(t, "new.one"); aikagi.CodeOf(err) != aikagi.NotFound {
		t.Error("looking at a file wrote something")
	}
}

// TestF18EachRowIsJudgedLikeASingleEdit holds that a file opens no door that a
// form keeps shut, and that each change is recorded once.
func TestF18EachRowIsJudgedLikeASingleEdit(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		admin, editor, agent := w.has(t, "Admin"), w.has(t, "Editor"), w.has(t, "Agent")
		file := "username,email,last_name,first_name,security_profiles\n" +
			string(admin.Username) + ",thief@example.jp,,,\n" + // the ways in of somebody stronger
			string(editor.Username) + ",other@example.jp,,,\n" + // his own address
			string(agent.Username) + "," + string(editor.Email) + ",,,\n" + // his own mailbox for somebody else
			string(agent.Username) + "x,a@example.jp,A,B,Agent\n" + // create without the permission
			"nobody,a@example.jp,A,B,Agent\n"
		progress, failed, err := w.sheets.ImportNow(as(t, editor), w.here.ID, []byte(file), nothing)
		must(t, err)
		if progress.Failed != 5 {
			t.Errorf("got %+v, want five refusals\n%s", progress, strings.Join(told(failed), "\n"))
		}
		want := []string{
			"2 wrong [] user.guarded",
			"3 wrong [email] email.own_address",
			"4 wrong [email] email.yours",
			"5 wrong [] permission.Users.Create",
			"6 wrong [] permission.Users.Create",
		}
		if diff := cmp.Diff(want, told(failed)); diff != "" {
			t.Error(diff)
		}
		file = "username,email,security_profiles\n" + string(agent.Username) + ",fine@example.jp,Admin\n"
		_, failed, err = w.sheets.ImportNow(as(t, editor), w.here.ID, []byte(file), nothing)
		must(t, err)
		if diff := cmp.Diff([]string{"2 wrong [] permission.Users.EditPermission [] security_profile.guarded"}, told(failed)); diff != "" {
			t.Error(diff)
		}
		_, _, err = w.sheets.ImportNow(as(t, agent), w.here.ID, []byte(file), nothing)
		if aikagi.CodeOf(err) != aikagi.Forbidden {
			t.Errorf("an agent imports: %v", err)
		}
		before := w.events(t)
		file = "username,email,last_name\n" + string(agent.Username) + ",fine@example.jp,Neu\n"
		_, failed, err = w.sheets.ImportNow(as(t, editor), w.here.ID, []byte(file), nothing)
		must(t, err)
		if len(failed) != 0 || w.events(t) != before+1 {
			t.Errorf("%d events for one changed row, failed %v", w.events(t)-before, told(failed))
		}
	})
}

// TestI06ExportIsReadBackWithoutLoss holds that a file of everybody, imported as
// it is, changes nobody.
func TestI06ExportIsReadBackWithoutLoss(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	admin := as(t, w.has(t, "Admin"))
	group, err := w.rules.CreateGroup(admin, w.here.ID, "", "東日本")
	must(t, err)
	below, err := w.rules.CreateGroup(admin, w.here.ID, group.ID, "=1+1")
	must(t, err)
	for i, name := range []string{"=cmd|' /C calc'!A0", "+1", "-1", "@x", "＝x", "O'Brien", "'=x", "a,b\"c"} {
		_, _, err := w.rules.Create(admin, w.here.ID, directory.NewUser{
			Draft: directory.Draft{
				Username: fmt.Sprintf("user%d", i), FirstName: name, LastName: name, Mobile: "+81312345678",
				RoutingProfile: string(w.routing), HierarchyGroup: string(below.ID), AfterContactWork: "30",
			},
			Profiles: []aikagi.SecurityProfileID{w.profile["Agent"], w.profile["Viewer"]},
		})
		must(t, err)
	}
	var b bytes.Buffer
	out := csvtable.NewWriter(&b)
	out.Row(sheet.Columns()...)
	must(t, w.sheets.Export(admin, w.here.ID, directory.Query{Filter: directory.FilterAll}, func(cells []string) error {
		out.Row(cells...)
		return nil
	}))
	must(t, out.Flush())
	p := w.plan(t, admin, b.String())
	if p.Same != len(p.Rows) || p.Same != 9 {
		t.Errorf("%d of %d rows would change nothing:\n%s\n%s", p.Same, len(p.Rows), strings.Join(told(p.Rows), "\n"), b.String())
	}
}

func TestAnImportRunsAsAJobAndOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		admin := as(t, w.has(t, "Admin"))
		var file strings.Builder
		file.WriteString("user login,first name,last name,email address,security_profile_name_1|security_profile_name_2\n")
		for i := range 230 {
			profile := "Agent|Viewer"
			if i == 150 {
				profile = "Nobody"
			}
			fmt.Fprintf(&file, "u%03d,First,Last,u%03d@example.jp,%s\n", i, i, profile)
		}
		i, err := w.sheets.KeepImport(admin, w.here.ID, "users.csv", []byte(file.String()))
		must(t, err)
		work := func() bool {
			found, err := w.sheets.WorkImports(t.Context())
			must(t, err)
			return found
		}
		if work() {
			t.Fatal("an import ran that nobody confirmed")
		}
		must(t, w.sheets.StartImport(admin, w.here.ID, i.ID))
		must(t, w.sheets.StartImport(admin, w.here.ID, i.ID))
		for n := 0; work(); n++ {
			if n > 3 {
				t.Fatal("more batches than rows")
			}
		}
		got, err := w.sheets.FindImport(admin, w.here.ID, i.ID)
		must(t, err)
		if got.State != aikagi.ImportFinished || got.Created != 229 || got.Failed != 1 || got.Position != 230 {
			t.Errorf("got %s: %d created, %d failed, %d done", got.State, got.Created, got.Failed, got.Position)
		}
		failed, err := w.sheets.FailedRows(admin, w.here.ID, i.ID)
		must(t, err)
		if len(failed.Rows) != 1 || failed.Rows[0].Line != 152 || failed.Rows[0].Cells[4] != "Nobody" {
			t.Errorf("got %+v", failed)
		}
		again, err := w.sheets.PlanImport(admin, w.here.ID, []byte(file.String()))
		must(t, err)
		if again.Same != 229 || again.Wrong != 1 {
			t.Errorf("the same file again: %d same, %d wrong", again.Same, again.Wrong)
		}
		if _, err := w.sheets.FindImport(as(t, w.has(t, "Admin")), w.here.ID, i.ID); aikagi.CodeOf(err) != aikagi.NotFound {
			t.Errorf("somebody else sees the import: %v", err)
		}
	})
}

// TestS28AFileCannotTakeTheLastAdministrator holds that a row which is refused
// only when it is stored takes no other row with it.
func TestS28AFileCannotTakeTheLastAdministrator(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	admin := w.has(t, "Admin")
	file := "username,first_name,last_name,security_profiles\n" +
		"before,A,B,Agent\n" + string(admin.Username) + ",,,Agent\n" + "after,A,B,Agent\n"
	progress, failed, err := w.sheets.ImportNow(as(t, admin), w.here.ID, []byte(file), nothing)
	must(t, err)
	if progress.Created != 2 || progress.Failed != 1 || len(failed) != 1 || failed[0].Problems[0].Reason != "last_administrator" {
		t.Errorf("got %+v, %v", progress, told(failed))
	}
}

func TestFilesThatAreRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	admin := as(t, w.has(t, "Admin"))
	for reason, file := range map[string]string{
		"no_username_column": "last_name,first_name\nA,B\n",
		"password_column":    "username,パスワード\na,Secret-Passw0rd\n",
		"repeated_column":    "username,ユーザー名\na,b\n",
		"empty":              "",
	} {
		_, err := w.sheets.KeepImport(admin, w.here.ID, "x.csv", []byte(file))
		if aikagi.ReasonOf(err) != reason {
			t.Errorf("got %v, want %s", err, reason)
		}
	}
}

// ticking is a clock on which every look takes a while, as on a slow machine.
type ticking struct{ *clock.Set }

func (c ticking) Now() time.Time {
	c.Move(30 * time.Millisecond)
	return c.Set.Now()
}

// TestP14AnImportLetsOthersWriteWhenItIsSlow holds that a transaction ends when
// its time is up, that the next goes on with the next row, and that everybody
// whose address moved is told once.
func TestP14AnImportLetsOthersWriteWhenItIsSlow(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	admin := as(t, w.has(t, "Admin"))
	file := "username,email,last_name,first_name,security_profiles,routing_profile\n"
	var movers []aikagi.User
	for n := range 10 {
		u := w.has(t, "Agent")
		movers = append(movers, u)
		file += fmt.Sprintf("%s,moved%d@example.jp,,,,\nnew-%d,new%d@example.jp,新,人,Agent,%s\n", u.Username, n, n, n, instance.BasicRoutingProfile)
	}
	w.rules.Clock, w.sheets.Clock = ticking{w.clock}, ticking{w.clock}
	turns := 0
	progress, failed, err := w.sheets.ImportNow(admin, w.here.ID, []byte(file), func(sheet.Progress) { turns++ })
	must(t, err)
	if progress.Created != 10 || progress.Updated != 10 || len(failed) > 0 {
		t.Errorf("got %+v, want 10 made and 10 changed\n%s", progress, strings.Join(told(failed), "\n"))
	}
	if turns < 5 {
		t.Errorf("20 slow rows took %d transactions", turns)
	}
	for n, u := range movers {
		now, err := w.user(t, u.Username)
		must(t, err)
		if want := aikagi.Email(fmt.Sprintf("moved%d@example.jp", n)); now.Email != want {
			t.Errorf("%s has the address %s, want %s", u.Username, now.Email, want)
		}
		if got := len(w.mailTo(t, u)); got != 2 {
			t.Errorf("%s was told %d times, want once at each address", u.Username, got)
		}
	}
}
