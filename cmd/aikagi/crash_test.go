package main_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/clock"
	"github.com/aikagi/aikagi/internal/mailbox"
	"github.com/aikagi/aikagi/internal/password"
	"github.com/aikagi/aikagi/internal/store"
	"github.com/aikagi/aikagi/internal/store/storetest"
)

const (
	firstPassword = "mikan no tsukimi 77"
	newPassword   = "kinmokusei no kaori 5"
	satosAddress  = "sato@example.jp"
)

// crash is a step at which the process dies, and what must be true afterwards.
type crash struct {
	prepare func(t *testing.T, h *host) // before, in a process that lives
	during  func(t *testing.T, h *host) // in the process that dies
	after   func(t *testing.T, h *host) // in the next one
}

// crashes has a row for each mark in the source.
var crashes = map[string]crash{
	"login.opened": {
		prepare: func(t *testing.T, h *host) { h.logsIn(t, firstPassword, http.StatusSeeOther) },
		during:  func(t *testing.T, h *host) { h.dies(t, h.login(firstPassword)) },
		after: func(t *testing.T, h *host) {
			if p := h.get(t, "/me"); p.status != http.StatusOK {
				t.Errorf("the session from before: %d", p.status)
			}
			for range 12 { // the try that nobody heard of does not count as failed
				h.logsIn(t, firstPassword, http.StatusSeeOther)
			}
			h.counts(t, "audit_events WHERE action = 'session.login'", 14)
		},
	},
	"reset.asked": {
		during: func(t *testing.T, h *host) { h.dies(t, h.ask(t)) },
		after: func(t *testing.T, h *host) {
			h.receives(t, 1)
			if p := h.send(t, h.asked); p.status != http.StatusBadRequest {
				t.Errorf("the same challenge once more: %d", p.status)
			}
			h.resets(t)
		},
	},
	"reset.claimed":   {during: asksAndDies, after: oneMail},
	"reset.answered":  {during: asksAndDies, after: oneMail},
	"outbox.claimed":  {during: asksAndDies, after: oneMail},
	"outbox.recorded": {during: asksAndDies, after: oneMail},
	"outbox.accepted": {
		during: asksAndDies,
		after: func(t *testing.T, h *host) {
			all := h.receives(t, 2)
			if a, b := messageID(all[0]), messageID(all[1]); a == "" || a != b || linkIn(t, all[0]) != linkIn(t, all[1]) {
				t.Errorf("the duplicate has id %s and not %s, or another link", a, b)
			}
			h.resets(t)
		},
	},
	"reset.spent": {
		prepare: func(t *testing.T, h *host) { h.asks(t); h.receives(t, 1) },
		during:  func(t *testing.T, h *host) { h.dies(t, h.confirm(t)) },
		after: func(t *testing.T, h *host) {
			h.counts(t, "reset_tokens WHERE used_at > 0", 0)
			h.logsIn(t, firstPassword, http.StatusSeeOther)
			h.resets(t)
		},
	},
	"reset.confirmed": {
		prepare: func(t *testing.T, h *host) { h.asks(t); h.receives(t, 1) },
		during:  func(t *testing.T, h *host) { h.dies(t, h.confirm(t)) },
		after: func(t *testing.T, h *host) {
			h.logsIn(t, firstPassword, http.StatusUnauthorized)
			h.logsIn(t, newPassword, http.StatusSeeOther)
			if p := h.follow(t, h.link); p.status != http.StatusGone {
				t.Errorf("the link once more: %d", p.status)
			}
			if notice := h.receives(t, 2)[0]; strings.Contains(notice.Text, "/reset/") {
				t.Errorf("the second mail is\n%s", notice.Text)
			}
			h.counts(t, "audit_events WHERE action = 'password.reset'", 1)
		},
	},
}

// asksAndDies asks; the job that serves the request dies, perhaps before the
// page has answered.
func asksAndDies(t *testing.T, h *host) { h.dies(t, h.ask(t)) }

