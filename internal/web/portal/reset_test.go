package portal_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

// TestS7LookingSpendsNothing: scanners open the link in every way, run the page
// and send its form empty (B12, B13).
func TestS7LookingSpendsNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	u := s.User(t, "sato")
	b := s.browser(t)
	b.asks("sato")
	link := b.receives(u)
	before := s.rows(t)
	for n := range 100 {
		robot := s.browser(t)
		for _, method := range []string{http.MethodHead, http.MethodGet, http.MethodOptions}[n%3:] {
			robot.do(method, link, "")
			robot.do(method, "/reset", "")
		}
	}
	robot := s.browser(t)
	id := hiddenToken(t, robot.follows(link))
	for _, fields := range [][]string{
		{},
		{"token", id},
		{"token", id, "password", ""},
		{"token", id, "password", "x"},
		{"password", chosen},
		{"token", "", "password", chosen},
		{"token", id, "password", "password1234"},
	} {
		if p := robot.sends("/reset", fields...); p.StatusCode == http.StatusSeeOther && p.location() != "/i/sakura/reset" {
			t.Errorf("%v: %s to %s", fields, p.Status, p.location())
		}
	}
	if p := robot.do(http.MethodPost, "/reset", "{}", "Content-Type", "application/json"); p.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("JSON: %s", p.Status)
	}
	if after := s.rows(t); after != before {
		t.Error("looking changed something")
	}
	id = hiddenToken(t, b.follows(link))
	if p := b.sends("/reset", "token", id, "password", chosen); p.StatusCode != http.StatusSeeOther || p.location() != "/i/sakura/reset/done" {
		t.Errorf("afterwards: %s to %s", p.Status, p.location())
	}
	p := b.follows(link)
	if p.StatusCode != http.StatusGone {
		t.Errorf("a second time: %s", p.Status)
	}
}

// TestB04ManyAtOnceAndOneWins, each with a password of its own.
func TestB04ManyAtOnceAndOneWins(t *testing.T) {
	t.Parallel()
	s := open(t)
	u := s.User(t, "sato")
	b := s.browser(t)
	b.asks("sato")
	id := hiddenToken(t, b.follows(b.receives(u)))
	answers := make([]page, 30)
	var all sync.WaitGroup
	for n := range answers {
		all.Go(func() { answers[n] = b.sends("/reset", "token", id, "password", fmt.Sprint(chosen, n)) })
	}
	all.Wait()
	won := -1
	for n, p := range answers {
		switch {
		case p.StatusCode == http.StatusSeeOther && p.location() == "/i/sakura/reset/done" && won < 0:
			won = n
		case p.StatusCode == http.StatusGone:
		// The winner's answer took the cookie away from those who came later.
		case p.StatusCode == http.StatusSeeOther && p.location() != "/i/sakura/reset/done":
		default:
			t.Errorf("%d: %s to %s", n, p.Status, p.location())
		}
	}
	if won < 0 {
		t.Fatal("none was accepted")
	}
	if p := s.browser(t).logsIn("sato", fmt.Sprint(chosen, won)); p.StatusCode != http.StatusSeeOther {
		t.Errorf("the accepted password: %s", p.Status)
	}
}

