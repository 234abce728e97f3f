package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/mailbox"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// telling is one way to tell the story of docs: the same every time, in another
// language, on another database, by another way through the challenge.
type telling struct {
	name     string
	locale   aikagi.Locale
	postgres bool
	tls      bool
	noScript bool
	meets    challenge
	again    bool // she asks again herself instead of being sent the link
}

func tellings() []telling {
	return []telling{
		{name: "ja", locale: aikagi.Japanese, meets: byWork},
		{name: "en", locale: aikagi.English, meets: bySound, again: true},
		{name: "ja on PostgreSQL", locale: aikagi.Japanese, postgres: true, meets: byImage, again: true},
		{name: "en on PostgreSQL", locale: aikagi.English, postgres: true, meets: byWork},
		{name: "ja without JavaScript", locale: aikagi.Japanese, noScript: true, meets: byImage},
		{name: "ja by https", locale: aikagi.Japanese, tls: true, meets: byImage, again: true},
	}
}

// TestArticle is the story that must always work: an agent without an e-mail
// address has forgotten her password (design, section 1).
func TestArticle(t *testing.T) {
	t.Parallel()
	for _, how := range tellings() {
		t.Run(how.name, func(t *testing.T) {
			t.Parallel()
			o := apptest.Options{Locale: how.locale, TLS: how.tls}
			if how.postgres {
				o.Database = storetest.Postgres(t)
			}
			s := &story{telling: how, site: apptest.Start(t, o), screen: screen{
				Locale: how.locale, NoScript: how.noScript, Careless: how.tls,
			}}
			s.tell(t)
		})
	}
}

// story is the article while it is told.
type story struct {
	telling
	site    *apptest.Site
	screen  screen
	receipt string // the number that she reads on her screen
}

const (
	newAddress  = "hanako.new@example.co.jp"
	newPassword = "とても長い 合言葉 の例です"
)

func (s *story) tell(t *testing.T) {
	agent := arrives(t, s.site, s.screen)
	elsewhere := arrives(t, s.site, s.screen) // she was still logged in at home
	s.isStillLoggedIn(elsewhere)
	s.cannotLogIn(agent)
	s.asks(agent)
	s.isToldWhatEverybodyIsTold(agent, arrives(t, s.site, s.screen))
	s.getsNoMail(agent)
	s.receivesHelp(arrives(t, s.site, s.screen), agent)
	s.resets(agent)
	s.isIn(agent, elsewhere)

	owner := arrives(t, s.site, s.screen)
	owner.losesItsAdministrators()
	s.entersInEmergency(owner)
	s.repairs(owner, arrives(t, s.site, s.screen))
	s.tellsThem(owner)
}

// agentName is who cannot log in: nobody ever registered an address for her.
func (s *story) agentName() string { return s.site.Login("agent-without-email").Username }

func (s *story) isStillLoggedIn(agent *person) {
	agent.Helper()
	agent.logsIn("agent-without-email")
	agent.sees(agent.says("me.no_email.title"))
}

// cannotLogIn is the article's first step.
func (s *story) cannotLogIn(agent *person) {
	agent.Helper()
	agent.opens(s.site.URL("/login"))
	agent.types(agent.says("login.username"), s.agentName())
	agent.types(agent.says("login.password"), "わすれてしまった")
	agent.presses(agent.says("login.submit"))
	agent.sees(agent.says("login.wrong"))
	words := map[aikagi.Locale]string{aikagi.Japanese: "パスワードを忘れた場合", aikagi.English: "Forgot password?"}
	agent.presses(words[s.locale])
}

// asks is the second step: user name and challenge. A wrong answer first: it
// must not cost her the name she typed.
func (s *story) asks(agent *person) {
	agent.Helper()
	agent.types(agent.says("forgot.username"), s.agentName())
	agent.types(agent.says("forgot.answer"), "wrong")
	agent.presses(agent.says("forgot.submit"))
	agent.sees(agent.says("challenge.wrong"))
	if got := agent.holds(agent.says("forgot.username")); got != s.agentName() {
		agent.Fatalf("after a wrong answer the user name is %q", got)
	}
	agent.meets(s.meets)
	agent.presses(agent.says("forgot.submit"))
}

