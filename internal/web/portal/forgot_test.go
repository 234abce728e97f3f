package portal_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/captcha"
	"github.com/aikagi/aikagi/internal/captcha/captchatest"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
	"github.com/aikagi/aikagi/internal/throttle"
)

var (
	receipt  = regexp.MustCompile(`R-[2-9A-Z]{4}-[2-9A-Z]{2}`)
	matching = regexp.MustCompile(`>\d\d</`)
	longWord = regexp.MustCompile(`[A-Za-z0-9_-]{60,}`) // challenges and what else is sealed
	salt     = regexp.MustCompile(`data-salt="[^"]*"`)
)

// looks is all that an answer shows, without what differs by chance.
func looks(p page, name string) string {
	var all strings.Builder
	fmt.Fprintln(&all, p.Status)
	var names []string
	for header := range p.Header {
		names = append(names, header)
	}
	slices.Sort(names)
	for _, header := range names {
		if header == "Date" {
			continue
		}
		for _, value := range p.Header[header] {
			sealed := longWord.ReplaceAllStringFunc(value, func(s string) string { return fmt.Sprintf("<%d>", len(s)) })
			fmt.Fprintln(&all, header, sealed)
		}
	}
	body := strings.ReplaceAll(p.body, name, "NAME")
	for _, chance := range []*regexp.Regexp{receipt, matching, salt, longWord} {
		body = chance.ReplaceAllStringFunc(body, func(s string) string { return fmt.Sprintf("<%d>", len(s)) })
	}
	return all.String() + body
}

// states are the six states a name can be in, all eight characters long.
func states(t *testing.T, s *site) []string {
	t.Helper()
	s.User(t, "address1")
	s.User(t, "without2", func(u *aikagi.User) { u.Email = "" })
	s.User(t, "disable3", func(u *aikagi.User) { u.Enabled = false })
	locked := s.User(t, "locked44")
	storetest.Update(t, s.Store, func(tx *store.Tx) error {
		for n := range 100 {
			try := throttle.Try{Instance: s.Instance.ID, Username: string(locked.Username), Source: fmt.Sprint("198.51.100.", n)}
			if _, err := s.Throttle.Count(t.Context(), tx, s.Clock.Now(), try); err != nil {
				return err
			}
		}
		return nil
	})
	s.User(t, "passwor5", func(u *aikagi.User) { u.PasswordHash = "" })
	return []string{"unknown0", "address1", "without2", "disable3", "locked44", "passwor5"}
}

// TestS1TheAnswerIsTheSameForEveryName: status, headers, body, before and after
// the job has answered, and with a wrong code (A01, A03).
func TestS1TheAnswerIsTheSameForEveryName(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"ja", "en"} {
		for _, identity := range []aikagi.IdentityType{aikagi.ConnectManaged, aikagi.SAML} {
			t.Run(language+" "+string(identity), func(t *testing.T) {
				t.Parallel()
				s := open(t, func(i *aikagi.Instance) { i.IdentityType = identity })
				names := states(t, s)
				s.Mailbox.Down() // failures of mail show nobody either
				var want []string
				for n, name := range names {
					b := s.browser(t)
					b.header.Set("Accept-Language", language)
					steps := []page{b.asks(name), b.opens("/forgot/sent"), b.opens("/forgot/code")}
					s.Work(t)
					steps = append(steps, b.opens("/forgot/sent"), b.sends("/forgot/code", "code", "2222-2222"), b.opens("/reset"))
					b.site.Clock.Move(2 * time.Minute)
					steps = append(steps, b.sends("/forgot/again"), b.opens("/forgot/sent"))
					for at, p := range steps {
						got := looks(p, name)
						if n == 0 {
							want = append(want, got)
						} else if diff := cmp.Diff(want[at], got); diff != "" {
							t.Errorf("step %d shows %s something else than %s:\n%s", at, name, names[0], diff)
						}
					}
				}
				if !strings.Contains(want[0], "303") || !strings.Contains(want[1], "200 OK") {
					t.Errorf("the answers are\n%s\n%s", want[0], want[1])
				}
			})
		}
	}
}

