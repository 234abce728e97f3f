package attack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/captcha"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

const formType = "application/x-www-form-urlencoded"

var byChance = []*regexp.Regexp{
	regexp.MustCompile(`R-[2-9A-Z]{4}-[2-9A-Z]{2}`), // receipt number
	regexp.MustCompile(`>\d\d</`),                   // matching number
	regexp.MustCompile(`data-salt="[^"]*"`),
	regexp.MustCompile(`[A-Za-z0-9_-]{60,}`), // challenges and what else is sealed
	regexp.MustCompile(`E-[0-9A-F]{8}`),      // request id
}

// bare is all that an answer shows, without what differs by chance. Lengths stay.
func bare(p page, name string) string {
	var all strings.Builder
	fmt.Fprintln(&all, p.StatusCode)
	var names []string
	for header := range p.Header {
		names = append(names, header)
	}
	slices.Sort(names)
	for _, header := range names {
		fmt.Fprintln(&all, header, strings.Join(p.Header[header], "\n"))
	}
	text := all.String() + strings.ReplaceAll(p.body, name, "NAME")
	for _, chance := range byChance {
		text = chance.ReplaceAllStringFunc(text, func(s string) string { return fmt.Sprintf("<%d>", len(s)) })
	}
	return text
}

// nobodyLike is a name that nobody has, as long as another: sealed cookies show
// the length of what was typed.
func nobodyLike(name string) string { return strings.Repeat("n", len(name)) }

// posted are all mails that were written for the sample's instance, sent or not.
func (s *siege) posted() []aikagi.Message {
	s.t.Helper()
	var all []aikagi.Message
	s.must(s.Store.View(s.t.Context(), func(tx *store.Tx) (err error) {
		all, err = tx.ListMessages(s.t.Context(), s.Centre.Instance.ID, "~", 1000)
		return err
	}))
	return all
}

// TestA01TheAnswerShowsNobody: six states of an account, every page that follows,
// before and after the job has done its work, in both languages; and where an
// identity provider logs in.
func TestA01TheAnswerShowsNobody(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"ja", "en"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			s := besiege(t)
			s.state("address1", func(*aikagi.User) {})
			s.state("without2", func(u *aikagi.User) { u.Email = "" })
			s.state("disable3", func(u *aikagi.User) { u.Enabled = false })
			s.state("locked-4", func(*aikagi.User) {})
			s.Besiege("locked-4")
			s.state("passles5", func(u *aikagi.User) { u.PasswordHash = "" })
			names := []string{"unknown0", "address1", "without2", "disable3", "locked-4", "passles5"}
			s.uniform(t, "/i/sakura", language, names)
			saml := s.place("ume", itself)
			s.federate(saml)
			s.uniform(t, "/i/ume-2", language, []string{"nobody", "editor", "almost", "viewer"}) // as long as one another
		})
	}
}

// federate leaves logging in to an identity provider.
func (s *siege) federate(p *place) {
	s.t.Helper()
	i := p.instance
	i.ID, i.Alias, i.IdentityType = aikagi.InstanceID(aikagi.NewID()), "ume-2", aikagi.SAML
	s.update(func(tx *store.Tx) error {
		if err := tx.InsertInstance(s.t.Context(), i); err != nil {
			return err
		}
		for _, name := range []string{"editor", "almost", "viewer"} {
			u := p.user[name]
			u.InstanceID, u.ID, u.SecurityProfileIDs = i.ID, aikagi.UserID(aikagi.NewID()), nil
			if err := tx.InsertUser(s.t.Context(), u); err != nil {
				return err
			}
		}
		return nil
	})
}

// uniform asks for each name, and wants the same to be seen on all pages.
func (s *siege) uniform(t *testing.T, instance, language string, names []string) {
	t.Helper()
	want := map[string]string{}
	for n, name := range names {
		g := s.guest(fmt.Sprint("192.0.2.", n))
		g.header.Set("Accept-Language", language)
		token := formToken(t, g.opens(instance+"/forgot"))
		right, _ := answers(t, s, token)
		asked := g.sends(instance+"/forgot", "username", name, "token", token, "challenge", right)
		steps := []page{asked, g.opens(instance + "/forgot/sent"), g.opens(instance + "/forgot/code")}
		s.settled()
		steps = append(steps, g.opens(instance+"/forgot/sent"), g.sends(instance+"/forgot/code", "code", "2222-2222"), g.opens(instance+"/reset"))
		s.Clock.Move(2 * time.Minute)
		steps = append(steps, g.sends(instance+"/forgot/again"), g.opens(instance+"/forgot/sent"))
		for at, p := range steps {
			s.alike(want, fmt.Sprint(instance, " step ", at), p, name)
		}
		if asked.StatusCode != http.StatusSeeOther {
			t.Errorf("asking for %s: %s", name, asked.Status)
		}
	}
}