func oneMail(t *testing.T, h *host) {
	h.receives(t, 1)
	h.resets(t)
	h.receives(t, 2) // and the notice
}

// TestR2ACrashLosesNothing kills the process at every mark, starts it again, and
// looks: nothing acknowledged is lost, nothing is half done, the mail leaves: twice
// with the same Message-ID and link if it died between the server's answer and
// the record of it (K10), once if it died anywhere else (K11).
func TestR2ACrashLosesNothing(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the binary and starts it many times")
	}
	names := marks(t)
	for name := range crashes {
		if !slices.Contains(names, name) {
			t.Errorf("no step is marked %q any more", name)
		}
	}
	binary := build(t)
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			for _, name := range names {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					c, ok := crashes[name]
					if !ok {
						t.Fatal("nothing says what a crash at this mark leaves behind")
					}
					c.run(t, newHost(t, binary, engine), name)
				})
			}
		})
	}
}

func (c crash) run(t *testing.T, h *host, mark string) {
	t.Helper()
	h.start(t, "")
	h.fill(t)
	if c.prepare != nil {
		c.prepare(t, h)
	}
	h.stop(t)
	h.start(t, mark)
	c.during(t, h)
	h.later(t)
	h.start(t, "")
	c.after(t, h)
	h.stop(t)
}

// marks reads the steps that are marked in the source.
func marks(t *testing.T) []string {
	t.Helper()
	var found []string
	mark := regexp.MustCompile(`fault\.Point\("([^"]+)"\)`)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range mark.FindAllSubmatch(text, -1) {
			found = append(found, string(m[1]))
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("find marks: %v, %v", found, err)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "aikagi")
	command := exec.CommandContext(t.Context(), "go", "build", "-tags", "faults", "-o", binary, ".")
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, said)
	}
	return binary
}

// host is a machine with a server that comes and goes, a mail server that stays,
// and a browser.
type host struct {
	binary, database, dir string
	box                   *mailbox.Mailbox
	client                *http.Client

	process *exec.Cmd
	stderr  *bytes.Buffer
	base    string // of the running process

	asked url.Values // the form that asked last
	link  string     // in the newest mail
}

