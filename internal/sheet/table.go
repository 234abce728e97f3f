package sheet

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/csvtable"
	"github.com/aikagi/aikagi/internal/directory"
)

// columns of a table of users, in the order in which export writes them. They
// are named as the fields of a user's form; their headings in both languages are
// the texts "admin.field.<name>".
var columns = []string{
	"username", "last_name", "first_name", "email", "secondary_email", "mobile", "security_profiles",
	"hierarchy_group", "routing_profile", "phone_type", "desk_phone", "auto_accept", "after_contact_work",
	"persistent_connection", "locale",
}

// Columns lists the columns of a table of users.
func Columns() []string { return slices.Clone(columns) }

// headings are the other names of columns, as heading makes them comparable:
// Japanese, and those of Amazon Connect's template for bulk adding.
var headings = map[string]string{
	"userlogin": "username", "login": "username", "loginname": "username", "ユーザー名": "username", "ログイン名": "username",
	"姓": "last_name", "名": "first_name", "familyname": "last_name", "givenname": "first_name",
	"emailaddress": "email", "mail": "email", "メールアドレス": "email", "eメールアドレス": "email",
	"secondaryemailaddress": "secondary_email", "予備のメール": "secondary_email", "予備のメールアドレス": "secondary_email",
	"mobilenumber": "mobile", "携帯番号": "mobile", "携帯電話番号": "mobile",
	"securityprofile": "security_profiles", "securityprofilename": "security_profiles",
	"securityprofilename1securityprofilename2": "security_profiles", "セキュリティプロファイル": "security_profiles",
	"hierarchy": "hierarchy_group", "agenthierarchy": "hierarchy_group", "userhierarchy1userhierarchy2": "hierarchy_group",
	"階層": "hierarchy_group", "階層グループ": "hierarchy_group",
	"routingprofilename": "routing_profile", "ルーティングプロファイル": "routing_profile",
	"電話の種類": "phone_type", "phonenumber": "desk_phone", "deskphonenumber": "desk_phone", "電話機の番号": "desk_phone",
	"softphoneautoaccept": "auto_accept", "acceptcallsautomatically": "auto_accept", "着信に自動で応答する": "auto_accept",
	"acwtimeout": "after_contact_work", "後処理時間": "after_contact_work", "後処理の時間": "after_contact_work",
	"stayconnectedafteracallends": "persistent_connection", "通話が終わっても接続を保つ": "persistent_connection",
	"言語": "locale", "language": "locale",
	"password": passwordColumn, "パスワード": passwordColumn, "temporarypassword": passwordColumn,
}

// passwordColumn marks what no file may hold.
const passwordColumn = "password"