// TestA03TheMailServerShowsNobody asks while the mail server is down, says
// nothing, and refuses. The answers are the same, and what was written arrives
// once it is well again.
func TestA03TheMailServerShowsNobody(t *testing.T) {
	t.Parallel()
	for name, fall := range map[string]func(s *siege){
		"down":   func(s *siege) { s.Mailbox.Down() },
		"silent": func(s *siege) { s.Mailbox.Pause() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := besiege(t)
			fall(s)
			agent := s.Login("agent")
			var shown []string
			for n, name := range []string{agent.Username, nobodyLike(agent.Username)} {
				g := s.guest(fmt.Sprint("192.0.2.", n))
				p := g.asks(name)
				shown = append(shown, bare(p, name)+bare(g.opens("/forgot/sent"), name))
			}
			if shown[0] != shown[1] || !strings.HasPrefix(shown[0], "303") {
				t.Errorf("one is shown\n%s\nand one\n%s", shown[0], shown[1])
			}
			s.settled()
			if name == "down" {
				s.must(s.Mailbox.Up(t.Context()))
			} else {
				s.Mailbox.Resume()
			}
			// The sender tries again when the clock says so.
			for deadline := time.Now().Add(patience); len(s.Mailbox.Messages(agent.Email)) == 0; { //nolint:forbidigo // waits for another goroutine
				if time.Now().After(deadline) { //nolint:forbidigo // likewise
					t.Fatal("the mail never came")
				}
				s.Clock.Move(30 * time.Second)
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	t.Run("refusing", func(t *testing.T) {
		t.Parallel()
		s := besiege(t)
		u := s.User("agent")
		after := u
		after.Email = "permerror@sakura.example"
		s.update(func(tx *store.Tx) error { return tx.UpdateUser(t.Context(), u, after) })
		g := s.guest("192.0.2.1")
		first := bare(g.asks(string(u.Username)), string(u.Username))
		s.settled()
		again := bare(s.guest("192.0.2.2").asks(string(u.Username)), string(u.Username))
		other := nobodyLike(string(u.Username))
		nobody := bare(s.guest("192.0.2.3").asks(other), other)
		if first != nobody || again != nobody {
			t.Errorf("a refused address shows: %s\n%s\n%s", first, again, nobody)
		}
	})
}

// TestA08ASolvedChallengeIsUsedOnce, in one browser or many, one after the other
// or at once, on two nodes.
func TestA08ASolvedChallengeIsUsedOnce(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			database := storetest.URL(t, engine)
			s := &siege{Site: apptest.Start(t, apptest.Options{Database: database}), t: t}
			nodes := []*guest{s.guest("192.0.2.1"), s.guestOf(s.secondNode(database), "192.0.2.2")}
			token, right := nodes[0].challenged()
			var mu sync.Mutex
			codes := map[int]int{}
			var all sync.WaitGroup
			for n := range 20 {
				all.Go(func() {
					p := nodes[n%2].sends("/forgot", "username", fmt.Sprint("user", n), "token", token, "challenge", right)
					mu.Lock()
					defer mu.Unlock()
					codes[p.StatusCode]++
				})
			}
			all.Wait()
			if codes[http.StatusSeeOther] != 1 || codes[http.StatusBadRequest] != 19 {
				t.Errorf("one challenge, twenty requests: %v, want one 303 and nineteen 400", codes)
			}
			if p := nodes[1].sends("/forgot", "username", "user", "token", token, "challenge", right); p.StatusCode != http.StatusBadRequest {
				t.Errorf("afterwards: %s", p.Status)
			}
		})
	}
}

