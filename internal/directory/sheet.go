package directory

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/csvtable"
)

// Columns of a table of users, in the order in which export writes them. They
// are named as the fields of a user's form; their headings in both languages are
// the texts "import.column.<name>".
var sheetColumns = []string{
	"username", "last_name", "first_name", "email", "secondary_email", "mobile", "security_profiles",
	"hierarchy_group", "routing_profile", "phone_type", "desk_phone", "auto_accept", "after_contact_work",
	"persistent_connection", "locale",
}

// Columns lists the columns of a table of users.
func Columns() []string { return slices.Clone(sheetColumns) }

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
	for _, c := range sheetColumns {
		if heading(c) == h {
			return c
		}
	}
	return headings[h]
}

// sheet is a table whose columns were understood.
type sheet struct {
	header  []string // as written
	columns []string // by position; "" is not read
	unread  []string // headings of those
	rows    []csvtable.Row
	first   map[string]int // line on which a user name stands first
}

// readSheet reads a file. Beside what csvtable refuses, a file without user
// names, with a column twice, or with passwords is refused as a whole.
func readSheet(data []byte) (sheet, error) {
	table, err := csvtable.Read(data)
	if err != nil {
		return sheet{}, err
	}
	s := sheet{header: table.Header, rows: table.Rows, first: map[string]int{}}
	for _, h := range table.Header {
		c := columnOf(h)
		switch {
		case c == passwordColumn:
			return s, aikagi.Because(aikagi.Invalid, "file", "password_column")
		case c == "" && h != "":
			s.unread = append(s.unread, h)
		case c != "" && slices.Contains(s.columns, c):
			return s, aikagi.Because(aikagi.Invalid, "file", "repeated_column")
		}
		s.columns = append(s.columns, c)
	}
	if !slices.Contains(s.columns, "username") {
		return s, aikagi.Because(aikagi.Invalid, "file", "no_username_column")
	}
	for _, r := range s.rows {
		name := s.cells(r)["username"]
		if _, seen := s.first[name]; !seen {
			s.first[name] = r.Line
		}
	}
	return s, nil
}

// cells are the filled cells of a row by column, folded as a form's fields are.
func (s sheet) cells(r csvtable.Row) map[string]string {
	cells := map[string]string{}
	for i, c := range s.columns {
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

// setter puts a filled cell into a draft; a reason says why it cannot, with the
// nearest name there is, if a name was given that there is not.
type setter func(f *Draft, given string, n named) (reason, suggestion string)

func text(field func(*Draft) *string) setter {
	return func(f *Draft, given string, _ named) (string, string) {
		*field(f) = given
		return "", ""
	}
}

func flag(field func(*Draft) *bool) setter {
	return func(f *Draft, given string, _ named) (string, string) {
		*field(f) = slices.Contains(yeses, strings.ToLower(given))
		if !*field(f) && !slices.Contains(noes, strings.ToLower(given)) {
			return "yes_or_no", ""
		}
		return "", ""
	}
}

// setters say what each column sets. Security profiles are no part of a draft.
var setters = map[string]setter{
	"username":              text(func(f *Draft) *string { return &f.Username }),
	"first_name":            text(func(f *Draft) *string { return &f.FirstName }),
	"last_name":             text(func(f *Draft) *string { return &f.LastName }),
	"email":                 text(func(f *Draft) *string { return &f.Email }),
	"secondary_email":       text(func(f *Draft) *string { return &f.SecondaryEmail }),
	"mobile":                text(func(f *Draft) *string { return &f.Mobile }),
	"desk_phone":            text(func(f *Draft) *string { return &f.DeskPhone }),
	"after_contact_work":    text(func(f *Draft) *string { return &f.AfterContactWork }),
	"auto_accept":           flag(func(f *Draft) *bool { return &f.AutoAccept }),
	"persistent_connection": flag(func(f *Draft) *bool { return &f.PersistentConnection }),
	"phone_type": func(f *Draft, given string, _ named) (string, string) {
		f.PhoneType = string(phones[heading(given)])
		return unless(f.PhoneType != "", "unknown"), ""
	},
	"locale": func(f *Draft, given string, _ named) (string, string) {
		f.Locale = strings.ToLower(given)
		return unless(slices.Contains(aikagi.Locales[:], aikagi.Locale(f.Locale)), "unknown"), ""
	},
	"routing_profile": func(f *Draft, given string, n named) (string, string) {
		f.RoutingProfile = string(n.routing[given])
		return unless(f.RoutingProfile != "", "unknown"), nearest(given, n.routing)
	},
	"hierarchy_group": func(f *Draft, given string, n named) (string, string) {
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
func overlay(f Draft, cells map[string]string, n named) (Draft, []Problem) {
	var broken []Problem
	for _, c := range sheetColumns {
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
