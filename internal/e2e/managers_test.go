package e2e

import (
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
)

// TestC24PasswordManagersCanHelp holds what password managers and people who
// paste need.
func TestC24PasswordManagersCanHelp(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{})
	p := arrives(t, site, screen{Locale: aikagi.Japanese})
	p.opens(site.URL("/login"))
	p.helpsManagers(map[string]string{"username": "username", "password": "current-password"})
	l := site.Login("agent")
	p.asksFor(l.Username, byImage)
	p.opens(p.link(p.receivesLink(l.Email)))
	p.helpsManagers(map[string]string{"": "username", "password": "new-password"})
	p.logsIn("agent")
	p.opens(site.URL("/me/password"))
	p.helpsManagers(map[string]string{"": "username", "current": "current-password", "password": "new-password"})
}

// TestC24PasswordManagersCanHelpTheOwner does so for the pages of the account.
func TestC24PasswordManagersCanHelpTheOwner(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{})
	p := arrives(t, site, screen{Locale: aikagi.English})
	console("/login")(p)
	p.helpsManagers(map[string]string{"principal_name": "username", "password": "current-password", "totp_code": "one-time-code"})
	p.signsIn()
	console("/me")(p)
	p.helpsManagers(map[string]string{"": "username", "current_password": "current-password", "password": "new-password"})
	console("/principals")(p)
	p.types(p.says("console.name"), "backup.admin")
	p.presses(p.says("console.principals.new"))
	link := look[string](p, `() => document.querySelector('[data-copy]').dataset.copy`)
	guest := arrives(t, site, screen{Locale: aikagi.English})
	guest.opens(link)
	guest.helpsManagers(map[string]string{"": "username", "password": "new-password"})
}

// helpsManagers wants fields, by name, with these autocomplete tokens, all in one
// form, and the user name in it where a new password is chosen; that pasting is
// allowed, nothing is cut, and passwords can be shown but are hidden again before
// they are sent.
func (p *person) helpsManagers(want map[string]string) {
	p.Helper()
	type field struct {
		Name, Autocomplete, Type string
		Pastes, Cut              bool
	}
	fields := look[[]field](p, `() => [...document.querySelectorAll('input[autocomplete]')].map(e => ({
		Name: e.name, Autocomplete: e.autocomplete, Type: e.type, Cut: e.maxLength >= 0,
		Pastes: e.dispatchEvent(new ClipboardEvent('paste', {bubbles: true, cancelable: true})),
	}))`)
	if len(fields) != len(want) {
		p.Errorf("%s has the fields %+v, want %v", p.where(), fields, want)
	}
	for _, f := range fields {
		if want[f.Name] != f.Autocomplete || !f.Pastes || f.Cut {
			p.Errorf("%s has the field %+v, want autocomplete %q", p.where(), f, want[f.Name])
		}
	}
	const forms = `() => [...document.forms].filter(f => f.querySelector('[autocomplete$=password]')).map(f =>
		f.querySelectorAll('[autocomplete=username]').length + ' ' + !!f.querySelector('[autocomplete=username]')?.value).join()`
	filled := "1 false"
	if _, named := want[""]; named {
		filled = "1 true"
	}
	if got := look[string](p, forms); got != filled {
		p.Errorf("%s: forms with a password, their user names and whether they are filled in: %q, want %q", p.where(), got, filled)
	}
	p.touches(p.says("password.show"))
	if shown := look[string](p, `() => document.querySelector('.reveal input').type`); shown != "text" {
		p.Errorf("%s: pressing show leaves a field of type %s", p.where(), shown)
	}
	const sent = `() => {
		const field = document.querySelector('.reveal input')
		field.form.addEventListener('submit', e => e.preventDefault(), {once: true})
		field.form.requestSubmit()
		return field.type
	}`
	if kind := look[string](p, sent); kind != "password" {
		p.Errorf("%s: a shown password is sent from a field of type %s", p.where(), kind)
	}
}
