package attack

import (
	"bufio"
	"database/sql"
	"encoding/base64"
	"fmt"
	"math/bits"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/secret"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// TestB01TokensHaveNoStructure: none twice, every bit as often set as not, and
// none that follows from the one before.
func TestB01TokensHaveNoStructure(t *testing.T) {
	t.Parallel()
	const n = 100_000
	seen := make(map[string]bool, n)
	var set, turned [256]int
	var before []byte
	distances := 0
	for range n {
		text := secret.NewToken().Reveal()
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(raw) != 32 || seen[text] {
			t.Fatalf("token of %d bytes, seen before %t, %v", len(raw), seen[text], err)
		}
		seen[text] = true
		for bit := range set {
			set[bit] += int(raw[bit/8] >> (bit % 8) & 1)
		}
		for at := range before {
			differs := raw[at] ^ before[at]
			distances += bits.OnesCount8(differs)
			for bit := range 8 {
				turned[at*8+bit] += int(differs >> bit & 1)
			}
		}
		before = raw
	}
	// A count of n fair coins strays by half the root of n; seven times that, in
	// 512 counts, is once in a billion runs.
	const stray = 7 * 158
	for bit := range set {
		for what, count := range map[string]int{"set": set[bit], "other than in the one before": turned[bit]} {
			if count < n/2-stray || count > n/2+stray {
				t.Errorf("bit %d is %s in %d of %d", bit, what, count, n)
			}
		}
	}
	if mean := float64(distances) / (n - 1); mean < 127 || mean > 129 {
		t.Errorf("neighbours differ in %.2f bits, want 128", mean)
	}
}

// TestB03B23ALinkWorksOnceForAnAcceptedPassword: a refused password spends
// nothing and is not shown, a used link says so and how to go on.
func TestB03B23ALinkWorksOnceForAnAcceptedPassword(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	agent := s.Login("agent")
	link := s.link(agent.Username, agent.Email, 1)
	g := s.guest("192.0.2.1")
	form := g.follows(link)
	for _, refused := range []string{"short", "password1234", agent.Username + agent.Username, strings.Repeat("x", 129)} {
		if p := g.sets(form, refused); p.StatusCode != http.StatusBadRequest || strings.Contains(p.body, `value="`+refused) {
			t.Errorf("%.12s: %s", refused, p.Status)
		}
	}
	if p := g.sets(form, chosen); !p.accepted() {
		t.Fatalf("a good password: %s", p.Status)
	}
	for name, who := range map[string]*guest{"the same browser": g, "another": s.guest("192.0.2.2")} {
		p := who.follows(link)
		if p.StatusCode != http.StatusGone || !strings.Contains(p.body, `href="/i/sakura/forgot"`) {
			t.Errorf("a used link in %s: %s, with a way to ask again %t", name, p.Status, strings.Contains(p.body, "/forgot"))
		}
		if p := who.sends("/reset", "token", formToken(t, form), "password", chosen+" 2"); p.StatusCode != http.StatusGone {
			t.Errorf("its form in %s: %s", name, p.Status)
		}
	}
	if p := g.logsIn(agent.Username, chosen); p.StatusCode != http.StatusSeeOther {
		t.Errorf("the accepted password: %s", p.Status)
	}
}

// TestB06TheLifeOfALinkIsLookedAtWhenItIsUsed, not when its form was opened; and
// is what the instance says.
func TestB06TheLifeOfALinkIsLookedAtWhenItIsUsed(t *testing.T) {
	t.Parallel()
	for _, ttl := range []time.Duration{30 * time.Minute, 7 * time.Minute} {
		s := &siege{t: t, Site: apptest.Start(t, apptest.Options{Settings: func(i *aikagi.InstanceSettings) { i.ResetTTL = ttl }})}
		agent := s.Login("agent")
		g := s.guest("192.0.2.1")
		form := g.follows(s.link(agent.Username, agent.Email, 1))
		s.Clock.Move(ttl - time.Second)
		if p := g.opens("/reset"); p.StatusCode != http.StatusOK {
			t.Errorf("%s: a second before its end: %s", ttl, p.Status)
		}
		s.Clock.Move(2 * time.Second)
		if p := g.sets(form, chosen); p.StatusCode != http.StatusGone {
			t.Errorf("%s: a second after: %s", ttl, p.Status)
		}
		s.Clock.Move(-2 * time.Second)
		if p := g.sets(form, chosen); !p.accepted() {
			t.Errorf("%s: the clock was wrong: %s", ttl, p.Status)
		}
	}
}

// userForm is the form of a user's page as it is filled for him.
func userForm(u aikagi.User, change ...string) url.Values {
	form := url.Values{
		"first_name": {u.FirstName}, "last_name": {u.LastName}, "email": {string(u.Email)}, "phone_type": {string(u.Phone.Type)},
		"after_contact_work": {"0"}, "routing_profile": {string(u.RoutingProfileID)}, "hierarchy_group": {string(u.HierarchyGroupID)},
		"version": {fmt.Sprint(u.Version)},
	}
	for n := 0; n+1 < len(change); n += 2 {
		form.Set(change[n], change[n+1])
	}
	return form
}

// posts sends a form that is there already.
func (g *guest) posts(path string, form url.Values) page {
	g.t.Helper()
	return g.do(http.MethodPost, path, form.Encode(), "Content-Type", formType)
}

// TestB07B08B09WhatEndsALink does each thing to a user who holds an open link,
// through the pages.
func TestB07B08B09WhatEndsALink(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(s *siege, editor *guest, u aikagi.User) page
		ends bool
	}{
		{"B07 another anonymous request", func(s *siege, _ *guest, u aikagi.User) page {
			p := s.guest("203.0.113.9").asks(string(u.Username))
			s.settled()
			return p
		}, false},
		{"B07 a link sent by an editor", func(_ *siege, e *guest, u aikagi.User) page {
			return e.posts("/admin/users/"+string(u.ID)+"/send", nil)
		}, true},
		{"B07 a card", func(_ *siege, e *guest, u aikagi.User) page {
			return e.posts("/admin/users/"+string(u.ID)+"/card", nil)
		}, true},
		{"B08 another address", func(_ *siege, e *guest, u aikagi.User) page {
			return e.posts("/admin/users/"+string(u.ID), userForm(u, "email", "other@sakura.example"))
		}, true},
		{"B08 no address", func(_ *siege, e *guest, u aikagi.User) page {
			return e.posts("/admin/users/"+string(u.ID), userForm(u, "email", ""))
		}, true},
		{"B08 the same address", func(_ *siege, e *guest, u aikagi.User) page {
			return e.posts("/admin/users/"+string(u.ID), userForm(u, "first_name", "花"))
		}, false},
		{"B09 a temporary password", func(_ *siege, e *guest, u aikagi.User) page {
			return e.posts("/admin/users/"+string(u.ID)+"/temporary", nil)
		}, true},
		{"B09 his own change", func(s *siege, _ *guest, u aikagi.User) page {
			g := s.guest("198.51.100.1")
			g.logsIn(string(u.Username), s.Login("agent").Password)
			return g.sends("/me/password", "current", s.Login("agent").Password, "password", "tsuyu no ajisai 31")
		}, true},
		{"B09 another link", func(s *siege, _ *guest, u aikagi.User) page {
			g := s.guest("198.51.100.1")
			return g.sets(g.follows(s.link(string(u.Username), string(u.Email), 2)), "tsuyu no ajisai 31")
		}, true},
		{"a login", func(s *siege, _ *guest, u aikagi.User) page {
			return s.guest("198.51.100.1").logsIn(string(u.Username), s.Login("agent").Password)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := besiege(t)
			u := s.User("agent")
			link := s.link(string(u.Username), string(u.Email), 1)
			editor := s.guest("203.0.113.1")
			editor.logsIn(s.Login("editor").Username, s.Login("editor").Password)
			g := s.guest("192.0.2.1")
			form := g.follows(link)
			if p := c.do(s, editor, u); p.StatusCode >= 400 {
				t.Fatalf("%s: %s", c.name, p.Status)
			}
			if p := g.sets(form, chosen); (p.StatusCode == http.StatusGone) != c.ends || p.accepted() == c.ends {
				t.Errorf("the link afterwards: %s to %q, want it ended: %t", p.Status, p.location(), c.ends)
			}
		})
	}
}

