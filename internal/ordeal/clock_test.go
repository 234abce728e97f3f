package ordeal

import (
	"context"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/aikagi/aikagi"
	"github.com/aikagi/aikagi/internal/app/apptest"
	"github.com/aikagi/aikagi/internal/login"
	"github.com/aikagi/aikagi/internal/mailbox"
	"github.com/aikagi/aikagi/internal/store"
)

var linkInMail = regexp.MustCompile(`/reset/([A-Za-z0-9_-]+)`)

// TestL20AClockThatStepsProlongsNothingAndFreezesNothing: links, sessions and waits
// of before the step live no longer than they would have; mail, background work
// and logins go on after it (R9).
func TestL20AClockThatStepsProlongsNothingAndFreezesNothing(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{
		"an hour back": -time.Hour, "an hour ahead": time.Hour + time.Minute, "a day back": -24 * time.Hour, "a day ahead": 24 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := apptest.Start(t, apptest.Options{})
			w := walker{site, newJar(t)}
			w.logsIn(t, "agent", http.StatusSeeOther)
			link := w.link(t, "agent", 1)
			for range 12 { // and then it waits
				_, _ = w.attempt(t, "viewer", "a wrong password")
			}
			before := site.Clock.Now()

			site.Clock.Move(step)

			alive := w.status(t, "/me") == http.StatusOK
			if may := step > 0 && step < aikagi.SessionIdleTTL; alive && !may {
				t.Error("a session of before the step lives on")
			}
			if got := w.opens(t, link); got != http.StatusGone {
				t.Errorf("a link of before the step answers %d", got)
			}
			w.jar = newJar(t)
			w.logsIn(t, "administrator", http.StatusSeeOther)
			fresh := w.link(t, "agent", 2)
			if got := w.opens(t, fresh); got != http.StatusOK {
				t.Errorf("a link of after the step answers %d", got)
			}
			// The longest wait there is, and a minute.
			if wait := w.waits(t, "viewer"); wait > time.Hour+time.Minute {
				t.Errorf("the wait is %s", wait)
			}
			site.Clock.Move(time.Hour + time.Minute)
			if wait := w.waits(t, "viewer"); wait > 0 {
				t.Errorf("after the longest wait it is still %s", wait)
			}
			if now := site.Clock.Now(); now.After(before.Add(23*time.Hour)) != (step > 20*time.Hour) {
				t.Errorf("the clock stands at %s", now) // the test's own
			}
		})
	}
}

// TestL20WorkThatAWrongClockPutOffIsDone, and a lease that it took holds nobody up.
func TestL20WorkThatAWrongClockPutOffIsDone(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, apptest.Options{})
	ctx := t.Context()
	agent := site.User("agent")
	site.Mailbox.Down()
	site.Clock.Move(24 * time.Hour) // wrong
	i, err := instanceOf(ctx, site, agent)
	if err != nil {
		t.Fatal(err)
	}
	notice, err := site.Resets.Post.PasswordChanged(i, agent, site.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	err = site.Store.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.TakeLease(ctx, "some job", "a node", site.Clock.Now(), site.Clock.Now().Add(time.Minute)); err != nil {
			return err
		}
		return tx.InsertMessage(ctx, notice)
	})
	if err != nil {
		t.Fatal(err)
	}
	site.Clock.Move(-24 * time.Hour) // put right
	if err := site.Mailbox.Up(ctx); err != nil {
		t.Fatal(err)
	}
	now := site.Clock.Now()
	err = site.Store.Update(ctx, func(tx *store.Tx) error {
		ours, err := tx.TakeLease(ctx, "some job", "another node", now, now.Add(time.Minute))
		if err == nil && !ours {
			t.Error("the lease of the wrong clock holds")
		}
		if err != nil {
			return err
		}
		return tx.MakeDue(ctx, now, now.Add(2*time.Hour)) // as the sweep does
	})
	if err != nil {
		t.Fatal(err)
	}
	// A try that the wrong clock began may end only now, and the next one waits for a clock that goes on.
	for range 60 {
		waiting, cancel := context.WithTimeout(ctx, time.Second)
		_, err = site.Mailbox.Wait(waiting, string(agent.Email), 1)
		cancel()
		if err == nil {
			return
		}
		site.Clock.Move(2 * time.Second)
	}
	t.Error(err)
}