// isToldWhatEverybodyIsTold is the third step, before anybody helps: her page
// differs from a stranger's in name and numbers alone (S1).
func (s *story) isToldWhatEverybodyIsTold(agent, stranger *person) {
	agent.Helper()
	agent.sees(agent.says("sent.title"))
	s.receipt = agent.reads(agent.says("sent.receipt"))
	if s.receipt == "" {
		agent.stop("read a receipt number")
	}
	stranger.asksFor("no.such.person", byImage)
	mine, theirs := s.leveled(agent, s.agentName()), s.leveled(stranger, "no.such.person")
	if mine != theirs {
		agent.Errorf("a user without an address sees\n%s\nand a made-up name sees\n%s", mine, theirs)
	}
}

// leveled is a page without what may differ between two people.
func (s *story) leveled(p *person, name string) string {
	p.Helper()
	return masked(p.text(), name, p.reads(p.says("sent.receipt")),
		p.says("sent.matching")+" "+p.reads(p.says("sent.matching")))
}

// getsNoMail: nobody ever registered an address to write to.
func (s *story) getsNoMail(agent *person) {
	agent.Helper()
	if all := s.site.Mailbox.Messages(""); len(all) != 0 {
		agent.Errorf("a mail went to %s", all[0].To)
	}
}

// receivesHelp is the fourth and fifth step: somebody with Users: View + Edit, no
// more, registers an address.
func (s *story) receivesHelp(editor, agent *person) {
	editor.Helper()
	editor.logsIn("editor")
	editor.opens(s.site.URL("/admin/requests"))
	editor.sees(s.receipt)
	editor.sees(editor.says("admin.reason.no_email"))
	if s.again {
		s.registersAnAddress(editor)
		agent.presses(agent.says("sent.other"))
		s.asks(agent)
		return
	}
	s.mendsTheRequest(editor)
}

// mendsTheRequest sends the waiting request on with one click.
func (s *story) mendsTheRequest(editor *person) {
	editor.Helper()
	editor.presses(editor.says("admin.requests.open"))
	editor.sees(editor.says("admin.request.no_proof"))
	editor.types(editor.says("admin.field.email"), newAddress)
	editor.presses(editor.says("admin.request.register"))
	editor.sees(editor.says("page.problems")) // a receipt number proves nothing (S12a)
	editor.ticks(editor.says("admin.recognised.in_person"))
	editor.presses(editor.says("admin.request.register"))
	editor.sees(editor.says("admin.request.done"))
	editor.sees(editor.says("admin.requests.empty"))
}

// registersAnAddress opens her page and saves an address; then she asks again.
func (s *story) registersAnAddress(editor *person) {
	editor.Helper()
	editor.opens(s.site.URL("/admin/users"))
	editor.types(editor.says("admin.users.search"), s.agentName())
	editor.presses(editor.says("admin.users.find"))
	agent := s.site.User("agent-without-email")
	editor.presses(agent.FullName(editor.lang))
	editor.sees(editor.says("admin.user.no_email.title"))
	editor.types(editor.says("admin.field.email"), newAddress)
	editor.presses(editor.says("admin.save"))
	editor.sees(editor.says("admin.saved"))
}

// resets is the sixth step: from web mail, on another site, to a new password.
func (s *story) resets(agent *person) {
	agent.Helper()
	m := agent.receivesLink(newAddress)
	s.isNoPhishing(agent, m)
	agent.opens(webmail(agent.T, agent.link(m)))
	agent.presses("reset")
	if got := agent.where(); got != s.site.URL("/reset") {
		agent.Errorf("the link leads to %s, which should not show the secret", got)
	}
	agent.sees(agent.says("reset.title"))
	agent.types(agent.says("reset.password"), "short")
	agent.presses(agent.says("reset.submit"))
	agent.sees(agent.says("password.too_short"))
	agent.types(agent.says("reset.password"), newPassword)
	agent.presses(agent.says("reset.submit"))
	agent.sees(agent.says("done.title"))
}

