package e2e

import (
	"strings"

	"github.com/aikagi/aikagi/internal/i18n"
)

// adminWalks are the pages of administrators.
func adminWalks() []walk {
	return []walk{
		{"admin-users", userViews()},
		{"admin-requests", requestViews()},
		{"admin-profiles", profileViews()},
		{"admin-scopes", scopeViews()},
		{"admin-import", importViews()},
		{"admin-record", recordViews()},
		{"admin-refused", refusedViews()},
	}
}

// admin opens a page of the administrators and waits for its words.
func admin(path string) func(*person) {
	return func(p *person) { p.opens(p.site.URL("/admin/" + path)) }
}

// adminUser opens a page of a user.
func adminUser(role, path string) func(*person) {
	return func(p *person) { p.opens(p.site.URL("/admin/users/" + string(p.site.User(role).ID) + path)) }
}

func userViews() []view {
	return []view{
		{"list", func(p *person) { p.logsIn("administrator"); p.opens(p.site.URL("/admin/users")) }},
		{"menu", func(p *person) {
			look[bool](p, `() => { const b = document.querySelector('.burger'); b.open = true; return true }`)
		}},
		{"found", admin("users?q=tanaka")},
		{"none", admin("users?q=nobody-at-all")},
		{"no-email", admin("users?filter=no_email")},
		{"new", admin("users/new")},
		{"new-refused", func(p *person) { p.presses(p.says("admin.users.add")); p.sees(p.says("page.problems")) }},
		{"one", adminUser("agent", "")},
		{"one-refused", func(p *person) {
			p.types(p.says("admin.field.last_name"), "")
			p.types(p.says("admin.field.email"), "not an address")
			p.presses(p.says("admin.save"))
			p.blames("last_name", "email")
		}},
		{"without-email", adminUser("agent-without-email", "")},
		{"saved", func(p *person) {
			p.types(p.says("admin.field.email"), "yoko@example.co.jp")
			p.presses(p.says("admin.save"))
			p.sees(p.says("admin.saved"))
		}},
		{"shared", func(p *person) {
			p.types(p.says("admin.field.email"), string(p.site.User("agent").Email))
			p.presses(p.says("admin.save"))
			p.sees(p.says("admin.user.shared.title"))
		}},
		{"permissions", adminUser("editor", "/permissions")},
		{"history", adminUser("agent-without-email", "/history")},
		{"card", func(p *person) {
			p.opens(p.site.URL("/admin/users/" + string(p.site.User("agent").ID)))
			p.presses(p.says("admin.user.card"))
			p.sees(p.says("admin.card.title"))
		}},
		{"ask-temporary", adminUser("agent", "/temporary")},
		{"temporary", func(p *person) {
			p.presses(p.says("admin.ask.temporary.do"))
			p.sees(p.says("admin.temporary.title"))
		}},
		{"ask-disable", adminUser("agent", "/disable")},
		{"ask-delete", adminUser("agent", "/delete")},
		{"delete-refused", func(p *person) { p.presses(p.says("admin.ask.delete.do")); p.sees(p.says("page.problems")) }},
		{"unknown", admin("users/00000000-0000-4000-8000-000000000000")},
	}
}

// chooses puts a table of users into the field for a file.
func (p *person) chooses(rows ...string) {
	look[bool](p, `(text => {
		const chosen = new DataTransfer()
		chosen.items.add(new File([text], "users.csv", { type: "text/csv" }))
		document.querySelector("input[type=file]").files = chosen.files
		return true
	})`, strings.Join(rows, "\n"))
}

func importViews() []view {
	return []view{
		{"choose", func(p *person) { p.logsIn("administrator"); p.opens(p.site.URL("/admin/import")) }},
		{"refused", func(p *person) { p.presses(p.says("import.look")); p.sees(p.says("page.problems")) }},
		{"preview", func(p *person) {
			agent := p.site.Login("agent").Username
			p.chooses("username,last_name,first_name,email,security_profiles,hobby",
				"new.person,新井,一郎,new.person@sakura.example,Agent,", agent+",,,"+agent+".new@sakura.example,,",
				"second.person,新井,二郎,no address,Agnet,")
			p.presses(p.says("import.look"))
			p.sees("Agnet")
		}},
		{"wrong", func(p *person) { p.opens(look[string](p, `() => location.href`) + "?kind=wrong") }},
		{"done", func(p *person) {
			p.presses(p.says("import.run.without", "n", 2, "wrong", 1))
			p.until("see the end", func() bool {
				return look[bool](p, `(words => document.body.innerText.includes(words))`, p.says("import.done"))
			})
		}},
	}
}

