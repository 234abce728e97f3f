package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/i18n"
	"github.com/aikagi/aikagi/internal/web/webtest"
)

// row is how a difference stands in the table.
func row(field, stored, typed string) string { return field + " " + stored + " " + typed }

func bothVersions(t *testing.T, l aikagi.Locale, page string, rows ...string) {
	t.Helper()
	text := webtest.Check(t, l, page)
	if key := untranslated.FindString(text); key != "" {
		t.Errorf("%s is not translated", key)
	}
	for _, want := range append(rows, i18n.T(l, "admin.other.title"), i18n.T(l, "admin.other.text"), i18n.T(l, "admin.other.keep")) {
		if !strings.Contains(text, want) {
			t.Errorf("page lacks %q: %s", want, text)
		}
	}
	if n := strings.Count(page, i18n.T(l, "admin.other.replace")+"</button>"); n != 2 {
		t.Errorf("the page offers %d times to replace, want with the table and with the form", n)
	}
}

func TestConcurrentEditOfSettingsShowsBothVersions(t *testing.T) {
	t.Parallel()
	for _, l := range aikagi.Locales {
		t.Run(string(l), func(t *testing.T) {
			t.Parallel()
			o := open(t)
			b := o.as(t, o.admin)
			b.cookies = append(b.cookies, b.gets("/admin/settings?lang="+string(l)).Result().Cookies()...)
			path := "/admin/settings"
			fields := func(version, name, minimum, way string) []string {
				return []string{
					"version", version, "display_name", name, "contact", "内線 1234", "locale", "ja", "time_zone", "Asia/Tokyo",
					"no_email", "explain", "way", way, "reset_ttl", "30", "password_min", minimum,
				}
			}
			b.led(b.posts(path, fields("1", "さくら", "14", "image")...), path)
			page := b.sees(b.posts(path, fields("1", "もみじ", "16", "sound")...), http.StatusConflict,
				`value="もみじ"`, `name="version" value="2"`, `href="/i/sakura/admin/settings"`)
			used, unused := i18n.T(l, "admin.other.used"), i18n.T(l, "admin.other.unused")
			bothVersions(t, l, page,
				row(i18n.T(l, "admin.field.display_name"), "さくら", "もみじ"), row(i18n.T(l, "admin.field.password_min"), "14", "16"),
				row(i18n.T(l, "admin.field.image_challenge"), used, unused), row(i18n.T(l, "admin.field.sound_challenge"), unused, used))
			if strings.Contains(page, i18n.T(l, "admin.field.contact")+"</th>") {
				t.Error("the table has a field that is the same")
			}
			// A mistake in an old form is answered, and does not make the form a new one.
			page = b.sees(b.posts(path, fields("1", "もみじ", "abc", "sound")...), http.StatusBadRequest, `name="version" value="1"`)
			if strings.Contains(page, i18n.T(l, "admin.other.title")) {
				t.Error("a mistake is shown as a conflict")
			}
			b.led(b.posts(path, fields("2", "もみじ", "16", "sound")...), path)
			b.sees(b.gets(path), http.StatusOK, `value="もみじ"`)
		})
	}
}

func TestConcurrentEditOfAProfileShowsBothVersions(t *testing.T) {
	t.Parallel()
	for _, l := range aikagi.Locales {
		t.Run(string(l), func(t *testing.T) {
			t.Parallel()
			o := open(t)
			b := o.as(t, o.admin)
			b.cookies = append(b.cookies, b.gets("/admin/settings?lang="+string(l)).Result().Cookies()...)
			path := "/admin/profiles/" + string(o.profile["Viewer"])
			theirs := []string{"version", "1", "description", "theirs", "permission", "Users.View", "permission", "Users.Edit", "save", "yes"}
			b.led(b.posts(path, theirs...), path)
			mine := []string{"description", "mine", "permission", "Users.View", "permission", "BasicAgentAccess"}
			with, without := i18n.T(l, "admin.other.with"), i18n.T(l, "admin.other.without")
			adds, takes := i18n.T(l, "admin.other.adds"), i18n.T(l, "admin.other.takes")
			// Asking for the review tells it already, and saving does too.
			for _, save := range [][]string{nil, {"save", "yes"}} {
				page := b.sees(b.posts(path, append(append([]string{"version", "1"}, mine...), save...)...), http.StatusConflict,
					`value="mine"`, `name="version" value="2"`, `href="/i/sakura`+path+`"`)
				bothVersions(t, l, page, row(i18n.T(l, "admin.field.description"), "theirs", "mine"),
					row("(Users.Edit)", with, takes), row("(BasicAgentAccess)", without, adds))
			}
			b.sees(b.posts(path, append([]string{"version", "1", "save", "yes"}, mine[2:]...)...), http.StatusConflict)
			b.sees(b.posts(path, append([]string{"version", "2"}, mine...)...), http.StatusOK, "(Users.Edit)", `name="version" value="2"`)
			b.led(b.posts(path, append([]string{"version", "2", "save", "yes"}, mine...)...), path)
			b.sees(b.gets(path), http.StatusOK, `value="mine"`)
		})
	}
}
