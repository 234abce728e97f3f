package attack

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/store"
)

// asHost is somebody at the machine itself.
func (s *siege) asHost() context.Context {
	return aikagi.WithActor(s.t.Context(), aikagi.Actor{Kind: aikagi.ActorHost, Name: "root", Source: "cli"})
}

// card is the link of a reset card for somebody of the sample.
func (s *siege) card(role string) string {
	s.t.Helper()
	c, err := s.Resets.IssueCard(s.asHost(), s.Centre.Instance.ID, s.User(role).ID)
	s.must(err)
	return c.Link.Reveal()
}

// opensWith tells whether a password is right, from an address that nobody used.
func (s *siege) opensWith(role, password string) bool {
	s.t.Helper()
	return s.guest("198.51.100.1").logsIn(s.Login(role).Username, password).StatusCode == http.StatusSeeOther
}

// TestS17PagesAskForLengthAndNothingElse: D01, D02 and D03 as a person meets
// them. Whatever is refused is refused with its reason, spends nothing and is
// not shown again.
func TestS17PagesAskForLengthAndNothingElse(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	own := strings.Repeat(s.Login("agent").Username, 3)
	const shortest = "kaki no ki 1"                            // 12
	iroha := "いろはにほへとちりぬるをわかよたれそつねならむうゐのおくやまけふこえてあさきゆめみしゑひもせす" // 47
	longest := string([]rune(iroha + "春" + iroha + "夏" + iroha)[:128])
	for _, c := range []struct {
		name, password string
		accepted       bool
	}{
		{"D01: one too short", shortest[:11], false},
		{"D01: the shortest", shortest, true},
		{"D01: 64", strings.Repeat("kumo no su 4 ", 4) + strings.Repeat("z", 12), true},
		{"D01: the longest, of three bytes each", longest, true},
		{"D01: one too long", longest + "x", false},
		{"D02: common", "password1234", false},
		{"D02: the own name, repeated", own, false},
		{"D02: the instance", "sakurasakura", false},
		{"D02: romaji", "konnichiwa2026", false},
		{"D02: a common word among others", "password ga kaki no ki", true},
		{"D03: small letters alone", "kakinokinoshita", true},
		{"D03: digits alone, not in a row", "83920174652918", true},
		{"D03: spaces at both ends", " kaki no ki 22 ", true},
		{"D03: emoji", "🍙🍙🍙🍙🍙🍙🍙🍙🍙🍙🍙🐈", true},
	} {
		g := s.guest("192.0.2.1")
		form := g.follows(s.card("agent"))
		p := g.sets(form, c.password)
		if p.accepted() != c.accepted || !c.accepted && p.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", c.name, p.Status)
		}
		if c.password != own && strings.Contains(p.body, c.password) {
			t.Errorf("%s: it is shown again", c.name)
		}
		if s.opensWith("agent", c.password) != c.accepted {
			t.Errorf("%s: logging in with it: %t", c.name, !c.accepted)
		}
		if !c.accepted && !p.accepted() && !g.sets(g.opens("/reset"), "yanagi no eda 7").accepted() {
			t.Errorf("%s: the card was spent", c.name)
		}
	}
	form := s.guest("192.0.2.1").follows(s.card("agent")).body
	for _, attribute := range []string{"maxlength", "minlength", "pattern="} { // would cut or refuse before the server does
		field := form[strings.Index(form, `name="password"`):]
		if strings.Contains(field[:strings.Index(field, ">")], attribute) {
			t.Errorf("the field has %s", attribute)
		}
	}
	for _, wanted := range []string{`autocomplete="new-password"`, `autocomplete="username"`} {
		if !strings.Contains(form, wanted) {
			t.Errorf("the form lacks %s: a password manager is lost", wanted)
		}
	}
}

// TestS17D04APasswordIsOneText: composed or decomposed, and nothing else is the
// same; not a byte is cut off.
func TestS17D04APasswordIsOneText(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	password := "が ぎぐげご ぱぴぷ é" + strings.Repeat("x", 80) + "!"
	g := s.guest("192.0.2.1")
	if p := g.sets(g.follows(s.card("agent")), norm.NFD.String(password)); !p.accepted() {
		t.Fatalf("decomposed: %s", p.Status)
	}
	for name, c := range map[string]struct {
		typed string
		right bool
	}{
		"composed": {norm.NFC.String(password), true}, "decomposed": {norm.NFD.String(password), true},
		"full width": {strings.ReplaceAll(password, "x", "ｘ"), false}, "another case": {strings.ToUpper(password), false},
		"cut": {password[:72], false}, "without the last": {strings.TrimSuffix(password, "!"), false},
		"a space behind": {password + " ", false}, "another space": {strings.ReplaceAll(password, " ", "\u3000"), false},
		"a zero behind": {password + "\x00", false},
	} {
		if s.opensWith("agent", c.typed) != c.right {
			t.Errorf("%s: right %t, want %t", name, !c.right, c.right)
		}
	}
}