// TestA09A10A24MailGoesToTheStoredAddressAlone, whatever else a form says.
func TestA09A10A24MailGoesToTheStoredAddressAlone(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	u := s.User("agent")
	after := u
	after.SecondaryEmail = "second@sakura.example"
	s.update(func(tx *store.Tx) error { return tx.UpdateUser(t.Context(), u, after) })
	name := string(u.Username)
	thief := "thief@evil.example"
	extra := url.Values{
		"email": {thief}, "to": {thief}, "cc": {thief}, "bcc": {thief}, "Email": {thief}, "secondary_email": {thief},
		"reply_to": {thief}, "user_id": {string(s.User("administrator").ID)}, "instance": {"x"}, "base_url": {"https://evil.example"},
	}.Encode()
	for n, c := range []struct {
		name, query, kind, body string
		mails                   int
	}{
		{"other addresses", "", formType, "username=" + name + "&" + extra + "&TOKEN", 1},
		{"other addresses in the query", "?" + extra, formType, "username=" + name + "&TOKEN", 1},
		{"repeated", "", formType, "username=" + name + "&username=" + thief + "&TOKEN", 0},
		{"query and body", "?username=" + name, formType, "username=" + name + "&TOKEN", 0},
		{"array", "", formType, "username[]=" + name + "&TOKEN", 0},
		{"object", "", formType, "username[$ne]=" + name + "&TOKEN", 0},
		{"nothing", "", formType, "username&TOKEN", 0},
		{"null in JSON", "", "application/json", `{"username":null,TOKEN}`, 0},
		{"number in JSON", "", "application/json", `{"username":1,TOKEN}`, 0},
		{"two addresses as a name", "", formType, "username=" + url.QueryEscape(string(u.Email)+","+thief) + "&TOKEN", 0},
		{"header in the name", "", formType, "username=" + url.QueryEscape(name+"\r\nBcc: "+thief) + "&TOKEN", 0},
	} {
		before := len(s.posted())
		g := s.guest(fmt.Sprint("192.0.2.", n))
		token, right := g.challenged()
		body := strings.ReplaceAll(c.body, "TOKEN", url.Values{"token": {token}, "challenge": {right}}.Encode())
		p := g.do(http.MethodPost, "/forgot"+c.query, body, "Content-Type", c.kind)
		s.settled()
		if got := len(s.posted()) - before; got != c.mails || p.StatusCode >= 500 || (p.StatusCode == 303) != (c.mails == 1) {
			t.Errorf("%s: %s and %d mails, want %d", c.name, p.Status, got, c.mails)
		}
		if strings.Contains(p.body, "value=\""+thief) {
			t.Errorf("%s: the page repeats the address", c.name)
		}
	}
	for _, m := range s.posted() {
		if m.To != u.Email {
			t.Errorf("a mail is for %s, want %s", m.To, u.Email)
		}
	}
}

