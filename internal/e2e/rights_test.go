package e2e

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
)

// TestS26EditorCannotTouchAdmin tries what Amazon Connect's documentation warns
// of: somebody with Users: Edit takes over an administrator.
func TestS26EditorCannotTouchAdmin(t *testing.T) {
	t.Parallel()
	for _, locale := range aikagi.Locales {
		t.Run(string(locale), func(t *testing.T) {
			t.Parallel()
			site := apptest.Start(t, apptest.Options{Locale: locale})
			editor := arrives(t, site, screen{Locale: locale})
			before := site.User("administrator")
			page := "/admin/users/" + string(before.ID)
			editor.logsIn("editor")
			editor.opens(site.URL(page))
			editor.sees(editor.says("admin.user.beyond.title"))
			for _, button := range []string{
				editor.says("admin.user.send"), editor.says("admin.user.card"), editor.says("admin.user.temporary"),
				editor.says("admin.user.profiles.save"), editor.says("admin.ask.disable.do"), editor.says("admin.ask.delete.do"),
			} {
				editor.seesNot(button)
			}
			editor.types(editor.says("admin.field.email"), "mine@evil.example")
			editor.presses(editor.says("admin.save"))
			editor.seesNot(editor.says("admin.saved"))
			editor.isRefused(page)
			editor.cannotGive(before.SecurityProfileIDs[0])
			if after := site.User("administrator"); !reflect.DeepEqual(after, before) {
				t.Errorf("the administrator was\n%+v\nand is\n%+v", before, after)
			}
			if all := site.Mailbox.Messages(""); len(all) != 0 {
				t.Errorf("%d mails were sent", len(all))
			}
		})
	}
}

// isRefused sends by hand what the page has no buttons for.
func (p *person) isRefused(page string) {
	p.Helper()
	for _, form := range []struct{ path, body string }{
		{"/send", ""},
		{"/card", ""},
		{"/temporary", ""},
		{"/sessions", ""},
		{"/disable", ""},
		{"/delete", "confirm=" + p.site.Login("administrator").Username},
		{"/profiles", "version=1&security_profiles=" + string(p.site.User("agent").SecurityProfileIDs[0])},
	} {
		if got := p.posts(page+form.path, form.body); got != http.StatusForbidden {
			p.Errorf("POST %s answers %d, want 403", form.path, got)
		}
	}
}

// cannotGive tries to become an administrator, and to make a friend one.
func (p *person) cannotGive(profile aikagi.SecurityProfileID) {
	p.Helper()
	for _, role := range []string{"editor", "agent"} {
		path := "/admin/users/" + string(p.site.User(role).ID) + "/profiles"
		if got := p.posts(path, "version=1&security_profiles="+string(profile)); got != http.StatusForbidden {
			p.Errorf("giving Admin to the %s answers %d, want 403", role, got)
		}
	}
}

// posts sends a form from the page that is open and returns the status.
func (p *person) posts(path, body string) int {
	p.Helper()
	return look[int](p, `async (address, body) => (await fetch(address, {method: 'POST', redirect: 'manual',
		headers: {'Content-Type': 'application/x-www-form-urlencoded'}, body})).status`, p.site.URL(path), body)
}