// TestS8TheProofIsInTheSameRequest: no earlier step stands in for it.
func TestS8TheProofIsInTheSameRequest(t *testing.T) {
	t.Parallel()
	s := open(t)
	sato, ito := s.User(t, "sato"), s.User(t, "ito")
	b := s.browser(t)
	b.asks("sato")
	satos := b.receives(sato)
	id := hiddenToken(t, b.follows(satos))
	other := s.browser(t)
	other.asks("ito")
	itos := other.receives(ito)

	stranger := s.browser(t)
	if p := stranger.sends("/reset", "token", id, "password", chosen); p.StatusCode != http.StatusGone {
		t.Errorf("without the secret: %s", p.Status)
	}
	// Two links open in one browser: the form of the first, the secret of the second.
	b.follows(itos)
	if p := b.sends("/reset", "token", id, "password", chosen); p.StatusCode != http.StatusSeeOther || p.location() != "/i/sakura/reset" {
		t.Errorf("mixed up: %s to %s", p.Status, p.location())
	}
	if p := b.opens("/reset"); !strings.Contains(p.body, `value="ito"`) {
		t.Error("the page after it does not name whose password it sets")
	}
	// B11: other fields choose nobody.
	b.follows(satos)
	if p := b.sends("/reset", "token", id, "password", chosen, "username", "ito", "user", string(ito.ID), "user_id", string(ito.ID)); p.location() != "/i/sakura/reset/done" {
		t.Errorf("with more fields: %s", p.Status)
	}
	if got := storetest.FindUser(t, s.Store, ito); got.PasswordHash != ito.PasswordHash {
		t.Error("ito's password was set")
	}
	for name, value := range map[string]string{
		"a request and a code in clear": "c." + string(aikagi.NewOrderedID()) + ".ABCD-EFGH",
		"the public id":                 "t." + id, "nonsense": "x", "a long one": "t." + strings.Repeat("A", 5000),
	} {
		stranger.takes("aikagi-reset-"+string(s.Instance.ID), value)
		if p := stranger.opens("/reset"); p.StatusCode != http.StatusGone {
			t.Errorf("%s: %s", name, p.Status)
		}
	}
}

// TestS6CodesAreTriedWhereTriesAreCounted: not through the cookie.
func TestS6CodesAreTriedWhereTriesAreCounted(t *testing.T) {
	t.Parallel()
	s := open(t)
	u := s.User(t, "sato")
	b := s.browser(t)
	b.asks("sato")
	s.Work(t)
	code := s.Code(t, u.Email)
	var request string
	for row := range strings.Lines(s.rows(t)) {
		if strings.HasPrefix(row, "reset_requests:") {
			request = strings.Trim(strings.Fields(row)[2], "'")
		}
	}
	thief := s.browser(t)
	thief.takes("aikagi-reset-"+string(s.Instance.ID), "c."+request+"."+code)
	if p := thief.opens("/reset"); p.StatusCode != http.StatusGone {
		t.Errorf("a code that was tried nowhere opens: %s", p.Status)
	}
	if p := b.sends("/forgot/code", "code", code); p.StatusCode != http.StatusSeeOther {
		t.Fatalf("the code: %s", p.Status)
	}
	id := hiddenToken(t, b.opens("/reset"))
	if p := b.sends("/reset", "token", id, "password", chosen); p.location() != "/i/sakura/reset/done" {
		t.Errorf("a new password after the code: %s", p.Status)
	}
	if p := thief.sends("/forgot/code", "code", code); p.location() != "/i/sakura/forgot" {
		t.Errorf("a code without a request: %s to %s", p.Status, p.location())
	}
}

// TestS10TheSecretGoesNowhere: a clean address, no referrer, nothing in pages,
// log or rows (B14, B25, B28).
func TestS10TheSecretGoesNowhere(t *testing.T) {
	t.Parallel()
	s := open(t)
	u := s.User(t, "sato")
	b := s.browser(t)
	b.asks("sato")
	link := b.receives(u)
	token := resettest.TokenIn(t, link).Reveal()
	first := b.opens(link)
	if first.location() != "/i/sakura/reset" || strings.Contains(first.body, token) {
		t.Errorf("the link leads to %s:\n%s", first.location(), first.body)
	}
	form := b.opens("/reset")
	done := b.sends("/reset", "token", hiddenToken(t, form), "password", chosen)
	last := b.opens("/reset/done")
	for n, p := range []page{first, form, done, last} {
		if p.Header.Get("Referrer-Policy") != "no-referrer" || p.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("step %d: headers %v", n, p.Header)
		}
		if strings.Contains(p.body+p.location(), token) || strings.Contains(p.body, chosen) {
			t.Errorf("step %d shows a secret", n)
		}
		if strings.Contains(strings.ReplaceAll(p.body, s.url, ""), "http://") || strings.Contains(p.body, "https://") {
			t.Errorf("step %d mentions another host:\n%s", n, p.body)
		}
	}
	if strings.Contains(s.rows(t), token) || strings.Contains(s.Log.String(), token) {
		t.Error("the secret is in a row or in the log")
	}
	if b.cookie("reset-") != nil {
		t.Error("the browser still has the secret")
	}
}