// TestS13TheLoginPageRefusesAllAlike.
func TestS13TheLoginPageRefusesAllAlike(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"ja", "en"} {
		s := open(t)
		names := states(t, s)
		var want, waits []string
		for _, name := range names {
			b := s.browser(t)
			b.header.Set("Accept-Language", language)
			p := b.logsIn(name, "wrong")
			if name == "locked44" {
				continue // says what an unknown name says after a hundred failures
			}
			want = append(want, looks(p, name))
			for range 9 {
				b.logsIn(name, "wrong")
			}
			waits = append(waits, looks(b.logsIn(name, resettest.Password), name))
		}
		for n := range want {
			if want[n] != want[0] || waits[n] != waits[0] {
				t.Errorf("%s: %s is refused in other words:\n%s\n%s", language, names[n], want[n], waits[n])
			}
		}
		if !strings.Contains(want[0], "401") || !strings.Contains(waits[0], "429") {
			t.Errorf("the answers are\n%.60s\n%.60s", want[0], waits[0])
		}
	}
}

// TestS1AnUnavailableDatabaseShowsNobody (A04).
func TestS1AnUnavailableDatabaseShowsNobody(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.User(t, "address1")
	names := []string{"unknown0", "address1"}
	var browsers []*browser
	var tokens, answers []string
	for range names {
		b := s.browser(t)
		token := hiddenToken(t, b.opens("/forgot"))
		image, _ := captchatest.Answers(t, s.Ring, token)
		browsers, tokens, answers = append(browsers, b), append(tokens, token), append(answers, image)
	}
	must(t, s.Store.Close())
	var shown []string
	for n, b := range browsers {
		p := b.sends("/forgot", "username", names[n], "token", tokens[n], "challenge", answers[n])
		shown = append(shown, regexp.MustCompile(`E-[0-9A-F]{8}`).ReplaceAllString(looks(p, names[n]), ""))
	}
	if shown[0] != shown[1] || strings.Contains(shown[0], "200 OK") {
		t.Errorf("one is shown\n%s\nand one\n%s", shown[0], shown[1])
	}
}

// TestS4ThePageAsksForAChallenge: none, wrong, twice, and never the answer in it (A13).
func TestS4ThePageAsksForAChallenge(t *testing.T) {
	t.Parallel()
	s := open(t)
	u := s.User(t, "sato")
	b := s.browser(t)
	form := b.opens("/forgot")
	token := hiddenToken(t, form)
	image, sound := captchatest.Answers(t, s.Ring, token)
	for header, values := range form.Header {
		form.body += header + strings.Join(values, " ")
	}
	if strings.Contains(strings.ToUpper(form.body), image) || strings.Contains(form.body, sound) {
		t.Error("the page holds the answer")
	}
	for name, fields := range map[string][]string{
		"no challenge":          {"username", "sato"},
		"no answer":             {"username", "sato", "token", token},
		"a flag that says done": {"username", "sato", "token", token, "captcha", "off", "verified", "true"},
		"no token":              {"username", "sato", "challenge", image},
		"somebody else's token": {"username", "sato", "challenge", image, "token", strings.Repeat("A", 200)},
		"another form's": {
			"username", "sato", "challenge", image,
			"token", s.Challenges.Issue(captcha.Login, s.Instance.ID, captcha.Ways{Image: true}),
		},
		"a wrong answer": {"username", "sato", "token", token, "challenge", "AAAAAA"},
	} {
		p := b.sends("/forgot", fields...)
		if p.StatusCode != http.StatusBadRequest || hiddenToken(t, p) == token || !strings.Contains(p.body, `value="sato"`) {
			t.Errorf("%s: %s, with the same challenge %v", name, p.Status, hiddenToken(t, p) == token)
		}
	}
	if p := b.sends("/forgot", "username", "sato", "token", token, "challenge", image); p.StatusCode != http.StatusBadRequest {
		t.Errorf("the right answer after a wrong one: %s", p.Status)
	}
	s.Work(t)
	if got := s.Mailbox.Messages(string(u.Email)); len(got) != 0 {
		t.Errorf("%d mails were sent", len(got))
	}
	if p := b.sends("/forgot", "username", "sato", "another", "1"); p.StatusCode != http.StatusOK || !strings.Contains(p.body, `value="sato"`) {
		t.Errorf("another picture: %s", p.Status)
	}
	for _, way := range []string{"image", "sound"} {
		token := hiddenToken(t, b.opens("/forgot"))
		image, sound := captchatest.Answers(t, s.Ring, token)
		answer := map[string]string{"image": image, "sound": sound}[way]
		if p := b.sends("/forgot", "username", "sato", "token", token, "challenge", answer); p.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: %s", way, p.Status)
		}
	}
}