// TestA11A12NothingButTheAnswerPasses: no flag, cookie, header or other form
// stands in for the answer, and no made-up challenge for a challenge.
func TestA11A12NothingButTheAnswerPasses(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	name := s.Login("agent").Username
	other := s.place("ume", itself)
	challenges, err := captcha.New(s.Ring, s.Clock, captcha.Options{})
	s.must(err)
	easy, err := captcha.New(s.Ring, s.Clock, captcha.Options{TTL: 48 * time.Hour})
	s.must(err)
	ways := captcha.Ways{Image: true, Sound: true}
	met := func(token string) []string {
		answer, _ := answers(t, s, token)
		return []string{"username", name, "token", token, "challenge", answer}
	}
	g := s.guest("192.0.2.1")
	token, right := g.challenged()
	fresh, its := g.challenged()
	for cookie, value := range map[string]string{"captcha": "passed", plain + "challenge": "off", plain + "challenge-" + string(s.Centre.Instance.ID): right} {
		g.takes(cookie, value)
	}
	for what, form := range map[string][]string{
		"no challenge":           {"username", name},
		"no answer":              {"username", name, "token", token},
		"empty answer":           {"username", name, "token", token, "challenge", "", "pow", ""},
		"answer without a token": {"username", name, "challenge", right},
		"empty token":            {"username", name, "token", "", "challenge", right},
		"unknown token":          {"username", name, "token", strings.Repeat("A", len(token)), "challenge", right},
		"flags": {
			"username", name, "captcha", "off", "skip", "1", "verified", "true", "debug", "1", "pow", "0", "bits", "0", "test", "1",
		},
		"fixed answer of a load test":  {"username", name, "token", token, "challenge", "BENCH"},
		"another form's challenge":     met(challenges.Issue(captcha.Login, s.Centre.Instance.ID, ways)),
		"another instance's challenge": met(challenges.Issue(captcha.Forgot, other.instance.ID, ways)),
		"one that lives too long":      met(easy.Issue(captcha.Forgot, s.Centre.Instance.ID, ways)),
	} {
		if p := g.sends("/forgot", form...); p.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", what, p.Status)
		}
	}
	for _, kind := range []string{"application/json", "text/plain", "multipart/form-data; boundary=x", "", formType + "; charset=utf-7"} {
		p := g.do(http.MethodPost, "/forgot", `{"username":"`+name+`","captcha":"off"}`, "Content-Type", kind, "X-Captcha", "off", "X-Internal", "1")
		if p.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("as %q: %s", kind, p.Status)
		}
	}
	s.settled()
	if got := len(s.posted()); got != 0 {
		t.Errorf("%d mails were written", got)
	}
	s.Clock.Move(captcha.DefaultTTL)
	if p := g.sends("/forgot", "username", name, "token", fresh, "challenge", its); p.StatusCode != http.StatusBadRequest {
		t.Errorf("an old challenge: %s", p.Status)
	}
}

// TestA13TheAnswerIsNowhereInThePage: not in the form, its cookies, headers, the
// addresses of picture and sound, or their bytes; and ids have no order.
func TestA13TheAnswerIsNowhereInThePage(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	ids := map[string]bool{}
	salt := regexp.MustCompile(`data-salt="([^"]+)"`)
	for n := range full(50, 10_000) {
		g := s.guest("192.0.2.1")
		form := g.opens("/forgot")
		found := salt.FindStringSubmatch(form.body)
		if found == nil || ids[found[1]] {
			t.Fatalf("form %d: id %v", n, found)
		}
		ids[found[1]] = true
		token := formToken(t, form)
		_, right := g.challenged()
		if n%50 == 0 {
			image, sound := answers(t, s, token)
			right = image
			headers := fmt.Sprint(form.Header)
			png, wav := g.opens("/challenge/"+token+".png"), g.opens("/challenge/"+token+".ja.wav")
			for where, text := range map[string]string{
				"page": form.body, "headers": headers, "picture": png.body + fmt.Sprint(png.Header), "sound": wav.body + fmt.Sprint(wav.Header),
			} {
				if strings.Contains(strings.ToUpper(text), image) || strings.Contains(text, sound) {
					t.Errorf("the %s holds the answer", where)
				}
			}
		}
		if strings.Contains(form.body, right) {
			t.Errorf("form %d holds the answer of the next", n)
		}
	}
}

