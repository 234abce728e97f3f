package e2e

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
)

// TestB13ARobotSpendsNothing: what guards a mailbox opens the link in a browser
// of its own, runs its scripts, presses what can be pressed and sends its form,
// empty and with filler. The owner comes after it.
func TestB13ARobotSpendsNothing(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{})
	owner := arrives(t, site, screen{Locale: aikagi.Japanese})
	l := site.Login("agent")
	before := site.User("agent")
	owner.asksFor(l.Username, byImage)
	link := owner.link(owner.receivesLink(l.Email))
	robot := arrives(t, site, screen{Locale: aikagi.English})
	for _, filler := range []string{"", "test", "Password123!", "xxxxxxxxxxxxxxxxxxxx", "test@example.com", "Lorem ipsum dolor", l.Username, l.Email} {
		robot.opens(link)
		robot.sees(robot.says("reset.submit"))
		look[bool](robot, `(() => { document.querySelectorAll('button[type=button], summary').forEach(e => e.click()); return true })`)
		robot.leaves(func() {
			look[bool](robot, `(filler => {
				for (const i of document.querySelectorAll('main input:not([type=hidden]):not([readonly])')) i.value = filler
				const f = document.querySelector('main form')
				f.noValidate = true
				f.submit()
				return true
			})`, filler)
		})
		robot.sees(robot.says("reset.submit"))
	}
	if after := site.User("agent"); after.PasswordHash != before.PasswordHash || after.SecretEpoch != before.SecretEpoch {
		t.Error("a robot changed the user")
	}
	owner.opens(link)
	owner.types(owner.says("reset.password"), newPassword)
	owner.presses(owner.says("reset.submit"))
	owner.sees(owner.says("done.title"))
}

// evilPage is another site's page that tries, as soon as it is open, to act as
// whoever looks at it.
var evilPage = template.Must(template.New("evil").Parse(`<!doctype html><title>busy</title><body><script>
const base = {{.Base}}, fields = {{.Fields}}
const body = new URLSearchParams(fields)
const form = (path, enctype, target) => {
	const f = Object.assign(document.createElement('form'), {method: 'POST', action: base + path, enctype, target})
	for (const [name, value] of Object.entries(fields)) f.append(Object.assign(document.createElement('input'), {name, value}))
	document.body.append(f)
	f.submit()
}
(async () => {
	let n = 0
	for (const path of {{.Paths}}) {
		for (const enctype of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data']) {
			const frame = Object.assign(document.createElement('iframe'), {name: 'frame' + n++})
			document.body.append(frame)
			form(path, enctype, frame.name)
		}
		navigator.sendBeacon(base + path, body)
		for (const method of ['POST', 'GET', 'HEAD']) {
			const sent = method === 'POST' ? body : undefined
			await fetch(base + path, {method, body: sent, mode: 'no-cors', credentials: 'include'}).catch(() => {})
			await fetch(base + path, {method, body: sent, credentials: 'include'}).then(() => read++, () => {})
		}
		document.body.append(Object.assign(new Image(), {src: base + path + '?' + body}))
	}
	await new Promise(done => setTimeout(done, 500))
	document.title = 'done'
})()
let read = 0
</script>`))

// TestC16C17AnotherSiteActsForNobody: with its visitor logged in or not, a page
// of another site can neither log him in as somebody else, nor out, nor send any
// form of ours; and reads nothing.
func TestC16C17AnotherSiteActsForNobody(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{})
	mallory, agent := site.Login("viewer"), site.Login("agent")
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = evilPage.Execute(w, map[string]any{ // the browser has gone
			"Base":  site.URLs.Base(),
			"Paths": []string{"/i/sakura/login", "/i/sakura/logout", "/i/sakura/me/password", "/i/sakura/me/sessions", "/i/sakura/forgot", "/theme", "/account/login"},
			"Fields": map[string]string{
				"username": mallory.Username, "password": mallory.Password, "current": agent.Password, "principal_name": site.Centre.Owner.Username,
			},
		})
	}))
	t.Cleanup(evil.Close)
	elsewhere := strings.Replace(evil.URL, "127.0.0.1", "localhost", 1)
	before := site.User("agent")

	stranger := arrives(t, site, screen{Locale: aikagi.English})
	stranger.visits(elsewhere)
	stranger.opens(site.URL("/me"))
	stranger.sees(stranger.says("login.submit"))

	victim := arrives(t, site, screen{Locale: aikagi.English})
	victim.logsIn("agent")
	victim.sees(agent.Email)
	victim.visits(elsewhere)
	if got := look[int](victim, `(() => read)`); got != 0 {
		t.Errorf("the other site read %d answers", got)
	}
	victim.opens(site.URL("/me"))
	victim.sees(agent.Email)
	if after := site.User("agent"); after.PasswordHash != before.PasswordHash {
		t.Error("the victim's password was changed")
	}
	open, err := site.Sessions.List(t.Context(), before.InstanceID, site.User("viewer").ID)
	if err != nil || len(open) != 0 {
		t.Errorf("%d sessions of the attacker's were opened, %v", len(open), err)
	}
}

// visits opens a page of another site and waits until it has done its worst.
func (p *person) visits(address string) {
	p.Helper()
	p.opens(address)
	p.until("let the other site finish", func() bool { return look[string](p, `(() => document.title)`) == "done" })
}