func newHost(t *testing.T, binary string, engine store.Engine) *host {
	t.Helper()
	h := &host{binary: binary, dir: t.TempDir(), database: storetest.URL(t, engine)}
	if u, err := url.Parse(h.database); err == nil && u.Scheme == "postgres" && u.Host == "" {
		u.Host = "localhost" // the socket's directory is among the parameters and decides
		h.database = u.String()
	}
	var err error
	h.box, err = mailbox.Listen(t.Context(), "127.0.0.1:0", clock.System{})
	need(t, err)
	t.Cleanup(func() { _ = h.box.Close() })
	jar, err := cookiejar.New(nil)
	need(t, err)
	h.client = &http.Client{
		Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(func() {
		if h.process != nil {
			_ = h.process.Process.Kill()
			_ = h.process.Wait()
		}
		if t.Failed() && h.stderr != nil {
			t.Logf("the last process said:\n%s", h.stderr)
		}
	})
	return h
}

func need(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start runs the server until it is stopped or reaches the mark.
func (h *host) start(t *testing.T, mark string) {
	t.Helper()
	h.process = exec.Command(h.binary, "serve", "--json", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--data", h.dir)
	h.process.Env = append(os.Environ(),
		"AIKAGI_FAULT="+mark, "AIKAGI_DATABASE="+h.database, "AIKAGI_KEY_FILE="+h.dir+"/key",
		"AIKAGI_SMTP=smtp://"+h.box.Addr(), "AIKAGI_MAIL_FROM=noreply@example.jp", "AIKAGI_LOG_LEVEL=warn")
	h.stderr = &bytes.Buffer{}
	h.process.Stderr = h.stderr
	stdout, err := h.process.StdoutPipe()
	need(t, err)
	need(t, h.process.Start())
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	var said struct {
		BaseURL string `json:"base_url"`
	}
	if err = errors.Join(err, json.Unmarshal(line, &said)); err != nil {
		t.Fatalf("start: %v: %s%s", err, line, h.stderr)
	}
	h.base = said.BaseURL
}

func (h *host) stop(t *testing.T) {
	t.Helper()
	need(t, h.process.Process.Signal(syscall.SIGTERM))
	if err := h.process.Wait(); err != nil {
		t.Errorf("stop: %v\n%s", err, h.stderr)
	}
	h.process = nil
}

// dies does something and waits until the process has killed itself.
func (h *host) dies(t *testing.T, something func()) {
	t.Helper()
	go something()
	gone := make(chan error, 1)
	go func() { gone <- h.process.Wait() }()
	select {
	case <-gone:
	case <-time.After(30 * time.Second):
		t.Fatalf("the process goes on\n%s", h.stderr)
	}
	if status, ok := h.process.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Errorf("the process ended by itself: %s\n%s", h.process.ProcessState, h.stderr)
	}
	h.process = nil
}

// fill makes an instance and a user, past the rules.
func (h *host) fill(t *testing.T) {
	t.Helper()
	hash, err := password.NewGate(1, 1).Hash(t.Context(), aikagi.NewSecret(firstPassword))
	need(t, err)
	s := storetest.Connect(t, h.database)
	i := storetest.Instance(t, s, "sakura")
	storetest.User(t, s, i, "sato", func(u *aikagi.User) { u.Email, u.PasswordHash = satosAddress, hash })
}

// later lets the leases of the dead process run out.
func (h *host) later(t *testing.T) {
	t.Helper()
	db := h.open(t)
	for _, statement := range []string{
		"UPDATE outbox SET run_at = run_at - 61000 WHERE state = 'sending'",
		"UPDATE reset_requests SET run_at = run_at - 31000 WHERE state = 'new'",
	} {
		_, err := db.ExecContext(t.Context(), statement)
		need(t, err)
	}
}

func (h *host) counts(t *testing.T, of string, want int) {
	t.Helper()
	var got int
	need(t, h.open(t).QueryRowContext(t.Context(), "SELECT count(*) FROM "+of).Scan(&got))
	if got != want {
		t.Errorf("%s: %d rows, want %d", of, got, want)
	}
}

func (h *host) open(t *testing.T) *sql.DB {
	t.Helper()
	driver, source := "pgx", h.database
	if path, lite := strings.CutPrefix(h.database, "sqlite:"); lite {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, source)
	need(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// answer is a page, read to its end.
type answer struct {
	status   int
	location string
	body     string
}

func (h *host) do(method, path string, form url.Values) (answer, error) {
	r, err := http.NewRequestWithContext(context.Background(), method, h.base+"/i/sakura"+path, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got, err := h.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	return answer{got.StatusCode, got.Header.Get("Location"), string(body)}, err
}

func (h *host) get(t *testing.T, path string) answer {
	t.Helper()
	p, err := h.do(http.MethodGet, path, nil)
	need(t, err)
	return p
}

func (h *host) send(t *testing.T, form url.Values) answer {
	t.Helper()
	p, err := h.do(http.MethodPost, "/forgot", form)
	need(t, err)
	return p
}

func (h *host) login(word string) func() {
	return func() { // the answer of a dying process is nobody's
		_, _ = h.do(http.MethodPost, "/login", url.Values{"username": {"sato"}, "password": {word}})
	}
}

func (h *host) logsIn(t *testing.T, word string, want int) {
	t.Helper()
	p, err := h.do(http.MethodPost, "/login", url.Values{"username": {"sato"}, "password": {word}})
	need(t, err)
	if p.status != want {
		t.Errorf("login with %q: %d, want %d", word, p.status, want)
	}
}

var (
	formToken = regexp.MustCompile(`name="token" value="([^"]+)"`)
	powSalt   = regexp.MustCompile(`data-salt="([^"]+)" data-bits="(\d+)"`)
	resetLink = regexp.MustCompile(`http://[^\s]+(/reset/[A-Za-z0-9_-]+)`)
)

// ask fills in the form, with a proof of work, and returns what sends it.
func (h *host) ask(t *testing.T) func() {
	t.Helper()
	page := h.get(t, "/forgot").body
	token, pow := formToken.FindStringSubmatch(page), powSalt.FindStringSubmatch(page)
	if token == nil || pow == nil {
		t.Fatalf("no form in\n%s", page)
	}
	zeros, err := strconv.Atoi(pow[2])
	need(t, err)
	h.asked = url.Values{"username": {"sato"}, "token": {token[1]}, "pow": {work(pow[1], zeros)}}
	return func() { _, _ = h.do(http.MethodPost, "/forgot", h.asked) }
}

func (h *host) asks(t *testing.T) {
	t.Helper()
	h.ask(t)
	if p := h.send(t, h.asked); p.status != http.StatusSeeOther {
		t.Fatalf("asking: %d\n%s", p.status, p.body)
	}
}

// work looks for the number that the page's script looks for.
func work(salt string, zeros int) string {
	for n := 0; ; n++ {
		text := strconv.Itoa(n)
		sum := sha256.Sum256([]byte(salt + text))
		found := 0
		for _, b := range sum {
			found += bits.LeadingZeros8(b)
			if b != 0 {
				break
			}
		}
		if found >= zeros {
			return text
		}
	}
}

// receives waits for mails, and a moment longer for one too many.
func (h *host) receives(t *testing.T, n int) []mailbox.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err := h.box.Wait(ctx, satosAddress, n)
	need(t, err)
	more, enough := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer enough()
	_, _ = h.box.Wait(more, satosAddress, n+1)
	all := h.box.Messages(satosAddress)
	if len(all) != n {
		t.Errorf("%d mails came, want %d", len(all), n)
	}
	for _, m := range all {
		if found := resetLink.FindStringSubmatch(m.Text); found != nil {
			h.link = found[1]
			break
		}
	}
	return all
}

func messageID(m mailbox.Message) string {
	for line := range strings.Lines(string(m.Raw)) {
		if id, found := strings.CutPrefix(line, "Message-ID: "); found {
			return strings.TrimSpace(id)
		}
	}
	return ""
}

func linkIn(t *testing.T, m mailbox.Message) string {
	t.Helper()
	found := resetLink.FindStringSubmatch(m.Text)
	if found == nil {
		t.Fatalf("no link in\n%s", m.Text)
	}
	return found[1]
}

// follow opens a link and the page that it leads to.
func (h *host) follow(t *testing.T, link string) answer {
	t.Helper()
	h.get(t, link)
	return h.get(t, "/reset")
}

// confirm opens the link and returns what sends the new password.
func (h *host) confirm(t *testing.T) func() {
	t.Helper()
	page := h.follow(t, h.link)
	token := formToken.FindStringSubmatch(page.body)
	if token == nil {
		t.Fatalf("the link leads to %d\n%s", page.status, page.body)
	}
	form := url.Values{"token": {token[1]}, "password": {newPassword}}
	return func() { _, _ = h.do(http.MethodPost, "/reset", form) }
}

// resets sets a new password with the newest link and logs in with it.
func (h *host) resets(t *testing.T) {
	t.Helper()
	h.confirm(t)()
	h.logsIn(t, firstPassword, http.StatusUnauthorized)
	h.logsIn(t, newPassword, http.StatusSeeOther)
	h.counts(t, "audit_events WHERE action = 'password.reset'", 1)
	h.counts(t, "reset_tokens WHERE used_at > 0", 1)
	if p := h.get(t, "/me"); p.status != http.StatusOK {
		t.Error(fmt.Errorf("logged in: %d", p.status))
	}
}