// TestA16PicturesTakeBoundedMemory asks for many pictures at once.
func TestA16PicturesTakeBoundedMemory(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	token, _ := s.guest("192.0.2.1").challenged()
	var mu sync.Mutex
	codes := map[int]int{}
	var all sync.WaitGroup
	next := make(chan struct{}, full(300, 10_000))
	for range cap(next) {
		next <- struct{}{}
	}
	close(next)
	for range 100 {
		all.Go(func() {
			g := s.guest("192.0.2.1")
			for range next {
				p := g.opens("/challenge/" + token + ".png")
				mu.Lock()
				codes[p.StatusCode]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if codes[http.StatusOK] == 0 || codes[http.StatusOK]+codes[http.StatusServiceUnavailable] != cap(next) {
		t.Errorf("answers: %v, want 200 and, above the bound, 503", codes)
	}
}

// TestA17WorkInsteadOfAPuzzle is done once for one challenge, as hard as the
// server says.
func TestA17WorkInsteadOfAPuzzle(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	name := s.Login("agent").Username
	g := s.guest("192.0.2.1")
	form := g.opens("/forgot")
	token := formToken(t, form)
	challenges, err := captcha.New(s.Ring, s.Clock, captcha.Options{})
	s.must(err)
	saltOf, bits, err := challenges.PoW(token)
	s.must(err)
	if bits < 16 || !strings.Contains(form.body, `data-bits="`+fmt.Sprint(bits)+`"`) || !strings.Contains(form.body, `data-salt="`+saltOf+`"`) {
		t.Errorf("the form asks for another work than %d bits with %s", bits, saltOf)
	}
	work := solved(saltOf, bits)
	for what, fields := range map[string][]string{
		"no work":                 {"pow", "0"},
		"an easier one":           {"pow", solved(saltOf, 4), "bits", "4", "difficulty", "4"},
		"of a salt of one's own":  {"pow", solved("mine", bits), "salt", "mine"},
		"of another form":         {"pow", work, "token", formToken(t, g.opens("/forgot"))},
		"with a sign":             {"pow", "+" + work, "token", formToken(t, g.opens("/forgot"))},
		"worked out in advance":   {"pow", solved("", bits), "token", formToken(t, g.opens("/forgot"))},
		"a number that is no one": {"pow", "NaN", "token", formToken(t, g.opens("/forgot"))},
	} {
		fields = append([]string{"username", name}, fields...)
		if !slices.Contains(fields, "token") {
			fields = append(fields, "token", formToken(t, g.opens("/forgot")))
		}
		if p := g.sends("/forgot", fields...); p.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", what, p.Status)
		}
	}
	if p := g.sends("/forgot", "username", name, "token", token, "pow", work); p.StatusCode != http.StatusSeeOther {
		t.Errorf("the work: %s", p.Status)
	}
	if p := g.sends("/forgot", "username", name, "token", token, "pow", work); p.StatusCode != http.StatusBadRequest {
		t.Errorf("the same work again: %s", p.Status)
	}
}

// TestA19NamesAreCompared literally after one fold, or refused in the same words
// whoever has them, on both engines.
func TestA19NamesAreComparedLiterally(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := besiegeOn(t, engine)
			u := s.User("agent")
			name := string(u.Username)
			wide := strings.Map(func(r rune) rune {
				if r > ' ' && r <= '~' {
					return r - '!' + '！'
				}
				return r
			}, name)
			for n, c := range []struct {
				what, typed string
				status      int
				mails       int
			}{
				{"as it is", name, 303, 1},
				{"spaces around", "  " + name + "\t", 303, 1},
				{"ideographic space", "　" + name + "　", 303, 1},
				{"full width", wide, 303, 1},
				{"another case", strings.ToUpper(name), 303, 0},
				{"wildcard _", name[:len(name)-1] + "_", 303, 0},
				{"wildcard %", name[:len(name)-1] + "%", 400, 0},
				{"% alone", "%", 400, 0},
				{"space inside", name[:2] + " " + name[2:], 400, 0},
				{"NBSP inside", name[:2] + "\u00a0" + name[2:], 400, 0},
				{"zero width", name[:2] + "\u200b" + name[2:], 400, 0},
				{"NUL", name + "\x00", 400, 0},
				{"quote", name + "' OR '1'='1", 400, 0},
				{"look-alike", strings.Replace(name, "a", "а", 1), 400, 0}, // Cyrillic
				{"64 characters", strings.Repeat("a", 64), 303, 0},
				{"65 characters", strings.Repeat("a", 65), 303, 0}, // the wire allows 100
				{"100 characters", strings.Repeat("a", 100), 303, 0},
				{"101 characters", strings.Repeat("a", 101), 400, 0},
				{"1 MB", strings.Repeat("a", 1<<20), 413, 0},
				{"nothing", " ", 400, 0},
			} {
				before := len(s.posted())
				g := s.guest(fmt.Sprint("198.51.100.", n))
				p := g.asks(c.typed)
				s.settled()
				if got := len(s.posted()) - before; p.StatusCode != c.status || got != c.mails {
					t.Errorf("%s: %s and %d mails, want %d and %d", c.what, p.Status, got, c.status, c.mails)
				}
				s.Clock.Move(31 * time.Minute) // so that open links never stop the next one
			}
		})
	}
}

