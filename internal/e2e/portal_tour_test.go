package e2e

import (
	"time"

	"github.com/aikagi/aikagi"
)

// portalWalks are the pages that people without rights meet.
func portalWalks() []walk {
	return []walk{
		{"login", loginViews()},
		{"forgot", forgotViews()},
		{"reset", resetViews()},
		{"me", meViews()},
	}
}

func loginViews() []view {
	return []view{
		{"empty", func(p *person) { p.opens(p.site.URL("/login")) }},
		{"required", func(p *person) { p.presses(p.says("login.submit")); p.blames("username", "password") }},
		{"wrong", func(p *person) {
			p.types(p.says("login.username"), "tanaka")
			p.types(p.says("login.password"), "wrong")
			p.presses(p.says("login.submit"))
			p.sees(p.says("login.wrong"))
		}},
		{"wait", func(p *person) {
			p.fails("tanaka", 10)
			p.types(p.says("login.password"), "wrong")
			p.presses(p.says("login.submit"))
			p.sees(p.says("login.wait.text"))
		}},
		{"other-ways", func(p *person) {
			p.site.Besiege("suzuki")
			p.opens(p.site.URL("/login"))
			p.types(p.says("login.username"), "suzuki")
			p.types(p.says("login.password"), "wrong")
			p.presses(p.says("login.submit"))
			p.sees(p.says("login.other.title"))
		}},
		{"timed-out", func(p *person) { p.opens(p.site.URL("/login?why=timed_out")) }},
		{"no-page", func(p *person) { p.opens(p.site.URL("/nowhere")) }},
		{"no-instance", func(p *person) { p.opens(p.site.URLs.Instance("nobody", "/login")) }},
	}
}

func forgotViews() []view {
	return []view{
		{"empty", func(p *person) { p.opens(p.site.URL("/forgot")) }},
		{"required", func(p *person) { p.presses(p.says("forgot.submit")); p.blames("username", "challenge") }},
		{"wrong", func(p *person) {
			p.types(p.says("forgot.username"), "tanaka")
			p.types(p.says("forgot.answer"), "wrong")
			p.presses(p.says("forgot.submit"))
			p.sees(p.says("challenge.wrong"))
		}},
		{"other", func(p *person) { p.opens(p.site.URL("/forgot")); p.touches(p.says("forgot.other")) }},
		{"work-done", func(p *person) { p.touches(p.says("pow.start")); p.sees(p.says("pow.done")) }},
		{"work-only", func(p *person) {
			p.choose(func(s *aikagi.InstanceSettings) { s.ImageChallenge, s.SoundChallenge = false, false })
			p.opens(p.site.URL("/forgot"))
			p.presses(p.says("forgot.submit"))
		}},
		{"sound-only", func(p *person) {
			p.choose(func(s *aikagi.InstanceSettings) { s.SoundChallenge = true })
			p.opens(p.site.URL("/forgot"))
		}},
		{"sent", func(p *person) {
			p.choose(func(s *aikagi.InstanceSettings) { s.ImageChallenge = true })
			p.asksFor(p.site.Login("agent").Username, byImage)
		}},
		{"again", func(p *person) {
			p.site.Clock.Move(2 * time.Minute)
			p.opens(p.site.URL("/forgot/sent"))
			p.presses(p.says("sent.again"))
			p.sees(p.says("sent.again_done"))
		}},
		{"code", func(p *person) { p.presses(p.says("sent.code")); p.sees(p.says("code.title")) }},
		{"code-wrong", func(p *person) {
			p.types(p.says("code.label"), "ABCD-EFGH")
			p.presses(p.says("code.submit"))
			p.sees(p.says("code.wrong"))
		}},
		{"told", func(p *person) {
			p.choose(func(s *aikagi.InstanceSettings) { s.NoEmail = aikagi.AnswerExplain })
			p.asksFor(p.site.Login("agent-without-email").Username, byImage)
			p.sees(p.says("sent.told.title"))
		}},
		{"connect", func(p *person) {
			p.choose(func(s *aikagi.InstanceSettings) { s.NoEmail = aikagi.AnswerConnect })
			p.opens(p.site.URL("/forgot"))
			p.types(p.says("forgot.username"), p.site.Login("agent-without-email").Username)
			p.meets(byImage)
			p.presses(p.says("forgot.submit"))
			p.sees(p.says("connect.title"))
		}},
	}
}

func resetViews() []view {
	return []view{
		{"form", func(p *person) {
			l := p.site.Login("agent")
			p.asksFor(l.Username, byImage)
			p.opens(p.link(p.receives(l.Email, 1)))
			p.sees(p.says("reset.title"))
		}},
		{"refused", func(p *person) {
			p.types(p.says("reset.password"), "password")
			p.presses(p.says("reset.submit"))
			p.sees(p.says("page.problems"))
		}},
		{"connect-rule", func(p *person) {
			p.choose(func(s *aikagi.InstanceSettings) { s.ConnectPassword = true })
			p.opens(p.site.URL("/reset"))
			p.types(p.says("reset.password"), "Abcdefg")
		}},
		{"done", func(p *person) {
			p.types(p.says("reset.password"), "Sakura-2026-spare-key")
			p.presses(p.says("reset.submit"))
			p.sees(p.says("done.title"))
		}},
		{"used", func(p *person) {
			p.opens(p.link(p.first(p.site.Login("agent").Email)))
			p.sees(p.says("ended.used"))
		}},
		{"unknown", func(p *person) { p.opens(p.site.URL("/reset/nothing")); p.sees(p.says("ended.title")) }},
		{"expired", func(p *person) {
			l := p.site.Login("agent")
			p.receives(l.Email, 2) // the notice of the change
			p.asksFor(l.Username, byImage)
			link := p.link(p.receives(l.Email, 3))
			p.site.Clock.Move(time.Hour)
			p.opens(link)
			p.sees(p.says("ended.expired"))
		}},
	}
}

func meViews() []view {
	return []view{
		{"no-email", func(p *person) { p.logsIn("agent-without-email"); p.sees(p.says("me.no_email.title")) }},
		{"logged-out", func(p *person) { p.logsOut(); p.sees(p.says("login.logged_out")) }},
		{"self", func(p *person) { p.logsIn("agent"); p.sees(p.says("me.title")) }},
		{"menu", func(p *person) { look[bool](p, `(() => document.querySelector('.account').open = true)`) }},
		{"password", func(p *person) { p.opens(p.site.URL("/me/password")) }},
		{"password-wrong", func(p *person) {
			p.types(p.says("own.current"), "wrong")
			p.types(p.says("reset.password"), "short")
			p.presses(p.says("own.submit"))
			p.blames("current", "password")
		}},
		{"must-change", func(p *person) {
			p.isGiven("agent")
			p.sees(p.says("own.must"))
		}},
	}
}