// TestB11B12B26OnlyTheSecretOpensAndLookingSpendsNothing: neither fields nor
// another instance make the link somebody else's; a hundred looks are harmless.
func TestB11B12B26OnlyTheSecretOpensAndLookingSpendsNothing(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	s.place("ume", itself)
	agent, admin := s.User("agent"), s.User("administrator")
	link := s.link(string(agent.Username), string(agent.Email), 1)
	s.settled()
	before := s.rows()
	for n := range 100 {
		robot := s.guest(fmt.Sprint("198.51.100.", n))
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
			if p := robot.do(method, link, ""); p.StatusCode >= 500 {
				t.Errorf("%s: %s", method, p.Status)
			}
			robot.do(method, "/reset", "")
		}
	}
	g := s.guest("192.0.2.1")
	if p := g.follows(strings.Replace(link, "/i/sakura/", "/i/ume/", 1)); p.StatusCode != http.StatusGone {
		t.Errorf("B26: at another instance: %s", p.Status)
	}
	form := g.follows(link)
	for what, c := range map[string]*guest{"without the secret": s.guest("192.0.2.2")} {
		if p := c.sets(form, chosen); p.StatusCode != http.StatusGone {
			t.Errorf("%s: %s", what, p.Status)
		}
	}
	if s.rows() != before {
		t.Error("looking changed rows")
	}
	hash := s.User("administrator").PasswordHash
	p := g.sends("/reset", "token", formToken(t, form), "password", chosen,
		"user", string(admin.ID), "user_id", string(admin.ID), "username", string(admin.Username), "instance", "ume")
	if !p.accepted() || s.User("administrator").PasswordHash != hash {
		t.Errorf("B11: with more fields: %s, the administrator's password changed %t", p.Status, s.User("administrator").PasswordHash != hash)
	}
}