// TestS11NobodyIsLoggedInByAReset (B21), and who was is not (B20).
func TestS11NobodyIsLoggedInByAReset(t *testing.T) {
	t.Parallel()
	s := open(t)
	u := s.User(t, "sato")
	elsewhere := s.browser(t)
	elsewhere.logsIn("sato", resettest.Password)
	b := s.browser(t)
	b.logsIn("sato", resettest.Password)
	b.asks("sato")
	id := hiddenToken(t, b.follows(b.receives(u)))
	done := b.sends("/reset", "token", id, "password", chosen)
	if strings.Contains(done.cookies(), "session-") {
		t.Errorf("the answer sets %s", done.cookies())
	}
	for name, who := range map[string]*browser{"the same browser": b, "another": elsewhere} {
		if p := who.opens("/me"); p.StatusCode != http.StatusSeeOther || !strings.HasPrefix(p.location(), "/i/sakura/login") {
			t.Errorf("%s: %s to %s", name, p.Status, p.location())
		}
	}
	if p := b.opens("/reset/done"); !strings.Contains(p.body, "s***@example.jp") {
		t.Error("the page does not say where the notice went")
	}
	if p := b.logsIn("sato", chosen); p.location() != "/i/sakura/me" {
		t.Errorf("the new password: %s to %s", p.Status, p.location())
	}
	if p := b.opens("/me"); p.StatusCode != http.StatusOK {
		t.Errorf("logged in: %s", p.Status)
	}
}

// TestB29LinksSurviveMailPrograms, and those that begin with 3D by themselves.
func TestB29LinksSurviveMailPrograms(t *testing.T) {
	t.Parallel()
	s := open(t)
	u := s.User(t, "sato")
	b := s.browser(t)
	b.asks("sato")
	link := b.receives(u)
	token := resettest.TokenIn(t, link).Reveal()
	for _, mangled := range []string{
		link + ".", link + ",", link + ")", link + "%3E", link + "=", link + "%22", link + "*", link + "_", link + "?utm_source=x",
		strings.Replace(link, token, "3D"+token, 1), strings.Replace(link, token, "3D"+token+".", 1), link + "#x",
	} {
		if p := s.browser(t).follows(mangled); p.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", strings.Replace(mangled, token, "TOKEN", 1), p.Status)
		}
	}
	for _, wrong := range []string{token[:42], token + "A", strings.ToLower(token), "%00" + token, "..%2f" + token} {
		p := s.browser(t).opens("/reset/" + wrong)
		if p.StatusCode == http.StatusSeeOther && p.location() == "/i/sakura/reset" {
			p = s.browser(t).follows(s.url + "/i/sakura/reset/" + wrong)
		}
		if p.StatusCode < 400 {
			t.Errorf("%.5s…: %s", wrong, p.Status)
		}
	}
	begins := "3D" + token[2:] // as one in 4,096 does
	storetest.Update(t, s.Store, func(tx *store.Tx) error {
		return tx.InsertToken(t.Context(), aikagi.ResetToken{
			InstanceID: s.Instance.ID, ID: aikagi.ResetTokenID(aikagi.NewID()), UserID: u.ID, Kind: aikagi.KindMailLink,
			Epoch: u.SecretEpoch, CreatedAt: s.Clock.Now(), ExpiresAt: s.Clock.Now().Add(time.Hour), Digest: digest(begins),
		})
	})
	if p := s.browser(t).follows(s.url + "/i/sakura/reset/" + begins); p.StatusCode != http.StatusOK {
		t.Errorf("a token that begins with 3D: %s", p.Status)
	}
}