// TestA20A21AskingChangesNothingAndOnlyAdministratorsLearn: the user keeps
// password and session; who asks without an address is found by the receipt
// number on the page of requests, and nowhere else.
func TestA20A21AskingChangesNothingAndOnlyAdministratorsLearn(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	for _, role := range []string{"agent", "agent-without-email"} {
		l := s.Login(role)
		owner := s.guest("198.51.100.7")
		if p := owner.logsIn(l.Username, l.Password); p.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s logs in: %s", role, p.Status)
		}
		before := s.User(role)
		stranger := s.guest("192.0.2.1")
		for range 5 {
			stranger.asks(l.Username)
			s.settled()
		}
		sent := stranger.opens("/forgot/sent")
		receipt := byChance[0].FindString(sent.body)
		if after := s.User(role); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("%s was\n%+v and is\n%+v", role, before, after)
		}
		if !owner.inside() || s.guest("198.51.100.8").logsIn(l.Username, l.Password).StatusCode != http.StatusSeeOther {
			t.Errorf("%s is locked out by a request", role)
		}
		editor := s.guest("203.0.113.1")
		e := s.Login("editor")
		editor.logsIn(e.Username, e.Password)
		list := editor.opens("/admin/requests")
		if found := strings.Contains(list.body, receipt); list.StatusCode != http.StatusOK || receipt == "" || found != (role == "agent-without-email") {
			t.Errorf("%s: the page of requests (%s) shows receipt %q: %t", role, list.Status, receipt, found)
		}
		for _, path := range []string{"/admin/requests", "/forgot/sent", "/forgot/code"} {
			if p := stranger.opens(path); strings.Contains(p.body, before.FirstName) || before.Email != "" && strings.Contains(p.body, string(before.Email)) {
				t.Errorf("%s tells a stranger about %s", path, role)
			}
		}
	}
	if got := strings.Count(s.record(), `"reset.wait"`); got != 5 {
		t.Errorf("%d rows of the record say that somebody waits, want 5:\n%s", got, s.record())
	}
}

// record is the whole record of the sample's instance, as JSON.
func (s *siege) record() string {
	s.t.Helper()
	var all []aikagi.AuditEvent
	s.must(s.Store.View(s.t.Context(), func(tx *store.Tx) (err error) {
		all, err = tx.ListAuditEvents(s.t.Context(), s.Centre.Instance.ID, "~", 10_000)
		return err
	}))
	text, err := json.Marshal(all)
	s.must(err)
	return string(text)
}

// TestA22TheSameNameElsewhere: a request touches one instance, and a page of
// another site cannot make it.
func TestA22TheSameNameElsewhere(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	agent := s.User("agent")
	other := s.place("ume", itself)
	twin := other.user["agent"]
	renamed := twin
	renamed.Username, renamed.Email = agent.Username, "twin@ume.example"
	s.update(func(tx *store.Tx) error {
		if err := tx.DeleteUser(t.Context(), twin); err != nil {
			return err
		}
		renamed.ID = aikagi.UserID(aikagi.NewID())
		return tx.InsertUser(t.Context(), renamed)
	})
	link := s.link(string(agent.Username), string(agent.Email), 1)
	if got := s.Mailbox.Messages("twin@ume.example"); len(got) != 0 {
		t.Errorf("the twin got %d mails", len(got))
	}
	g := s.guest("192.0.2.1")
	if p := g.follows(strings.Replace(link, "/i/sakura/", "/i/ume/", 1)); p.StatusCode != http.StatusGone {
		t.Errorf("the link at the twin's instance: %s", p.Status)
	}
	token, right := g.challenged()
	form := url.Values{"username": {string(agent.Username)}, "token": {token}, "challenge": {right}}.Encode()
	for _, from := range [][]string{
		{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
	} {
		p := g.do(http.MethodPost, "/forgot", form, append(from, "Content-Type", formType)...)
		if p.StatusCode != http.StatusForbidden {
			t.Errorf("posted with %v: %s", from, p.Status)
		}
	}
	s.settled()
	if got := len(s.posted()); got != 1 {
		t.Errorf("%d mails were written, want the first alone", got)
	}
	if p := g.do(http.MethodPost, "/forgot", form, "Content-Type", formType); p.StatusCode != http.StatusSeeOther {
		t.Errorf("the refused posts used the challenge up: %s", p.Status)
	}
	if resettest.TokenIn(t, link).Empty() {
		t.Error("no token in the link")
	}
}