// TestB15LinksComeFromTheBaseURL, whatever the request line and the headers say
// about where the request went, over a real connection.
func TestB15LinksComeFromTheBaseURL(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	agent := s.Login("agent")
	asked := 0
	for n, c := range []struct {
		name, target, headers string
		status                string
	}{
		{"absolute address of ours", s.URLs.Base() + "/i/sakura/forgot", "Host: evil.example\r\n", "303"},
		{"absolute address of another", "http://evil.example/i/sakura/forgot", "Host: " + s.host + "\r\n", "421"},
		{"host of another", "/i/sakura/forgot", "Host: evil.example\r\n", "421"},
		{"port of another", "/i/sakura/forgot", "Host: " + strings.Split(s.host, ":")[0] + ":1\r\n", "421"},
		{"host and more", "/i/sakura/forgot", "Host: " + s.host + ".evil.example\r\n", "421"},
		{"user before host", "/i/sakura/forgot", "Host: evil.example@" + s.host + "\r\n", "4"},
		{"two hosts", "/i/sakura/forgot", "Host: " + s.host + "\r\nHost: evil.example\r\n", "400"},
		{"no host", "/i/sakura/forgot", "", "400"},
		{"what proxies say", "/i/sakura/forgot", "Host: " + s.host + "\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Port: 666\r\n" +
			"X-Forwarded-Proto: gopher\r\nForwarded: host=evil.example\r\nX-Original-URL: /evil\r\nX-Forwarded-Prefix: /evil\r\n", "303"},
	} {
		token, right := s.guest(fmt.Sprint("192.0.2.", n)).challenged()
		body := url.Values{"username": {agent.Username}, "token": {token}, "challenge": {right}}.Encode()
		status := s.raw(fmt.Sprintf("POST %s HTTP/1.1\r\n%sConnection: close\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
			c.target, c.headers, formType, len(body), body))
		if !strings.HasPrefix(status, c.status) {
			t.Errorf("%s: %s, want %s", c.name, status, c.status)
		}
		if status == "303" {
			asked++
		}
	}
	for _, m := range s.mails(agent.Email, asked) {
		if link := resettest.LinkIn(t, m.Text); !strings.HasPrefix(link, s.URLs.Base()+"/i/sakura/reset/") || strings.Contains(m.Text+m.HTML, "evil") {
			t.Errorf("the link is %s", link)
		}
	}
}

// raw sends bytes over a connection and returns the status of the answer.
func (s *siege) raw(request string) string {
	s.t.Helper()
	var dialer net.Dialer
	c, err := dialer.DialContext(s.t.Context(), "tcp", s.host)
	s.must(err)
	defer func() { _ = c.Close() }() // read to its end
	_, err = c.Write([]byte(request))
	s.must(err)
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	s.must(err)
	_ = answer.Body.Close() // the status is all
	return fmt.Sprint(answer.StatusCode)
}

