package mail

import (
	"bytes"
	"encoding/base64"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/aikagi/aikagi"
)

var update = flag.Bool("update", false, "write the golden files")

func TestGoldenMails(t *testing.T) {
	t.Parallel()
	for _, l := range aikagi.Locales {
		for name, m := range samples(l) {
			t.Run(name+"."+string(l), func(t *testing.T) {
				t.Parallel()
				got := compose(t, sampleFrame(l), m).Raw
				file := filepath.Join("testdata", name+"."+string(l)+".eml")
				if *update {
					if err := os.WriteFile(file, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%s differs; look at it and run with -update.\ngot:\n%s", file, got)
				}
			})
		}
	}
}

func TestEveryTypeHasASampleAndItsThreeFiles(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range samples(aikagi.English) {
		seen[m.template()] = true
	}
	files, err := filepath.Glob("templates/*.subject")
	if err != nil || len(files) != len(hostileMails()) {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		stem := strings.TrimSuffix(filepath.Base(file), ".subject")
		if !seen[stem] {
			t.Errorf("no sample of %s", stem)
		}
		for _, end := range []string{".subject", ".txt", ".html"} {
			if _, err := templateFiles.ReadFile("templates/" + stem + end); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestK24HeaderAndStructure(t *testing.T) {
	t.Parallel()
	for _, l := range aikagi.Locales {
		for name, m := range samples(l) {
			raw := compose(t, sampleFrame(l), m).Raw
			checkLines(t, name, raw)
			r := read(t, raw)
			for _, h := range []string{"From", "To", "Subject", "Date", "Message-Id", "Auto-Submitted", "Mime-Version", "Content-Type"} {
				if len(r.header[h]) != 1 {
					t.Errorf("%s: %s stands %d times", name, h, len(r.header[h]))
				}
			}
			for _, h := range []string{"List-Unsubscribe", "X-Mailer", "User-Agent", "Bcc", "Cc", "Reply-To"} {
				if len(r.header[h]) != 0 {
					t.Errorf("%s: has %s", name, h)
				}
			}
			if got := r.header.Get("Auto-Submitted"); got != "auto-generated" {
				t.Errorf("%s: Auto-Submitted %q", name, got)
			}
			if got := r.header.Get("Date"); got != "Sun, 22 Nov 2026 09:02:11 +0900" {
				t.Errorf("%s: Date %q", name, got)
			}
			if strings.Contains(r.subject, "  ") || r.subject == "" || l == aikagi.English && strings.ToUpper(r.subject) == r.subject {
				t.Errorf("%s: subject %q", name, r.subject)
			}
			if got := attribute(t, r.html, "html", "lang"); len(got) != 1 || got[0] != string(l) {
				t.Errorf("%s: lang %v", name, got)
			}
		}
	}
}

func TestTextAndHTMLSayTheSame(t *testing.T) {
	t.Parallel()
	for _, l := range aikagi.Locales {
		for name, m := range samples(l) {
			r := read(t, compose(t, sampleFrame(l), m).Raw)
			text, page := squeeze(r.text), squeeze(visibleWords(t, r.html))
			if m.link().Empty() {
				if text != page {
					t.Errorf("%s.%s:\ntext %s\nhtml %s", name, l, text, page)
				}
				continue
			}
			// The words of the button are the one thing that the text part cannot have.
			before, after, ok := strings.Cut(text, m.link().Reveal())
			if !ok || !strings.HasPrefix(page, before+m.link().Reveal()) || !strings.HasSuffix(page, after) {
				t.Errorf("%s.%s:\ntext %s\nhtml %s", name, l, text, page)
			}
		}
	}
}

func TestI20OneLinkWhoseTargetIsVisible(t *testing.T) {
	t.Parallel()
	for _, l := range aikagi.Locales {
		for name, m := range samples(l) {
			r := read(t, compose(t, sampleFrame(l), m).Raw)
			want := []string{}
			if !m.link().Empty() {
				want = append(want, m.link().Reveal())
			}
			if got := attribute(t, r.html, "a", "href"); strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s: links %v, want %v", name, got, want)
			}
			if n := strings.Count(r.text, "://"); n != len(want) {
				t.Errorf("%s: %d addresses in the text", name, n)
			}
			words := visibleWords(t, r.html)
			if n := strings.Count(words, "://"); n != len(want) || len(want) == 1 && !strings.Contains(words, " "+want[0]+" ") {
				t.Errorf("%s: the HTML shows not just its target: %s", name, words)
			}
			for _, tag := range []string{"img", "script", "link", "iframe", "form", "object"} {
				if strings.Contains(r.html, "<"+tag) {
					t.Errorf("%s: has <%s>", name, tag)
				}
			}
		}
	}
}

func TestPasswordResetSaysWhatItMust(t *testing.T) {
	t.Parallel()
	for l, wants := range map[aikagi.Locale][]string{
		aikagi.Japanese: {
			"2026-11-22 09:02", "ユーザー名 tanaka", "照合番号は 47", "2026-11-22 09:32", "1 回だけ", "KQ7M-X3WP",
			"まだ変わっていません", "心当たりがない場合", "内線 1234", "お聞きすることはありません",
		},
		aikagi.English: {
			"2026-11-22 09:02", "user name tanaka", "matching number is 47", "2026-11-22 09:32", "once", "KQ7M-X3WP",
			"Nothing has changed yet", "If this was not you", "ext. 1234", "never asks",
		},
	} {
		r := read(t, compose(t, sampleFrame(l), samples(l)["password_reset"]).Raw)
		for _, want := range wants {
			if !strings.Contains(r.text, want) {
				t.Errorf("%s: %q is missing in\n%s", l, want, r.text)
			}
		}
		if !strings.Contains(r.subject, "47") || !strings.Contains(r.subject, sampleFrame(l).Instance) {
			t.Errorf("%s: subject %q", l, r.subject)
		}
	}
}

const hostile = "x\r\nBcc: v@evil.example\x00\u0085\u2028\u202e{user}{{.Link}}<a href=\"https://evil.example/p\">www.evil.example</a> tel:1 evil。com \\\\evil\\s =?utf-8?q?=0d?="

func TestS21NoInputAddsAHeaderLineOrRecipient(t *testing.T) {
	t.Parallel()
	for _, l := range aikagi.Locales {
		f := sampleFrame(l)
		f.Instance, f.Contact = hostile, hostile
		for name, m := range hostileMails() {
			raw := compose(t, f, m).Raw
			checkLines(t, name, raw)
			r := read(t, raw)
			plain := read(t, compose(t, sampleFrame(l), m).Raw)
			if len(r.header) != len(plain.header) {
				t.Errorf("%s: header %v", name, r.header)
			}
			if _, ok := r.header["Bcc"]; ok {
				t.Errorf("%s: a Bcc got in", name)
			}
			from, err := mail.ParseAddressList(r.header.Get("From"))
			if err != nil || len(from) != 1 || from[0].Address != "noreply@sakura.example.jp" {
				t.Errorf("%s: From %q: %v, %v", name, r.header.Get("From"), from, err)
			}
		}
	}
}

var linkLike = regexp.MustCompile(`(?i)https?:/|www\.\S|\bevil\.(example|com)|evil。com|@evil|//evil|\\\\evil`)

func TestE10TextFromPeopleNeverBecomesALink(t *testing.T) {
	t.Parallel()
	for _, l := range aikagi.Locales {
		f := sampleFrame(l)
		f.Instance, f.Contact = hostile, hostile
		for name, m := range hostileMails() {
			r := read(t, compose(t, f, m).Raw)
			link := m.link().Reveal()
			for part, s := range map[string]string{"subject": r.subject, "from": r.from, "text": r.text, "html": visibleWords(t, r.html)} {
				if link != "" {
					s = strings.ReplaceAll(s, link, "")
				}
				if found := linkLike.FindString(s); found != "" {
					t.Errorf("%s.%s: %s has %q in\n%s", name, l, part, found, s)
				}
				if i := strings.IndexFunc(s, func(r rune) bool { return r != '\n' && isHidden(r) }); i >= 0 && part != "html" {
					t.Errorf("%s.%s: %s has a hidden character %q", name, l, part, s[i:min(len(s), i+4)])
				}
			}
			if n := len(attribute(t, r.html, "a", "href")); n > 1 || n == 1 && link == "" {
				t.Errorf("%s: %d links", name, n)
			}
		}
	}
}

// TestS22TextFromPeopleGoesThroughTexts holds the rule of doc.go: a template
// prints the link, the language and the subject, and everything else by t.
func TestS22TextFromPeopleGoesThroughTexts(t *testing.T) {
	t.Parallel()
	printed := regexp.MustCompile(`\{\{-?\s*([^}]*?)\s*-?\}\}`)
	allowed := regexp.MustCompile(`^(t "|if |else$|end$|define "|template "(top|bottom_\w+|foot_\w+)" \.$|\.Link$|\.Locale$|\.Subject$)`)
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := templateFiles.ReadFile("templates/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range printed.FindAllStringSubmatch(string(raw), -1) {
			if !allowed.MatchString(m[1]) {
				t.Errorf("%s prints %s by itself", file.Name(), m[1])
			}
		}
	}
}

func TestSafe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"tanaka.ichiro", "tanaka.ichiro"},
		{"田中 一郎", "田中 一郎"},
		{"内線 1234、09:02 に。次へ", "内線 1234、09:02 に。次へ"},
		{"sato.com", "sato. com"},
		{"sato.com_1", "sato. com_1"},
		{"evil.COMさん", "evil. COMさん"},
		{"evil.みんな", "evil. みんな"},
		{"evil。com", "evil。 com"},
		{"evil.xn--p1ai", "evil. xn--p1ai"},
		{"https://evil.example/a", "https: / /evil. example/a"},
		{"www.evil", "www. evil"},
		{"a@b.jp", "a@ b. jp"},
		{`\\host\share`, `\ \host\share`},
		{"mailto:x", "mailto: x"},
		{"a\r\nb\t\u202ec\u200bd\u00ade\U000e0041", "a[U+000D][U+000A]b[U+0009][U+202E]c[U+200B]d[U+00AD]e[U+E0041]"},
		{"\xff", "\ufffd"},
		{strings.Repeat("あ", 201), strings.Repeat("あ", 200) + "…"},
	} {
		if got := safe(c.in); got != c.want {
			t.Errorf("safe(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestComposeRefuses(t *testing.T) {
	t.Parallel()
	c := composer(t)
	reset := func(url string) Mail { return PasswordReset{User: "tanaka", URL: aikagi.NewSecret(url)} }
	good := "https://sakura.example.jp/reset/abc"
	for _, tc := range []struct {
		name   string
		change func(*Frame)
		mail   Mail
	}{
		{"line break in the recipient", func(f *Frame) { f.To = "a@x.jp\r\nBcc: b@x.jp" }, reset(good)},
		{"two recipients", func(f *Frame) { f.To = "a@x.jp,b@x.jp" }, reset(good)},
		{"no recipient", func(f *Frame) { f.To = "" }, reset(good)},
		{"display name as sender", func(f *Frame) { f.From = "A <a@x.jp>" }, reset(good)},
		{"message-id without brackets", func(f *Frame) { f.MessageID = "a@sakura.example.jp" }, reset(good)},
		{"message-id of another domain", func(f *Frame) { f.MessageID = "<a@evil.example>" }, reset(good)},
		{"message-id with a line", func(f *Frame) { f.MessageID = "<a\r\nX: y@sakura.example.jp>" }, reset(good)},
		{"no zone", func(f *Frame) { f.Zone = nil }, reset(good)},
		{"no date", func(f *Frame) { f.Date = time.Time{} }, reset(good)},
		{"no instance", func(f *Frame) { f.Instance = " " }, reset(good)},
		{"unknown language", func(f *Frame) { f.Locale = "fr" }, reset(good)},
		{"no link", nil, reset("")},
		{"http link", nil, reset("http://sakura.example.jp/reset/abc")},
		{"script", nil, reset("javascript:alert(1)")},
		{"link with user", nil, reset("https://a@evil.example/")},
		{"link with quote", nil, reset(`https://sakura.example.jp/"x`)},
		{"link with line", nil, reset("https://sakura.example.jp/\r\nx")},
		{"invite without link", nil, Invite{User: "tanaka"}},
	} {
		f := sampleFrame(aikagi.Japanese)
		if tc.change != nil {
			tc.change(&f)
		}
		if e, err := c.Compose(f, tc.mail); aikagi.CodeOf(err) != aikagi.Invalid || err == nil || e.Raw != nil {
			t.Errorf("%s: %v, %v", tc.name, e, err)
		}
	}
	for _, url := range []string{good, "http://127.0.0.1:8080/i/sakura/reset/abc", "http://localhost:1/x?y=1&z=2"} {
		env, err := c.Compose(sampleFrame(aikagi.English), reset(url))
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if got := attribute(t, read(t, env.Raw).html, "a", "href"); len(got) != 1 || got[0] != url {
			t.Errorf("href %v, want %s", got, url)
		}
	}
}

func TestQuotedRecipientAndLongNames(t *testing.T) {
	t.Parallel()
	f := sampleFrame(aikagi.Japanese)
	f.To = ".a..b.@x.jp"
	f.Instance = strings.Repeat("さくらコールセンター", 6)
	raw := compose(t, f, samples(aikagi.Japanese)["password_reset"]).Raw
	checkLines(t, "long", raw)
	r := read(t, raw)
	if got := r.header.Get("To"); got != `".a..b."@x.jp` {
		t.Errorf("To %q", got)
	}
	if r.from != f.Instance {
		t.Errorf("From %q", r.from)
	}
}

func TestTextsOfBothLanguagesHaveTheSameKeysAndPlaceholders(t *testing.T) {
	t.Parallel()
	placeholder := regexp.MustCompile(`\{\w+\}`)
	used := usedKeys(t)
	ja, en := mustTexts(t, aikagi.Japanese), mustTexts(t, aikagi.English)
	for key, text := range ja {
		a, b := map[string]bool{}, map[string]bool{}
		for _, p := range placeholder.FindAllString(text, -1) {
			a[p] = true
		}
		for _, p := range placeholder.FindAllString(en[key], -1) {
			b[p] = true
		}
		if len(a) != len(b) || en[key] == "" {
			t.Errorf("%s: %v in ja, %v in en", key, a, b)
		}
		for p := range a {
			if !b[p] {
				t.Errorf("%s: %s is missing in en", key, p)
			}
		}
		if !used[key] {
			t.Errorf("%s is not used", key)
		}
	}
	for key := range en {
		if ja[key] == "" {
			t.Errorf("%s is missing in ja", key)
		}
	}
	for key := range used {
		if ja[key] == "" {
			t.Errorf("%s is used and missing", key)
		}
	}
}

func TestEnvelopeIsNotPrinted(t *testing.T) {
	t.Parallel()
	e := compose(t, sampleFrame(aikagi.English), samples(aikagi.English)["password_reset"])
	if e.String() != e.MessageID || e.LogValue().String() != e.MessageID || e.GoString() != e.MessageID {
		t.Error("an envelope shows more than its id")
	}
}

func FuzzSafe(f *testing.F) {
	f.Add(hostile)
	f.Fuzz(func(t *testing.T, s string) {
		got := safe(s)
		if strings.Contains(got, "://") || strings.ContainsAny(got, "\r\n\x00") {
			t.Errorf("safe(%q) = %q", s, got)
		}
		for _, w := range append(words(got), phrase(got)...) {
			if len(w) > 76 || strings.ContainsAny(w, "\r\n") {
				t.Errorf("header word %q", w)
			}
		}
	})
}

// What the tests lean on.

func sampleFrame(l aikagi.Locale) Frame {
	f := Frame{
		Locale: l, Instance: "さくらコールセンター", From: "noreply@sakura.example.jp", To: "tanaka@example.co.jp",
		MessageID: "<01930f0e-7b1c-7c1e-9d55-3f5d1c0a9b7e@sakura.example.jp>",
		Date:      time.Date(2026, 11, 22, 0, 2, 11, 0, time.UTC), Zone: time.FixedZone("JST", 9*3600), Contact: "内線 1234",
	}
	if l == aikagi.English {
		f.Instance, f.Contact = "Sakura Contact Center", "ext. 1234"
	}
	return f
}

func samples(l aikagi.Locale) map[string]Mail {
	at := time.Date(2026, 11, 22, 0, 2, 0, 0, time.UTC)
	until := at.Add(30 * time.Minute)
	url := aikagi.NewSecret("https://sakura.example.jp/i/sakura/reset/kJ3mYV0x7Qb1uW9sT5oR2nE8zL4hC6gD-aFpXyZ_0Ab")
	by, reason := "佐藤 花子", "管理者がいなくなったため"
	if l == aikagi.English {
		by, reason = "Hanako Sato", "No administrator was left"
	}
	return map[string]Mail{
		"password_reset": PasswordReset{
			User: "tanaka", AskedAt: at, Matching: "47", URL: url,
			Code: aikagi.NewSecret("KQ7M-X3WP"), ValidUntil: until,
		},
		"password_reset_by":     PasswordReset{User: "tanaka", By: by, AskedAt: at, URL: url, ValidUntil: until},
		"password_changed":      PasswordChanged{User: "tanaka", At: at},
		"address_replaced":      AddressReplaced{User: "tanaka", By: by, At: at},
		"address_replaced_self": AddressReplaced{User: "tanaka", At: at},
		"address_registered":    AddressRegistered{User: "tanaka", By: by, At: at},
		"administrator_address": AdministratorAddress{User: "sato", By: by, At: at},
		"flood_login":           Flood{At: at},
		"flood_asking":          Flood{Asking: true, At: at},
		"emergency_used":        EmergencyUsed{Principal: "root-operator", Reason: reason, At: at, Until: until},
		"invite":                Invite{User: "tanaka", By: by, URL: url, ValidUntil: until},
		"temporary_password":    TemporaryPassword{User: "tanaka", By: by, At: at},
	}
}

func hostileMails() map[string]Mail {
	url := aikagi.NewSecret("https://sakura.example.jp/reset/abc")
	return map[string]Mail{
		"password_reset":        PasswordReset{User: hostile, By: hostile, Matching: hostile, URL: url, Code: aikagi.NewSecret(hostile)},
		"password_changed":      PasswordChanged{User: hostile},
		"address_replaced":      AddressReplaced{User: hostile, By: hostile},
		"address_registered":    AddressRegistered{User: hostile, By: hostile},
		"administrator_address": AdministratorAddress{User: hostile, By: hostile},
		"flood":                 Flood{},
		"emergency_used":        EmergencyUsed{Principal: hostile, Reason: hostile},
		"invite":                Invite{User: hostile, By: hostile, URL: url},
		"temporary_password":    TemporaryPassword{User: hostile, By: hostile},
	}
}

func composer(t *testing.T) *Composer {
	t.Helper()
	c, err := NewComposer()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func compose(t *testing.T, f Frame, m Mail) Envelope {
	t.Helper()
	e, err := composer(t).Compose(f, m)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

type readMail struct {
	header                    mail.Header
	from, subject, text, html string
}

func read(t *testing.T, raw []byte) readMail {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	r := readMail{header: m.Header}
	if r.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	from, err := mail.ParseAddress(m.Header.Get("From"))
	if err != nil {
		t.Fatal(err)
	}
	r.from = from.Name
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, into := range []*string{&r.text, &r.html} {
		p, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		var body io.Reader = base64.NewDecoder(base64.StdEncoding, p)
		if p.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(p)
		}
		content, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		*into = strings.ReplaceAll(string(content), "\r\n", "\n")
	}
	if _, err := parts.NextRawPart(); err != io.EOF {
		t.Errorf("a third part: %v", err)
	}
	return r
}

func checkLines(t *testing.T, name string, raw []byte) {
	t.Helper()
	for line := range strings.SplitSeq(strings.TrimSuffix(string(raw), "\r\n"), "\r\n") {
		if len(line) > 76 {
			t.Errorf("%s: line of %d: %q", name, len(line), line)
		}
		if i := strings.IndexFunc(line, func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
			t.Errorf("%s: %q in %q", name, line[i], line)
		}
	}
}

// visibleWords returns the visible words of a page, without its title.
func visibleWords(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "title" {
			b.WriteString(n.Data + " ")
		}
	}
	return b.String()
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

func attribute(t *testing.T, page, tag, name string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	values := []string{}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != tag {
			continue
		}
		for _, a := range n.Attr {
			if a.Key == name {
				values = append(values, a.Val)
			}
		}
	}
	return values
}

func mustTexts(t *testing.T, l aikagi.Locale) catalogue {
	t.Helper()
	c, err := loadCatalogue(l)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func usedKeys(t *testing.T) map[string]bool {
	t.Helper()
	key := regexp.MustCompile(`\{\{t "([^"]+)"`)
	used := map[string]bool{}
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := templateFiles.ReadFile("templates/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(raw), -1) {
			used[m[1]] = true
		}
	}
	return used
}
