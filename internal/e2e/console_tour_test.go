package e2e

import "github.com/aikagi/aikagi/internal/web/devmail"

// consoleWalks are the pages of the account.
func consoleWalks() []walk {
	return []walk{
		{"console", consoleViews()},
		{"console-people", principalViews()},
		{"emergency", emergencyViews()},
	}
}

// console opens a page of the account.
func console(path string) func(*person) {
	return func(p *person) { p.opens(p.site.URLs.Base() + "/account" + path) }
}

// signsIn signs the owner of the account in.
func (p *person) signsIn() {
	p.Helper()
	console("/login")(p)
	p.types(p.says("console.name"), p.site.Centre.Owner.Username)
	p.types(p.says("console.password"), p.site.Centre.Owner.Password)
	p.presses(p.says("console.login.submit"))
	p.sees(p.says("console.instances.title"))
}

func consoleViews() []view {
	return []view{
		{"login", console("/login")},
		{"login-wrong", func(p *person) {
			p.types(p.says("console.name"), "owner")
			p.types(p.says("console.password"), "wrong")
			p.presses(p.says("console.login.submit"))
			p.sees(p.says("page.problems"))
		}},
		{"setup-unknown", console("/setup")},
		{"instances", (*person).signsIn},
		{"instance", (*person).opensFirst},
		{"new-instance", console("/instances/new")},
		{"new-instance-refused", func(p *person) {
			p.presses(p.says("console.newinstance.title"))
			p.sees(p.says("page.problems"))
		}},
		{"audit", console("/audit")},
		{"contact", console("/contact")},
		{"me", console("/me")},
		{"totp", console("/me/totp")},
	}
}

func principalViews() []view {
	return []view{
		{"list", func(p *person) { p.signsIn(); console("/principals")(p) }},
		{"list-refused", func(p *person) {
			p.presses(p.says("console.principals.new"))
			p.sees(p.says("page.problems"))
		}},
		{"invited", func(p *person) {
			p.types(p.says("console.name"), "backup.admin")
			p.presses(p.says("console.principals.new"))
		}},
		{"one", func(p *person) { console("/principals")(p); p.opensFirst() }},
		{"key", func(p *person) { p.presses(p.says("console.key.create")) }},
		{"policies", console("/policies")},
		{"managed-policy", func(p *person) { p.opensFirst() }},
		{"new-policy", console("/policies/new")},
		{"simulator", console("/simulator")},
	}
}

func emergencyViews() []view {
	return []view{
		{"ask", func(p *person) {
			p.signsIn()
			p.presses(p.site.Centre.Instance.Name())
			p.presses(p.says("console.emergency.open"))
		}},
		{"refused", func(p *person) {
			p.presses(p.says("console.emergency.open"))
			p.sees(p.says("page.problems"))
		}},
		{"handover", func(p *person) {
			p.types(p.says("console.reason"), reason)
			p.presses(p.says("console.emergency.open"))
			p.sees(p.says("console.handover.title"))
		}},
		{"start", func(p *person) {
			p.presses(p.says("console.handover.go", "alias", p.site.Centre.Instance.Alias))
			p.sees(p.says("console.start.title"))
		}},
		{"repair-good", func(p *person) {
			p.presses(p.says("console.start.submit"))
			p.sees(p.says("console.repair.good"))
		}},
		{"repair", func(p *person) {
			p.losesItsAdministrators()
			p.opens(p.site.URL("/repair"))
			p.sees(p.says("console.repair.profile.missing"))
		}},
		{"users", func(p *person) { p.opens(p.site.URL("/admin/users")) }},
		{"ended", func(p *person) { p.presses(p.says("shell.emergency.end")) }},
	}
}

func devmailViews() []view {
	return []view{
		{"empty", func(p *person) { p.opens(p.site.URLs.Base() + devmail.Path) }},
		{"list", func(p *person) {
			l := p.site.Login("agent")
			p.asksFor(l.Username, byImage)
			p.receivesLink(l.Email)
			p.opens(p.site.URLs.Base() + devmail.Path)
		}},
		{"one", (*person).opensFirst},
	}
}