// TestB23ARefusedPasswordSpendsNothing and is not shown again.
func TestB23ARefusedPasswordSpendsNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	u := s.User(t, "sato")
	b := s.browser(t)
	b.asks("sato")
	id := hiddenToken(t, b.follows(b.receives(u)))
	for _, refused := range []string{"short", "satosatosato", "123456789012", strings.Repeat("x", 200), "sakurasakura"} {
		p := b.sends("/reset", "token", id, "password", refused)
		if p.StatusCode != http.StatusBadRequest || strings.Contains(p.body, `value="`+refused) || hiddenToken(t, p) != id {
			t.Errorf("%.12s: %s", refused, p.Status)
		}
	}
	if p := b.sends("/reset", "token", id, "password", chosen); p.location() != "/i/sakura/reset/done" {
		t.Errorf("a good one: %s", p.Status)
	}
}

// TestS39NoSecretsInLogs greps log and database files for every
// secret of a story (B02, D10, C21).
func TestS39NoSecretsInLogs(t *testing.T) {
	t.Parallel()
	s := open(t)
	u := s.User(t, "sato")
	lead := s.Holder(t, "leader", aikagi.UsersView, aikagi.UsersEdit)
	b := s.browser(t)
	secrets := map[string]string{"first password": resettest.Password, "new password": chosen, "wrong password": "wrong guess 8812"}
	b.logsIn("sato", secrets["wrong password"])
	b.logsIn("sato", resettest.Password)
	secrets["session"] = b.cookie("session-").Value
	secrets["device"] = b.cookie("device-").Value
	b.opens("/me")
	b.sends("/logout")
	b.asks("sato")
	link := b.receives(u)
	secrets["token"] = resettest.TokenIn(t, link).Reveal()
	secrets["code"] = s.Code(t, u.Email)
	b.sends("/forgot/code", "code", "2222-2222")
	b.sends("/forgot/code", "code", secrets["code"])
	id := hiddenToken(t, b.follows(link))
	b.sends("/reset", "token", id, "password", "short")
	b.sends("/reset", "token", id, "password", chosen)
	s.Work(t)
	b.follows(link)
	b.logsIn("sato", chosen)
	secrets["second session"] = b.cookie("session-").Value
	card, err := s.Resets.IssueCard(resettest.As(t, lead), s.Instance.ID, u.ID)
	must(t, err)
	secrets["card"] = resettest.TokenIn(t, card.Link.Reveal()).Reveal()
	temporary, err := s.Resets.SetTemporary(resettest.As(t, lead), s.Instance.ID, u.ID)
	must(t, err)
	secrets["temporary password"] = temporary.Reveal()
	s.Mailbox.Down() // one mail stays in the outbox
	s.Clock.Move(time.Hour)
	b.asks("sato")
	s.Work(t)

	haystacks := map[string]string{"log": s.Log.String()}
	for _, ending := range []string{"", "-wal", "-shm"} {
		bytes, err := os.ReadFile(s.file + ending)
		if err != nil && ending == "" {
			t.Fatal(err)
		}
		haystacks["database"+ending] = string(bytes)
	}
	if len(haystacks["log"]) < 1000 || !strings.Contains(haystacks["database"]+haystacks["database-wal"], "sato@example.jp") {
		t.Fatal("the search would find nothing anyway")
	}
	for where, text := range haystacks {
		for what, secret := range secrets {
			if secret == "" || strings.Contains(text, secret) || strings.Contains(text, strings.ReplaceAll(secret, "-", "")) {
				t.Errorf("the %s is in the %s", what, where)
			}
		}
	}
}