// heading makes a heading comparable: compatibility forms folded, lower case,
// without what stands in brackets, and only letters, digits and vowel marks.
func heading(s string) string {
	s, _, _ = strings.Cut(norm.NFKC.String(s), "(")
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// columnOf is the column under a heading; "" if there is none.
func columnOf(s string) string {
	h := heading(s)
	for _, c := range columns {
		if heading(c) == h {
			return c
		}
	}
	return headings[h]
}

// table is a table of users whose columns were understood.
type table struct {
	header []string // as written
	means  []string // the columns, by position; "" is not read
	unread []string // headings of those
	rows   []csvtable.Row
	first  map[string]int // line on which a user name stands first
}

// readTable reads a file. Beside what csvtable refuses, a file without user
// names, with a column twice, or with passwords is refused as a whole.
func readTable(file []byte) (table, error) {
	read, err := csvtable.Read(file)
	if err != nil {
		return table{}, err
	}
	t := table{header: read.Header, rows: read.Rows, first: map[string]int{}}
	for _, h := range t.header {
		c := columnOf(h)
		switch {
		case c == passwordColumn:
			return t, aikagi.Because(aikagi.Invalid, "file", "password_column")
		case c == "" && h != "":
			t.unread = append(t.unread, h)
		case c != "" && slices.Contains(t.means, c):
			return t, aikagi.Because(aikagi.Invalid, "file", "repeated_column")
		}
		t.means = append(t.means, c)
	}
	if !slices.Contains(t.means, "username") {
		return t, aikagi.Because(aikagi.Invalid, "file", "no_username_column")
	}
	for _, r := range t.rows {
		name := t.cells(r)["username"]
		if _, seen := t.first[name]; !seen {
			t.first[name] = r.Line
		}
	}
	return t, nil
}

// cells are the filled cells of a row by column, folded as a form's fields are.
func (t table) cells(r csvtable.Row) map[string]string {
	cells := map[string]string{}
	for i, c := range t.means {
		if c == "" || i >= len(r.Cells) || r.Cells[i] == "" {
			continue
		}
		cells[c] = foldCell(c, r.Cells[i])
	}
	return cells
}

// foldCell folds full-width typing where a form does; names stay as they are.
func foldCell(column, s string) string {
	switch column {
	case "first_name", "last_name", "security_profiles", "hierarchy_group", "routing_profile":
		return norm.NFC.String(s)
	}
	return aikagi.FoldUsername(s)
}

// Words for yes, no and the two phones.
var (
	yeses  = []string{"yes", "y", "true", "1", "on", "はい"}
	noes   = []string{"no", "n", "false", "0", "off", "いいえ"}
	phones = map[string]aikagi.PhoneType{
		"soft": aikagi.SoftPhone, "softphone": aikagi.SoftPhone, "ソフトフォン": aikagi.SoftPhone,
		"desk": aikagi.DeskPhone, "deskphone": aikagi.DeskPhone, "卓上電話": aikagi.DeskPhone,
	}
)

// yes is the word that export writes and import reads.
func yes(b bool) string {
	if b {
		return yeses[0]
	}
	return noes[0]
}

// setter puts a filled cell into a draft; a reason says why it cannot, with the
// nearest name there is, if a name was given that there is not.
type setter func(f *directory.Draft, given string, n named) (reason, suggestion string)

func text(field func(*directory.Draft) *string) setter {
	return func(f *directory.Draft, given string, _ named) (string, string) {
		*field(f) = given
		return "", ""
	}
}

func flag(field func(*directory.Draft) *bool) setter {
	return func(f *directory.Draft, given string, _ named) (string, string) {
		*field(f) = slices.Contains(yeses, strings.ToLower(given))
		if !*field(f) && !slices.Contains(noes, strings.ToLower(given)) {
			return "yes_or_no", ""
		}
		return "", ""
	}
}

// setters say what each column sets. Security profiles are no part of a draft.
var setters = map[string]setter{
	"username":              text(func(f *directory.Draft) *string { return &f.Username }),
	"first_name":            text(func(f *directory.Draft) *string { return &f.FirstName }),
	"last_name":             text(func(f *directory.Draft) *string { return &f.LastName }),
	"email":                 text(func(f *directory.Draft) *string { return &f.Email }),
	"secondary_email":       text(func(f *directory.Draft) *string { return &f.SecondaryEmail }),
	"mobile":                text(func(f *directory.Draft) *string { return &f.Mobile }),
	"desk_phone":            text(func(f *directory.Draft) *string { return &f.DeskPhone }),
	"after_contact_work":    text(func(f *directory.Draft) *string { return &f.AfterContactWork }),
	"auto_accept":           flag(func(f *directory.Draft) *bool { return &f.AutoAccept }),
	"persistent_connection": flag(func(f *directory.Draft) *bool { return &f.PersistentConnection }),
	"phone_type": func(f *directory.Draft, given string, _ named) (string, string) {
		f.PhoneType = string(phones[heading(given)])
		return unless(f.PhoneType != "", "unknown"), ""
	},
	"locale": func(f *directory.Draft, given string, _ named) (string, string) {
		f.Locale = strings.ToLower(given)
		return unless(slices.Contains(aikagi.Locales[:], aikagi.Locale(f.Locale)), "unknown"), ""
	},
	"routing_profile": func(f *directory.Draft, given string, n named) (string, string) {
		f.RoutingProfile = string(n.routing[given])
		return unless(f.RoutingProfile != "", "unknown"), nearest(given, n.routing)
	},
	"hierarchy_group": func(f *directory.Draft, given string, n named) (string, string) {
		f.HierarchyGroup = string(n.groups[groupPath(given)])
		return unless(f.HierarchyGroup != "", "unknown"), nearest(groupPath(given), n.groups)
	},
}

func unless(fine bool, reason string) string {
	if fine {
		return ""
	}
	return reason
}

// overlay puts the cells of a row over a draft. What is empty stays as it was.
func overlay(f directory.Draft, cells map[string]string, n named) (directory.Draft, []Problem) {
	var broken []Problem
	for _, c := range columns {
		set, given := setters[c], cells[c]
		if set == nil || given == "" {
			continue
		}
		if reason, suggestion := set(&f, given, n); reason != "" {
			broken = append(broken, Problem{Column: c, Subject: c, Reason: reason, Given: given, Suggestion: suggestion})
		}
	}
	return f, broken
}

// groupPath writes the path of a group as named knows it; Amazon's template puts
// | between the levels.
func groupPath(s string) string {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '|' || r == '/' })
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return strings.Join(parts, " / ")
}