// isNoPhishing: she can tell that the mail is what it says. It shows the number
// that her screen shows, names her, and somebody else can verify who sent it.
func (s *story) isNoPhishing(agent *person, m mailbox.Message) {
	agent.Helper()
	if number := agent.reads(agent.says("sent.matching")); !strings.Contains(m.Subject, number) || number == "" {
		agent.Errorf("the screen shows %q, the mail %q", number, m.Subject)
	}
	if !strings.Contains(m.Text, s.agentName()) {
		agent.Errorf("the mail does not name her:\n%s", m.Text)
	}
	verifySignature(agent.T, s.site, m.Raw)
}

// isIn: the new password opens the door, the old one and the old session do not.
func (s *story) isIn(agent, elsewhere *person) {
	agent.Helper()
	elsewhere.opens(s.site.URL("/me"))
	elsewhere.sees(elsewhere.says("login.submit"))
	elsewhere.logsIn("agent-without-email")
	elsewhere.sees(elsewhere.says("login.wrong"))
	agent.presses(agent.says("done.login"))
	if got := agent.holds(agent.says("login.username")); got != s.agentName() {
		agent.Errorf("the login page greets %q", got)
	}
	agent.types(agent.says("login.password"), newPassword)
	agent.presses(agent.says("login.submit"))
	agent.sees(agent.says("me.title"))
	agent.sees(newAddress)
	agent.sees(s.site.Login("editor").Username) // who set it, so that a stranger's deed shows
	agent.keepsCookies(s.tls)
}

// entersInEmergency is the seventh step, with no mail server to lean on.
func (s *story) entersInEmergency(owner *person) {
	owner.Helper()
	s.site.Mailbox.Down()
	owner.opens(s.site.URLs.Base() + "/account")
	owner.types(owner.says("console.name"), s.site.Centre.Owner.Username)
	owner.types(owner.says("console.password"), s.site.Centre.Owner.Password)
	owner.presses(owner.says("console.login.submit"))
	owner.sees(owner.says("console.noadmin"))
	owner.presses(s.site.Centre.Instance.Name())
	owner.presses(owner.says("console.emergency.open"))
	owner.types(owner.says("console.reason"), "short")
	owner.presses(owner.says("console.emergency.open"))
	owner.sees(owner.says("page.problems"))
	owner.types(owner.says("console.reason"), reason)
	owner.presses(owner.says("console.emergency.open"))
	owner.presses(owner.says("console.handover.go", "alias", s.site.Centre.Instance.Alias))
	owner.presses(owner.says("console.start.submit"))
	owner.sees(owner.says("shell.emergency"))
	owner.sees(reason)
	owner.keepsCookies(s.tls)
}

const reason = "管理者プロファイルが削除されました"

// repairs makes the Admin profile anew and gives it to the editor, who can then
// do what only an administrator can.
func (s *story) repairs(owner, editor *person) {
	owner.Helper()
	owner.sees(owner.says("console.repair.profile.missing"))
	owner.presses(owner.says("console.repair.profile.mend"))
	owner.sees(owner.says("console.repair.profile_done"))
	owner.opens(s.site.URL("/admin/users/" + string(s.site.User("editor").ID)))
	owner.sees(owner.says("shell.emergency"))
	owner.ticks("Admin")
	owner.presses(owner.says("admin.user.profiles.save"))
	owner.sees(owner.says("admin.saved"))
	owner.presses(owner.says("shell.emergency.end"))
	editor.logsIn("editor")
	editor.opens(s.site.URL("/admin/profiles"))
	editor.sees("Admin")
}

// tellsThem: who could not be told while there was no mail is told afterwards.
func (s *story) tellsThem(owner *person) {
	owner.Helper()
	if err := s.site.Mailbox.Up(owner.Context()); err != nil {
		owner.Fatal(err)
	}
	s.site.Clock.Move(time.Hour)
	m := owner.receives(s.site.Centre.Owner.Email, 1)
	if !strings.Contains(m.Text, reason) {
		owner.Errorf("the notice of the emergency does not say why:\n%s", m.Text)
	}
}