// TestB19GuessesTeachNothing: every wrong secret gets the same answer, near or
// far from the right one, and leaves nothing behind.
func TestB19GuessesTeachNothing(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	agent := s.Login("agent")
	right := resettest.TokenIn(t, s.link(agent.Username, agent.Email, 1)).Reveal()
	s.settled()
	before := s.rows()
	g := s.guest("192.0.2.1")
	want := ""
	for n := range full(300, 1_000_000) {
		guess := secret.NewToken().Reveal()
		if n < len(right)-1 { // the last character holds two bits that mean nothing
			guess = right[:n] + string(next(right[n])) + right[n+1:]
		}
		p := g.follows(s.URL("/reset/" + guess))
		got := bare(p, guess)
		if want == "" {
			want = got
		}
		if p.StatusCode != http.StatusGone || got != want {
			t.Fatalf("guess %d: %s:\n%s\nand at first\n%s", n, p.Status, got, want)
		}
		posted := bare(g.sends("/reset", "token", "x", "password", chosen), guess)
		if strings.SplitN(posted, "\n", 2)[0] != "410" {
			t.Fatalf("guess %d, posted:\n%s", n, posted)
		}
	}
	if s.rows() != before {
		t.Error("guesses leave rows behind")
	}
}

// next is another letter of the alphabet of tokens.
func next(letter byte) byte {
	if letter == 'A' {
		return 'B'
	}
	return 'A'
}

// TestB21B22AfterAReset: nobody is logged in by it, who was is not, and the
// owner is told what to do if it was somebody else.
func TestB21B22AfterAReset(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	agent, other := s.Login("agent"), s.Login("viewer")
	elsewhere, neighbour := s.guest("198.51.100.1"), s.guest("198.51.100.2")
	elsewhere.logsIn(agent.Username, agent.Password)
	neighbour.logsIn(other.Username, other.Password)
	g := s.guest("192.0.2.1")
	link := s.link(agent.Username, agent.Email, 1)
	done := g.sets(g.follows(link), chosen)
	if !done.accepted() || g.cookie("session-") != nil || g.inside() {
		t.Errorf("the reset answers %s and logs somebody in", done.Status)
	}
	if elsewhere.inside() || !neighbour.inside() {
		t.Errorf("his other session is open: %t; his neighbour's: %t", elsewhere.inside(), neighbour.inside())
	}
	notice := s.mails(agent.Email, 2)[0]
	contact := s.Centre.Instance.Settings.Contact
	for _, m := range []string{notice.Text, notice.HTML} {
		if strings.Contains(m, "/reset/") || strings.Contains(m, chosen) || !strings.Contains(m, agent.Username) || !strings.Contains(m, contact) {
			t.Errorf("the notice says:\n%s", m)
		}
	}
	if p := g.logsIn(agent.Username, agent.Password); p.StatusCode != http.StatusUnauthorized {
		t.Errorf("the old password: %s", p.Status)
	}
	if p := g.logsIn(agent.Username, chosen); p.StatusCode != http.StatusSeeOther || !g.inside() {
		t.Errorf("the new one: %s", p.Status)
	}
}

// TestB24EveryFailedStatementLeavesAllAsItWas makes each statement of setting a
// new password fail in turn: the link is good afterwards, and so is the old
// password. What a crash leaves is tried by `make faults`.
func TestB24EveryFailedStatementLeavesAllAsItWas(t *testing.T) {
	t.Parallel()
	database := storetest.URL(t, store.SQLite)
	s := &siege{t: t, Site: apptest.Start(t, apptest.Options{Database: database})}
	agent := s.Login("agent")
	owner := s.guest("192.0.2.1")
	owner.logsIn(agent.Username, agent.Password)
	owner.logsIn(agent.Username, "wrong")
	s.guest("192.0.2.9").logsIn(agent.Username, "wrong")
	link := s.link(agent.Username, agent.Email, 1)
	form := owner.follows(link)
	s.settled()
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(database, "sqlite:")+"?_pragma=busy_timeout(60000)")
	s.must(err)
	defer func() { _ = db.Close() }() // nothing of it is kept
	before := s.rows()
	fired := 0
	for _, statement := range []string{
		"UPDATE ON users", "UPDATE ON reset_tokens", "DELETE ON sessions", "DELETE ON known_devices",
		"INSERT ON known_devices", "INSERT ON outbox", "INSERT ON audit_events",
	} {
		_, err := db.ExecContext(t.Context(), "CREATE TRIGGER broken BEFORE "+statement+" BEGIN SELECT RAISE(ABORT, 'broken'); END")
		s.must(err)
		p := owner.sets(form, chosen)
		_, err = db.ExecContext(t.Context(), "DROP TRIGGER broken")
		s.must(err)
		if p.StatusCode < 500 {
			t.Errorf("without %s: %s to %s", statement, p.Status, p.location())
			break
		}
		fired++
		if s.rows() != before || !owner.inside() {
			t.Errorf("without %s something has changed", statement)
		}
	}
	if p := owner.sets(form, chosen); fired < 7 || !p.accepted() {
		t.Errorf("after %d failures: %s", fired, p.Status)
	}
}