func requestViews() []view {
	return []view{
		{"none", func(p *person) { p.logsIn("editor"); p.opens(p.site.URL("/admin/requests")) }},
		{"waiting", func(p *person) {
			p.asksFor(p.site.Login("agent-without-email").Username, byImage)
			p.until("see the request", func() bool {
				p.opens(p.site.URL("/admin/requests"))
				return look[bool](p, `(words => !!(`+pressable+`)(words))`, p.says("admin.requests.open"))
			})
		}},
		{"one", func(p *person) { p.presses(p.says("admin.requests.open")) }},
		{"refused", func(p *person) {
			p.presses(p.says("admin.request.register"))
			p.blames("recognised", "email")
		}},
		{"mail", func(p *person) {
			l := p.site.Login("agent")
			p.asksFor(l.Username, byImage)
			p.receivesLink(l.Email)
			p.opens(p.site.URL("/admin/mail"))
		}},
		{"mail-one", (*person).opensFirst},
	}
}

func profileViews() []view {
	profile := func(path string) func(*person) {
		return func(p *person) {
			id := p.site.User("editor").SecurityProfileIDs[0]
			p.opens(p.site.URL("/admin/profiles/" + string(id) + path))
		}
	}
	return []view{
		{"list", func(p *person) { p.logsIn("administrator"); p.opens(p.site.URL("/admin/profiles")) }},
		{"new", admin("profiles/new")},
		{"one", profile("")},
		{"ask-delete", profile("/delete")},
		{"hierarchy", admin("hierarchy")},
		{"group", func(p *person) { p.presses("東京センター") }},
		{"settings", admin("settings")},
	}
}

// scopeViews narrow what the editor's permissions are about, and look at the pages
// as somebody whose permissions are.
func scopeViews() []view {
	profile := func(p *person) {
		p.opens(p.site.URL("/admin/profiles/" + string(p.site.User("editor").SecurityProfileIDs[0])))
	}
	// field is how a label begins: within it, spaces after digits do not break.
	field := func(p *person, key i18n.Key) string {
		before, _, _ := strings.Cut(p.says(key), "1")
		return before
	}
	widen := func(p *person) {
		look[bool](p, `() => document.querySelector("#f-scope_tags").closest("details").open = true`)
	}
	return []view{
		{"open", func(p *person) {
			p.logsIn("administrator")
			adminUser("agent", "")(p)
			p.types(field(p, "admin.tags.label"), "部署=東京 1 課")
			p.presses(p.says("admin.tags.save"))
			p.sees(p.says("admin.saved"))
			profile(p)
			widen(p)
		}},
		{"refused", func(p *person) {
			p.types(field(p, "admin.scope.tags"), "部署=東京 1 課\n部署=大阪")
			p.ticks(p.says("admin.scope.kind.user"))
			p.presses(p.says("admin.profile.review"))
			p.presses(p.says("admin.profile.save"))
			p.blames("scope_tags")
		}},
		{"confirm", func(p *person) {
			p.types(field(p, "admin.scope.tags"), "部署=東京 1 課")
			p.presses(p.says("admin.profile.review"))
			p.sees(p.says("admin.profile.save"))
		}},
		{"saved", func(p *person) { p.presses(p.says("admin.profile.save")); p.sees(p.says("admin.saved")) }},
		{"profiles", admin("profiles")},
		{"list", func(p *person) {
			p.logsOut()
			p.logsIn("editor")
			p.opens(p.site.URL("/admin/users"))
			p.sees(p.says("admin.users.some"))
		}},
		{"search-none", admin("users?q=tanaka.hanako")},
		{"user", adminUser("agent", "")},
		{"unknown", adminUser("viewer", "")},
		{"mail-refused", admin("mail")},
	}
}

func recordViews() []view {
	return []view{
		{"audit", func(p *person) { p.logsIn("administrator"); p.opens(p.site.URL("/admin/audit")) }},
		{"event", (*person).opensFirst},
		{"mail-none", admin("mail")},
	}
}

func refusedViews() []view {
	return []view{
		{"page", func(p *person) { p.logsIn("agent"); p.opens(p.site.URL("/admin/users")) }},
		{"beyond", func(p *person) { p.logsIn("editor"); adminUser("administrator", "")(p) }},
		{"viewer", func(p *person) { p.logsIn("viewer"); adminUser("agent", "")(p) }},
	}
}

// opensFirst opens the first link in the table of the page.
func (p *person) opensFirst() {
	p.Helper()
	p.opens(p.site.URLs.Base() + look[string](p, `() => document.querySelector('tbody a').getAttribute('href')`))
}
