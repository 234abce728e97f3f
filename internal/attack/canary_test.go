package attack

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"log/slog"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/account"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/backup"
	"github.com/aikagi/aikagi/internal/ops"
	"github.com/aikagi/aikagi/internal/reset/resettest"
	"github.com/aikagi/aikagi/internal/store"
)

// canaries are secrets, by what they are. Nobody else writes such texts.
type canaries map[string]string

// spellings are the ways in which a text may stand in a file.
func spellings(secret string) map[string][]byte {
	raw := []byte(secret)
	quoted, _ := json.Marshal(secret) // a string never fails
	all := map[string][]byte{
		"as it is": raw, "hex": []byte(hex.EncodeToString(raw)), "HEX": []byte(strings.ToUpper(hex.EncodeToString(raw))),
		"URL": []byte(url.QueryEscape(secret)), "path": []byte(url.PathEscape(secret)), "HTML": []byte(html.EscapeString(secret)),
		"JSON": quoted[1 : len(quoted)-1], "Go": []byte(strings.Trim(fmt.Sprintf("%q", secret), `"`)),
		"bytes": []byte(strings.Trim(fmt.Sprint(raw), "[]")), "without hyphens": []byte(strings.ReplaceAll(secret, "-", "")),
		"upper case": []byte(strings.ToUpper(secret)), "quoted-printable": printable(secret),
	}
	var wide []byte
	for _, unit := range utf16.Encode([]rune(secret)) {
		wide = append(wide, byte(unit), byte(unit>>8)) //nolint:gosec // G115: the low half
	}
	all["UTF-16"] = wide
	if decoded, err := base64.RawURLEncoding.DecodeString(secret); err == nil && len(decoded) >= 16 {
		all["decoded"], all["decoded hex"] = decoded, []byte(hex.EncodeToString(decoded))
		all["decoded HEX"] = []byte(strings.ToUpper(hex.EncodeToString(decoded)))
	}
	// Within a longer text, base64 of it depends on where it begins.
	for name, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64 for URLs": base64.RawURLEncoding} {
		for shift := range 3 {
			text := encoding.EncodeToString(append(make([]byte, shift), raw...))
			begin := (shift*8 + 5) / 6
			all[fmt.Sprint(name, " from ", shift)] = []byte(text[begin : len(text)-len(text)%4-2])
		}
	}
	return all
}

func printable(secret string) []byte {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(secret)) // a buffer takes everything
	_ = w.Close()                  // likewise
	return b.Bytes()
}

// search looks for every form of every canary in every file of a directory.
func (c canaries) search(t *testing.T, dir string) (found []string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path) // #nosec G304 -- of our own directory
		if err != nil {
			return err
		}
		files++
		for what, secret := range c {
			for form, text := range spellings(secret) {
				if len(text) >= 6 && bytes.Contains(content, text) {
					found = append(found, fmt.Sprintf("%s, %s, in %s", what, form, filepath.Base(path)))
				}
			}
		}
		return nil
	})
	if err != nil || files == 0 {
		t.Fatalf("searched %d files: %v", files, err)
	}
	return found
}

// TestCanariesAreFoundInEveryForm tries the search itself.
func TestCanariesAreFoundInEveryForm(t *testing.T) {
	t.Parallel()
	const planted = "pi-pi pi&kanarienvogel 77"
	for form, text := range spellings(planted) {
		dir := t.TempDir()
		around := append(append([]byte("\x00before "), text...), "after\xff"...)
		if err := os.WriteFile(filepath.Join(dir, "file"), around, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := (canaries{"bird": planted}).search(t, dir); len(got) == 0 {
			t.Errorf("%s is not found", form)
		}
		if got := (canaries{"bird": "another bird 78"}).search(t, dir); len(got) != 0 {
			t.Errorf("%s: found %v", form, got)
		}
	}
	for shift := range 5 {
		dir := t.TempDir()
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + planted + " and more"))
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := (canaries{"bird": planted}).search(t, dir); len(got) == 0 {
			t.Errorf("base64 after %d bytes is not found", shift)
		}
	}
}