// TestS5ParametersHaveOneTypeAndOneValue (A09, A10, A19).
func TestS5ParametersHaveOneTypeAndOneValue(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, query, kind, body string
		want                    int // mails
		status                  int
	}{
		{"as usual", "", form, "username=sato&TOKEN", 1, 303},
		{"twice", "", form, "username=sato&username=ito&TOKEN", 0, 400},
		{"twice the same", "", form, "username=sato&username=sato&TOKEN", 0, 400},
		{"query and body", "?username=ito", form, "username=sato&TOKEN", 0, 400},
		{"query alone", "?username=sato", form, "TOKEN", 0, 400},
		{"array", "", form, "username[]=sato&TOKEN", 0, 400},
		{"object", "", form, "username[name]=sato&TOKEN", 0, 400},
		{"JSON", "", "application/json", `{"username":"sato"}`, 0, 415},
		{"multipart", "", "multipart/form-data; boundary=x", "--x\r\n\r\n--x--", 0, 415},
		{"text", "", "text/plain", "username=sato&TOKEN", 0, 415},
		{"no type", "", "", "username=sato&TOKEN", 0, 415},
		{"another charset", "", form + "; charset=utf-16", "username=sato&TOKEN", 0, 415},
		{"other addresses", "", form, "username=sato&email=thief@example.com&to=thief@example.com&cc=thief@example.com&TOKEN", 1, 303},
		{"NUL", "", form, "username=sato%00&TOKEN", 0, 400},
		{"not UTF-8", "", form, "username=%ff%fe&TOKEN", 0, 400},
		{"header", "", form, "username=sato%0d%0aBcc:thief@example.com&TOKEN", 0, 400},
		{"wildcard", "", form, "username=sat_&TOKEN", 0, 303},
		{"percent", "", form, "username=sat%25&TOKEN", 0, 400},
		{"semicolon", "", form, "username=sato;&TOKEN", 0, 400},
		{"1 MB", "", form, "username=" + strings.Repeat("s", 1<<20) + "&TOKEN", 0, 413},
		{"too long", "", form, "username=" + strings.Repeat("s", 101) + "&TOKEN", 0, 400},
	} {
		s := open(t)
		s.User(t, "sato")
		s.User(t, "ito")
		b := s.browser(t)
		token := hiddenToken(t, b.opens("/forgot"))
		image, _ := captchatest.Answers(t, s.Ring, token)
		p := b.do(http.MethodPost, "/forgot"+c.query, strings.ReplaceAll(c.body, "TOKEN", "token="+token+"&challenge="+image), "Content-Type", c.kind)
		s.Work(t)
		all := s.Mailbox.Messages("")
		if p.StatusCode != c.status || len(all) != c.want || len(all) == 1 && all[0].To != "sato@example.jp" {
			t.Errorf("%s: %s and %d mails, want %d and %d", c.name, p.Status, len(all), c.status, c.want)
		}
	}
}

// TestS9LinksComeFromTheBaseURL, whatever a request says about hosts (B15).
func TestS9LinksComeFromTheBaseURL(t *testing.T) {
	t.Parallel()
	s := open(t)
	u := s.User(t, "sato")
	b := s.browser(t)
	for name, value := range map[string]string{
		"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "666",
		"Forwarded": "host=evil.example;proto=https", "X-Original-URL": "/evil", "X-Host": "evil.example",
		"X-Forwarded-Prefix": "/evil", "X-Forwarded-For": "203.0.113.66",
	} {
		b.header.Set(name, value)
	}
	if p := b.asks("sato"); p.StatusCode != http.StatusSeeOther || strings.Contains(p.location(), "evil") {
		t.Fatalf("asking: %s to %s", p.Status, p.location())
	}
	if link := b.receives(u); !strings.HasPrefix(link, s.url+"/i/sakura/reset/") {
		t.Errorf("the link is %s", link)
	}
	if strings.Contains(s.rows(t), "203.0.113.66") {
		t.Error("the address that the client made up was kept")
	}
	for _, host := range []string{"evil.example", "127.0.0.1.evil.example", "evil.example:80", "", "localhost.evil.example"} {
		if host == "" {
			continue
		}
		for _, path := range []string{"/login", "/forgot", "/reset"} {
			if p := b.do(http.MethodGet, path, "", "Host", host); p.StatusCode != http.StatusMisdirectedRequest || strings.Contains(p.body, "evil") {
				t.Errorf("%s at host %q: %s", path, host, p.Status)
			}
		}
	}
}