// TestD05HugePasswordsAreRefusedAtTheDoor of everything that takes one.
func TestD05HugePasswordsAreRefusedAtTheDoor(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	g := s.guest("192.0.2.1")
	form := formToken(t, g.follows(s.card("agent")))
	huge := strings.Repeat("が", 1<<20)
	for path, fields := range map[string][]string{
		"/login": {"username", "sato", "password", huge}, "/reset": {"token", form, "password", huge},
	} {
		if p := g.sends(path, fields...); p.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %s", path, p.Status)
		}
	}
	long := strings.Repeat("a", 4000) // fits into a form
	if p := g.sends("/login", "username", s.Login("agent").Username, "password", long); p.StatusCode != http.StatusUnauthorized {
		t.Errorf("a long one at the login: %s", p.Status)
	}
	if p := g.sends("/reset", "token", form, "password", long); p.StatusCode != http.StatusBadRequest {
		t.Errorf("a long one at the reset: %s", p.Status)
	}
}

// TestD11ATemporaryPasswordIsChangedFirst: until then nothing else can be
// reached, by whatever path.
func TestD11ATemporaryPasswordIsChangedFirst(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	temporary, err := s.Resets.SetTemporary(s.asHost(), s.Centre.Instance.ID, s.User("editor").ID)
	s.must(err)
	g := s.guest("192.0.2.1")
	if p := g.logsIn(s.Login("editor").Username, temporary.Reveal()); p.StatusCode != http.StatusSeeOther {
		t.Fatalf("the temporary password: %s", p.Status)
	}
	for _, path := range []string{"/me", "/admin/users", "/admin/requests", "/repair", "/admin/%75sers", "/admin/users?x=/me/password"} {
		if p := g.opens(path); p.StatusCode != http.StatusSeeOther || p.location() != "/i/sakura/me/password" {
			t.Errorf("%s: %s to %s", path, p.Status, p.location())
		}
	}
	if p := g.opens("/auth/authorize"); p.StatusCode != http.StatusUnauthorized {
		t.Errorf("a program is told that he is in: %s", p.Status)
	}
	if p := g.sends("/me/password", "current", temporary.Reveal(), "password", temporary.Reveal()); p.location() == "/i/sakura/me" {
		t.Errorf("the temporary password was kept: %s", p.Status)
	}
	if p := g.sends("/me/password", "current", temporary.Reveal(), "password", chosen); p.location() != "/i/sakura/me" {
		t.Errorf("a new one: %s to %s", p.Status, p.location())
	}
	if !g.inside() || s.opensWith("editor", temporary.Reveal()) {
		t.Error("he is outside, or the temporary password still works")
	}
}

// TestD12AResetToTheSamePasswordTellsNothing: whoever holds a link must not learn
// from it whether a guess is right.
func TestD12AResetToTheSamePasswordTellsNothing(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	was := s.Login("agent").Password
	answers := map[string]string{}
	for name, password := range map[string]string{"the same": was, "another": was[:len(was)-1] + "~"} {
		g := s.guest("192.0.2.1")
		p := g.sets(g.follows(s.card("agent")), password)
		answers[name] = p.Status + p.location() + g.opens("/reset/done").body
		if !p.accepted() {
			t.Errorf("%s: %s", name, p.Status)
		}
		back := g.sets(g.follows(s.card("agent")), was)
		if !back.accepted() {
			t.Fatalf("back again: %s", back.Status)
		}
	}
	if answers["the same"] != answers["another"] {
		t.Errorf("the answers differ:\n%s\n%s", answers["the same"], answers["another"])
	}
}

// TestD10F15NoPageShowsAHash, to whomever.
func TestD10F15NoPageShowsAHash(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.place("ume", itself)
	const canary = "$argon2id$v=19$m=19456,t=2,p=1$Y2FuYXJ5Y2FuYXJ5$Y2FuYXJ5"
	s.update(func(tx *store.Tx) error {
		for _, u := range p.user {
			if err := tx.SetPassword(t.Context(), u.InstanceID, u.ID, canary, false, s.Clock.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	for _, who := range []string{"admin", "almost", "editor", "viewer", "agent"} {
		v := s.as(who, p.user[who]).both(s.owner())
		for _, r := range routes(t) {
			if r.method != http.MethodGet {
				continue
			}
			w := v.get(p.address(t, r))
			if strings.Contains(w.Body.String()+w.Header().Get("Location"), "argon2") {
				t.Errorf("F15: %s shows a hash to %s", r, who)
			}
		}
	}
}