// TestS39NoFileHoldsASecret walks every way in and out, with things going wrong
// on the way, and then searches everything that was written: the database with
// its log of changes and what was deleted from it, a backup, the log at its most
// talkative, metrics, stacks, the record and its pages (B02, B25, C21, D10).
func TestS39B02B25C21D10NoFileHoldsASecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "aikagi.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() }) // read before
	site := apptest.Start(t, apptest.Options{
		Database: "sqlite:" + filepath.Join(dir, "aikagi.db"),
		Log:      slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true})),
	})
	s := &siege{Site: site, t: t, host: strings.TrimPrefix(site.URLs.Base(), "http://")}
	birds := canaries{}
	s.lead(birds)
	s.goWrong(birds)
	s.administer(birds)
	s.console(birds)
	s.settled()
	s.writeDown(dir)
	if len(birds) < 20 {
		t.Fatalf("only %d canaries", len(birds))
	}
	for what, secret := range birds {
		if len(secret) < 6 {
			t.Errorf("the canary %s is %q", what, secret)
		}
	}
	for _, found := range birds.search(t, dir) {
		t.Error(found)
	}
	sure := canaries{"address": s.Login("agent").Email, "path": "/i/{alias}/reset"}
	if got := sure.search(t, dir); len(got) < 3 {
		t.Errorf("what is surely there is found only in %v", got)
	}
}

// lead walks the story of somebody who has forgotten a password.
func (s *siege) lead(birds canaries) {
	s.t.Helper()
	l := s.Login("agent")
	g := s.guest("192.0.2.1")
	birds["first password"] = l.Password
	g.logsIn(l.Username, l.Password)
	birds["session"], birds["device"] = g.cookie("session-").Value, g.cookie("device-").Value
	g.sends("/logout")
	token, right := g.challenged()
	birds["challenge"] = token
	g.sends("/forgot", "username", l.Username, "token", token, "challenge", right)
	m := s.linked(l.Email, 1)
	link := resettest.LinkIn(s.t, m.Text)
	birds["link"], birds["code"] = resettest.TokenIn(s.t, link).Reveal(), typedCode.FindString(m.Text)
	g.sends("/forgot/code", "code", birds["code"])
	form := g.follows(link)
	birds["refused password"] = "sho-rt 1"
	g.sets(form, birds["refused password"])
	birds["new password"] = "kanarienvogel im kohlebergwerk 1"
	if p := g.sets(form, birds["new password"]); !p.accepted() {
		s.t.Fatalf("a new password: %s", p.Status)
	}
	g.logsIn(l.Username, birds["new password"])
	birds["second session"] = g.cookie("session-").Value
	birds["own password"] = "kanarienvogel im kohlebergwerk 2"
	g.sends("/me/password", "current", birds["new password"], "password", birds["own password"])
}

// goWrong sends secrets to where they do not belong, as people and programs do.
func (s *siege) goWrong(birds canaries) {
	s.t.Helper()
	l := s.Login("agent")
	g := s.guest("192.0.2.2")
	birds["wrong password"] = "kanarienvogel falsch 3"
	g.logsIn(l.Username, birds["wrong password"])
	birds["password for a name"] = "kanarienvogel-als-name-4"
	g.logsIn(birds["password for a name"], "x")
	g.asks(birds["password for a name"])
	s.settled()
	birds["password in an address"] = "kanarienvogel-adresse-5"
	g.opens("/login?password=" + birds["password in an address"] + "&username=" + l.Username)
	g.opens("/login/" + birds["password in an address"])
	g.sends("/login?password="+birds["password in an address"], "username", l.Username)
	birds["password twice"] = "kanarienvogel zweimal 6"
	g.sends("/login", "username", l.Username, "password", birds["password twice"], "password", birds["password twice"])
	birds["password in JSON"] = "kanarienvogel im json 7"
	g.do(http.MethodPost, "/login", `{"password":"`+birds["password in JSON"]+`"}`, "Content-Type", "application/json")
	g.do(http.MethodPut, "/login", "password="+url.QueryEscape(birds["password in JSON"]), "Content-Type", formType)
	birds["made-up session"] = strings.Repeat("kanarienvogel8", 3) + "x"
	g.takes(plain+"session-"+string(s.Centre.Instance.ID), birds["made-up session"])
	g.opens("/me")
	birds["made-up link"] = strings.Repeat("kanarienvogel9", 3) + "x"
	g.follows(s.URL("/reset/" + birds["made-up link"]))
	g.sends("/reset", "token", "x", "password", "kanarienvogel am ende 0")
	birds["password for a dead link"] = "kanarienvogel am ende 0"
	g.opens("/reset/" + birds["made-up link"] + strings.Repeat("x", 200))
	g.do(http.MethodGet, "/me", "", "Authorization", "Bearer "+birds["made-up link"], "Referer", s.URL("/reset/"+birds["made-up link"]),
		"User-Agent", "Mozilla/5.0", "X-Request-Id", birds["made-up link"])
	g.sends("/forgot/code", "code", "QQQQ-7777")
	birds["wrong code"] = "QQQQ-7777"
}

