package ordeal

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aikagi/aikagi/internal/audit"
	"github.com/aikagi/aikagi/internal/mailbox"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
)

// problems are broken promises.
type problems []string

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

// must notes an error that nothing excuses.
func (p *problems) must(err error) {
	if err != nil {
		p.add("%v", err)
	}
}

// within notes a number that the story does not allow.
func (p *problems) within(what string, got, least, most int) {
	if got < least || got > most {
		p.add("%s: %d, want %d to %d", what, got, least, most)
	}
}

// checks compares the server with what people were told, after a crash.
func (s *story) checks() (found problems) {
	agentHas := s.checksPassword(&found, "agent", agentsNew, s.did(stepSet), s.maybe(stepSet))
	s.checksLink(&found, "link", s.link, agentHas)
	otherHas := s.checksPassword(&found, "agent-without-email", othersNew, s.did(stepUseCard), s.maybe(stepUseCard))
	s.checksLink(&found, "card", s.card, otherHas)
	switch in, err := s.isIn(s.agent); {
	case err != nil:
		found.must(err)
	case s.did(stepLogin) && !agentHas && !s.maybe(stepSet) && !in:
		found.add("the agent's session is lost")
	case s.did(stepLoginAgain) && !s.maybe(stepEnd) && !in:
		found.add("the agent's second session is lost")
	case s.did(stepEnd) && in:
		found.add("the agent's session lives on after it was ended")
	}
	switch in, err := s.isIn(s.admin); {
	case err != nil:
		found.must(err)
	case s.did(stepAdmin) && !s.maybe(stepLogout) && !in:
		found.add("the administrator's session is lost")
	case s.did(stepLogout) && in:
		found.add("the administrator's session lives on after logging out")
	}
	stored, err := s.number("SELECT count(*) FROM users WHERE email = $1", address)
	found.must(err)
	if stored == 0 && s.did(stepAddress) || stored != 0 && !s.maybe(stepAddress) {
		found.add("the address is stored %d times after %d steps", stored, s.done)
	}
	return found
}

// checksPassword finds out which of two passwords is the right one; exactly one is.
func (s *story) checksPassword(found *problems, role, fresh string, did, maybe bool) (has bool) {
	l := s.login(role)
	first, err := s.tries(newBrowser(), l.Username, l.Password)
	found.must(err)
	second, err := s.tries(newBrowser(), l.Username, fresh)
	found.must(err)
	if first == second || did && !second || second && !maybe {
		found.add("%s: the old password %v, the new one %v, after %d steps", role, first, second, s.done)
	}
	return second
}

// checksLink wants a link to be spent exactly if it set a password.
func (s *story) checksLink(found *problems, what, link string, spent bool) {
	if link == "" {
		return
	}
	want := http.StatusOK
	if spent {
		want = http.StatusGone
	}
	p, err := newBrowser().opens(s.base, link)
	found.must(err)
	if err == nil && p.status != want {
		found.add("the %s answers %d, want %d", what, p.status, want)
	}
}

// isIn tells whether a browser is logged in.
func (s *story) isIn(b *browser) (bool, error) {
	p, err := b.get(s.base, "/me")
	if err != nil {
		return false, err
	}
	if p.status != http.StatusOK && p.status != http.StatusUnauthorized && p.status != http.StatusSeeOther {
		return false, unexpected{"/me", p}
	}
	return p.status == http.StatusOK, nil
}

// ends checks, when the story is over, mails and record: every mail came, at most
// twice and with one Message-ID; every act stands in the record once.
func (s *story) ends() (found problems) {
	agent := s.login("agent")
	// Links, and the notice of the new password.
	s.checksMails(&found, agent.Email, "link", 1, s.agentAsked, func(m mailbox.Message) bool { return resetLink.MatchString(m.Text) })
	s.checksMails(&found, agent.Email, "notice", 1, 1, func(m mailbox.Message) bool { return !resetLink.MatchString(m.Text) })
	s.checksMails(&found, address, "notice", 2, 2, // of the address, and of the password
		func(m mailbox.Message) bool { return !resetLink.MatchString(m.Text) })
	for _, row := range []struct {
		action      string
		least, most int
	}{
		{"session.login", s.logins + 1, s.loginsBegun + 1}, // the viewer's stands there already
		{"password.reset", 2, 2},
		{"user.update", 1, 1},
		{"reset.card", 1, s.cards},
		{"session.logout", 1, 1},
	} {
		n, err := s.number("SELECT count(*) FROM audit_events WHERE action = $1", row.action)
		found.must(err)
		found.within("events "+row.action, n, row.least, row.most)
	}
	spent, err := s.number("SELECT count(*) FROM reset_tokens WHERE used_at > 0")
	found.must(err)
	found.within("spent secrets", spent, 2, 2)
	return found
}

// checksMails waits until the mails of a kind are there and looks at their ids.
func (s *story) checksMails(found *problems, to, what string, least, most int, is func(mailbox.Message) bool) {
	var ids map[string]int
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(10 * time.Millisecond) {
		ids = map[string]int{}
		for _, m := range s.box.Messages(to) {
			if is(m) {
				ids[messageID(m)]++
			}
		}
		if len(ids) >= least {
			break
		}
	}
	found.within(what+"s to "+to, len(ids), least, most)
	for id, times := range ids {
		if times > 2 || id == "" {
			found.add("%s %q to %s came %d times", what, id, to, times)
		}
	}
}

func messageID(m mailbox.Message) string {
	for line := range strings.Lines(string(m.Raw)) {
		if id, is := strings.CutPrefix(line, "Message-ID: "); is {
			return strings.TrimSpace(id)
		}
	}
	return ""
}

// rests checks the files of a server that has ended: the database is whole, and
// so is the chain of the record.
func (s *story) rests() (found problems) {
	db, err := store.Open(context.Background(), s.database)
	if err != nil {
		found.must(err)
		return found
	}
	defer db.Close()
	damage, err := db.CheckIntegrity(context.Background())
	found.must(err)
	if len(damage) > 0 {
		found.add("damage: %s", strings.Join(damage, "; "))
	}
	ring, err := secret.LoadRing(s.dir + "/key")
	if err != nil {
		found.must(err)
		return found
	}
	report, err := audit.Verify(context.Background(), db, ring, nil)
	found.must(err)
	for _, f := range report.Flaws {
		found.add("the record: %s at %d", f.Kind, f.Sequence)
	}
	return found
}