// TestA16ChallengesAreStateless: pictures and sounds, wrong files, nothing stored.
func TestA16ChallengesAreStateless(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.browser(t)
	before := s.rows(t)
	token := hiddenToken(t, b.opens("/forgot"))
	for file, want := range map[string]string{
		token + ".png": "image/png", token + ".ja.wav": "audio/wav", token + ".en.wav": "audio/wav",
		token + ".fr.wav": "", token + ".txt": "", token: "", "x.png": "", strings.Repeat("x", 3000) + ".png": "",
	} {
		p := b.opens("/challenge/" + file)
		if want == "" && p.StatusCode != http.StatusNotFound || want != "" && (p.StatusCode != http.StatusOK || p.Header.Get("Content-Type") != want) {
			t.Errorf("%.20s…%s: %s, %s", file, file[max(0, len(file)-7):], p.Status, p.Header.Get("Content-Type"))
		}
	}
	s.Clock.Move(captcha.DefaultTTL)
	if p := b.opens("/challenge/" + token + ".png"); p.StatusCode != http.StatusNotFound {
		t.Errorf("an old picture: %s", p.Status)
	}
	if after := s.rows(t); after != before {
		t.Errorf("something was stored:\n%s", after)
	}
}

// TestDecision2AmazonsOwnAnswer is word for word the one of the article, where
// the instance chose it, and only for whom it is meant.
func TestDecision2AmazonsOwnAnswer(t *testing.T) {
	t.Parallel()
	s := open(t, func(i *aikagi.Instance) { i.Settings.NoEmail = aikagi.AnswerConnect })
	s.User(t, "sato", func(u *aikagi.User) { u.Email = "" })
	s.User(t, "ito")
	b := s.browser(t)
	b.header.Set("Accept-Language", "ja")
	p := b.asks("sato")
	if p.StatusCode != http.StatusInternalServerError || !strings.Contains(p.body, "サーバーエラー") ||
		!strings.Contains(p.body, "リクエストに関してエラーが発生しました。後でもう一度お試しください。") {
		t.Errorf("%s:\n%s", p.Status, p.body)
	}
	for _, name := range []string{"ito", "nobody"} {
		if p := b.asks(name); p.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: %s", name, p.Status)
		}
	}
}

// TestS29InstancesDoNotMeet: the same name, a link and a session elsewhere (A22, B26, G08).
func TestS29InstancesDoNotMeet(t *testing.T) {
	t.Parallel()
	s := open(t)
	next := storetest.Instance(t, s.Store, "momiji")
	u := s.User(t, "sato")
	storetest.User(t, s.Store, next, "sato", func(n *aikagi.User) { n.PasswordHash, n.Email = u.PasswordHash, "other@example.jp" })
	b := s.browser(t)
	b.asks("sato")
	link := b.receives(u)
	if got := s.Mailbox.Messages("other@example.jp"); len(got) != 0 {
		t.Error("the neighbour's sato got a mail")
	}
	if p := b.follows(strings.Replace(link, "/i/sakura/", "/i/momiji/", 1)); p.StatusCode != http.StatusGone {
		t.Errorf("the link at another instance: %s", p.Status)
	}
	b.logsIn("sato", resettest.Password)
	if p := b.opens("/me"); p.StatusCode != http.StatusOK {
		t.Errorf("here: %s", p.Status)
	}
	if p := b.opens("/i/momiji/me"); p.StatusCode != http.StatusSeeOther {
		t.Errorf("the session at another instance: %s", p.Status)
	}
	session := b.cookie("session-")
	b.takes("aikagi-session-"+string(next.ID), session.Value)
	if p := b.opens("/i/momiji/me"); p.StatusCode != http.StatusSeeOther {
		t.Errorf("its secret under the other name: %s", p.Status)
	}
	for _, alias := range []string{"nobody", "SAKURA%20", "sakura.", "..", "%2e%2e"} {
		if p := b.opens("/i/" + alias + "/login"); p.StatusCode != http.StatusNotFound && p.StatusCode != http.StatusMovedPermanently && p.StatusCode != http.StatusTemporaryRedirect {
			t.Errorf("instance %q: %s", alias, p.Status)
		}
	}
	storetest.View(t, s.Store, func(tx *store.Tx) error {
		_, err := tx.FindInstanceByAlias(t.Context(), "sakura")
		return err
	})
}