// administer hands out everything that an editor hands out.
func (s *siege) administer(birds canaries) {
	s.t.Helper()
	l, u := s.Login("editor"), s.User("agent-without-email")
	g := s.guest("203.0.113.1")
	birds["editor's password"] = l.Password
	g.logsIn(l.Username, l.Password)
	birds["editor's session"] = g.cookie("session-").Value
	shown := g.posts("/admin/users/"+string(u.ID)+"/card", nil)
	birds["card"] = resettest.TokenIn(s.t, html.UnescapeString(shown.body)).Reveal()
	temporary, err := s.Resets.SetTemporary(s.As(s.t.Context(), "editor"), u.InstanceID, u.ID)
	s.must(err)
	birds["temporary password"] = temporary.Reveal()
	s.guest("192.0.2.4").logsIn(string(u.Username), temporary.Reveal())
	agent := s.User("agent")
	g.posts("/admin/users/"+string(agent.ID)+"/send", nil)
	birds["sent link"] = resettest.TokenIn(s.t, s.linked(string(agent.Email), 2).Text).Reveal()
	// One stays in the outbox, because its server is away.
	s.Mailbox.Down()
	s.guest("192.0.2.5").asks(s.Login("viewer").Username)
	s.settled()
}

// console does the same in the account plane.
func (s *siege) console(birds canaries) {
	s.t.Helper()
	birds["owner's password"] = s.Centre.Owner.Password
	birds["secret access key"] = s.Centre.Secret.Reveal()
	opened, err := s.Accounts.SignIn(s.t.Context(), account.Credentials{
		Name: s.Centre.Owner.Username, Password: aikagi.NewSecret(s.Centre.Owner.Password),
	})
	s.must(err)
	birds["console session"] = opened.Token.Reveal()
	birds["wrong console password"] = "kanarienvogel auf dem balkon 1"
	g := s.guest("203.0.113.5")
	g.sends(s.URLs.Base()+"/account/login", "principal_name", s.Centre.Owner.Username, "password", birds["wrong console password"])
	ctx := aikagi.WithActor(s.t.Context(), aikagi.Actor{
		Kind: aikagi.ActorPrincipal, PrincipalID: opened.Principal.ID, Name: opened.Principal.Name, Source: "page",
	})
	_, secret, err := s.Accounts.CreateAccessKey(ctx, opened.Principal.ID)
	s.must(err)
	birds["second access key"] = secret.Reveal()
	link, err := s.Accounts.ConsoleLink(ctx)
	s.must(err)
	birds["console link"] = link.Token.Reveal()
	g.opens(s.URLs.Base() + "/account/link/" + birds["console link"])
	handover, err := s.Emergency.Begin(ctx, s.Centre.Instance.ID, "canaries are to be looked for")
	s.must(err)
	birds["emergency link"] = handover.Token.Reveal()
	started, err := s.Emergency.Start(ctx, s.Centre.Instance.ID, handover.Token, "Mozilla/5.0")
	s.must(err)
	birds["emergency session"] = started.Token.Reveal()
}

// writeDown adds to the directory what leaves the product by other ways.
func (s *siege) writeDown(dir string) {
	s.t.Helper()
	b := backup.Backups{Store: s.Store, Clock: s.Clock, Ring: s.Ring, Version: "test"}
	_, err := b.Write(s.t.Context(), filepath.Join(dir, "backup"), aikagi.Secret{})
	s.must(err)
	keep := func(name, text string) {
		s.must(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	watch := ops.Handler(s.Store.Ping)
	for name, path := range map[string]string{
		"metrics": "/metrics", "ready": "/readyz", "stacks": "/debug/pprof/goroutine?debug=2", "command": "/debug/pprof/cmdline",
	} {
		w := httptest.NewRecorder()
		watch.ServeHTTP(w, httptest.NewRequestWithContext(s.t.Context(), http.MethodGet, path, nil))
		keep(name, w.Body.String())
	}
	keep("record.json", s.record())
	var rows strings.Builder
	s.must(s.Store.Snapshot(s.t.Context(), func(tx *store.Tx) error {
		for _, table := range store.Tables() {
			err := tx.Dump(s.t.Context(), table, func(values []any) error {
				_, err := fmt.Fprintf(&rows, "%s %v %x\n", table.Name, values, values)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	keep("rows", rows.String())
	g := s.guest("203.0.113.9")
	l := s.Login("administrator")
	g.logsIn(l.Username, l.Password)
	for n, path := range []string{"/admin/audit", "/admin/mail", "/admin/requests", "/admin/users"} {
		keep(fmt.Sprint("page", n), g.opens(path).body)
	}
	time.Sleep(20 * time.Millisecond) // a last line of the log
}