// TestB27TwoUsersOneMailbox: each mail says whose it is, and each link changes
// that one alone.
func TestB27TwoUsersOneMailbox(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	agent, viewer := s.User("agent"), s.User("viewer")
	shared := viewer
	shared.Email = agent.Email
	s.update(func(tx *store.Tx) error { return tx.UpdateUser(t.Context(), viewer, shared) })
	links := map[string]string{}
	for n, u := range []aikagi.User{agent, shared} {
		link := s.link(string(u.Username), string(u.Email), n+1)
		m := s.linked(string(u.Email), n+1)
		other := []aikagi.User{shared, agent}[n]
		if !strings.Contains(m.Text, string(u.Username)) || strings.Contains(m.Text, string(other.Username)) || strings.Contains(m.HTML, string(other.Username)) {
			t.Errorf("the mail for %s says:\n%s", u.Username, m.Text)
		}
		links[string(u.Username)] = link
	}
	g := s.guest("192.0.2.1")
	form := g.follows(links[string(viewer.Username)])
	if !strings.Contains(form.body, `value="`+string(viewer.Username)+`"`) {
		t.Error("the form does not say whose password it sets")
	}
	if p := g.sets(form, chosen); !p.accepted() {
		t.Fatalf("a new password: %s", p.Status)
	}
	if s.User("agent").PasswordHash != agent.PasswordHash || s.User("viewer").PasswordHash == viewer.PasswordHash {
		t.Error("the link set another one's password")
	}
	if p := g.follows(links[string(agent.Username)]); p.StatusCode != http.StatusOK {
		t.Errorf("the other's link afterwards: %s", p.Status)
	}
}

var typedCode = regexp.MustCompile(`\b[2-9A-HJKMNP-TW-Z]{4}-[2-9A-HJKMNP-TW-Z]{4}\b`)

// TestB30ACodeIsBoundToItsRequest, dies after five wrong tries, lives as long as
// the link, and leaves the link alone.
func TestB30ACodeIsBoundToItsRequest(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	agent := s.Login("agent")
	ask := func(from, name string) *guest {
		g := s.guest(from)
		g.asks(name)
		return g
	}
	asker := ask("192.0.2.1", agent.Username)
	code := typedCode.FindString(s.linked(agent.Email, 1).Text)
	for what, g := range map[string]*guest{
		"a browser that did not ask": s.guest("192.0.2.2"),
		"another request for him":    ask("192.0.2.3", agent.Username),
		"another request":            ask("192.0.2.4", "nobody"),
	} {
		if p := g.sends("/forgot/code", "code", code); strings.HasSuffix(p.location(), "/reset") {
			t.Errorf("%s: the code opens", what)
		}
	}
	if p := asker.sends("/forgot/code", "code", strings.ToLower(code)); !strings.HasSuffix(p.location(), "/reset") {
		t.Errorf("its own request: %s to %q", p.Status, p.location())
	}
	s.linked(agent.Email, 2) // of the other request: a mail that is late goes nowhere
	s.Clock.Move(31 * time.Minute)
	if p := asker.opens("/reset"); p.StatusCode != http.StatusGone {
		t.Errorf("after the life of the link, the form: %s", p.Status)
	}
	late := s.guest("192.0.2.6")
	late.asks(agent.Username)
	mail := s.linked(agent.Email, 3)
	for n := range 5 {
		if p := late.sends("/forgot/code", "code", "2222-2222"); p.StatusCode != http.StatusBadRequest {
			t.Errorf("wrong try %d: %s", n+1, p.Status)
		}
	}
	if p := late.sends("/forgot/code", "code", typedCode.FindString(mail.Text)); p.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the right code after five wrong ones: %s", p.Status)
	}
	if p := late.follows(resettest.LinkIn(t, mail.Text)); p.StatusCode != http.StatusOK {
		t.Errorf("the link beside the dead code: %s", p.Status)
	}
}