func instanceOf(ctx context.Context, site *apptest.Site, u aikagi.User) (i aikagi.Instance, err error) {
	err = site.Store.View(ctx, func(tx *store.Tx) (err error) {
		i, err = tx.FindInstance(ctx, u.InstanceID)
		return err
	})
	return i, err
}

// TestL21After2038 everything works: no time is kept in 32 bits.
func TestL21After2038(t *testing.T) {
	t.Parallel()
	for _, now := range []time.Time{
		time.Date(2038, 1, 19, 3, 14, 0, 0, time.UTC), time.Date(2106, 2, 7, 6, 28, 0, 0, time.UTC),
	} {
		t.Run(now.Format("2006"), func(t *testing.T) {
			t.Parallel()
			site := apptest.Start(t, apptest.Options{Now: now})
			w := walker{site, newJar(t)}
			w.logsIn(t, "agent", http.StatusSeeOther)
			link := w.link(t, "agent", 1)
			site.Clock.Move(20 * time.Minute) // over the edge
			if got := w.status(t, "/me"); got != http.StatusOK {
				t.Errorf("the session: %d", got)
			}
			if got := w.opens(t, link); got != http.StatusOK {
				t.Errorf("the link answers %d", got)
			}
			site.Clock.Move(time.Hour)
			if got := w.opens(t, link); got != http.StatusGone {
				t.Errorf("the link answers %d an hour later", got)
			}
		})
	}
}

// walker goes through the pages of a site.
type walker struct {
	*apptest.Site
	jar http.CookieJar
}

func newJar(t *testing.T) http.CookieJar {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return jar
}

func (w *walker) do(t *testing.T, method, path string, form url.Values) *http.Response {
	t.Helper()
	client := &http.Client{Jar: w.jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var got *http.Response
	var err error
	if method == http.MethodPost {
		got, err = client.PostForm(w.URL(path), form)
	} else {
		got, err = client.Get(w.URL(path))
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = got.Body.Close()
	return got
}

func (w *walker) status(t *testing.T, path string) int {
	t.Helper()
	return w.do(t, http.MethodGet, path, nil).StatusCode
}

func (w *walker) logsIn(t *testing.T, role string, want int) {
	t.Helper()
	l := w.Login(role)
	if got := w.do(t, http.MethodPost, "/login", url.Values{"username": {l.Username}, "password": {l.Password}}); got.StatusCode != want {
		t.Errorf("%s logs in: %d, want %d", role, got.StatusCode, want)
	}
}

// link has an administrator send a link, and takes it from the n-th mail.
func (w *walker) link(t *testing.T, role string, n int) string {
	t.Helper()
	u := w.User(role)
	if err := w.Resets.SendLink(w.As(t.Context(), "administrator"), u.InstanceID, u.ID); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	all, err := w.Mailbox.Wait(ctx, string(u.Email), n)
	if err != nil {
		t.Fatal(err)
	}
	return linkOf(t, all[0])
}

func linkOf(t *testing.T, m mailbox.Message) string {
	t.Helper()
	found := linkInMail.FindString(m.Text)
	if found == "" {
		t.Fatalf("no link in\n%s", m.Text)
	}
	return found
}

// opens follows a link in a browser of its own.
func (w *walker) opens(t *testing.T, link string) int {
	t.Helper()
	other := walker{w.Site, newJar(t)}
	other.do(t, http.MethodGet, link, nil)
	return other.status(t, "/reset")
}

// attempt tries a password, past the pages.
func (w *walker) attempt(t *testing.T, role, password string) (login.Opened, error) {
	t.Helper()
	u := w.User(role)
	i, err := instanceOf(t.Context(), w.Site, u)
	if err != nil {
		t.Fatal(err)
	}
	ctx := aikagi.WithActor(t.Context(), aikagi.Actor{Address: "192.0.2.7", Source: "page"})
	return w.Logins.Attempt(ctx, i, login.Attempt{Username: string(u.Username), Password: aikagi.NewSecret(password)})
}

// waits tells how long a person has to wait who has the right password.
func (w *walker) waits(t *testing.T, role string) time.Duration {
	t.Helper()
	_, err := w.attempt(t, role, w.Login(role).Password)
	if err == nil {
		return 0
	}
	var e *aikagi.Error
	if !errors.As(err, &e) || e.Code != aikagi.Throttled {
		t.Fatal(err)
	}
	return e.RetryAfter
}
